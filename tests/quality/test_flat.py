"""The flat line test against its definition, spelt out slowly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Flag
from shangyou.quality.flat import Flatness, flat_test
from shangyou.quality.lines import lay
from tests.quality.series import law

Reading = tuple[int, float, bool]  # steps since the one before, value, silent
READINGS = st.lists(
    st.tuples(
        st.sampled_from((1, 1, 1, 1, 2, 7)),
        st.sampled_from((1.0, 1.0, 1.0, 1.25, 1.5, 1.75, 3.0)),
        st.sampled_from((False,) * 9 + (True,)),
    ),
    max_size=40,
)


def flags(readings: list[Reading], tolerance: float, suspect: float, fail: float, pause: float) -> list[int]:
    n = len(readings)
    time = np.cumsum([step for step, *_ in readings]).astype(np.int64)
    value = np.array([value for _, value, _ in readings], np.float64)
    silent = np.array([silent for *_, silent in readings], np.bool_)
    lines = lay(np.zeros(n, np.int32), time, value, np.ones(n, np.bool_), np.ones(n, np.bool_))
    limits = Flatness(*(np.full(n, x, np.float64) for x in (tolerance, suspect, fail, pause)))
    return [int(flag) for flag in flat_test(lines, time, value, silent, limits)]


def slowly(readings: list[Reading], tolerance: float, suspect: float, fail: float, pause: float) -> list[int]:
    """Go back from each value as long as all that was passed lies within the tolerance."""
    time = np.cumsum([step for step, *_ in readings])
    found = []
    for i, (_, value, silent) in enumerate(readings):
        low = high = value
        since = time[i]
        for j in range(i - 1, -1, -1):
            if silent or readings[j][2] or time[j + 1] - time[j] > pause:
                break
            low, high = min(low, readings[j][1]), max(high, readings[j][1])
            if not high - low < tolerance:
                break
            since = time[j]
        long = time[i] - since
        flat = Flag.FAIL if long >= fail else Flag.SUSPECT if long >= suspect else Flag.GOOD
        found.append(int(Flag.NOT_EVALUATED if i == 0 or silent else flat))
    return found


@law
@given(READINGS, st.sampled_from((0.1, 0.3, 0.6)), st.integers(1, 6), st.integers(0, 9), st.sampled_from((3, 100)))
def test_flags_are_those_of_the_definition(
    readings: list[Reading], tolerance: float, suspect: int, more: int, pause: int
) -> None:
    given_ = (readings, tolerance, suspect, suspect + more, pause)
    assert flags(*given_) == slowly(*given_)


@law
@given(READINGS, st.integers(1, 6))
def test_a_wider_tolerance_never_clears_a_value(readings: list[Reading], suspect: int) -> None:
    tight, wide = (flags(readings, tolerance, suspect, suspect * 2, 100) for tolerance in (0.3, 0.8))
    assert all(a <= b for a, b in zip(tight, wide, strict=True))


def test_values_at_the_detection_limit_are_never_flat_and_end_a_line() -> None:
    line = [(1, 0.3, False)] * 4 + [(1, 0.025, True)] * 20 + [(1, 0.3, False)] * 3
    assert max(flags(line, 0.01, 4, 8, 100)) == Flag.NOT_EVALUATED


def test_a_line_is_flat_from_the_very_moment_that_the_time_is_reached() -> None:
    assert flags([(1, 7.0, False)] * 8, 0.005, 4, 6, 100) == [2, 1, 1, 1, 3, 3, 4, 4]


def test_a_slow_drift_within_each_step_is_not_flat() -> None:
    drift = [(1, 0.2 * i, False) for i in range(40)]
    assert set(flags(drift, 0.3, 4, 8, 100)) == {Flag.NOT_EVALUATED, Flag.GOOD}


@pytest.mark.parametrize("fail", [float("nan"), 8.0])
def test_without_a_threshold_nothing_is_said(fail: float) -> None:
    assert flags([(1, 7.0, False)] * 9, 0.1, float("nan"), fail, 100) == [Flag.NOT_EVALUATED] * 9


def test_without_a_time_to_fail_a_line_only_gets_suspect() -> None:
    assert max(flags([(1, 7.0, False)] * 99, 0.1, 4, float("nan"), 100)) == Flag.SUSPECT
