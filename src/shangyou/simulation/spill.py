"""A spill: ammonia released at once into the main stem, carried down and spread.

Closed form of the advection-dispersion equation for a point release. Source: Fischer et al. (1979), Mixing in Inland
and Coastal Waters, equation 2.28 in a moving frame; here written for the flux, so that the mass which passes a
station is the mass released whatever the flow does meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation.flow import discharge
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.stretch import MAIN, Station, travel_hours

OUTLET: Final = "模拟排口(虚构)"  # an invented place
OUTLET_KM: Final = 118.0
HOURS_BEFORE: Final = 6 * 24 + 8  # the release lies so long before the present: the last station has just seen it pass
DISPERSION: Final = 800.0  # [m2/s], longitudinal; of the order that formulas give for a river so wide
PEAK: Final = 2.4  # [mg/L] rise aimed at where it is first seen; the mass follows from the flow of the day
FIRST_KM: Final = 150.0
STEPS: Final = 12  # instants of an hour that its mean is made of: the wave passes the first station in three hours


@dataclass(frozen=True, slots=True)
class Release:
    """A known truth: what was let go, where and when."""

    outlet: str
    km: float
    hour: float  # hours since 1970
    mass: float  # ammonia nitrogen [t]


def release(scenario: Scenario) -> Release:
    """The spill of a scenario. Its mass is set so that it can be seen in winter and in summer alike."""
    hour = scenario.present_hour - HOURS_BEFORE
    flow = float(discharge(scenario.seed, np.array([hour], np.int64))[0, :3].sum())
    seconds = float(travel_hours(FIRST_KM) - travel_hours(OUTLET_KM)) * 3600
    speed = (FIRST_KM - OUTLET_KM) * 1000 / seconds
    tonnes = PEAK * flow / speed * np.sqrt(4 * np.pi * DISPERSION * seconds) / 1e6
    return Release(OUTLET, OUTLET_KM, float(hour), float(np.ceil(tonnes)))


def passage(seconds: Array, distance: float, speed: float, dispersion: float) -> Array:
    """Share of a point release that passes a place in each second [1/s]; its integral over time is 1.

    Times the mass and divided by the flow it is the concentration M / (A sqrt(4 pi D t)) exp(-(x - U t)^2 / 4 D t).

    Args:
        seconds: (n,) time since the release [s]; 0 before it and at it.
        distance: downstream [m], > 0.
        speed: mean velocity [m/s], > 0.
        dispersion: longitudinal [m2/s], > 0.

    >>> round(4.32e6 / (25 * 0.8) * float(passage(np.array([20000.0]), 16000.0, 0.8, 30.0)[0]), 3)  # g/m3
    62.931
    """
    t = np.maximum(seconds, 1.0)
    share = speed / np.sqrt(4 * np.pi * dispersion * t) * np.exp(-((distance - speed * t) ** 2) / (4 * dispersion * t))
    return np.where(seconds > 0, share, 0.0)


def rise(spilled: Release, stations: tuple[Station, ...], hours: Ints, flow: Array) -> Array:
    """(n, stations) mean rise of ammonia nitrogen [mg/L] in (n,) whole hours since 1970; flow: (n, stations) [m3/s]."""
    out = np.zeros((len(hours), len(stations)))
    steps = (hours[:, None] + (np.arange(STEPS) + 0.5) / STEPS - spilled.hour) * 3600
    for i, station in enumerate(stations):
        if station.branch != MAIN or station.km <= spilled.km:
            continue
        metres = (station.km - spilled.km) * 1000
        travel = float(travel_hours(station.km) - travel_hours(spilled.km)) * 3600
        share = passage(steps.ravel(), metres, metres / travel, DISPERSION).reshape(steps.shape).mean(axis=1)
        out[:, i] = spilled.mass * 1e6 * share / flow[:, i]  # t to g; g/m3 is mg/L
    return out
