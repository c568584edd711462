"""Pairs of series: bring the values of one beside those of another, at the same time or the nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The m usable values of all series, one a series and time, sorted by both."""

    series: NDArray[np.int32]  # (m,)
    time: Ints  # (m,) ms since 1970 UTC
    value: Array  # (m,)
    censor: Bytes  # (m,)


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """e comparisons: a row of one series with what another series says."""

    row: Ints  # (e,) row that is tested
    pair: Ints  # (e,) number of the pair of series
    point: Ints  # (e,) index into the points: the value it is compared with; those without one are left out


class Index:
    """Finds points by series and time, for many queries at once."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self._first = int(points.time.min()) if len(points.time) else 0
        self._span = (int(points.time.max()) - self._first + 2) if len(points.time) else 1
        self._key = points.series * np.int64(self._span) + (points.time - self._first)

    def pair(self, starts: Ints, own: Ints, other: Ints, time: Ints, within: Array) -> Pairing:
        """Compare each row of series own[i] with the nearest point of series other[i].

        Args:
            starts: (k + 1,) first row of each series, and the number of rows.
            own, other: (p,) the two series of each pair.
            time: (n,) of all rows, sorted by (series, time) [ms since 1970 UTC].
            within: (p,) greatest distance in time [ms]; 0 = at the very same time.
        """
        size = starts[own + 1] - starts[own]
        pair = np.repeat(np.arange(len(own)), size)
        row = np.arange(len(pair)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(starts[own], size)
        series, near = other[pair], np.clip(time[row], self._first - 1, self._first + self._span - 1)
        right = np.searchsorted(self._key, series * np.int64(self._span) + (near - self._first))
        best, distance = self._nearer(series, time[row].astype(np.float64), right)
        found = distance <= within[pair]
        return Pairing(row[found], pair[found], best[found])

    def _nearer(self, series: Ints, moment: Array, right: Ints) -> tuple[Ints, Array]:
        """Of the points on both sides of each query, the nearer one of the right series, and how far it is."""
        best, distance = np.zeros(len(series), np.int64), np.full(len(series), np.inf)
        if not len(self._key):
            return best, distance
        for side in (right - 1, right):
            point = np.clip(side, 0, len(self._key) - 1)
            away = np.abs(self.points.time[point] - moment)
            away[self.points.series[point] != series] = np.inf
            nearer = away < distance
            best, distance = np.where(nearer, point, best), np.where(nearer, away, distance)
        return best, distance
