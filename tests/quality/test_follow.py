"""Laws of following a stream value by value."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.records import Censor, Check, Flag, Flagged, Mark, SeriesKey
from shangyou.quality.check import check
from shangyou.quality.follow import follow
from shangyou.quality.reader import packaged_plan
from tests.quality.series import QUICK, RECEIVED, START, STEP, Row, law, lots, observations, verdicts

PH = SeriesKey("a", "ph", "4h")
Known = dict[tuple[SeriesKey, int], tuple[int, int, int]]


def fed(rows: list[Row], cuts: list[int]) -> tuple[Known, Flagged]:
    """The flags known in the end of rows fed in parts, each part being whole times; and the tail."""
    known: Known = {}
    edges = [START, *(START + cut * STEP for cut in sorted(cuts)), RECEIVED]
    tail = None
    for begin, end in pairwise(edges):
        part = observations([row for row in rows if begin <= row[1] < end])
        step = follow(part, tail, RECEIVED, QUICK)
        tail = step.tail
        known |= by_time(step.flagged) | by_time(step.again)
    assert tail is not None
    return known, tail


def by_time(flagged: Flagged) -> Known:
    return {(key, time): tuple(rest) for key, time, _, *rest in verdicts(flagged)}  # type: ignore[misc]


@law
@given(lots(repeats=False), st.lists(st.integers(1, 14), max_size=6))
def test_a_stream_in_parts_ends_with_the_flags_of_the_whole(rows: list[Row], cuts: list[int]) -> None:
    known, _ = fed(rows, cuts)
    assert known == by_time(check(observations(rows), None, RECEIVED, QUICK))


@settings(law, max_examples=20)
@given(st.lists(st.sampled_from((7.0, 7.0, 7.0, 7.0, 7.004, 7.1)), min_size=12, max_size=24))
def test_flat_lines_are_found_value_by_value_as_in_one(values: list[float]) -> None:
    rows = [(PH, START + i * STEP, value, int(Censor.NONE), int(Mark.NONE)) for i, value in enumerate(values)]
    known, _ = fed(rows, list(range(1, len(rows))))
    assert known == by_time(check(observations(rows), None, RECEIVED, QUICK))


@law
@given(lots(repeats=False), st.lists(st.integers(1, 14), max_size=6))
def test_what_is_handed_back_differs_from_what_was_said_before(rows: list[Row], cuts: list[int]) -> None:
    said: Known = {}
    tail = None
    edges = [START, *(START + cut * STEP for cut in sorted(set(cuts))), RECEIVED]
    for begin, end in pairwise(edges):
        step = follow(observations([row for row in rows if begin <= row[1] < end]), tail, RECEIVED, QUICK)
        again, tail = by_time(step.again), step.tail
        assert all(said[name] != found for name, found in again.items())
        said |= by_time(step.flagged) | again
        assert all(said[name] == found for name, found in by_time(tail).items())


def test_a_spike_is_told_when_the_next_value_comes() -> None:
    calm = follow(observations([(PH, START, 7.0, 0, 0), (PH, START + STEP, 7.2, 0, 0)]), None, RECEIVED, QUICK)
    high = follow(observations([(PH, START + 2 * STEP, 8.9, 0, 0)]), calm.tail, RECEIVED, QUICK)
    assert not high.flagged.suspect[0] & Check.SPIKE
    back = follow(observations([(PH, START + 3 * STEP, 7.1, 0, 0)]), high.tail, RECEIVED, QUICK)
    assert back.again.observations.value.tolist() == [8.9]
    assert back.again.suspect[0] & Check.SPIKE
    assert back.again.flag.tolist() == [Flag.SUSPECT]


def test_a_late_value_takes_back_what_its_absence_had_made_suspect() -> None:
    far = START + 6 * STEP
    first = follow(observations([(PH, START, 7.0, 0, 0), (PH, far, 7.0, 0, 0)]), None, RECEIVED, QUICK)
    assert first.flagged.suspect.tolist() == [0, Check.GAP]
    late = follow(observations([(PH, far - STEP, 7.1, 0, 0)]), first.tail, RECEIVED, QUICK)
    assert late.again.observations.time.tolist() == [far]
    assert late.again.flag.tolist() == [Flag.GOOD]


def test_a_doubt_about_the_time_of_a_value_stays() -> None:
    received = START + STEP - 1_800_000  # half an hour ahead
    early = follow(observations([(PH, START, 7.0, 0, 0), (PH, START + STEP, 7.5, 0, 0)]), None, received, QUICK)
    assert early.flagged.suspect[1] == Check.TIME
    after = follow(observations([(PH, START + 2 * STEP, 5.2, 0, 0)]), early.tail, RECEIVED, QUICK)
    assert after.again.suspect.tolist() == [Check.TIME | Check.SPIKE]


def test_the_tail_of_a_sensor_that_stands_still_stays_short() -> None:
    minute = SeriesKey("a", "ph", "minute")
    rows = [(minute, START + i * 60_000, 7.31, 0, 0) for i in range(10_000)]
    tail, longest = None, 0
    for i in range(0, len(rows), 500):
        step = follow(observations(rows[i : i + 500]), tail, RECEIVED, packaged_plan())
        tail, longest = step.tail, max(longest, len(step.tail.flag))
    assert step.flagged.fail[-1] & Check.FLAT_LINE  # 72 hours
    assert longest <= 60


def test_the_tail_of_changing_values_is_three() -> None:
    rows = [(PH, START + i * STEP, 7.0 + i % 2, 0, 0) for i in range(50)]
    assert len(follow(observations(rows), None, RECEIVED, QUICK).tail.flag) == 3


def test_what_came_with_each_value_is_kept() -> None:
    key = SeriesKey("a", "turbidity", "hour")
    one = follow(observations([(key, START, 5.0, 0, 0)]), None, RECEIVED, QUICK)
    two = follow(observations([(key, START + STEP, 6.0, 0, 0), (PH, START, 7.0, 0, 0)]), one.tail, RECEIVED, QUICK)
    assert set(two.tail.observations.keys) == {key, PH}
    assert np.array_equal(np.sort(two.tail.observations.value), [5.0, 6.0, 7.0])
