"""Following a stream: new values are tested against the last ones, and the last ones again by the new.

A live value comes alone. What the tests need of the past is a short tail of each series, kept in memory by the
caller. The newest value has no neighbour after it, so it is not tested for a spike until the next one comes; then
it is, and if that changes its flag, it is handed back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Bits, Censor, Check, Flag, Flagged, Ints, Observations, join
from shangyou.quality.check import Judged, judge
from shangyou.quality.lines import Mask
from shangyou.quality.mark import censor_by_mark
from shangyou.quality.plan import Plan
from shangyou.quality.thresholds import Limited

Number = TypeVar("Number", bound=np.generic)

KEPT: Final = 3  # last points of each series: a spike needs two beside the one tested again
GAP: Final = np.uint32(Check.GAP)
AGAIN: Final = np.uint32(Check.SPIKE | Check.RATE) | GAP  # tests that a neighbour in time can change


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What came of new values."""

    flagged: Flagged  # the new values, in their order
    again: Flagged  # values of the tail whose flags are others now
    tail: Flagged  # what to hand in with the next values


def follow(
    observations: Observations, tail: Flagged | None, received: int, plan: Plan, detection: Limited | None = None
) -> Followed:
    """Flag new values of a stream.

    Args:
        observations: n new values, in any order, of any series.
        tail: what the call before returned; after a start, the last flagged values in force of each series, as many
            as the store gives; or None.
        received, plan, detection: as of `check`.

    In order of time, flags come out as those of one `check` of everything at once; only comparisons between series
    may see less. Values that come late are tested against what the tail still has.
    """
    earlier = [] if tail is None else [tail.observations]
    judged = judge(join([*earlier, observations]), received, plan, detection)
    new = _flagged(judged)
    if tail is None:
        tail = _pick(new, np.empty(0, np.int64))
    before = len(tail.observations)
    order = _points_in_order(judged)
    redo = _beside_new(order, judged.whole.series, before)
    again = _again(judged, tail, redo)
    changed = (again.flag != tail.flag[redo]) | (again.suspect != tail.suspect[redo]) | (again.fail != tail.fail[redo])
    kept = order[_needed(judged, order)]
    whole = Flagged(
        new.observations,
        _with(new.flag, tail.flag, redo, again.flag),
        _with(new.suspect, tail.suspect, redo, again.suspect),
        _with(new.fail, tail.fail, redo, again.fail),
    )
    return Followed(
        flagged=_pick(new, np.arange(before, len(new.flag))),
        again=_pick(again, np.flatnonzero(changed)),
        tail=_pick(whole, kept),
    )


def _flagged(judged: Judged) -> Flagged:
    rows = replace(judged.whole, censor=censor_by_mark(judged.whole.mark, judged.whole.censor))
    return Flagged(rows, judged.verdicts.flag(), judged.verdicts.suspect, judged.verdicts.fail)


def _points_in_order(judged: Judged) -> Ints:
    """Rows of the points, sorted by (series, time)."""
    point = np.flatnonzero(judged.verdicts.point)
    return point[np.lexsort((judged.whole.time[point], judged.whole.series[point]))]


def _beside_new(order: Ints, series: NDArray[np.int32], before: int) -> Ints:
    """Rows of the tail, that is below `before`, that stand next to a new point of their series."""
    new, held = order >= before, series[order]
    linked = held[1:] == held[:-1]
    beside = np.zeros(len(order), np.bool_)
    beside[:-1] |= linked & new[1:]
    beside[1:] |= linked & new[:-1]
    return order[beside & ~new]


def _again(judged: Judged, tail: Flagged, redo: Ints) -> Flagged:
    """The rows `redo` of the tail with those verdicts renewed that a new neighbour can change."""
    verdicts = judged.verdicts
    tested: Bits = verdicts.tested[redo] & AGAIN
    suspect: Bits = (tail.suspect[redo] & ~tested) | (verdicts.suspect[redo] & tested)
    fail: Bits = (tail.fail[redo] & ~tested) | (verdicts.fail[redo] & tested)
    known = (tail.flag[redo] != Flag.NOT_EVALUATED) | ((tested & ~GAP) != 0)
    flag = np.where(known, np.uint8(Flag.GOOD), np.uint8(Flag.NOT_EVALUATED))
    flag[suspect != 0] = Flag.SUSPECT
    flag[fail != 0] = Flag.FAIL
    return Flagged(rows(tail.observations, redo), flag, suspect, fail)


def _needed(judged: Judged, order: Ints) -> Mask:
    """(m,) which points, given in order of (series, time), later values can still be tested against.

    The last few of each series, and the line that may turn out to be flat: it is long only where values repeat, so
    of equal values inside of it only the first and the last of each half of the longest allowed pause stay.
    """
    whole = judged.whole
    series, time, value = whole.series[order], whole.time[order], whole.value[order]
    counts = np.bincount(series, minlength=len(whole.keys))
    by = judged.by.spread(counts)
    last = np.repeat(np.cumsum(counts) - 1, counts)  # index of the last point of each point's series
    silent = (whole.censor[order] != Censor.NONE) | (value <= by.flat_floor)
    linked = series[1:] == series[:-1]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = ~linked | ~(np.abs(np.diff(value)) < by.flat_tolerance[1:]) | silent[1:] | silent[:-1]
    begins[1:] |= ~(np.diff(time) <= by.flat_pause[1:])
    index = np.arange(len(order))
    run = np.maximum.accumulate(np.where(begins, index, 0))
    oldest = time[last] - np.fmax(by.flat_suspect, by.flat_fail)  # a window never begins before the last point <= this
    outdated = np.zeros(len(order), np.bool_)
    outdated[:-1] = linked & (time[1:] <= oldest[:-1])
    half = np.floor(time / (by.flat_pause / 2))
    inside = np.zeros(len(order), np.bool_)
    inside[1:-1] = (value[2:] == value[1:-1]) & (value[:-2] == value[1:-1]) & (run[1:-1] == run[2:]) & ~begins[1:-1]
    inside[1:-1] &= (half[2:] == half[1:-1]) & (half[:-2] == half[1:-1])
    return (index > last - KEPT) | ((index >= run[last]) & ~outdated & ~inside)


def _with(new: NDArray[Number], old: NDArray[Number], redo: Ints, again: NDArray[Number]) -> NDArray[Number]:
    """New verdicts, but the old ones for the tail, of which those of `redo` are replaced."""
    column = new.copy()
    column[: len(old)] = old
    column[redo] = again
    return column


def _pick(flagged: Flagged, row: Ints) -> Flagged:
    return Flagged(rows(flagged.observations, row), flagged.flag[row], flagged.suspect[row], flagged.fail[row])


def rows(observations: Observations, row: Ints) -> Observations:
    """Some rows of observations, with the keys of all."""
    return Observations(
        keys=observations.keys,
        series=observations.series[row],
        time=observations.time[row],
        value=observations.value[row],
        censor=observations.censor[row],
        mark=observations.mark[row],
        upper=None if observations.upper is None else observations.upper[row],
        entry=observations.entry[row] if len(observations.entry) else observations.entry,
    )
