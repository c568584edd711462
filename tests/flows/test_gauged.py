"""The river on the days of an event: what was gauged, and how well that tells velocity and discharge."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.basin.network.facts import upper_yangtze
from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.flows.gauged import EXPONENT_SD, RATED, USUAL, flows_in, river_of

NETWORK = upper_yangtze()
HOUR = 3_600_000
STATIONS = ("50.朱沱", "50.江津大桥")


def store(flows: dict[str, list[float]], flag: Flag = Flag.GOOD) -> DuckStore:
    """Hourly flows of sites since hour 0."""
    made = DuckStore(":memory:")
    keys = tuple(SeriesKey(site, "flow", "hour", "mean") for site in flows)
    counts = [len(values) for values in flows.values()]
    total = sum(counts)
    none = np.zeros(total, np.uint32)
    rows = Observations(
        keys,
        np.repeat(np.arange(len(keys), dtype=np.int32), counts),
        np.concatenate([np.arange(n, dtype=np.int64) * HOUR for n in counts]),
        np.concatenate([np.array(values) for values in flows.values()]),
        np.zeros(total, np.uint8),
        np.zeros(total, np.uint8),
    )
    made.append(Batch(1, "file", "test", 0), Flagged(rows, np.full(total, flag, np.uint8), none, none))
    return made


def section(flows: list[float], flag: Flag = Flag.GOOD) -> DuckStore:
    return store({"50.朱沱": flows}, flag)


def test_the_mean_of_the_span_counts_and_nothing_outside_it() -> None:
    found = flows_in(section([4000.0, 5000.0, 9000.0]), NETWORK, 0, 2 * HOUR)
    mean, changed = found["50.朱沱"]
    assert mean == pytest.approx(4500.0)
    assert changed == pytest.approx(math.log(5 / 4) / 2)


def test_what_is_no_flow_of_a_river_is_left_out() -> None:
    assert flows_in(section([0.0, -3.0]), NETWORK, 0, 9 * HOUR) == {}
    assert flows_in(section([4000.0], Flag.FAIL), NETWORK, 0, 9 * HOUR) == {}
    assert flows_in(store({"nowhere": [4000.0]}), NETWORK, 0, 9 * HOUR) == {}


def test_at_the_usual_flow_velocity_is_known_as_well_as_a_rating() -> None:
    usual = float(NETWORK.reaches[int(NETWORK.reach_of[NETWORK.index("50.朱沱")])].flow)
    river = river_of(section([usual, usual]), NETWORK, STATIONS, 0, 9 * HOUR)
    assert river.told
    assert river.velocity_sd == pytest.approx(RATED)
    assert river.discharge_sd == pytest.approx(RATED)


def test_the_farther_a_flow_is_from_usual_the_less_it_tells_of_velocity() -> None:
    usual = float(NETWORK.reaches[int(NETWORK.reach_of[NETWORK.index("50.朱沱")])].flow)
    spreads = [
        river_of(section([usual * part]), NETWORK, STATIONS, 0, 9 * HOUR).velocity_sd for part in (1.0, 0.8, 0.5, 0.3)
    ]
    assert spreads == sorted(spreads)
    assert spreads[2] == pytest.approx(math.hypot(RATED, EXPONENT_SD * math.log(2)))


def test_a_flow_that_changes_over_the_span_is_known_less_well() -> None:
    river = river_of(section([4000.0, 8000.0]), NETWORK, STATIONS, 0, 9 * HOUR)
    assert river.discharge_sd == pytest.approx(math.hypot(RATED, math.log(2) / 2))


def test_without_a_gauge_on_the_water_of_the_stations_the_season_is_unknown() -> None:
    for held in (section([]), store({"50.北碚": [2000.0]})):  # the Jialing joins below
        river = river_of(held, NETWORK, STATIONS, 0, 9 * HOUR)
        assert not river.told
        assert river.discharge_sd == USUAL
        assert river.velocity_sd > 0.34 * USUAL
