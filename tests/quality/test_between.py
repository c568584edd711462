"""Tests of values against those of other series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Array, Flag
from shangyou.quality.cross import order_test, oxygen_saturation, saturation_test
from shangyou.quality.neighbour import neighbour_test
from shangyou.quality.pairs import Index, Points
from tests.quality.series import law

NAN = float("nan")


def array(*values: float) -> Array:
    return np.array(values, np.float64)


@pytest.mark.parametrize(
    ("temperature", "saturation"), [(0.0, 14.621), (10.0, 11.288), (20.0, 9.092), (25.0, 8.263), (30.0, 7.559)]
)
def test_oxygen_saturation_is_that_of_the_published_table(temperature: float, saturation: float) -> None:
    """APHA Standard Methods, table 4500-O:I, fresh water at 101.325 kPa."""
    assert oxygen_saturation(array(temperature))[0] == pytest.approx(saturation, abs=0.0006)


def test_outside_of_the_formula_the_nearer_end_is_taken() -> None:
    assert oxygen_saturation(array(-0.3, 55)).tolist() == oxygen_saturation(array(0, 40)).tolist()


def test_oxygen_at_so_many_times_its_saturation_is_still_possible() -> None:
    most = 2.5 * oxygen_saturation(array(20))[0]
    assert saturation_test(array(most, most + 0.001, NAN), array(20, 20, 20), 2.5).tolist() == [1, 3, 2]


@law
@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1), st.floats(0, 1))
def test_a_part_within_its_whole_never_contradicts(part: float, rest: float, share: float, plus: float) -> None:
    assert order_test(array(part), array(part + rest), array(share), array(plus)).tolist() == [Flag.GOOD]


def test_equal_negative_values_are_in_order() -> None:
    assert order_test(array(-0.2, -0.1), array(-0.2, -0.2), array(0.005), array(0)).tolist() == [1, 3]


def test_one_neighbour_that_agrees_is_enough() -> None:
    row = np.array([0, 0, 1, 1])
    value, other = array(7, 7, 7, 7), array(9.5, 7.5, 9.5, 4)
    found = neighbour_test(3, row, value, other, np.full(4, 2.0), np.zeros(4))
    assert found.tolist() == [Flag.GOOD, Flag.SUSPECT, Flag.NOT_EVALUATED]


def test_neighbours_may_differ_by_a_share_of_their_mean() -> None:
    row = np.array([0, 1])
    found = neighbour_test(2, row, array(100, 100), array(290, 310), np.full(2, 5.0), np.full(2, 1.0))
    assert found.tolist() == [Flag.GOOD, Flag.SUSPECT]


def test_a_pair_without_threshold_is_no_comparison() -> None:
    found = neighbour_test(1, np.array([0]), array(1), array(99), array(NAN), array(NAN))
    assert found.tolist() == [Flag.NOT_EVALUATED]


@st.composite
def sites(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    times = st.lists(st.integers(0, 40), unique=True, max_size=8).map(sorted)
    return draw(times), draw(times)


@law
@given(sites(), st.integers(0, 6))
def test_the_nearest_point_within_the_time_is_found(found: tuple[list[int], list[int]], within: int) -> None:
    own, other = found
    time = np.array([*own, *other], np.int64)
    series = np.array([0] * len(own) + [1] * len(other), np.int32)
    index = Index(Points(series, time, time.astype(np.float64), np.zeros(len(time), np.uint8)))
    starts = np.array([0, len(own), len(time)])
    at = index.pair(starts, np.array([0]), np.array([1]), time, np.array([float(within)]))
    expected = {i: min(abs(t - o) for o in other) for i, t in enumerate(own) if other}
    near = {i: distance for i, distance in expected.items() if distance <= within}
    got = {int(i): abs(int(time[p]) - int(time[i])) for i, p in zip(at.row, at.point, strict=True)}
    assert got == near
    assert all(p >= len(own) for p in at.point)


def test_times_beyond_all_points_do_not_overflow() -> None:
    index = Index(Points(np.array([0, 1], np.int32), np.array([5, 6]), array(1, 2), np.zeros(2, np.uint8)))
    time = np.array([-(2**62), 5, 2**62, 6])
    at = index.pair(np.array([0, 3, 4]), np.array([0]), np.array([1]), time, array(1))
    assert at.row.tolist() == [1]
    assert at.point.tolist() == [1]


def test_without_points_there_are_no_pairs() -> None:
    index = Index(Points(np.empty(0, np.int32), np.empty(0, np.int64), array(), np.empty(0, np.uint8)))
    at = index.pair(np.array([0, 1, 1]), np.array([0]), np.array([1]), np.array([3]), array(9))
    assert len(at.row) == 0
