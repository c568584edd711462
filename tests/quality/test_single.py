"""Tests of one value by itself, and beside its neighbours in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Array, Censor, Flag, Mark
from shangyou.quality.gap import gap_test
from shangyou.quality.limits import range_test
from shangyou.quality.mark import censor_by_mark, mark_test, says_nothing
from shangyou.quality.moment import time_test
from shangyou.quality.rate import rate_test
from shangyou.quality.reader import packaged_plan
from shangyou.quality.spike import spike_test
from shangyou.quality.thresholds import verdicts_of_marks
from tests.quality.series import law

NAN = float("nan")
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=20)


def array(*values: float) -> Array:
    return np.array(values, np.float64)


def test_a_value_on_a_limit_is_inside() -> None:
    assert range_test(array(0, 14, 14.01, -0.01, NAN), array(0), array(14), Flag.FAIL).tolist() == [1, 1, 4, 4, 9]


def test_one_limit_is_enough_and_none_is_no_test() -> None:
    assert range_test(array(-1, 1e9), array(0), array(NAN), Flag.SUSPECT).tolist() == [3, 1]
    assert range_test(array(-1, NAN), array(NAN), array(NAN), Flag.SUSPECT).tolist() == [2, 9]


def test_a_spike_is_measured_from_the_mean_of_both_neighbours() -> None:
    value, before, after = array(5, 6, 12, 6.01), array(4, 4, 4, 4), array(6, 4, 4, 4)
    assert spike_test(value, before, after, array(2), array(8), array(0)).tolist() == [1, 1, 3, 3]
    assert spike_test(array(12.1), array(4), array(4), array(2), array(8), array(0)).tolist() == [4]


def test_thresholds_of_a_spike_grow_with_the_level() -> None:
    value, before, after = array(250, 350), array(100, 100), array(100, 100)
    assert spike_test(value, before, after, array(50), array(NAN), array(2)).tolist() == [1, 3]


def test_a_spike_needs_both_neighbours() -> None:
    value, before, after = array(9, 9, NAN), array(NAN, 1, 1), array(1, NAN, 1)
    assert spike_test(value, before, after, array(2), array(8), array(0)).tolist() == [2, 2, 9]


@law
@given(NUMBERS, st.floats(0, 1e5), st.floats(-1e5, 1e5))
def test_a_shift_of_all_values_makes_no_spike(values: list[float], threshold: float, shift: float) -> None:
    value = np.round(np.array(values), 3)
    moved = value + round(shift, 3)
    spikes = [
        spike_test(v[1:-1], v[:-2], v[2:], array(threshold + 0.0005), array(NAN), array(0)) for v in (value, moved)
    ]
    heights = np.abs(value[1:-1] - (value[:-2] + value[2:]) / 2)
    clear = np.abs(heights - threshold - 0.0005) > 1e-6
    assert np.array_equal(spikes[0][clear], spikes[1][clear])


def test_a_rate_is_a_change_by_its_time() -> None:
    value, before, hours = array(10, 10, 10), array(7, 7, NAN), array(1, 4, 1)
    assert rate_test(value, before, hours, array(1), array(2.5)).tolist() == [4, 1, 2]


def test_a_rate_without_thresholds_is_not_evaluated() -> None:
    assert rate_test(array(10, NAN), array(7, 7), array(1, 1), array(NAN), array(NAN)).tolist() == [2, 9]


def test_only_a_longer_pause_than_allowed_is_a_gap() -> None:
    assert gap_test(array(NAN, 4, 72, 72.1), array(72)).tolist() == [2, 1, 1, 3]


def test_a_clock_may_be_ahead_by_a_little() -> None:
    time = np.array([100, 110, 111, 160, 161, 9], np.int64)
    assert time_test(time, received=100, first=10, ahead_suspect=10, ahead_fail=60).tolist() == [1, 1, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("mark", "flag"),
    [
        (Mark.NONE, Flag.NOT_EVALUATED),
        (Mark.NORMAL, Flag.GOOD),
        (Mark.BELOW_LIMIT, Flag.GOOD),
        (Mark.MANUAL, Flag.SUSPECT),
        (Mark.OVER_RANGE, Flag.SUSPECT),
        (Mark.UNKNOWN, Flag.SUSPECT),
        (Mark.STOPPED, Flag.FAIL),
        (Mark.MAINTENANCE, Flag.FAIL),
        (Mark.FAULT, Flag.FAIL),
        (Mark.CALIBRATION, Flag.FAIL),
        (Mark.COMMUNICATION, Flag.FAIL),
        (Mark.SPIKE_RECOVERY, Flag.FAIL),
        (Mark.NO_REAGENT, Flag.FAIL),
    ],
)
def test_what_a_mark_says_of_a_value(mark: Mark, flag: Flag) -> None:
    assert mark_test(np.array([mark], np.uint8), verdicts_of_marks(packaged_plan())).tolist() == [flag]


def test_every_mark_but_three_has_a_verdict() -> None:
    silent = {Mark.NONE, Mark.NOT_MEASURED, Mark.NO_VALUE}
    assert set(packaged_plan().marks) == set(Mark) - silent


def test_a_number_that_is_no_mark_is_taken_for_the_last() -> None:
    assert mark_test(np.array([250], np.uint8), np.array([2, 1, 4], np.uint8)).tolist() == [4]


def test_two_marks_say_that_there_is_no_value() -> None:
    marks = np.array(list(Mark), np.uint8)
    assert set(marks[says_nothing(marks)]) == {Mark.NOT_MEASURED, Mark.NO_VALUE}


def test_marks_never_overrule_a_bound_that_the_source_gave() -> None:
    mark = np.array([Mark.OVER_RANGE, Mark.OVER_RANGE, Mark.BELOW_LIMIT, Mark.NORMAL], np.uint8)
    censor = np.array([Censor.NONE, Censor.BELOW, Censor.NONE, Censor.NONE], np.uint8)
    assert censor_by_mark(mark, censor).tolist() == [Censor.ABOVE, Censor.BELOW, Censor.BELOW, Censor.NONE]
