"""Discharge of each branch: the seasons and the floods."""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation.stretch import branches, lag_hours, stations

BLOCK: Final = 120  # hours; at most one flood of each branch begins in a block
YEAR: Final = 8766.0  # hours
WETTEST: Final = 4850.0  # hour of the year of the highest flow, 22 July
RISE: Final = 14.0  # hours
FALL: Final = 55.0
MEMORY: Final = 1500.0  # hours before a window in which a flood may have begun that still counts: 27 times FALL
BACK: Final = 500  # hours that water may be on its way from the farthest branch
AHEAD: Final = 250  # hours that a tributary's upper station sees its water before the mouth does
STREAM: Final = 1  # of randomness; every use of the seed has its own


def season(hours: Array) -> Array:
    """(n,) yearly course between -1 (January) and 1 (July) at times in hours since 1970."""
    return np.asarray(np.cos(2 * np.pi * ((hours % YEAR) - WETTEST) / YEAR), np.float64)


def flood_shape(hours: Array) -> Array:
    """Rise and fall of a flood that begins at hour 0, highest value 1; 0 before it.

    >>> float(flood_shape(np.array([-1.0]))[0])
    0.0
    """
    t = np.maximum(hours, 0.0)
    shape = np.exp(-t / FALL) - np.exp(-t / RISE)
    peak = RISE * FALL / (FALL - RISE) * np.log(FALL / RISE)
    return np.asarray(shape / (np.exp(-peak / FALL) - np.exp(-peak / RISE)), np.float64)


def discharge(seed: int, hours: Ints) -> Array:
    """(n, branches) flow [m3/s] of each branch at its mouth, at (n,) whole hours since 1970."""
    rows = branches()
    out = np.empty((len(hours), len(rows)))
    if not len(hours):
        return out
    first = int(hours.min() - MEMORY) // BLOCK
    blocks = range(first, int(hours.max()) // BLOCK + 1)
    starts, heights = _floods(seed, blocks)
    yearly = season(hours.astype(np.float64))
    for i, branch in enumerate(rows):
        rise = flood_shape(hours[:, None] - starts[:, i]) @ heights[:, i]
        out[:, i] = branch.flow * np.exp(branch.season * yearly + branch.flood * rise)
    return out


def _floods(seed: int, blocks: range) -> tuple[Array, Array]:
    """(blocks, branches) beginning [hours since 1970] and height of each block's flood, 0 = there is none."""
    drawn = np.stack([np.random.default_rng([seed, STREAM, block]).random((3, len(branches()))) for block in blocks])
    starts = (np.array(blocks)[:, None] + drawn[:, 0]) * BLOCK
    likely = 0.10 + 0.35 * (1 + season(starts)) / 2  # more floods in summer
    heights = np.where(drawn[:, 1] < likely, -0.8 * np.log(np.maximum(drawn[:, 2], 1e-3)), 0.0)
    return starts, np.minimum(heights, 3.0)


def shares(seed: int, hours: Ints) -> Array:
    """(n, stations, branches) flow [m3/s] of each branch that passes each station, at (n,) whole hours, increasing."""
    out = np.zeros((len(hours), len(stations()), len(branches())))
    if len(hours):
        grid = around(hours)
        flows = discharge(seed, grid)
        for i, station in enumerate(stations()):
            for b, branch in enumerate(branches()):
                lag = lag_hours(station, branch)
                if lag is not None:
                    out[:, i, b] = np.interp(hours + 0.5 - lag, grid, flows[:, b])
    return out


def around(hours: Ints) -> Ints:
    """Every hour from which water may be at some station in (n,) whole hours, n > 0."""
    return np.arange(int(hours[0]) - BACK, int(hours[-1]) + AHEAD, dtype=np.int64)


def flow_at_stations(seed: int, hours: Ints) -> Array:
    """(n, stations) flow [m3/s] at (n,) whole hours since 1970, increasing; the mean of the hour."""
    return np.asarray(shares(seed, hours).sum(axis=2), np.float64)
