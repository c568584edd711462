from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.simulation.flow import flow_at_stations
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.spill import passage, release, rise
from shangyou.simulation.stretch import MAIN, stations
from tests.simulation.scenarios import JULY, NOVEMBER, scenario


@pytest.mark.parametrize(
    ("mass", "area", "speed", "dispersion", "distance", "seconds", "expected"),
    [  # the textbook formula M / (A sqrt(4 pi D t)) exp(-(x - U t)^2 / 4 D t), worked out apart
        (4.32e6, 25.0, 0.8, 30.0, 16000.0, 20000.0, 62.93078960210375),
        (4.32e6, 25.0, 0.8, 30.0, 16000.0, 21000.0, 47.63997447583999),
        (1.0e6, 6000.0, 1.5, 100.0, 100000.0, 66666.6667, 0.018209140505315698),
    ],
)
def test_passage_agrees_with_the_textbook_formula(
    mass: float, area: float, speed: float, dispersion: float, distance: float, seconds: float, expected: float
) -> None:
    got = mass / (area * speed) * passage(np.array([seconds]), distance, speed, dispersion)[0]
    assert got == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(st.floats(5e3, 5e5), st.floats(0.3, 2.5), st.floats(10, 1500))
def test_all_that_was_released_passes_in_the_end(distance: float, speed: float, dispersion: float) -> None:
    middle = distance / speed
    width = np.sqrt(2 * dispersion * middle) / speed + dispersion / speed**2
    seconds = np.linspace(max(middle - 9 * width, 1.0), middle + 14 * width, 20_001)
    passed = np.trapezoid(passage(seconds, distance, speed, dispersion), seconds)
    assert passed == pytest.approx(1.0, abs=2e-3)


def test_nothing_is_there_before_the_release() -> None:
    assert not passage(np.array([-1e6, -1.0, 0.0]), 100.0, 1.0, 10.0).any()


@pytest.mark.parametrize("present", [NOVEMBER, JULY])
def test_the_same_mass_passes_every_station_below_the_outlet(present: int) -> None:
    of = scenario(present=present)
    spilled = release(of)
    hours = np.arange(int(spilled.hour), int(spilled.hour) + 24 * 40, dtype=np.int64)
    flow = flow_at_stations(of.seed, hours)
    load = (rise(spilled, stations(), hours, flow) * flow).sum(axis=0) * 3600 / 1e6  # t
    below = [i for i, s in enumerate(stations()) if s.branch == MAIN and s.km > spilled.km]
    assert load[below] == pytest.approx(spilled.mass, rel=0.01)
    assert not np.delete(load, below).any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([NOVEMBER, JULY]))
def test_the_wave_comes_later_and_lower_the_further_down(seed: int, present: int) -> None:
    spilled = release(Scenario(seed, present))
    hours = np.arange(int(spilled.hour), int(spilled.hour) + 24 * 25, dtype=np.int64)
    below = [s for s in stations() if s.branch == MAIN and s.km > spilled.km]
    rises = rise(spilled, tuple(below), hours, np.full((len(hours), len(below)), 6000.0))
    assert np.all(np.diff(rises.argmax(axis=0)) > 0)
    assert np.all(np.diff(rises.max(axis=0)) < 0)
