"""Simulated gauges: near the true flow, off in one direction, and the same in any window."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.simulation.flow import flow_at_stations
from shangyou.simulation.gauge import gauged
from shangyou.simulation.scenario import Scenario

SCENARIO = Scenario(seed=5, present=1_795_000_000_000 // 3_600_000 * 3_600_000)
HOURS = np.arange(SCENARIO.present_hour - 240, SCENARIO.present_hour, dtype=np.int64)


def test_a_gauge_is_near_the_true_flow_and_errs_in_one_direction() -> None:
    off = np.log(gauged(SCENARIO, HOURS) / flow_at_stations(SCENARIO.seed, HOURS))
    assert np.abs(off).max() < 0.2
    assert off.std(axis=0) == pytest.approx(np.full(off.shape[1], 0.02), abs=0.006)
    assert off.mean(axis=0).std() == pytest.approx(0.03, abs=0.015)


def test_the_same_hour_is_gauged_the_same_in_any_window() -> None:
    assert np.array_equal(gauged(SCENARIO, HOURS)[100:120], gauged(SCENARIO, HOURS[100:120]))


def test_a_flow_is_reported_with_three_digits() -> None:
    for value in gauged(SCENARIO, HOURS[:20]).ravel().tolist():
        assert float(f"{value:.3g}") == pytest.approx(value, rel=1e-12)
