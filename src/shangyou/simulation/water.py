"""The true water: nine parameters at every station and hour, before any instrument has looked at it.

Branches carry their own quality, which follows flow and weather; the main stem mixes them by flow, each delayed by
its time of travel, and loses ammonia and particles on the way. The forms are simple on purpose: they give seasons,
days, floods and a coupled river, not a calibrated one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation import spill
from shangyou.simulation.flow import around, discharge, season, shares
from shangyou.simulation.noise import Weather
from shangyou.simulation.scenario import LEGAL_HOURS, Scenario
from shangyou.simulation.stretch import (
    LEVELS,
    MAIN,
    PARAMETERS,
    Branch,
    Station,
    branches,
    lag_hours,
    stations,
    travel_hours,
)

STREAM: Final = 2
FLOW_POWER: Final = np.array([-0.02, -0.12, 1.1, 0.18, -0.30, 0.10, -0.08])  # of LEVELS to relative flow
SCATTER: Final = np.array([0.008, 0.03, 0.25, 0.10, 0.22, 0.13, 0.07])  # standard deviation of ln
WEATHER_MEMORY: Final = 60.0  # hours
LOCAL: Final = 0.35  # of the scatter, not shared with the stations above
LOSS: Final = {"turbidity": 0.12, "ammonia_nitrogen": 0.13, "total_phosphorus": 0.02}  # on the way [1/d]
SPILLED: Final = [PARAMETERS.index(name) for name in ("ammonia_nitrogen", "total_nitrogen")]  # the whole has its part


class Water(NamedTuple):
    """The true river."""

    hours: Ints  # (n,) whole hours since 1970
    flow: Array  # (n, stations) [m3/s]
    value: Array  # (n, stations, PARAMETERS) canonical units, never negative


@dataclass(frozen=True, slots=True, eq=False)
class _Weathers:
    level: Weather  # branches x LEVELS
    local: Weather  # stations x (LEVELS, heat, life): what is not shared with the stations above
    air: Weather  # one for the whole stretch


def oxygen_saturation(temperature: Array) -> Array:
    """Dissolved oxygen of water saturated with air at one atmosphere [mg/L], at (n,) temperatures [degC].

    Source: Benson and Krause (1984), Limnology and Oceanography 29, 620-632, at salinity 0.
    >>> round(float(oxygen_saturation(np.array([20.0]))[0]), 3)
    9.092
    """
    t = temperature + 273.15
    ln = -139.34411 + 1.575701e5 / t - 6.642308e7 / t**2 + 1.243800e10 / t**3 - 8.621949e11 / t**4
    return np.asarray(np.exp(ln), np.float64)


def water(scenario: Scenario, hours: Ints) -> Water:
    """The true river at (n,) whole hours since 1970, increasing. An hour's value is the mean over the hour."""
    sites = scenario.stations
    n = len(hours)
    if not n:
        return Water(hours, np.empty((0, len(sites))), np.empty((0, len(sites), len(PARAMETERS))))
    weathers = _weathers(scenario.seed)
    grid = around(hours)
    levels = _branch_levels(discharge(scenario.seed, grid), weathers.level.at(grid.astype(np.float64)))
    share = shares(scenario.seed, hours)
    flow = np.asarray(share.sum(axis=2), np.float64)
    times = hours.astype(np.float64) + 0.5
    local = weathers.local.at(times).reshape(n, len(sites), len(LEVELS) + 2)
    air = weathers.air.at(times)[:, 0]
    value = np.empty((n, len(sites), len(PARAMETERS)))
    for i, station in enumerate(sites):
        mixed = _mixed(station, times, grid, share[:, i], levels) * np.exp(LOCAL * SCATTER * local[:, i, : len(LEVELS)])
        temperature = _temperature(station, times, 0.8 * air + 0.2 * local[:, i, -2])
        value[:, i] = _columns(temperature, _oxygen(station, times, temperature, mixed, local[:, i, -1]), mixed)
    value[:, :, SPILLED] += spill.rise(spill.release(scenario), sites, hours, flow)[..., None]
    return Water(hours, flow, np.maximum(value, 0.0))


def _weathers(seed: int) -> _Weathers:
    rng = np.random.default_rng([seed, STREAM])
    count = len(stations())
    return _Weathers(
        Weather.draw(rng, len(branches()) * len(LEVELS), WEATHER_MEMORY),
        Weather.draw(rng, count * (len(LEVELS) + 2), WEATHER_MEMORY / 3),
        Weather.draw(rng, 1, 2 * WEATHER_MEMORY),
    )


def _branch_levels(flows: Array, weather: Array) -> Array:
    """(n, branches, LEVELS) quality of each branch, from its medians, its flow and its weather."""
    rows = branches()
    medians = np.array([row.level for row in rows])
    relative = flows / np.array([row.flow for row in rows])
    shaken = SCATTER * weather.reshape(len(flows), len(rows), len(LEVELS))
    return np.asarray(medians * np.exp(FLOW_POWER * np.log(relative)[..., None] + shaken), np.float64)


def _mixed(station: Station, times: Array, grid: Ints, share: Array, levels: Array) -> Array:
    """(n, LEVELS) quality at a station: the branches it sees, delayed, mixed by their (n, branches) flow."""
    load = np.zeros((len(times), len(LEVELS)))
    for b, branch in enumerate(branches()):
        lag = lag_hours(station, branch)
        if lag is None:
            continue
        left = np.exp([-LOSS.get(name, 0.0) * max(lag, 0.0) / 24 for name in LEVELS])
        quality = np.stack([np.interp(times - lag, grid, levels[:, b, k]) for k in range(len(LEVELS))], axis=1)
        load += share[:, b, None] * quality * left
    return np.asarray(load / share.sum(axis=1)[:, None], np.float64)


def _temperature(station: Station, times: Array, air: Array) -> Array:
    """(n,) water temperature [degC]: the year, which comes later to the reservoir, the day, and the weather [K]."""
    branch = _branch(station)
    late = float(travel_hours(station.km)) * 1.5 if station.branch == MAIN else 0.0
    swing = 0.35 if station.branch == MAIN else 0.9  # a small river follows the sun more
    yearly = 17.8 + 6.8 * season(times - 250.0 - late)
    return np.asarray(np.maximum(yearly + branch.warmth + swing * _day(times, 17.0) + air, 0.0), np.float64)


def _oxygen(station: Station, times: Array, temperature: Array, mixed: Array, life: Array) -> Array:
    """(n,) dissolved oxygen [mg/L]: saturation less what decay takes, more by day where plants grow."""
    branch = _branch(station)
    organic = mixed[:, LEVELS.index("permanganate_index")]
    daily = 0.012 if station.branch == MAIN else 0.045
    share = branch.oxygen + daily * _day(times, 15.0) + 0.02 * life - 0.008 * (organic - 2.0)
    return np.asarray(oxygen_saturation(temperature) * np.clip(share, 0.05, 1.6), np.float64)


def _day(times: Array, highest: float) -> Array:
    """(n,) course of the day, 1 at the legal hour `highest`."""
    return np.asarray(np.cos(2 * np.pi * (times + LEGAL_HOURS - highest) / 24), np.float64)


def _branch(station: Station) -> Branch:
    return next(b for b in branches() if b.key == station.branch)


def _columns(temperature: Array, oxygen: Array, mixed: Array) -> Array:
    """(n, PARAMETERS) in the order of that list."""
    known = {"water_temperature": temperature, "dissolved_oxygen": oxygen}
    known |= {name: mixed[:, k] for k, name in enumerate(LEVELS)}
    return np.stack([known[name] for name in PARAMETERS], axis=1)
