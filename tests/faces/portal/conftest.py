"""A node and a reader for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.river import fill


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FakeNode]:
    made = FakeNode(tmp_path)
    with made.ends:
        yield made


@pytest.fixture
def reader(node: FakeNode) -> Reader:
    return Reader(node)


@pytest.fixture
def filled(node: FakeNode) -> FakeNode:
    """A node of this test's own with the small river."""
    fill(node)
    return node


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNode]:
    """A node with the small river for all tests that change nothing."""
    made = FakeNode(tmp_path_factory.mktemp("still"))
    fill(made)
    with made.ends:
        yield made


@pytest.fixture
def signed_in(still: FakeNode) -> Reader:
    """Somebody at the node that nothing changes."""
    return Reader(still).sign_in()
