"""All automatic tests of a lot of observations, in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Censor, Check, Flag, Flagged, Ints, Observations, join
from shangyou.quality.between import Rows, judge_between
from shangyou.quality.flat import Flatness, flat_test
from shangyou.quality.gap import gap_test
from shangyou.quality.limits import range_test
from shangyou.quality.lines import lay, since, sort_order, take, until
from shangyou.quality.mark import censor_by_mark, mark_test, says_nothing
from shangyou.quality.moment import time_test
from shangyou.quality.plan import Plan
from shangyou.quality.rate import rate_test
from shangyou.quality.spike import spike_test
from shangyou.quality.thresholds import HOUR_MS, Limited, Thresholds, thresholds, verdicts_of_marks
from shangyou.quality.verdicts import Verdicts

BY_ITSELF: Final = np.uint32(Check.RANGE_PHYSICAL | Check.MARK | Check.TIME)  # a value that fails these is no value
ROWS_AT_ONCE: Final = 32_768  # columns of so many rows stay in the processor's cache


def check(
    observations: Observations,
    context: Observations | None,
    received: int,
    plan: Plan,
    detection: Limited | None = None,
) -> Flagged:
    """Flag observations by every test of the plan.

    Args:
        observations: n values to flag, in any order. Of several of one series and time each is tested against
            values at other times, and the last is the one that others are tested against.
        context: earlier (or any other) values in force of the same and of neighbouring series, to compare with.
        received: when the observations came in [ms since 1970 UTC].
        plan: thresholds.
        detection: detection limits [canonical unit] by (site, parameter), where devices report their own.

    A value that fails by itself (physically impossible, disowned by its mark, at an impossible time) is not compared
    with others, and others are not compared with it.

    Returns:
        The same values in the same order, with flag, and the tests that suspect and that fail each. `censor` has
        what marks imply (over range, below limit). A flag is the worst of all tests; MISSING exactly where there
        is no value; NOT_EVALUATED where no test of the value itself could be applied.
    """
    before = len(context) if context is not None else 0
    whole = observations if context is None else join([context, observations])
    verdicts = judge(whole, received, plan, detection).verdicts
    return Flagged(
        observations=replace(observations, censor=censor_by_mark(observations.mark, observations.censor)),
        flag=verdicts.flag()[before:],
        suspect=verdicts.suspect[before:],
        fail=verdicts.fail[before:],
    )


class Judged(NamedTuple):
    """Rows, the thresholds of their series, and what the tests say of each."""

    whole: Observations
    by: Thresholds
    verdicts: Verdicts


def judge(whole: Observations, received: int, plan: Plan, detection: Limited | None = None) -> Judged:
    """Verdicts of all rows, in their order, each in the light of all others."""
    if len(set(whole.keys)) != len(whole.keys):
        whole = join([whole])  # one series under two numbers would not know itself
    by = thresholds(plan, whole.keys, detection)
    if not len(whole):
        return Judged(whole, by, Verdicts.empty(0))
    order = sort_order(whole.series, whole.time)
    lot = _Lot.sorted(whole, order)
    verdicts = Verdicts.empty(len(whole))
    np.isnan(lot.value, out=verdicts.missing)
    single = _Single(plan, received, verdicts_of_marks(plan))
    with np.errstate(all="ignore"):  # a reading of 1e308 overflows to infinity, which exceeds every threshold too
        for first, last in _parts(lot.starts):
            single.judge(lot, by, slice(first, last), verdicts)
        void = (verdicts.fail & BY_ITSELF) != 0
        rows = Rows(lot.starts, lot.series, lot.time, lot.value, lot.censor, verdicts.point, void)
        for found in judge_between(plan, whole.keys, rows, by):
            verdicts.add(found.test, found.flag, found.row)
    return Judged(whole, by, verdicts if order is None else verdicts.reorder(order))


@dataclass(frozen=True, slots=True, eq=False)
class _Lot:
    """Columns of n rows, sorted by (series, time, arrival)."""

    starts: Ints  # (k + 1,) first row of each series, and n
    series: NDArray[np.int32]
    time: Ints
    value: Array  # NaN where there is no value, or a mark says that there is none
    censor: Bytes
    mark: Bytes

    @classmethod
    def sorted(cls, whole: Observations, order: Ints | None) -> _Lot:
        pick = slice(None) if order is None else order
        series, mark = whole.series[pick], whole.mark[pick]
        return cls(
            starts=np.append(0, np.cumsum(np.bincount(series, minlength=len(whole.keys)))),
            series=series,
            time=whole.time[pick],
            value=np.where(says_nothing(mark), np.nan, whole.value[pick]),
            censor=censor_by_mark(mark, whole.censor[pick]),
            mark=mark,
        )


def _parts(starts: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of whole series, each of about ROWS_AT_ONCE rows or of a single longer series."""
    first, last = 0, len(starts) - 1
    while first < last:
        following = int(np.searchsorted(starts, starts[first] + ROWS_AT_ONCE, side="right")) - 1
        following = min(max(following, first + 1), last)
        yield first, following
        first = following


@dataclass(frozen=True, slots=True, eq=False)
class _Single:
    """Tests of a value by itself and in its own series."""

    plan: Plan
    received: int
    marks: Bytes  # Flag by Mark

    def judge(self, lot: _Lot, by: Thresholds, part: slice, verdicts: Verdicts) -> None:
        """Judge the rows of the series `part`, and note which rows others can be compared with."""
        starts = lot.starts[part.start : part.stop + 1]
        rows = slice(int(starts[0]), int(starts[-1]))
        limits = by.part(part.start, part.stop).spread(np.diff(starts))
        time, raw, mark = lot.time[rows], lot.value[rows], lot.mark[rows]
        value = np.where(np.isinf(raw), np.nan, raw)
        physical = range_test(raw, limits.physical_low, limits.physical_high, Flag.FAIL)
        physical[np.isinf(raw)] = Flag.FAIL
        said, moment = mark_test(mark, self.marks), self._moment(time)
        timed = moment != Flag.FAIL
        usable = timed & ~np.isnan(value) & (physical != Flag.FAIL) & (said != Flag.FAIL)
        for bit, flag in (
            (Check.RANGE_PHYSICAL, physical),
            (Check.RANGE_SITE, range_test(value, limits.site_low, limits.site_high, Flag.SUSPECT)),
            (Check.MARK, said),
            (Check.TIME, moment),
        ):
            verdicts.add(bit, flag, rows)
        value = np.where(usable, value, np.nan)  # what fails by itself needs no comparison
        lines = lay(lot.series[rows], time, value, usable, timed)
        verdicts.point[rows.start + lines.point] = True
        past, future = since(lines, time), until(lines, time)
        before, after = take(lines, lines.before, past, limits.reach), take(lines, lines.after, future, limits.reach)
        silent = (lot.censor[rows] != Censor.NONE) | (value <= limits.flat_floor)
        flatness = Flatness(limits.flat_tolerance, limits.flat_suspect, limits.flat_fail, limits.flat_pause)
        hours = np.maximum(past, limits.rate_shortest) / HOUR_MS
        for bit, flag in (
            (
                Check.SPIKE,
                spike_test(value, before, after, limits.spike_suspect, limits.spike_fail, limits.spike_share),
            ),
            (Check.RATE, rate_test(value, before, hours, limits.rate_suspect, limits.rate_fail)),
            (Check.FLAT_LINE, flat_test(lines, time, value, silent, flatness)),
            (Check.GAP, gap_test(past, limits.gap)),
        ):
            verdicts.add(bit, flag, rows)

    def _moment(self, time: Ints) -> Bytes:
        limits = self.plan.time
        first = np.datetime64(limits.first, "ms").astype(np.int64)
        return time_test(time, self.received, int(first), round(limits.suspect * 60_000), round(limits.fail * 60_000))
