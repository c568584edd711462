"""Gauges: what the hydrological stations of the stretch report of its flow, from a rating that is a little off.

A rating is wrong in one direction for long, and by a little more from hour to hour. The sizes are assumptions: with
both, 95 % of the reported hours are within some 7 %.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation.flow import flow_at_stations
from shangyou.simulation.noise import white
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.stretch import stations

STREAM: Final = 6
RATING: Final = 0.03  # standard deviation of the logarithm: of a station's rating, the same at all times
HOURLY: Final = 0.02  # and of an hour
DIGITS: Final = 3  # of a reported flow


def gauged(scenario: Scenario, hours: Ints) -> Array:
    """(n, stations) reported mean flow [m3/s] of (n,) whole hours since 1970, increasing; the same in any window."""
    count = len(stations())
    rating = RATING * np.random.default_rng([scenario.seed, STREAM]).standard_normal(count)
    hourly = HOURLY * white(scenario.seed, STREAM, hours, (count,))
    reported = flow_at_stations(scenario.seed, hours) * np.exp(rating + hourly)
    size = 10.0 ** (np.floor(np.log10(np.maximum(reported, 1e-6))) - DIGITS + 1)
    return np.asarray(np.round(reported / size) * size)
