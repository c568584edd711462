"""The observation stores that must keep the same promises: the plain one in memory and the real one in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state import StateDatabase
from shangyou.core.ports import ObservationStore
from tests.fakes.observations import FakeObservations


@pytest.fixture(params=["memory", "duckdb"])
def store(request: pytest.FixtureRequest) -> Iterator[ObservationStore]:
    if request.param == "memory":
        yield FakeObservations()
        return
    duck = DuckStore(":memory:")
    yield duck
    duck.close()


@pytest.fixture
def state_database(tmp_path: Path) -> Iterator[StateDatabase]:
    """A state database of its own for each test."""
    database = StateDatabase(tmp_path / "state.sqlite")
    yield database
    database.close()
