"""What all tests share: where the real files are, and how their absence is told."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from shangyou.adapters.computing import CACHE, cache_folder

if TYPE_CHECKING:
    from shangyou.adapters.state import StateDatabase
    from tests.postgres import Server

# a slow machine is no fault of the code; on the shared machine that decides what lands every run is the same run
settings.register_profile("ours", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("ours")

# said before anything loads numba: here, in the processes beside and for users it finds what was compiled at setup
os.environ.setdefault(CACHE, str(cache_folder(os.environ)))

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("SHANGYOU_SHARED", ROOT.parent / "shared"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `shared` always run where the folder is."""
    if (SHARED / "data").is_dir():
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skipif(True, reason="shared: real files are not beside the project"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests had to be left out for want of the real files."""
    left_out = [r for r in terminalreporter.stats.get("skipped", []) if "shared:" in str(r.longrepr)]
    if left_out:
        terminalreporter.write_line(f"{len(left_out)} tests on real files left out: no folder {SHARED}")


class Unfilled(logging.Handler):
    """Remembers what was told without one of its facts."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See Handler."""
        self.told.append(record.getMessage())


@pytest.fixture(autouse=True)
def no_sentence_without_its_facts() -> Iterator[Unfilled]:
    """Whatever a test looks at: no reader is told a sentence with a hole in it."""
    log, seen = logging.getLogger("shangyou.sentences"), Unfilled()
    log.setLevel(logging.INFO)
    log.addHandler(seen)
    yield seen
    log.removeHandler(seen)
    assert seen.told == []


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and reference files."""
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL, started for the first test that asks for it."""
    from tests.postgres import server

    with server() as started:
        yield started


@pytest.fixture
def postgres_address(postgres: Server) -> Iterator[str]:
    """A database on PostgreSQL with our tables in it, all empty."""
    from tests.postgres import SHARED as DATABASE

    yield postgres.address(DATABASE)
    postgres.empty(DATABASE)


@pytest.fixture
def new_postgres(postgres: Server) -> Iterator[str]:
    """Name of a new and empty database on PostgreSQL."""
    name = postgres.new()
    yield name
    postgres.drop(name)


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[StateDatabase]:
    """A state database of a test's own in a file."""
    from shangyou.adapters.state import StateDatabase

    database = StateDatabase(tmp_path / "state.sqlite")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_address: str) -> Iterator[StateDatabase]:
    """A state database of a test's own on PostgreSQL."""
    from shangyou.adapters.state import StateDatabase

    database = StateDatabase(postgres_address)
    yield database
    database.close()


@pytest.fixture(params=["sqlite_database", "postgres_database"])
def state_database(request: pytest.FixtureRequest) -> StateDatabase:
    """The same on both, one after the other. A suite with a plain store beside them asks for the two by name."""
    database: StateDatabase = request.getfixturevalue(request.param)
    return database
