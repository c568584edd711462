"""Arrival tables, and what they stand on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.ensemble import draw, ensemble
from shangyou.basin.transport.passages import MOST, compose, passage
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Release, Uncertainty
from shangyou.core.errors import InputError
from tests.basin.courses import channel

KNOWN = Uncertainty(flow=0.0, velocity=0.0, dispersion=0.0)


def river(dispersion: float = np.nan) -> Course:
    places = (Place("a", "甲", "A", "intake", 8000.0), Place("b", "乙", "B", "section", 18_000.0))
    return channel(10, length=2000.0, dispersion=dispersion, places=places)


def test_bands_are_in_order_and_the_later_place_is_reached_later() -> None:
    table = ensemble(river(), Release(0.0, 1e6), limit=0.01, members=140)
    for figure in (table.first, table.peak, table.peak_time, table.above, table.end):
        assert np.all(np.diff(figure, axis=1) >= 0)
    assert np.all(table.first < table.peak_time)
    assert np.all(table.peak_time < table.end)
    assert np.all(table.first[1] > table.first[0])
    assert np.all(table.peak[1] < table.peak[0])
    assert np.all(table.reached == 1)
    assert len(table.formulas) == 14


def test_members_that_know_everything_agree_with_the_one_answer() -> None:
    table = ensemble(river(30.0), Release(0.0, 1e6, start=500.0), limit=0.5, members=4, known=KNOWN)
    curves = respond(river(30.0), Release(0.0, 1e6, start=500.0))
    top = curves.concentration.argmax(axis=0)
    assert np.allclose(table.peak, curves.concentration.max(axis=0)[:, None], rtol=0.015)
    assert np.allclose(table.peak_time, curves.time[top][:, None], rtol=0.01)
    for i in range(2):
        over = curves.time[curves.concentration[:, i] > 0.5]
        assert table.first[i, 2] == pytest.approx(over[0], rel=0.02)
        assert table.above[i, 2] == pytest.approx(over[-1] - over[0], rel=0.05)
        assert table.end[i, 2] == pytest.approx(over[-1], rel=0.02)


def test_a_long_release_is_composed_as_it_is_reckoned() -> None:
    release = Release(0.0, 1e7, duration=7200.0)
    table = ensemble(river(30.0), release, limit=1.0, members=2, known=KNOWN)
    curves = respond(river(30.0), release)
    assert np.allclose(table.peak[:, 2], curves.concentration.max(axis=0), rtol=0.015)
    over = curves.time[curves.concentration[:, 1] > 1.0]
    assert table.above[1, 2] == pytest.approx(over[-1] - over[0], rel=0.05)


def test_a_limit_above_all_peaks_is_never_reached() -> None:
    table = ensemble(river(), Release(0.0, 1.0), limit=1e6, members=14)
    assert np.all(table.reached == 0)
    assert np.all(np.isinf(table.first))
    assert np.all(np.isinf(table.end))
    assert np.all(table.above == 0)
    assert np.all(np.isfinite(table.peak))


def test_places_above_the_release_are_never_reached() -> None:
    table = ensemble(river(), Release(10_000.0, 1e6), members=14)
    assert table.reached[0] == 0
    assert np.all(table.peak[0] == 0)
    assert table.reached[1] == 1


def test_the_same_seed_gives_the_same_table_and_another_nearly_so() -> None:
    one, again, other = (ensemble(river(), Release(0.0, 1e6), members=280, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.first, again.first)
    assert not np.array_equal(one.first, other.first)
    assert np.allclose(one.peak_time[:, 2], other.peak_time[:, 2], rtol=0.03)


def test_less_knowledge_gives_wider_bands() -> None:
    sure = ensemble(river(30.0), Release(0.0, 1e6), members=100, known=Uncertainty(flow=0.02, velocity=0.02))
    unsure = ensemble(
        river(30.0), Release(0.0, 1e6), members=100, known=Uncertainty(flow=0.3, velocity=0.2, start=600.0)
    )
    assert np.all(np.ptp(unsure.first, axis=1) > np.ptp(sure.first, axis=1))


def test_draws_take_every_share_of_the_normal_once() -> None:
    drawn = draw(1000, 3, Uncertainty(flow=0.2, amount=0.5))
    assert np.std(np.log(drawn.flow)) == pytest.approx(0.2, rel=0.01)
    assert np.mean(np.log(drawn.amount)) == pytest.approx(0.0, abs=1e-6)
    assert set(np.bincount(drawn.formula)) == {71, 72}


@pytest.mark.parametrize("members", [0, -1, 10**9])
def test_a_number_of_members_that_cannot_be_is_refused(members: int) -> None:
    with pytest.raises(InputError, match=r"ensemble\.members"):
        ensemble(river(), Release(0.0, 1.0), members=members)


def test_a_triangle_passes_as_drawn() -> None:
    time, c = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.0, 0.0, 4.0, 0.0])
    first, peak, when, above, end = passage(time, c, 1.0)
    assert (first, above, end) == (12.5, 15.0, 27.5)
    assert peak >= 4.0
    assert when == pytest.approx(20.0)


def test_a_box_of_a_box_keeps_its_mass() -> None:
    time = np.linspace(0.0, 100.0, 201)
    unit = np.where((time > 20) & (time < 30), 0.1, 0.0)
    at, c = compose(time, unit[:, None], np.array([[5.0, 40.0, 3.0], [60.0, 10.0, 1.0]]))
    assert np.trapezoid(c[:, 0], at) == pytest.approx(4.0 * np.trapezoid(unit, time), rel=0.02)
    assert c.min() >= 0


def test_a_release_of_many_hours_is_composed_of_few_points() -> None:
    time = np.linspace(0.0, 100.0, 201)
    unit = np.exp(-(((time - 50.0) / 10.0) ** 2))[:, None]
    hours = np.column_stack((np.arange(30.0), np.ones(30), 1.0 + np.arange(30) % 3))
    at, c = compose(time, unit, hours)
    assert len(at) <= MOST
    assert np.trapezoid(c[:, 0], at) == pytest.approx(60.0 * np.trapezoid(unit[:, 0], time), rel=1e-3)


@given(
    st.lists(st.tuples(st.floats(0.1, 10.0), st.floats(0.0, 5.0)), min_size=3, max_size=30),
    st.floats(0.05, 6.0),
)
def test_what_is_above_the_limit_lies_between_arrival_and_end(curve: list[tuple[float, float]], limit: float) -> None:
    """Whatever the curve: it may rise above the limit more than once, and end above it."""
    steps, values = np.array([(0.1, 0.0), *curve]).T
    time, values = np.cumsum(steps), np.ascontiguousarray(values)
    first, _, when, above, end = passage(time, values, limit)
    if values.max() <= limit:
        return
    assert first <= when <= end
    over = time[values > limit]
    assert first <= over[0] + 1e-9
    assert end >= over[-1] - 1e-9
    assert np.isinf(end) == (values[-1] > limit)
    assert above <= min(end, time[-1]) - first + 1e-6


def test_two_rises_above_the_limit_end_with_the_second() -> None:
    time, values = np.arange(7.0), np.array([0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0])
    assert passage(time, values, 1.0)[3:] == pytest.approx((1.0 + 4 / 3, 4 + 2 / 3))
