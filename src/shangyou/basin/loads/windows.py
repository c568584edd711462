"""Which samples count how much at a point of the WRTDS grid: tricube weights in time, flow and season.

A weight is the product of three, and only the first and third depend on the year, only the second on the flow.
So the weights of all points of the grid are outer products of two small tables, and so are their sums.

Source: Hirsch, Moyer and Archfield (2010), Weighted Regressions on Time, Discharge, and Season, JAWRA 46, 857-880;
Hirsch and De Cicco (2015), User guide to EGRET, USGS Techniques and Methods 4-A10 (growth of windows, edges).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

GROWTH = 1.1  # of the windows, each time a point has too few samples
MOST_STEPS = 150  # 1.1^150 is 1.6 million: by then every window holds the whole record


@dataclass(frozen=True, slots=True)
class Windows:
    """Half-widths of the three windows, and how many samples a point needs."""

    years: float = 7.0
    log_flow: float = 2.0  # natural logarithm of m3/s
    season: float = 0.5  # years; 0.5 reaches all seasons
    least: int = 100  # samples with a weight above 0
    least_known: int = 50  # of them, values that are not censored
    widen_at_ends: bool = True  # near the ends of the record, as wide on the whole as in its middle

    def __post_init__(self) -> None:
        widths = (self.years, self.log_flow, self.season)
        if not (all(0 < width < np.inf for width in widths) and self.least >= self.least_known >= 8):
            raise InputError("loads.windows", widths=widths, least=self.least, least_known=self.least_known)


class Grown(NamedTuple):
    """The weights of those points of the grid whose windows have grown equally often."""

    of_year: Array  # (r, m) weight of each sample by time and season, for the rows of years concerned
    of_flow: Array  # (q, m) weight of each sample by flow, for the levels of flow concerned
    row: Ints  # (p,) of each point: its row of `of_year`
    level: Ints  # (p,) and of `of_flow`
    place: Ints  # (p,) number of the point: row of the grid times its levels, plus level


def tricube(distance: Array, width: Array | float) -> Array:
    """(1 - (d/h)^3)^3 within the half-width h, else 0.

    >>> tricube(np.array([0.0, 1.0, 2.0]), 2.0).round(6).tolist()
    [1.0, 0.669922, 0.0]
    """
    share = np.abs(distance) / width
    inner = np.maximum(1 - share * share * share, 0.0)
    return np.asarray(inner * inner * inner)  # numpy's ** 3 takes ten times as long


def half_widths(years: Array, record: tuple[float, float], windows: Windows) -> Array:
    """(r,) half-width in years at each year of the grid: 2h - d where the nearer end of the record is d < h away."""
    if not windows.widen_at_ends:
        return np.full(len(years), windows.years)
    distance = np.minimum(years - record[0], record[1] - years)
    return np.where(distance > windows.years, windows.years, 2 * windows.years - distance)


def grow(
    years: Array,
    levels: Array,
    sample: tuple[Array, Array],
    known: NDArray[np.bool_],
    record: tuple[float, float],
    windows: Windows,
) -> Iterator[Grown]:
    """Weights at all points of a grid, the points together whose windows had to grow equally often.

    Args:
        years, levels: (r,) decimal years and (q,) logarithms of flow: the grid.
        sample: (m,) decimal year and (m,) logarithm of flow of each sample.
        known: (m,) is the value of the sample known, not only a bound?
        record: first and last decimal year of the record.

    Raises:
        InputError: "loads.few": there are not more samples than a point needs.
    """
    if len(known) <= windows.least or known.sum() <= windows.least_known:
        raise InputError(
            "loads.few",
            samples=len(known),
            known=int(known.sum()),
            least=windows.least + 1,
            least_known=windows.least_known + 1,
        )
    apart = np.abs(sample[0] - years[:, None])  # (r, m)
    season = np.abs(apart - np.round(apart))  # to the nearest whole number of years
    flow = sample[1] - levels[:, None]  # (q, m)
    width = half_widths(years, record, windows)[:, None]
    waiting = np.ones((len(years), len(levels)), np.bool_)
    for step in range(MOST_STEPS):
        factor = GROWTH**step
        narrow = min(windows.season * factor, 0.5) if windows.season <= 0.5 else windows.season
        rows = np.flatnonzero(waiting.any(axis=1))
        by_year = tricube(apart[rows], width[rows] * factor) * tricube(season[rows], narrow)
        by_flow = tricube(flow, windows.log_flow * factor)
        there = (by_year > 0).astype(np.float64), (by_flow > 0).astype(np.float64).T
        enough = (there[0] @ there[1] >= windows.least) & (there[0][:, known] @ there[1][known] >= windows.least_known)
        done = enough & waiting[rows]
        if done.any():
            row, level = np.nonzero(done)
            used, row_of = np.unique(row, return_inverse=True)
            kept, level_of = np.unique(level, return_inverse=True)
            yield Grown(by_year[used], by_flow[kept], row_of, level_of, rows[row] * len(levels) + level)
        waiting[rows] &= ~done
        if not waiting.any():
            return
    raise InputError("loads.windows.grown", points=int(waiting.sum()), steps=MOST_STEPS)
