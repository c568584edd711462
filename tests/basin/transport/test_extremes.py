"""Rivers and releases at the ends of what can be: where a scheme breaks, if it does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.course import Place
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Release
from shangyou.core.errors import InputError
from tests.basin.courses import channel
from tests.basin.transport.test_respond import gaussian


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, 5.0), st.floats(3.0, 5.5), st.floats(-1.7, 0.7), st.integers(1, 200))
def test_closed_forms_hold_at_any_peclet_number_and_cut_of_the_river(
    peclet: float, far: float, speed: float, reaches: int
) -> None:
    x, u = 10.0**far, 10.0**speed
    d = x * u / 10.0**peclet
    river = channel(reaches + 1, length=x / reaches, area=25.0, flow=25.0 * u, dispersion=d)
    found = respond(river, Release(0.0, 1e6), at=[x])
    exact = gaussian(1e6, 25.0, u, d, x, found.time)
    assert np.abs(found.concentration[:, 0] - exact).max() < 0.01 * exact.max()
    assert abs(found.balance.error) < 1e-9


@settings(max_examples=25, deadline=None)
@given(st.floats(-2.0, 1.5), st.floats(-6.0, 0.0))
def test_a_pulse_is_waited_for_until_storage_has_given_it_back(ratio: float, rate: float) -> None:
    r, a, x, u, d = 10.0**ratio, 10.0**rate, 9000.0, 0.8, 30.0
    river = channel(5, length=2000.0).replace(storage_ratio=np.full(5, r), storage_rate=np.full(5, a))
    found = respond(river, Release(0.0, 1e6), at=[x])
    t, c = found.time, found.concentration[:, 0]
    often, peak = a * x / u, int(np.argmax(c))
    assert c[-1] < 2e-3 * c[peak]
    if often > 3:  # nearly all water has been in storage, so nearly all of it is late
        assert np.trapezoid(c, t) * 20.0 == pytest.approx(1e6, rel=0.02)
        mean = np.trapezoid(c * t, t) / np.trapezoid(c, t)
        assert mean == pytest.approx((x / u + 2 * d / u**2) * (1 + r), rel=0.03)


def test_pulses_days_apart_are_two_passages_and_nothing_between() -> None:
    days = 3 * 86_400.0
    series = Release.of_series(0.0, ((0.0, 1000.0), (600.0, 0.0), (days, 500.0), (days + 600.0, 0.0)))
    river = channel(10, length=2000.0)
    both = respond(river, series, at=[15_000.0])
    first = respond(river, Release(0.0, 6e5, duration=600.0), at=[15_000.0])
    t = np.linspace(0.0, 60_000.0, 400)
    top = float(first.concentration.max())
    assert np.abs(both.at(t) - first.at(t)).max() < 0.01 * top
    assert np.abs(both.at(t + days) - 0.5 * first.at(t)).max() < 0.01 * top
    assert both.at(np.array([0.6 * days]))[0, 0] < 1e-6 * top


def test_a_confluence_with_a_river_ten_thousand_times_larger_dilutes_by_that_much() -> None:
    small, large = np.array([1.0, 1.0, 1e4, 1e4]), np.array([0.0, 0.0, 20.0 * (1e4 - 1.0), 0.0])
    plain = channel(4, length=5000.0)
    joined = plain.replace(flow=plain.flow * small, area=plain.area * small, gain=large)
    one, other = (respond(river, Release(0.0, 1e6), at=[15_000.0], step=20.0) for river in (plain, joined))
    assert np.allclose(other.at(one.time) * 1e4, one.concentration, rtol=1e-6, atol=1e-9)


def test_what_has_decayed_arrives_nowhere_and_is_counted() -> None:
    river = channel(5, length=20_000.0, places=(Place("w", "厂", "works", "intake", 90_000.0),))
    for rate in (1.0, 1e6):
        found = respond(river, Release(0.0, 1e6), fate=Fate(decay=rate))
        assert found.balance.decayed == pytest.approx(1e6)
        assert found.concentration.max() == 0
        table = ensemble(river, Release(0.0, 1e6), 0.001, members=28, fate=Fate(decay=rate))
        assert table.reached[0] == 0
        assert np.all(np.isinf(table.first))
        assert np.all(table.above == 0)


def test_a_dam_that_releases_nothing_is_refused_and_one_that_releases_next_to_nothing_holds() -> None:
    river = channel(3, length=5000.0).replace(impounded=np.array([0.0, 1e8, 0.0]))
    with pytest.raises(InputError) as told:
        respond(river, Release(0.0, 1e6), at=[12_000.0], flow=np.array([20.0, 20.0, 0.0]))
    assert told.value.code == "course.flow"
    for flow, share in ((20.0, 1.0), (1e-6, 1e-7)):  # the rest of the water is taken out above
        day = np.array([20.0, 20.0, flow])
        balance = respond(river, Release(0.0, 1e6), 86_400.0 * 30, [12_000.0], day).balance
        assert abs(balance.error) < 1e-9
        assert balance.stored + balance.left > 0.5 * share * 1e6


def test_a_reach_that_is_nearly_dry_passes_on_what_its_water_carries() -> None:
    plain = channel(3, length=5000.0)
    dry = plain.replace(
        flow=np.array([20.0, 0.02, 20.0]), area=np.array([25.0, 0.025, 25.0]), gain=np.array([0.0, 0.0, 19.98])
    )
    found = respond(dry, Release(0.0, 1e6), at=[14_000.0])
    assert found.balance.withdrawn == pytest.approx(0.999e6, rel=1e-6)
    assert found.balance.left + found.balance.stored == pytest.approx(1e3, rel=1e-6)
    assert found.concentration.min() >= 0
