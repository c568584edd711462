"""The stores that must keep the same promises: observations in memory and in DuckDB, state on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shangyou.adapters.observations import DuckStore
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
