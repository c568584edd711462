"""Closed forms, and the laws of what a river does to a release."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array
from tests.basin.courses import channel

erfc = np.vectorize(math.erfc)


def gaussian(mass: float, area: float, u: float, d: float, x: float, t: Array, k: float = 0.0) -> Array:
    """Fischer et al. (1979), equation 2.28."""
    later = np.maximum(t, 1.0)
    spread = 4 * d * later
    return np.asarray(mass / (area * np.sqrt(np.pi * spread)) * np.exp(-((x - u * later) ** 2) / spread - k * later))


@pytest.mark.shared
def test_a_pulse_follows_the_closed_form_within_one_percent_of_its_peak(shared: Path) -> None:
    cases = json.loads((shared / "reference/facts/ade_vectors.json").read_text())["instantaneous"]["cases"]
    assert len(cases) == 4
    for case in cases:
        mass, area, u, d = case["M_g"], case["A_m2"], case["U"], case["D"]
        river = channel(6, length=case["x"] / 5, area=area, flow=u * area, dispersion=d)
        curves = respond(river, Release(0.0, mass), at=[case["x"]], fate=Fate(decay=case["k"]))
        exact = gaussian(mass, area, u, d, case["x"], curves.time, case["k"])
        peak = exact.max()
        assert np.abs(curves.concentration[:, 0] - exact).max() < 0.01 * peak
        assert abs(curves.at(np.array([case["t"]]))[0, 0] - case["C_g_m3"]) < 0.01 * peak


@pytest.mark.shared
def test_a_concentration_kept_up_follows_ogata_and_banks(shared: Path) -> None:
    cases = json.loads((shared / "reference/facts/ade_vectors.json").read_text())["continuous_OgataBanks"]["cases"]
    assert len(cases) == 3
    for case in cases:
        u, d, x, top = case["U"], case["D"], case["x"], case["C0"]
        river = channel(2, length=x, area=1.0, flow=u, dispersion=d)
        inflow = Inflow(np.array([0.0]), np.array([float(top)]))
        curves = respond(river, inflow, horizon=2 * case["t"], at=[x], step=case["t"] / 1000)
        assert abs(curves.at(np.array([case["t"]]))[0, 0] - case["C"]) < 0.01 * top
        t = curves.time[1:]
        root = 2 * np.sqrt(d * t)
        exact = top / 2 * (erfc((x - u * t) / root) + np.exp(u * x / d) * erfc((x + u * t) / root))
        assert np.abs(curves.concentration[1:, 0] - exact).max() < 0.01 * top


def test_steady_decay_follows_the_closed_form() -> None:
    u, d, k, top = 0.5, 20.0, 1e-4, 8.0
    river = channel(4, length=1000.0, area=10.0, flow=u * 10.0, dispersion=d)
    curves = respond(
        river, Inflow(np.array([0.0]), np.array([top])), 40_000.0, [500.0, 2000.0], fate=Fate(decay=k), step=20.0
    )
    exact = top * np.exp(u * np.array([500.0, 2000.0]) / (2 * d) * (1 - np.sqrt(1 + 4 * k * d / u**2)))
    assert np.allclose(curves.concentration[-1], exact, rtol=2e-3)


def test_mass_mean_and_variance_of_a_pulse_are_exact() -> None:
    u, d, x = 0.8, 30.0, 16_000.0
    curves = respond(channel(8, length=4000.0), Release(0.0, 1e6), at=[x])
    t, c = curves.time, curves.concentration[:, 0]
    total = np.trapezoid(c, t)
    mean = np.trapezoid(c * t, t) / total
    variance = np.trapezoid(c * (t - mean) ** 2, t) / total
    assert total == pytest.approx(1e6 / 20.0, rel=1e-3)
    assert mean == pytest.approx(
        x / u + 2 * d / u**2, rel=2e-3
    )  # at a fixed place the passage lasts into later spreading
    assert variance == pytest.approx(2 * d * x / u**3 + 8 * d**2 / u**4, rel=0.01)


@st.composite
def rivers(draw: st.DrawFn) -> Course:
    """Any river: reaches unlike each other, tributaries, water taken out, reservoirs, storage."""
    n = draw(st.integers(1, 5))

    def some(low: float, high: float) -> Array:
        return np.array([draw(st.floats(low, high)) for _ in range(n)])

    flow, velocity = some(1.0, 2000.0), some(0.05, 3.0)
    return Course(
        tuple(f"r{i}" for i in range(n)),
        length=some(500.0, 20_000.0),
        width=some(5.0, 500.0),
        slope=some(1e-5, 1e-2),
        roughness=some(0.02, 0.06),
        flow=flow,
        area=flow / velocity,
        dispersion=some(0.0, 1000.0),
        storage_ratio=some(0.0, 0.5),
        storage_rate=some(0.0, 1e-3),
        impounded=np.where(some(0.0, 1.0) > 0.7, some(0.0, 1e7), 0.0),
        gain=np.zeros(n),
    )


@settings(max_examples=30, deadline=None)
@given(rivers(), st.floats(0.0, 0.9), st.sampled_from([0.0, 600.0, 20_000.0]), st.floats(0.0, 1e-4))
def test_mass_is_kept_and_never_negative(river: Course, part: float, duration: float, decay: float) -> None:
    release = Release(part * river.end, 1e6, duration=duration)
    fate = Fate(decay=decay, sorption_rate=1e-5, sorption_capacity=0.5)
    curves = respond(river, release, horizon=86_400.0, at=[0.5 * river.end, river.end], fate=fate)
    balance = curves.balance
    assert balance.entered == pytest.approx(1e6, rel=1e-12)
    assert abs(balance.error) < 1e-9
    assert min(balance.left, balance.withdrawn, balance.decayed, balance.stored) >= 0
    assert curves.concentration.min() >= 0
    assert np.all(np.isfinite(curves.concentration))


@settings(max_examples=15, deadline=None)
@given(rivers(), st.floats(0.1, 100.0))
def test_twice_the_release_gives_twice_the_concentration(river: Course, factor: float) -> None:
    one = respond(river, Release(0.0, 1e6), horizon=86_400.0, at=[river.end])
    more = respond(river, Release(0.0, 1e6 * factor), horizon=86_400.0, at=[river.end])
    faint = 1e-9 * float(more.concentration.max())  # far ahead of a pulse there is nothing left but rounding
    assert np.allclose(more.concentration, one.concentration * factor, rtol=1e-9, atol=faint)


@settings(max_examples=10, deadline=None)
@given(rivers(), st.floats(0.2, 0.9))
def test_nothing_arrives_above_the_release(river: Course, part: float) -> None:
    curves = respond(
        river, Release(part * river.end, 1e9), horizon=86_400.0, at=[0.0, 0.99 * part * river.end, river.end]
    )
    assert curves.concentration[:, :2].max() == 0


def test_a_long_release_is_the_sum_of_pulses() -> None:
    river = channel(10, length=2000.0)
    whole = respond(river, Release(0.0, 6e6, duration=3600.0), at=[15_000.0], horizon=40_000.0)
    pulses = [
        respond(river, Release(0.0, 1e5, start=(i + 0.5) * 60.0), at=[15_000.0], horizon=40_000.0) for i in range(60)
    ]
    t = np.arange(0.0, 36_000.0, 60.0)
    summed = sum(pulse.at(t)[:, 0] for pulse in pulses)
    assert np.abs(whole.at(t)[:, 0] - summed).max() < 0.005 * whole.concentration.max()


def test_a_series_of_even_rates_is_a_continuous_release() -> None:
    river = channel(10, length=2000.0)
    even = respond(river, Release(0.0, 3.6e6, duration=3600.0), at=[9000.0], horizon=40_000.0)
    series = Release.of_series(0.0, ((0.0, 1000.0), (1800.0, 1000.0), (3600.0, 0.0)))
    assert series.mass == 3.6e6
    found = respond(river, series, at=[9000.0], horizon=40_000.0)
    assert np.allclose(found.concentration, even.concentration, rtol=1e-6, atol=1e-9)


def test_a_tributary_dilutes_by_its_share_of_the_flow() -> None:
    river = channel(4, length=5000.0)
    joined = river.replace(
        flow=river.flow * [1, 1, 3, 3], area=river.area * [1, 1, 3, 3], gain=np.array([0.0, 0.0, 40.0, 0.0])
    )
    alone = respond(river, Release(0.0, 1e6), at=[15_000.0], step=20.0)
    diluted = respond(joined, Release(0.0, 1e6), at=[15_000.0], step=20.0)
    assert np.allclose(diluted.at(alone.time), alone.concentration / 3, rtol=1e-6, atol=1e-9)


def test_water_taken_out_takes_its_load_along() -> None:
    river = channel(2, length=5000.0)
    drawn = river.replace(flow=river.flow * [1.0, 0.4], area=river.area * [1.0, 0.4])
    balance = respond(drawn, Release(0.0, 1e6), at=[10_000.0]).balance
    assert balance.withdrawn == pytest.approx(6e5, rel=1e-6)
    assert balance.left + balance.stored == pytest.approx(4e5, rel=1e-6)


def test_a_reservoir_stops_mixes_and_releases() -> None:
    volume = 20.0 * 50_000.0  # its water is renewed in 50,000 s
    river = channel(2, length=1000.0, dispersion=1.0).replace(impounded=np.array([volume, 0.0]))
    curves = respond(river, Release(0.0, 1e6), at=[1500.0], horizon=400_000.0)
    late = np.array([60_000.0, 110_000.0])
    before, behind = curves.at(late)[:, 0]
    assert behind / before == pytest.approx(np.exp(-1.0), rel=0.01)
    assert curves.concentration.max() == pytest.approx(1e6 / volume, rel=0.05)


def test_storage_holds_back_and_gives_again() -> None:
    river = channel(5, length=2000.0)
    lasting = river.replace(storage_ratio=np.full(5, 0.5), storage_rate=np.full(5, 2e-4))
    plain = respond(river, Release(0.0, 1e6), at=[9000.0], horizon=80_000.0)
    held = respond(lasting, Release(0.0, 1e6), at=[9000.0], horizon=80_000.0)
    t, c = held.time, held.concentration[:, 0]
    u, x, d = 0.8, 9000.0, 30.0
    assert c.max() < plain.concentration.max()
    mean = np.trapezoid(c * t, t) / np.trapezoid(c, t)
    assert mean == pytest.approx((x / u + 2 * d / u**2) * 1.5, rel=0.01)  # delayed by the water that stands


@pytest.mark.parametrize(
    "flow", [np.array([1.0, np.nan]), np.array([1.0, -2.0]), np.array([1.0, 1e9]), np.array([1.0]), 0.0]
)
def test_a_flow_that_cannot_be_is_refused(flow: float | Array) -> None:
    with pytest.raises(InputError) as caught:
        respond(channel(2), Release(0.0, 1.0), flow=flow)
    assert caught.value.code == "course.flow"


@pytest.mark.parametrize(
    ("name", "value"),
    [("mass", -1.0), ("mass", math.nan), ("mass", 1e20), ("at", -1.0), ("duration", -5.0), ("start", math.inf)],
)
def test_a_release_that_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(InputError) as caught:
        dataclasses.replace(Release(0.0, 1.0), **{name: value})  # type: ignore[arg-type]
    assert caught.value.code == "release.value"
    assert caught.value.facts["name"] == name


def test_a_release_beyond_the_river_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        respond(channel(2), Release(2001.0, 1.0), at=[2000.0])
    assert caught.value.code == "course.place"


def test_where_next_to_nothing_flows_nobody_waits_longer_than_ten_years() -> None:
    dammed = channel(2, length=9000.0, places=(Place("z", "末", "end", "section", 18_000.0),))
    course = dammed.replace(impounded=np.array([1e9, 0.0]))
    curves = respond(course, Release(0.0, 1e6), flow=1e-9)
    assert 9 < curves.time[-1] / (365.25 * 86400) <= 10.1
    assert np.all(np.isfinite(curves.concentration))
