"""A node and a reader for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.portal.node import FakeNode, Reader


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return FakeNode(tmp_path)


@pytest.fixture
def reader(node: FakeNode) -> Reader:
    return Reader(node)
