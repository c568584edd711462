"""What every observation store promises; held against the plain one in memory and the real one in DuckDB."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.ports import OBSERVATION_COLUMNS, Batch, ObservationStore, Progress, Selection
from shangyou.core.records import Censor, Counts, Flagged, Mark, SeriesKey
from tests.contracts.lots import DO, HOUR, PH, Row, batch, lot, row, values
from tests.fakes.observations import FakeObservations
from tests.tries import tries


def test_what_is_put_in_comes_out_with_all_its_columns(store: ObservationStore) -> None:
    assert store.append(batch(1), lot(row(PH, 1, 7.5), row(DO, 1, 8.1))) == Counts(2, 2, 0, 0, 0)
    table = store.select(Selection())
    assert tuple(table.column_names) == OBSERVATION_COLUMNS
    assert values(table) == [("50.乙", 1, 0, 8.1), ("51.甲", 1, 0, 7.5)]
    assert table.column("received").to_pylist() == [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)] * 2
    assert table.column("batch").to_pylist() == [1, 1]


def test_the_same_again_is_unchanged(store: ObservationStore) -> None:
    rows = lot(row(PH, 1, 7.5), row(PH, 2, math.nan, mark=Mark.NO_VALUE))
    store.append(batch(1), rows)
    assert store.append(batch(2), rows) == Counts(2, 0, 2, 0, 0)
    assert store.size().observations == 2


def test_another_value_is_a_revision_and_the_first_is_kept(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    assert store.append(batch(2), lot(row(PH, 1, 7.6))) == Counts(1, 0, 0, 1, 0)
    assert values(store.select(Selection())) == [("51.甲", 1, 1, 7.6)]
    assert values(store.select(Selection(versions=True))) == [("51.甲", 1, 0, 7.5), ("51.甲", 1, 1, 7.6)]


def test_a_new_mark_or_limit_is_a_revision_too(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    assert store.append(batch(2), lot(row(PH, 1, 7.5, mark=Mark.MAINTENANCE))).revised == 1
    assert store.append(batch(3), lot(row(PH, 1, 7.5, Censor.BELOW, Mark.MAINTENANCE))).revised == 1


def test_what_was_known_at_a_time_can_still_be_asked_later(store: ObservationStore) -> None:
    for number, value in enumerate((7.5, 7.6, 7.7), start=1):
        store.append(batch(number), lot(row(PH, 1, value)))
    known = [values(store.select(Selection(as_of=1_000 * number))) for number in (0, 1, 2, 3)]
    assert known == [[], [("51.甲", 1, 0, 7.5)], [("51.甲", 1, 1, 7.6)], [("51.甲", 1, 2, 7.7)]]


def test_of_conflicting_statements_in_one_batch_the_last_counts_and_all_are_kept(store: ObservationStore) -> None:
    told = lot(row(PH, 1, 7.5), row(PH, 1, 7.5), row(PH, 1, 7.6))
    assert store.append(batch(1), told) == Counts(3, 1, 1, 1, 0)
    assert values(store.select(Selection())) == [("51.甲", 1, 1, 7.6)]
    assert store.append(batch(2), told) == Counts(3, 0, 3, 0, 0)
    assert values(store.select(Selection(versions=True))) == [("51.甲", 1, 0, 7.5), ("51.甲", 1, 1, 7.6)]


def test_older_values_that_arrive_late_do_not_become_the_latest(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 5, 7.5)))
    store.append(batch(2), lot(row(PH, 3, 7.1)))
    assert values(store.latest()) == [("51.甲", 5, 0, 7.5)]
    store.append(batch(3), lot(row(PH, 5, 7.6)))
    assert values(store.latest(sites=["51.甲"], parameters=["ph"])) == [("51.甲", 5, 1, 7.6)]
    assert store.latest(sites=["nowhere"]).num_rows == 0
    assert (
        store.newest()
        == store.newest(["51.甲"], ["ph"])
        == max(store.latest()["received"].cast(pa.int64()).to_pylist())
    )
    assert store.newest(["nowhere"]) is None


def test_selections_narrow_by_place_parameter_time_and_number(store: ObservationStore) -> None:
    store.append(batch(1), lot(*(row(key, hour, 7.0) for key in (PH, DO) for hour in range(4))))
    assert store.select(Selection(sites=("51.甲",))).num_rows == 4
    assert store.select(Selection(parameters=("ph", "dissolved_oxygen"), start=HOUR, stop=3 * HOUR)).num_rows == 4
    assert store.select(Selection(cadences=("day",))).num_rows == 0
    assert store.select(Selection(limit=3)).num_rows == 3


def test_a_stream_gives_the_same_rows_as_a_selection(store: ObservationStore) -> None:
    store.append(batch(1), lot(*(row(PH, hour, 7.0 + hour) for hour in range(50))))
    parts = list(store.stream(Selection(), rows=10))
    assert pa.Table.from_batches(parts).to_pylist() == store.select(Selection()).to_pylist()


def test_checks_get_the_values_just_before_theirs(store: ObservationStore) -> None:
    store.append(batch(1), lot(*(row(key, hour, hour) for key in (PH, DO) for hour in range(10))))
    found = store.context([PH, DO, SeriesKey("x", "ph")], [5 * HOUR, 3 * HOUR, HOUR], 2, HOUR)
    assert values(found) == [("50.乙", 2, 0, 2), ("51.甲", 4, 0, 4)]


def test_a_part_that_is_there_already_is_not_applied_again(store: ObservationStore) -> None:
    parts = [lot(row(PH, 0, 7.1)), lot(row(PH, 0, 7.9)), lot(row(PH, 1, 7.0))]
    for number, part in enumerate(parts[:2]):
        store.append(batch(1), part, part=number)
    for number, part in enumerate(parts):
        store.append(batch(1), part, progress=Progress(2, 2), part=number)
    assert values(store.select(Selection(versions=True))) == [
        ("51.甲", 0, 0, 7.1),
        ("51.甲", 0, 1, 7.9),
        ("51.甲", 1, 0, 7.0),
    ]
    assert store.batches()[0].counts == Counts(3, 2, 0, 1)
    assert store.progress() == Progress(2, 2)


def test_rows_of_one_batch_may_have_come_at_different_times(store: ObservationStore) -> None:
    came = np.array([100, 200], np.int64)
    store.append(batch(1), lot(row(PH, 1, 7.1), row(PH, 2, 7.2)), received=came)
    assert [values(store.select(Selection(as_of=at))) for at in (99, 100, 200)] == [
        [],
        [("51.甲", 1, 0, 7.1)],
        [("51.甲", 1, 0, 7.1), ("51.甲", 2, 0, 7.2)],
    ]


def test_a_clock_that_was_set_back_makes_no_moment_with_two_versions(store: ObservationStore) -> None:
    store.append(Batch(1, "table", "a", 9_000), lot(row(PH, 1, 7.1)))
    store.append(Batch(2, "table", "b", 5_000), lot(row(PH, 1, 7.2)))
    found = [values(store.select(Selection(as_of=at))) for at in (5_000, 8_999, 9_000)]
    assert found == [[], [], [("51.甲", 1, 1, 7.2)]]


def test_another_upper_bound_is_a_revision(store: ObservationStore) -> None:
    def between(upper: float) -> Flagged:
        o = lot(row(PH, 1, 1.0, Censor.INTERVAL)).observations
        return replace(lot(row(PH, 1, 1.0)), observations=replace(o, upper=np.array([upper])))

    store.append(batch(1), between(2.0))
    assert store.append(batch(2), between(2.0)).unchanged == 1
    assert store.append(batch(3), between(5.0)).revised == 1
    assert store.select(Selection()).column("upper").to_pylist() == [5.0]


def test_progress_is_kept_with_the_values(store: ObservationStore) -> None:
    assert store.progress() == Progress(0, 0)
    store.append(batch(1), lot(row(PH, 1, 7.5)), progress=Progress(7, 5))
    assert store.progress() == Progress(7, 5)
    store.advance(Progress(9, 9))
    assert store.progress() == Progress(9, 9)


def test_batches_are_told_newest_first_and_found_by_content(store: ObservationStore) -> None:
    store.append(batch(1, "aa"), lot(row(PH, 1, 7.5)), refused=2)
    store.append(batch(2, "bb"), lot(row(PH, 2, 7.5)))
    store.append(batch(2, "bb"), lot(row(PH, 3, 7.5)), part=1)
    assert [(s.batch.id, s.counts) for s in store.batches()] == [(2, Counts(2, 2)), (1, Counts(3, 1, 0, 0, 2))]
    assert [s.batch.id for s in store.batches(digest="aa")] == [1]
    assert store.batches(kind="hj212") == []


def test_nothing_at_all_is_a_batch_too(store: ObservationStore) -> None:
    assert store.append(batch(1), lot(), refused=3) == Counts(3, 0, 0, 0, 3)
    assert store.latest().num_rows == 0
    assert store.series() == []


# ---- the law: both stores answer alike, whatever is done to them ---------------------------------------------

rows_drawn = st.builds(
    row,
    st.sampled_from([PH, DO]),
    st.integers(0, 3),
    st.sampled_from([7.0, 7.5, math.nan]),
    st.sampled_from([0, 1]),
    st.sampled_from([1, 3]),
)
deeds = st.lists(
    st.one_of(st.lists(rows_drawn, max_size=6), st.integers(1, 6)),  # a batch, or which one to roll back
    max_size=6,
)


def rolled_back(store: ObservationStore, id: int, at: int) -> Counts | str:
    try:
        return store.withdraw(id, at)
    except (ConflictError, NotFoundError) as error:
        return error.code


@given(deeds)
@settings(max_examples=tries(40))
def test_both_stores_answer_alike_whatever_is_done_to_them(done: list[list[Row] | int]) -> None:
    plain, real = FakeObservations(), DuckStore(":memory:", threads=1)
    for number, deed in enumerate(done, start=1):
        if isinstance(deed, int):
            said: list[object] = [rolled_back(store, deed, 1_000 * number) for store in (plain, real)]
        else:
            said = [s.append(batch(number), lot(*deed)) for s in (plain, real)]
        assert said[0] == said[1]
    for selection in (Selection(), Selection(versions=True), Selection(as_of=2_000)):
        assert repr(real.select(selection).to_pylist()) == repr(plain.select(selection).to_pylist())
    assert repr(real.latest().to_pylist()) == repr(plain.latest().to_pylist())
    real.close()


def test_what_was_stored_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "observations.duckdb"
    first = DuckStore(path)
    first.append(batch(1), lot(row(PH, 1, 7.5), row(PH, 2, 7.6)), progress=Progress(3, 3))
    first.withdraw(1, 1_500)
    first.append(batch(2), lot(row(PH, 1, 7.5)))
    first.close()
    again = DuckStore(path)
    assert again.progress() == Progress(3, 3)
    assert values(again.latest()) == [("51.甲", 1, 2, 7.5)]
    assert again.append(batch(4), lot(row(PH, 2, 7.6))).revised == 1
    assert again.append(batch(5), lot(row(PH, 2, 7.6))).unchanged == 1
    again.close()
