"""A home of its own for each test, made once and copied."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.core.ports import Person
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.desk import Desk
from shangyou.settings import Settings
from tests.faces.cli.shell import Shell


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a node with the facts that ship and one person; to be copied."""
    home = tmp_path_factory.mktemp("made") / "node"
    settings = Settings(home=home, http_port=0, hj212_port=0)
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        DEEDS["facts/load"].do(Desk(node, by="test"))
        node.people.put_person(Person("admin", "operator"), "correct horse battery")
    return home


@pytest.fixture
def home(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("home") / "node"))


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, capsys)
