"""What every observation store promises; held against the plain one in memory and the real one in DuckDB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.core.ports import OBSERVATION_COLUMNS, Batch, ObservationStore, Progress, Selection
from shangyou.core.records import Censor, Check, Counts, Flag, Flagged, Mark, Observations, Origin, SeriesKey
from tests.fakes.observations import FakeObservations

PH, DO = SeriesKey("51.甲", "ph", "hour"), SeriesKey("50.乙", "dissolved_oxygen", "hour")
HOUR = 3_600_000
Row = tuple[SeriesKey, int, float, int, int]


def lot(*rows: Row, flag: Flag = Flag.GOOD) -> Flagged:
    o = Observations.build(list(rows))
    nothing = np.zeros(len(o), np.uint32)
    return Flagged(o, np.full(len(o), flag, np.uint8), nothing, nothing)


def row(key: SeriesKey, hour: int, value: float, censor: int = 0, mark: int = 1) -> Row:
    return (key, hour * HOUR, value, censor, mark)


def batch(id: int, digest: str = "") -> Batch:
    return Batch(id, "table", f"file-{id}.csv", 1_000 * id, digest)


def values(table: pa.Table) -> list[tuple[str, int, int, float]]:
    columns = (table.column(name).to_pylist() for name in ("site", "time", "revision", "value"))
    return [(s, int(t.timestamp() * 1000) // HOUR, r, v) for s, t, r, v in zip(*columns, strict=True)]


@pytest.fixture(params=["memory", "duckdb"])
def store(request: pytest.FixtureRequest) -> Iterator[ObservationStore]:
    if request.param == "memory":
        yield FakeObservations()
        return
    duck = DuckStore(":memory:")
    yield duck
    duck.close()


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


def test_a_batch_that_is_rolled_back_leaves_what_was_before_it(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.append(batch(2), lot(row(PH, 1, 7.6), row(PH, 2, 8.0)))
    assert store.withdraw(2, 5_000) == Counts(received=2, revised=1)
    assert values(store.select(Selection())) == [("51.甲", 1, 2, 7.5)]
    assert values(store.latest()) == [("51.甲", 1, 2, 7.5)]
    assert values(store.select(Selection(as_of=2_000))) == [("51.甲", 1, 1, 7.6), ("51.甲", 2, 0, 8.0)]
    origins = store.select(Selection(versions=True)).column("origin").to_pylist()
    assert origins.count(Origin.WITHDRAWN) == 1
    assert store.batches(digest="") == [state for state in store.batches() if state.batch.id == 1]


def test_what_was_rolled_back_can_be_taken_in_again(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.withdraw(1, 2_000)
    assert store.select(Selection()).num_rows == 0
    assert store.append(batch(3), lot(row(PH, 1, 7.5))).revised == 1
    assert values(store.select(Selection())) == [("51.甲", 1, 2, 7.5)]
    assert values(store.latest()) == [("51.甲", 1, 2, 7.5)]


def test_saying_that_there_is_no_value_is_not_the_same_as_a_roll_back(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.withdraw(1, 2_000)
    assert store.append(batch(3), lot(row(PH, 1, math.nan, mark=Mark.NO_VALUE))).revised == 1
    assert store.select(Selection()).num_rows == 1


def test_a_batch_can_be_rolled_back_once_and_must_exist(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.withdraw(1, 2_000)
    with pytest.raises(ConflictError, match=r"store\.withdrawn"):
        store.withdraw(1, 3_000)
    with pytest.raises(NotFoundError, match=r"store\.batch"):
        store.withdraw(9, 3_000)


def test_a_correction_is_a_version_even_where_the_value_stays(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.correct(batch(2), lot(row(PH, 1, 7.5), flag=Flag.SUSPECT), Origin.CORRECTED, 1)
    (found,) = store.select(Selection()).to_pylist()
    assert (found["revision"], found["flag"], found["origin"], found["review"]) == (1, 3, 1, 1)


def test_a_correction_within_a_batch_leaves_its_counts(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.correct(batch(1), lot(row(PH, 1, 7.5), flag=Flag.FAIL), Origin.ORIGINAL, 0)
    assert [state.counts for state in store.batches()] == [Counts(1, 1)]


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


def test_a_row_without_a_value_is_missing_whatever_the_checks_said(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, math.nan, mark=Mark.NO_VALUE), flag=Flag.GOOD))
    assert store.select(Selection()).column("flag").to_pylist() == [Flag.MISSING]
    assert store.select(Selection(usable=True)).num_rows == 0


def test_means_are_over_the_legal_period_and_leave_out_what_failed(store: ObservationStore) -> None:
    # 16:00 UTC is midnight of the next legal day
    store.append(batch(1), lot(row(DO, 15, 8.0), row(DO, 16, 6.0), row(DO, 17, 7.0)))
    store.append(batch(2), lot(row(DO, 18, 99.0), flag=Flag.FAIL))
    found = store.means(Selection(), "day", 8 * HOUR).to_pylist()
    starts = [datetime(1969, 12, 31, 16, tzinfo=UTC), datetime(1970, 1, 1, 16, tzinfo=UTC)]
    assert [(f["period"], f["mean"], f["count"], f["minimum"], f["maximum"]) for f in found] == [
        (starts[0], 8.0, 1, 8.0, 8.0),
        (starts[1], 6.5, 2, 6.0, 7.0),
    ]


def test_the_mean_of_ph_is_taken_over_hydrogen_ions(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.0), row(PH, 2, 9.0), row(DO, 1, 7.0), row(DO, 2, 9.0)))
    found = {f["parameter"]: f["mean"] for f in store.means(Selection(), "month", 8 * HOUR, ("ph",)).to_pylist()}
    assert found["dissolved_oxygen"] == 8.0
    assert found["ph"] == pytest.approx(-math.log10((1e-7 + 1e-9) / 2), rel=1e-12)


def test_what_is_below_a_limit_enters_a_mean_with_half_of_it(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, 1, 0.05, Censor.BELOW), row(DO, 2, 0.075)))
    (found,) = store.means(Selection(), "all", 0).to_pylist()
    assert (found["mean"], found["censored"]) == (pytest.approx(0.05), 1)


def test_a_period_that_is_none_is_refused(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    with pytest.raises(InputError, match=r"store\.period"):
        store.means(Selection(), "fortnight", 0)


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


def judged(flagged: Flagged, suspect: Check) -> Flagged:
    bits = np.full(len(flagged.flag), suspect, np.uint32)
    return Flagged(flagged.observations, np.full(len(flagged.flag), Flag.SUSPECT, np.uint8), bits, flagged.fail)


def test_a_verdict_can_change_with_what_comes_later_and_stays_of_its_batch(store: ObservationStore) -> None:
    first = lot(row(PH, 1, 9.9))
    store.append(batch(1), first)
    store.append(batch(2), lot(row(PH, 2, 7.1)), again=judged(first, Check.SPIKE))
    rows = store.select(Selection(versions=True)).to_pylist()
    assert [(r["revision"], r["flag"], r["suspect"], r["batch"]) for r in rows] == [
        (0, Flag.GOOD, 0, 1),
        (1, Flag.SUSPECT, Check.SPIKE, 1),
        (0, Flag.GOOD, 0, 2),
    ]
    store.withdraw(1, 9_000)
    assert values(store.select(Selection())) == [("51.甲", 2, 0, 7.1)]


def test_a_verdict_on_what_is_no_longer_said_changes_nothing(store: ObservationStore) -> None:
    first = lot(row(PH, 1, 9.9))
    store.append(batch(1), first)
    store.append(batch(2), lot(row(PH, 1, 8.8)))
    store.append(batch(3), lot(row(PH, 2, 7.1)), again=judged(first, Check.SPIKE))
    store.append(batch(4), lot(row(DO, 1, 7.1)))
    store.withdraw(4, 9_000)
    store.append(batch(5), lot(row(PH, 3, 7.1)), again=judged(lot(row(DO, 1, 7.1)), Check.SPIKE))
    assert values(store.select(Selection())) == [("51.甲", 1, 1, 8.8), ("51.甲", 2, 0, 7.1), ("51.甲", 3, 0, 7.1)]
    assert store.latest(parameters=["dissolved_oxygen"]).num_rows == 0


def test_the_latest_row_shows_the_verdict_of_today(store: ObservationStore) -> None:
    first = lot(row(PH, 1, 9.9))
    store.append(batch(1), first)
    store.append(batch(2), lot(row(DO, 1, 7.1)), again=judged(first, Check.CROSS))
    assert store.latest(parameters=["ph"]).column("flag").to_pylist() == [Flag.SUSPECT]


def test_another_upper_bound_is_a_revision(store: ObservationStore) -> None:
    def between(upper: float) -> Flagged:
        o = lot(row(PH, 1, 1.0, Censor.INTERVAL)).observations
        return replace(lot(row(PH, 1, 1.0)), observations=replace(o, upper=np.array([upper])))

    store.append(batch(1), between(2.0))
    assert store.append(batch(2), between(2.0)).unchanged == 1
    assert store.append(batch(3), between(5.0)).revised == 1
    assert store.select(Selection()).column("upper").to_pylist() == [5.0]


def test_rolled_back_batches_do_not_come_back_one_behind_the_other(store: ObservationStore) -> None:
    for number, value in enumerate((7.1, 7.2, 7.3), start=1):
        store.append(batch(number), lot(row(PH, 1, value)))
    store.withdraw(2, 5_000)
    assert [v for *_, v in values(store.select(Selection()))] == [7.3]
    store.withdraw(3, 6_000)
    assert [v for *_, v in values(store.select(Selection()))] == [7.1]
    store.withdraw(1, 7_000)
    assert store.select(Selection()).num_rows == 0


def test_a_file_that_said_the_same_can_be_taken_in_again_after_the_first_is_rolled_back(
    store: ObservationStore,
) -> None:
    store.append(batch(1, "aa"), lot(row(PH, 1, 7.1)))
    store.append(batch(2, "bb"), lot(row(PH, 1, 7.1)))
    assert len(store.batches(digest="bb")) == 1
    store.withdraw(1, 5_000)
    assert store.batches(digest="bb") == []


def test_a_batch_that_is_still_coming_in_cannot_be_rolled_back(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.1)), progress=Progress(2, 2))
    store.append(batch(2), lot(row(PH, 2, 7.1)))
    with pytest.raises(ConflictError, match=r"store\.unfinished"):
        store.withdraw(2, 5_000)
    store.withdraw(1, 5_000)


def test_a_clock_that_runs_ahead_does_not_hold_the_latest_row(store: ObservationStore) -> None:
    ahead = lot(row(PH, 999_999, 7.5), flag=Flag.FAIL)
    store.append(batch(1), replace(ahead, fail=np.array([Check.TIME], np.uint32)))
    store.append(batch(2), lot(row(PH, 2, 7.1)))
    assert values(store.latest()) == [("51.甲", 2, 0, 7.1)]
    assert store.select(Selection()).num_rows == 2


def test_days_before_1970_are_days_too(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, -1, 5.0), row(DO, 1, 7.0)))
    found = store.means(Selection(), "day", 0).to_pylist()
    assert [(f["period"].day, f["mean"]) for f in found] == [(31, 5.0), (1, 7.0)]
    store.withdraw(1, 9_000)
    assert store.latest().num_rows == 0


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
@settings(max_examples=60)
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
