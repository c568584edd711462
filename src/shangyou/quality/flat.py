"""Flat line: a sensor that shows the same value for longer than the water can stand still.

A value at or below the detection limit is not a measured value that repeats; it says "less than this" each time.
On the national stations of April 2021 the naive rule "six equal values in a row" hits 107 of 256 series of
ammonia nitrogen, 106 of them at 0.025 mg/L, the detection limit. So such values are never part of a flat line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shangyou.core.records import Array, Bytes, Flag, Ints
from shangyou.quality.lines import NOBODY, Lines, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Flatness:
    """Thresholds of n rows; NaN in `suspect` and `fail` = not tested."""

    tolerance: Array  # (n,) values that differ by less than this are the same [canonical unit]
    suspect: Array  # (n,) how long a line may be flat [ms]
    fail: Array  # (n,) the same, >= suspect [ms]
    pause: Array  # (n,) a longer pause between two values ends the line [ms]


def flat_test(lines: Lines, time: Ints, value: Array, silent: Mask, limits: Flatness) -> Bytes:
    """Test for how long the values up to each one have stayed within the tolerance.

    Args:
        lines: neighbours of the n rows.
        time, value: (n,) ms since 1970 UTC, canonical unit; NaN = no value.
        silent: (n,) values that tell nothing of the sensor: censored, or at or below the detection limit.
        limits: thresholds of the n rows.

    Returns:
        (n,) Flag: SUSPECT or FAIL where all values of the last `suspect` or `fail` milliseconds lie within
        less than the tolerance, and the line is known for so long; NOT_EVALUATED without a value before.

    Source: QARTOD, test 8 (flat line), as in ioos_qc 3.0 `flat_line_test` (range of the window < tolerance);
    windows here are of time, not of counted rows, and silent values and pauses end a line.
    """
    flag = np.full(value.shape, Flag.GOOD, np.uint8)
    flag[(lines.before == NOBODY) | silent | np.isnan(limits.suspect)] = Flag.NOT_EVALUATED
    flag[np.isnan(value)] = Flag.MISSING
    rows = _candidates(lines, time, value, silent, limits)
    if not len(rows):
        return flag
    runs = _runs(lines, silent, limits)
    known = lines.at[runs.start[lines.before[rows]]]
    for limit, verdict in ((limits.suspect, Flag.SUSPECT), (limits.fail, Flag.FAIL)):
        long = time[rows] - known >= limit[rows]
        rows, known = rows[long], known[long]
        still = _within(lines, runs, time[rows] - limit[rows], value[rows], lines.before[rows], limits.tolerance[rows])
        rows, known = rows[still], known[still]  # what is not flat for the shorter time is not for the longer
        flag[rows] = verdict
    return flag


def _candidates(lines: Lines, time: Ints, value: Array, silent: Mask, limits: Flatness) -> Ints:
    """Rows that hardly differ from the point before; only these can end a flat line."""
    rows = np.flatnonzero((lines.before != NOBODY) & ~silent & ~np.isnan(limits.suspect))
    last = lines.before[rows]
    near = (
        (np.abs(value[rows] - lines.held[last]) < limits.tolerance[rows])
        & (time[rows] - lines.at[last] <= limits.pause[rows])
        & ~silent[lines.point[last]]
    )
    return rows[near]


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Stretches of points in which each step is within the tolerance; a flat line lies inside of one."""

    start: Ints  # (m,) index of the first point of the run of each point
    low: Array  # (m,) least value of the whole run
    high: Array  # (m,) greatest value of the whole run


def _runs(lines: Lines, silent: Mask, limits: Flatness) -> _Runs:
    rows, mute = lines.point, silent[lines.point]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = (
        (lines.before[rows[1:]] == NOBODY)
        | ~(np.abs(np.diff(lines.held)) < limits.tolerance[rows[1:]])
        | ~(np.diff(lines.at) <= limits.pause[rows[1:]])
        | mute[1:]
        | mute[:-1]
    )
    first = np.flatnonzero(begins)
    size = np.diff(np.append(first, len(rows)))
    return _Runs(
        start=np.repeat(first, size),
        low=np.repeat(np.minimum.reduceat(lines.held, first), size),
        high=np.repeat(np.maximum.reduceat(lines.held, first), size),
    )


def _within(lines: Lines, runs: _Runs, begin: Array, own: Array, last: Ints, tolerance: Array) -> Mask:
    """Do all points from the time `begin` up to point `last`, and the own value, lie within the tolerance?

    All (q,), one a query; the run of `last` is known to begin at or before `begin`.
    """
    flat = np.maximum(runs.high[last], own) - np.minimum(runs.low[last], own) < tolerance
    rest = np.flatnonzero(~flat)  # the whole run drifts out of the tolerance, but the window may not
    if len(rest):
        left = _last_at_or_before(lines.at, runs.start[last[rest]], last[rest], begin[rest])
        held = np.append(lines.held, np.nan)  # so that the end of the last window is an index
        window = np.column_stack((left, last[rest] + 1)).ravel()  # reduceat by pairs: every other result is ours
        low, high = np.minimum.reduceat(held, window)[::2], np.maximum.reduceat(held, window)[::2]
        flat[rest] = np.maximum(high, own[rest]) - np.minimum(low, own[rest]) < tolerance[rest]
    return flat


def _last_at_or_before(at: Ints, low: Ints, high: Ints, moment: Array) -> Ints:
    """For each query the last index in [low, high] with at[index] <= moment; at[low] <= moment is given."""
    while np.any(low < high):  # as many turns as the longest run has binary digits
        middle = (low + high + 1) // 2
        early = at[middle] <= moment
        low, high = np.where(early, middle, low), np.where(early, high, middle - 1)
    return low
