"""Where a substance is hour by hour, by an arrival table: its front, its peak and its end along the water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.governance.warning.values import Arrival

HOUR: Final = 3_600_000  # ms
LONGEST: Final = 168  # hours that are shown
MOST: Final = 84  # steps
Row = tuple[float, Arrival]  # m below the release, arrival there


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """k times; places in m below the release. NaN: it is past the last place, or that was not computed."""

    time: Ints  # (k,) ms since 1970 UTC
    front: Array  # (k,) the leading edge, median
    end: Array  # (k,) where it is over, median; of a table without ends the peak
    farthest: Array  # (k,) the leading edge, by its 5 % quantile of arrival: it may be as far already
    nearest: Array  # (k,) the end, by its 95 % quantile: it may be as high up still
    peak: Array  # (k,) median
    size: Array  # (k,) g/m3 of the peak, median
    high: Array  # (k,) g/m3 of the peak, 95 %
    banded: bool  # does the table tell bands?


def drift(rows: Sequence[Row], began: int, duration: float = 0.0) -> Drift | None:
    """Read an arrival table along the water; between its places everything moves evenly.

    Args:
        rows: at least one place below the release, in order of distance.
        began: ms since 1970 UTC of the release, which lasted `duration` seconds.

    None where the table tells no time at all.
    """
    at = np.concatenate([[0.0], [metres for metres, _ in rows]])
    last = round(duration * 1000)

    def column(name: str, start: float) -> Array:
        told = [getattr(each, name) for _, each in rows]
        return np.array([start, *(np.nan if value is None else float(value - began) for value in told)])

    peak, until = column("peak", last / 2), column("until", last)
    early, late, over_late = column("first_early", 0.0), column("peak_late", last), column("until_late", last)
    banded = bool(np.isfinite(early[1:]).any() and np.isfinite(late[1:]).any())
    over = max(
        float(np.nanmax(each[1:], initial=-1.0, where=np.isfinite(each[1:]))) for each in (peak, until, late, over_late)
    )
    if over < 0:
        return None
    time = _steps(over)
    where_peak = _where(at, peak, time, gone=np.nan)
    front = np.fmax(_where(at, column("first", 0.0), time), where_peak)
    end = _where(at, until, time, gone=np.nan) if np.isfinite(until[1:]).any() else where_peak
    told = np.isfinite(over_late[1:]).any()  # else as much later as the late peak is after the peak
    behind = over_late if told else np.where(np.isfinite(until + late - peak), until + late - peak, late)
    nearest = np.fmin(_where(at, behind, time, gone=np.nan), end) if banded else np.full(len(time), np.nan)
    return Drift(
        time=time + began,
        front=front,
        end=np.fmin(end, where_peak) if np.isfinite(until[1:]).any() else end,
        farthest=np.fmax(_where(at, early, time), front) if banded else np.full(len(time), np.nan),
        nearest=nearest,
        peak=where_peak,
        size=_size(at, rows, "concentration", where_peak),
        high=_size(at, rows, "concentration_high", where_peak),
        banded=banded,
    )


def _steps(over: float) -> Ints:
    """Whole hours from the release until it is over [ms], thinned to MOST."""
    hours = min(int(np.ceil(over / HOUR)), LONGEST)
    wide = -(-max(hours, 1) // MOST)
    return np.arange(0, hours + wide, wide, dtype=np.int64) * HOUR


def _where(at: Array, column: Array, time: Ints, gone: float | None = None) -> Array:
    """(k,) how far it is at each time, by the time at which it comes to each place.

    gone: what holds after it came past the last place; where it was not computed so far, the last known place.
    """
    known = np.isfinite(column)
    reached = np.maximum.accumulate(column[known])
    right = at[known][-1] if gone is None or not known[-1] else gone
    return np.asarray(np.interp(time, reached, at[known], right=right))


def _size(at: Array, rows: Sequence[Row], name: str, where: Array) -> Array:
    """(k,) g/m3 at places between those of the table, on a logarithmic scale; NaN outside."""
    told = np.array([getattr(each, name) or np.nan for _, each in rows], np.float64)
    known = np.isfinite(told) & (told > 0)
    if not known.any():
        return np.full(len(where), np.nan)
    found = np.exp(np.interp(where, at[1:][known], np.log(told[known]), left=np.nan, right=np.nan))
    return np.where(np.isfinite(where), found, np.nan)
