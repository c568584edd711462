"""A store that is opened again knows how far its series have come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.core.ports import Selection
from shangyou.core.records import Check, Flag
from tests.contracts.lots import PH, batch, lot, row


@pytest.mark.parametrize("fail", [Check.TIME, Check.TIME | Check.MARK])
def test_what_a_clock_that_runs_ahead_said_is_known_again(tmp_path: Path, fail: Check) -> None:
    ahead = replace(lot(row(PH, 999_999, 7.5), flag=Flag.FAIL), fail=np.array([fail], np.uint32))
    store = DuckStore(tmp_path / "o.duckdb")
    store.append(batch(1), lot(row(PH, 1, 7.1)))
    store.append(batch(2), ahead)
    store.close()
    store = DuckStore(tmp_path / "o.duckdb")
    counts = store.append(batch(3), ahead)
    assert (counts.new, counts.unchanged) == (0, 1)
    assert store.select(Selection(versions=True)).num_rows == 2
    store.close()


def test_what_was_rolled_back_is_known_again(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "o.duckdb")
    store.append(batch(1), lot(row(PH, 5, 7.5)))
    store.withdraw(1, 9_000)
    store.close()
    store = DuckStore(tmp_path / "o.duckdb")
    store.append(batch(2), lot(row(PH, 5, 7.6)))
    assert store.select(Selection(versions=True)).column("revision").to_pylist() == [0, 1, 2]
    assert store.select(Selection()).column("value").to_pylist() == [7.6]
    store.close()
