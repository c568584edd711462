"""Rivers and pulses for the tests of tracing: simulated, from the closed form and not by the backward run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shangyou.basin.tracing.problem import Candidate, Priors, Problem, Pulse, Way
from shangyou.core.records import Array

HOUR = 3_600_000
SPEED, SPREAD, FLOW = 1.0, 100.0, 500.0
STATIONS = (140e3, 220e3)
OUTLETS = (10e3, 40e3, 75e3, 110e3, 165e3, 200e3)


def river(stations: Sequence[float] = STATIONS) -> Way:
    """240 km of one kind: 1 m/s, 100 m2/s, 500 m3/s."""
    none = np.zeros(12)
    return Way(none + 20e3, none + SPEED, none + SPREAD, none + FLOW, none, none, none, np.array(stations, float))


def concentration(seconds: Array, metres: float, grams: float, lasts: float) -> Array:
    """Closed form for a release of some duration: many at once, one after the other (Fischer et al. 1979, 2.28)."""
    if metres <= 0:
        return np.zeros_like(seconds)
    parts = (np.arange(60) + 0.5) / 60 * lasts
    since = np.maximum(seconds[:, None] - parts, 1e-3)
    area = FLOW / SPEED
    one = np.exp(-((metres - SPEED * since) ** 2) / (4 * SPREAD * since)) / np.sqrt(4 * np.pi * SPREAD * since)
    return np.asarray(grams / area * one.mean(axis=1))


def pulses(
    place: float, begin: float, lasts: float, grams: float, noise: float = 0.0, stations: Sequence[float] = STATIONS
) -> tuple[Pulse, ...]:
    """Hourly values of five days at each station; begin [h]. noise: share of the value, drawn from a fixed seed."""
    seconds = np.arange(0, 5 * 24, dtype=np.float64) * 3600.0
    random = np.random.default_rng(7)
    out = []
    for station in stations:
        clean = concentration(seconds - begin * 3600, station - place, grams, lasts) + 0.1
        value = clean * (1 + noise * random.standard_normal(len(seconds)))
        error = 0.005 + max(noise, 0.01) * clean
        none = np.zeros(len(seconds), np.uint8)
        out.append(Pulse(f"{station:.0f}", (seconds * 1000).astype(np.int64), value, none, error, 0.1, 0.01))
    return tuple(out)


def outlets(places: Sequence[float] = OUTLETS) -> tuple[Candidate, ...]:
    return tuple(Candidate(f"{place / 1000:.0f} km", place) for place in places)


def priors(**changed: float) -> Priors:
    known = {"shortest": 600, "longest": 14_400, "dispersion_sd": 0.3, "discharge_sd": 0.05}
    return Priors(-24 * HOUR, 48 * HOUR, **{**known, **changed})  # type: ignore[arg-type]


def problem(seen: tuple[Pulse, ...], where: tuple[Candidate, ...] | None = None, **changed: float) -> Problem:
    return Problem((river([float(each.station) for each in seen]),), seen, where or outlets(), priors(**changed))
