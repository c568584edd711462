"""What every observation store promises of batches that are rolled back."""

from __future__ import annotations

import math

import pytest

from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.ports import ObservationStore, Progress, Selection
from shangyou.core.records import Counts, Mark, Origin
from tests.contracts.lots import PH, batch, lot, row, values


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
