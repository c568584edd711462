"""Look at one parameter at one section: its series, thin enough for a chart, with gaps, flags and revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Array, Flag, Ints, SeriesKey
from shangyou.governance.samples import CADENCES, STATISTICS

STEP_MS: Final = {"minute": 60_000, "hour": 3_600_000, "4h": 14_400_000, "day": 86_400_000, "month": 2_678_400_000}
GAP: Final = 1.5  # steps without a value that leave a hole in the line


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """n observations in force, in order of time."""

    cadence: str
    statistic: str
    table: pa.Table  # with core.ports.OBSERVATION_COLUMNS
    time: Ints  # (n,) ms since 1970 UTC
    value: Array  # (n,) canonical unit, NaN = no value
    flag: NDArray[np.uint8]  # (n,) Flag

    def __len__(self) -> int:
        return len(self.time)


def kinds(series: Sequence[SeriesKey], sites: Sequence[str], parameter: str) -> list[tuple[str, str]]:
    """(cadence, statistic) of a parameter at some sites, those that samples are made of first."""
    found = {(key.cadence, key.statistic) for key in series if key.parameter == parameter and key.site in sites}

    def order(kind: tuple[str, str]) -> tuple[int, int, str]:
        cadence, statistic = kind
        return (
            CADENCES.index(cadence) if cadence in CADENCES else len(CADENCES),
            STATISTICS.index(statistic) if statistic in STATISTICS else len(STATISTICS),
            statistic,
        )

    return sorted(found, key=order)


def line(
    store: ObservationStore, sites: Sequence[str], parameter: str, kind: tuple[str, str], start: int, stop: int
) -> Line:
    """The observations in force at or after `start` and before `stop` [ms]."""
    cadence, statistic = kind
    wanted = Selection(tuple(sites), (parameter,), (cadence,), (statistic,), start=start, stop=stop)
    return _line(store.select(wanted), kind)


def part(table: pa.Table, parameter: str, kind: tuple[str, str]) -> Line:
    """The line of one parameter out of a table that holds several."""
    wanted = zip(("parameter", "cadence", "statistic"), (parameter, *kind), strict=True)
    masks = [pc.equal(table[name], value) for name, value in wanted]
    return _line(table.filter(pc.and_(pc.and_(masks[0], masks[1]), masks[2])), kind)


def _line(found: pa.Table, kind: tuple[str, str]) -> Line:
    table = found.sort_by("time")
    time = table["time"].cast(pa.int64()).to_numpy()
    return Line(*kind, table, time, table["value"].to_numpy(), table["flag"].to_numpy())


def superseded(
    store: ObservationStore, sites: Sequence[str], parameter: str, kind: tuple[str, str], start: int, stop: int
) -> pa.Table:
    """Versions that are not in force any more, with core.ports.OBSERVATION_COLUMNS: the ghosts of a chart."""
    cadence, statistic = kind
    wanted = Selection(tuple(sites), (parameter,), (cadence,), (statistic,), start=start, stop=stop, versions=True)
    table = store.select(wanted)
    last = np.ones(len(table), np.bool_)
    same = [np.asarray(table[c].to_numpy(zero_copy_only=False)) for c in ("site", "time")]
    if len(table) > 1:  # versions of one value stand together, the one in force last
        last[:-1] = np.any([column[1:] != column[:-1] for column in same], axis=0)
    ghosts = np.flatnonzero(~last & np.isfinite(table["value"].to_numpy()))
    return table.take(pa.array(ghosts))


def thin(shown: Line, buckets: int) -> NDArray[np.intp]:
    """Rows that a chart of so many buckets needs: of each the lowest and the highest value, and where it fails.

    All rows if there are not more than two a bucket; so the line looks the same as that of all values.
    """
    n = len(shown)
    if n <= 2 * buckets:
        return np.arange(n)
    span = max(1, int(shown.time[-1] - shown.time[0]))
    bucket = ((shown.time - shown.time[0]) * buckets // (span + 1)).astype(np.intp)
    begin = np.flatnonzero(np.diff(bucket, prepend=-1))
    known = np.isfinite(shown.value)
    low = _first_where(np.where(known, shown.value, np.inf), begin, np.minimum)
    high = _first_where(np.where(known, shown.value, -np.inf), begin, np.maximum)
    failed = np.flatnonzero(shown.flag == Flag.FAIL)
    first_failed = failed[np.flatnonzero(np.diff(bucket[failed], prepend=-1))]
    return np.unique(np.concatenate([begin, low, high, first_failed]))


def _first_where(value: Array, begin: NDArray[np.intp], worst: np.ufunc) -> NDArray[np.intp]:
    """Of each stretch beginning at `begin` the first row that has its extreme."""
    extreme = np.repeat(worst.reduceat(value, begin), np.diff(begin, append=len(value)))
    rows = np.flatnonzero(value == extreme)
    stretch = np.searchsorted(begin, rows, side="right")
    return rows[np.flatnonzero(np.diff(stretch, prepend=0))]


def holes(shown: Line, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(rows,) after which of these rows the line must be broken, for values that should have come did not."""
    if len(rows) < 2:
        return np.zeros(len(rows), np.bool_)
    steps = np.diff(shown.time)
    step = STEP_MS.get(shown.cadence) or max(1, int(np.median(steps[steps > 0])) if np.any(steps > 0) else 1)
    if shown.cadence == "minute":  # monitors choose their own interval of minutes
        step = max(step, int(np.median(steps)))
    gap_after = np.append(steps > GAP * step, False)
    counted = np.cumsum(gap_after)
    between = np.append(counted[rows[1:] - 1] - np.where(rows[:-1] > 0, counted[rows[:-1] - 1], 0) > 0, False)
    result: NDArray[np.bool_] = between
    return result
