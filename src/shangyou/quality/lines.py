"""Series laid end to end: which rows can stand as a neighbour, and which neighbours each row has.

A test of one value against others needs the last good value before it and the first one after it. Rows are
sorted by (series, time, arrival) and all series are worked on at once; nothing here loops over a series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Ints

Mask = NDArray[np.bool_]
NOBODY = -1  # where a row has no neighbour


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """n rows and, of them, the m points that others are compared with: one usable value a series and time."""

    point: Ints  # (m,) row of each point
    at: Ints  # (m,) its time [ms since 1970 UTC]
    held: Array  # (m,) its value
    before: Ints  # (n,) index of the last point of the same series at an earlier time; NOBODY = none
    after: Ints  # (n,) index of the first point of the same series at a later time; NOBODY = none


def sort_order(series: NDArray[np.int32], time: Ints) -> Ints | None:
    """Stable order of rows by (series, time); None if they are in that order already."""
    rising = np.diff(time) >= 0
    if bool(np.all((series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & rising))):
        return None
    order = _by_series(series)
    held, at = series[order], time[order]
    if bool(np.all((held[1:] != held[:-1]) | (at[1:] >= at[:-1]))):  # files are usually in order of time
        return order
    early = np.argsort(time, kind="stable")
    return early[_by_series(series[early])]


def _by_series(series: NDArray[np.int32]) -> Ints:
    narrow = int(series.max()) < 2**16
    return np.argsort(series.astype(np.uint16) if narrow else series, kind="stable")  # of 16 bits: a radix sort


def lay(series: NDArray[np.int32], time: Ints, value: Array, usable: Mask, timed: Mask) -> Lines:
    """Find points and neighbours.

    Args:
        series, time, value: (n,) sorted by (series, time), equal ones in order of arrival.
        usable: (n,) may others be compared with this value?
        timed: (n,) is the time itself credible? Rows without a credible time get no neighbours.

    Of several rows of one series and time the last counts; if that one is not usable, none does.
    """
    n = len(series)
    new_series, new_time = np.ones(n, np.bool_), np.ones(n, np.bool_)
    new_series[1:] = series[1:] != series[:-1]
    new_time[1:] = new_series[1:] | (time[1:] != time[:-1])
    is_point = usable.copy()
    is_point[:-1] &= new_time[1:]
    upto: Ints = np.cumsum(is_point)
    ahead: Ints = upto - is_point  # points in all rows before this one
    own = is_point.astype(np.int64)  # points at this row's own series and time
    if not new_time.all():
        first, size = _blocks(new_time)
        ahead, own = np.repeat(ahead[first], size), np.repeat(own[first + size - 1], size)
    start, size = _blocks(new_series)
    lowest: Ints = np.repeat(ahead[start], size)
    beyond: Ints = np.repeat(upto[start + size - 1], size)
    after = ahead + own
    point = np.flatnonzero(is_point)
    return Lines(
        point=point,
        at=time[point],
        held=value[point],
        before=np.where((ahead > lowest) & timed, ahead - 1, NOBODY),
        after=np.where((after < beyond) & timed, after, NOBODY),
    )


def _blocks(begins: Mask) -> tuple[Ints, Ints]:
    """First row and length of each block."""
    first = np.flatnonzero(begins)
    return first, np.diff(np.append(first, len(begins)))


def since(lines: Lines, time: Ints) -> Array:
    """(n,) milliseconds from the point before to each row; NaN where there is none."""
    if not len(lines.at):
        return np.full(len(time), np.nan)
    return np.where(lines.before == NOBODY, np.nan, time - lines.at[lines.before])


def until(lines: Lines, time: Ints) -> Array:
    """(n,) milliseconds from each row to the point after it; NaN where there is none."""
    if not len(lines.at):
        return np.full(len(time), np.nan)
    return np.where(lines.after == NOBODY, np.nan, lines.at[lines.after] - time)


def take(lines: Lines, neighbour: Ints, distance: Array, reach: Array) -> Array:
    """(n,) value of each row's neighbour; NaN where there is none or it is further away than `reach` [ms]."""
    if not len(lines.at):
        return np.full(len(neighbour), np.nan)
    return np.where(distance <= reach, lines.held[neighbour], np.nan)  # NaN <= reach is false
