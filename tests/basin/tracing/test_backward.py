from __future__ import annotations

import numpy as np
import pytest

from shangyou.basin.tracing.backward import GRID, Backward, backward
from shangyou.basin.tracing.problem import Way
from shangyou.core.records import Array


def way(count: int = 10, **columns: Array | float) -> Way:
    """A river of equal reaches of 20 km, 1 m/s, 100 m2/s, 500 m3/s but for what is given."""
    usual = {"length": 20e3, "velocity": 1.0, "dispersion": 100.0, "discharge": 500.0}
    usual |= {"storage_ratio": 0.0, "storage_rate": 0.0, "volume": 0.0}
    made = {name: np.broadcast_to(np.asarray(columns.get(name, value), float), count) for name, value in usual.items()}
    return Way(**made, stations=np.array([120e3]))


def times(run: Backward, place: int, k: int, factor: float) -> Array:
    """Seconds after the release of the points of a table."""
    mean = run.mean[place] @ np.array([1.0, factor])
    return np.asarray(mean + GRID * np.sqrt(run.variance[place] @ factor ** np.arange(3)))


def mean_and_variance(seconds: Array, passed: Array) -> tuple[float, float]:
    share, middle = np.diff(passed), (seconds[1:] + seconds[:-1]) / 2
    mean = float(share @ middle / share.sum())
    return mean, float(share @ (middle - mean) ** 2 / share.sum())


@pytest.mark.parametrize("metres", [1e3, 10e3, 70e3, 110e3])
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_backward_run_is_the_closed_form_in_a_uniform_river(metres: float, factor: float) -> None:
    run = backward(way(), 120e3, np.array([120e3 - metres]), np.array([factor]), 0.0, 0.0)
    seconds = times(run, 0, 0, factor)
    spread = 100.0 * factor
    fine = np.linspace(1e-3, seconds[-1], 400_001)  # Fischer et al. (1979), equation 2.28, times discharge over mass
    rate = np.exp(-((metres - fine) ** 2) / (4 * spread * fine)) / np.sqrt(4 * np.pi * spread * fine)
    passed = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * (fine[1] - fine[0]))])
    assert np.abs(np.interp(seconds, fine, passed, left=0.0) - run.passed[0, 0]).max() < 2e-4


def test_one_run_serves_all_places_and_reaches_add_up() -> None:
    places = np.linspace(1e3, 119e3, 40)
    speed = np.linspace(0.5, 1.4, 10)
    run = backward(way(velocity=speed), 120e3, places, np.ones(1), 0.0, 0.0)
    for place in (0, 13, 31):
        found = mean_and_variance(times(run, place, 0, 1.0), run.passed[place, 0])
        begins = np.arange(10) * 20e3
        inside = np.clip(np.minimum(begins + 20e3, 120e3) - np.maximum(begins, places[place]), 0, None)
        assert found[0] == pytest.approx((inside / speed).sum() + run.mean[place, 1], rel=1e-3)
        assert found[1] == pytest.approx((2 * 100 * inside / speed**3).sum() + run.variance[place, 2], rel=0.01)


def test_storage_holds_the_water_back_by_its_share_and_lengthens_the_tail() -> None:
    run = backward(way(storage_ratio=0.3, storage_rate=2e-4), 120e3, np.array([40e3]), np.ones(1), 0.0, 0.0)
    mean, variance = mean_and_variance(times(run, 0, 0, 1.0), run.passed[0, 0])
    ends = 1.3 * 2 * 100.0
    assert mean == pytest.approx(80e3 * 1.3 + ends, rel=1e-3)
    assert variance == pytest.approx(80e3 * (2 * 100 * 1.69 + 2 * 0.09 / 2e-4) + 8 * (100 * 1.3) ** 2, rel=0.02)


def test_a_reservoir_on_the_way_mixes_what_comes() -> None:
    volume = np.zeros(10)
    volume[3] = 500.0 * 7200  # two hours of the discharge, at 80 km
    run = backward(way(volume=volume), 120e3, np.array([40e3, 90e3]), np.ones(1), 0.0, 0.0)
    above, below = (mean_and_variance(times(run, i, 0, 1.0), run.passed[i, 0]) for i in (0, 1))
    assert above[0] == pytest.approx(80e3 + 7200 + 200, rel=1e-3)
    assert above[1] == pytest.approx(2 * 100 * 80e3 + 7200**2 + 8e4, rel=0.01)
    assert below[0] == pytest.approx(30e3 + 200, rel=1e-3)


def test_what_decays_on_the_way_does_not_arrive() -> None:
    run = backward(way(), 120e3, np.array([20e3]), np.ones(1), 1e-5, 0.0)
    slower = np.sqrt(1 + 4 * 100 * 1e-5)
    expected = np.exp(-2 * 100e3 * 1e-5 / (1 + slower)) / slower  # the closed form's area
    assert run.share[0, 0] == pytest.approx(expected, rel=1e-9)


def test_nothing_flows_upstream() -> None:
    run = backward(way(), 120e3, np.array([120e3, 150e3, 119.9e3]), np.ones(1), 0.0, 0.0)
    assert run.sees.tolist() == [False, False, True]
    assert not run.share[:2].any()


def test_a_mean_over_hours_is_wider_by_its_own_variance() -> None:
    plain, hourly = (backward(way(), 120e3, np.array([60e3]), np.ones(1), 0.0, s) for s in (0.0, 3600.0 * 4))
    widths = [mean_and_variance(times(run, 0, 0, 1.0), run.passed[0, 0])[1] for run in (plain, hourly)]
    assert widths[1] - widths[0] == pytest.approx((3600 * 4) ** 2 / 12, rel=0.02)
