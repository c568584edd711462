"""What every observation store promises of verdicts and corrections."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Check, Counts, Flag, Flagged, Mark, Origin
from tests.contracts.lots import DO, PH, batch, lot, row, values


def test_a_correction_is_a_version_even_where_the_value_stays(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.correct(batch(2), lot(row(PH, 1, 7.5), flag=Flag.SUSPECT), Origin.CORRECTED, 1)
    (found,) = store.select(Selection()).to_pylist()
    assert (found["revision"], found["flag"], found["origin"], found["review"]) == (1, 3, 1, 1)


def test_a_correction_within_a_batch_leaves_its_counts(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    store.correct(batch(1), lot(row(PH, 1, 7.5), flag=Flag.FAIL), Origin.ORIGINAL, 0)
    assert [state.counts for state in store.batches()] == [Counts(1, 1)]


def test_a_row_without_a_value_is_missing_whatever_the_checks_said(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, math.nan, mark=Mark.NO_VALUE), flag=Flag.GOOD))
    assert store.select(Selection()).column("flag").to_pylist() == [Flag.MISSING]
    assert store.select(Selection(usable=True)).num_rows == 0


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


def test_a_clock_that_runs_ahead_does_not_hold_the_latest_row(store: ObservationStore) -> None:
    ahead = lot(row(PH, 999_999, 7.5), flag=Flag.FAIL)
    store.append(batch(1), replace(ahead, fail=np.array([Check.TIME], np.uint32)))
    store.append(batch(2), lot(row(PH, 2, 7.1)))
    assert values(store.latest()) == [("51.甲", 2, 0, 7.1)]
    assert store.select(Selection()).num_rows == 2


def test_a_clock_that_ran_ahead_does_not_hold_the_latest_row_after_a_roll_back(store: ObservationStore) -> None:
    ahead = lot(row(PH, 999_999, 7.5), flag=Flag.FAIL)
    store.append(batch(1), replace(ahead, fail=np.array([Check.TIME], np.uint32)))
    store.append(batch(2), lot(row(PH, 2, 7.1)))
    store.append(batch(3), lot(row(PH, 3, 7.2)))
    store.withdraw(3, 9_000)
    assert values(store.latest()) == [("51.甲", 2, 0, 7.1)]


def test_a_gap_before_it_does_not_hide_the_latest_row_after_a_roll_back(store: ObservationStore) -> None:
    late = lot(row(PH, 2, 7.1), flag=Flag.SUSPECT)
    store.append(batch(1), replace(late, fail=np.array([Check.GAP], np.uint32)))
    store.append(batch(2), lot(row(PH, 3, 7.2)))
    store.withdraw(2, 9_000)
    assert values(store.latest()) == [("51.甲", 2, 0, 7.1)]


def test_what_is_not_yet_reviewed_so_far_can_be_left_out(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5), row(PH, 2, 7.6)))
    store.correct(batch(2), lot(row(PH, 1, 7.4)), Origin.CORRECTED, 1)
    found = [values(store.select(Selection(review=review))) for review in (0, 1, 2)]
    assert found == [[("51.甲", 1, 1, 7.4), ("51.甲", 2, 0, 7.6)], [("51.甲", 1, 1, 7.4)], []]
    assert store.means(Selection(review=1), "all", 0).column("count").to_pylist() == [1]
