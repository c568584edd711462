"""Measuring what is in a dataset."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.ports import Batch, BatchState
from shangyou.core.records import Counts, Flag
from shangyou.exchange.catalogue.quality import Tally, lineage, quality
from tests.fakes.observations import SCHEMA

HOUR = 3_600_000


def rows(
    hours: Sequence[int],
    flags: Sequence[int] = (),
    site: str = "51.甲",
    cadence: str = "hour",
    late: int = 2 * HOUR,
    batch: int = 1,
) -> pa.Table:
    """One series with a value at each of the hours."""
    made = []
    for n, hour in enumerate(hours):
        flag = flags[n] if n < len(flags) else 1
        value = None if flag == Flag.MISSING else 0.5
        said = (site, "ammonia_nitrogen", cadence, "value", hour * HOUR, 0, value, 0, None, 0, flag, 0, 0, 0, 0)
        made.append((*said, hour * HOUR + late, batch, -1))
    names = SCHEMA.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in made], SCHEMA)


def measured(*tables: pa.Table, start: int | None = None, stop: int | None = None) -> dict[str, object]:
    tally = Tally()
    for table in tables:
        tally.add(table)
    return quality(tally, start, stop, 99)


def test_a_series_without_a_gap_is_complete() -> None:
    found = measured(rows(range(10)))
    assert (found["observations"], found["expected"], found["acquired"], found["valid"]) == (10, 10, 1.0, 1.0)
    assert (found["first"], found["last"], found["measured"]) == (0, 9 * HOUR, 99)


def test_gaps_and_missing_values_are_not_acquired() -> None:
    found = measured(rows([0, 1, 2, 7, 8, 9], [1, 1, 9]))
    assert (found["expected"], found["acquired"]) == (10, 0.5)
    assert found["flags"]["missing"] == 0.1667  # type: ignore[index]


def test_values_that_failed_are_acquired_but_not_valid() -> None:
    found = measured(rows(range(4), [1, 3, 4, 4]))
    assert (found["acquired"], found["valid"]) == (1.0, 0.5)
    assert found["flags"] == {"good": 0.25, "not_evaluated": 0.0, "suspect": 0.25, "fail": 0.5, "missing": 0.0}


def test_a_station_that_fell_silent_is_missing_up_to_the_newest_value_of_the_others() -> None:
    assert measured(rows(range(10)), rows(range(5), site="51.乙"))["expected"] == 20


def test_the_period_of_the_dataset_bounds_what_is_expected() -> None:
    assert measured(rows(range(5)), stop=10 * HOUR)["expected"] == 5
    assert measured(rows(range(5, 10)), start=0, stop=10 * HOUR)["expected"] == 5


def test_where_nothing_says_how_often_completeness_is_not_claimed() -> None:
    found = measured(rows(range(5), cadence="instant"))
    assert (found["expected"], found["acquired"]) == (None, None)


def test_nothing_measured_claims_nothing() -> None:
    found = measured(rows([]))
    assert [found[name] for name in ("observations", "first", "acquired", "valid", "delay_half")] == [0, *[None] * 4]


@pytest.mark.parametrize(("late", "cadence", "delay"), [(2 * HOUR, "hour", HOUR), (HOUR, "instant", HOUR)])
def test_delay_counts_from_the_end_of_the_period(late: int, cadence: str, delay: int) -> None:
    found = measured(rows(range(100), late=late, cadence=cadence))
    assert delay <= found["delay_half"] <= delay * 1.07  # type: ignore[operator]


@given(st.lists(st.integers(0, 300), unique=True, max_size=60), st.integers(1, 20))
def test_counting_does_not_depend_on_how_the_rows_are_cut(hours: list[int], step: int) -> None:
    whole = rows(sorted(hours), [1, 3, 4, 9])
    parts = [whole.slice(start, step) for start in range(0, whole.num_rows, step)]
    assert measured(*parts) == measured(whole)


@given(st.sets(st.integers(0, 200), min_size=1))
def test_expected_values_are_a_recount_of_the_slots(hours: set[int]) -> None:
    found = measured(rows(sorted(hours)))
    slots = list(range(min(hours), max(hours) + 1))
    assert found["expected"] == len(slots)
    assert found["acquired"] == round(len(hours) / len(slots), 4)


def test_lineage_names_sources_by_their_last_part_and_the_editions_of_rules() -> None:
    tally = Tally()
    tally.add(rows([0, 1], batch=1))
    tally.add(rows([2], batch=2))
    states = [
        BatchState(Batch(1, "cnemc.file", "/data/inside/水质.csv", 50), Counts()),
        BatchState(Batch(2, "hj212", "hj212", 60), Counts()),
        BatchState(Batch(3, "hj212", "hj212", 70), Counts()),
    ]
    found = lineage(tally, states, {"plan": "2026"})
    assert found["sources"] == [
        {"kind": "cnemc.file", "name": "水质.csv", "observations": 2},
        {"kind": "hj212", "name": "hj212", "observations": 1},
    ]
    assert (found["batches"], found["received_first"], found["received_last"]) == (2, 50, 60)
    assert found["rules"] == [{"name": "plan", "edition": "2026"}]
