"""What a batch means for what is stored: which rows are new, unchanged or revisions. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Flagged

Index = NDArray[np.intp]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """A batch in order of (series, time, arrival), repeated statements of one value taken out."""

    row: Index  # (m,) index into the batch, in that order
    step: NDArray[np.int32]  # (m,) 0, 1, 2 ... number of the statement within its (series, time)
    last: Truth  # (m,) is it the last statement of its (series, time)
    repeated: int  # how many rows said again what the row before them had said


def arrange(series: NDArray[np.int32], flagged: Flagged) -> Arrivals:
    """Order a batch; of equal statements that follow each other for one (series, time) keep the first."""
    o = flagged.observations
    if len(o) > 1 and _strictly_sorted(series, o.time):
        order = np.arange(len(o))
        return Arrivals(order, np.zeros(len(o), np.int32), np.ones(len(o), np.bool_), 0)
    order = np.lexsort((np.arange(len(o)), o.time, series))
    same_key = np.zeros(len(o), np.bool_)
    same_key[1:] = (np.diff(series[order]) == 0) & (np.diff(o.time[order]) == 0)
    same_word = same_key.copy()
    same_word[1:] &= _equal(o.value[order][1:], o.value[order][:-1])
    for column in (o.censor, o.mark):
        same_word[1:] &= column[order][1:] == column[order][:-1]
    if o.upper is not None:
        same_word[1:] &= _equal(o.upper[order][1:], o.upper[order][:-1])
    keep = ~same_word
    row, first = order[keep], ~same_key[keep]
    starts = np.flatnonzero(first)
    run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(row))))
    step = (np.arange(len(row)) - starts[run]).astype(np.int32) if len(row) else np.zeros(0, np.int32)
    last = np.append(first[1:], True) if len(row) else np.zeros(0, np.bool_)
    return Arrivals(row, step, last, int(same_word.sum()))


def _strictly_sorted(series: NDArray[np.int32], time: NDArray[np.int64]) -> bool:
    later, step = np.diff(series), np.diff(time)
    return bool(np.all((later > 0) | ((later == 0) & (step > 0))))


def _equal(a: NDArray[np.float64], b: NDArray[np.float64]) -> Truth:
    equal: Truth = (a == b) | (np.isnan(a) & np.isnan(b))
    return equal


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What k statements say; two statements are equal if all of it is."""

    value: NDArray[np.float64]
    upper: NDArray[np.float64]  # NaN = none
    censor: NDArray[np.uint8]
    mark: NDArray[np.uint8]

    def same(self, mine: Index, other: Words, theirs: Index) -> Truth:
        """(m,) does statement mine[i] say what statement theirs[i] of the other says?"""
        same: Truth = (
            _equal(self.value[mine], other.value[theirs])
            & _equal(self.upper[mine], other.upper[theirs])
            & (self.censor[mine] == other.censor[theirs])
            & (self.mark[mine] == other.mark[theirs])
        )
        return same


def words(flagged: Flagged) -> Words:
    """What a batch says."""
    o = flagged.observations
    upper = o.upper if o.upper is not None else np.full(len(o), np.nan)
    return Words(o.value, upper, o.censor, o.mark)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The version in force for k of the arrivals."""

    arrival: Index  # (k,) index into Arrivals
    rowid: NDArray[np.int64]  # (k,)
    revision: NDArray[np.int32]  # (k,)
    received: NDArray[np.int64]  # (k,) ms
    words: Words


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Which arrivals become versions."""

    add: Index  # (a,) index into Arrivals
    revision: NDArray[np.int32]  # (a,)
    after: NDArray[np.int64]  # (a,) ms: when the version in force came, which the new one must not precede; 0 = none
    superseded: Truth  # (a,) a later statement of the same batch takes its place at once
    end: Index  # (e,) index into Known: versions that are no longer in force
    heir: Index  # (e,) index into `add`: the first version that follows each
    new: int
    unchanged: int
    revised: int


def judge(arrivals: Arrivals, known: Known, said: Words, always: bool = False) -> Verdict:
    """Compare what arrived with what is in force; see core.ports.ObservationStore.append for the rule.

    With `always` a statement that equals what is in force is a version too: a correction or a higher review level.
    """
    first = arrivals.step == 0
    group = np.cumsum(first) - 1  # (m,) number of the (series, time)
    groups = int(first.sum())
    stored = np.full(groups, -1)  # place in Known
    stored[group[known.arrival]] = np.arange(len(known.arrival))
    has = stored >= 0
    same, echo = np.zeros(groups, np.bool_), np.zeros(groups, np.bool_)
    if not always:
        there = stored[has]
        same[has] = said.same(arrivals.row[arrivals.last][has], known.words, there)
        # a first statement that repeats what is in force, before one that changes it, is no version of its own
        echo[has] = said.same(arrivals.row[first][has], known.words, there) & ~same[has]
    repeats = first & echo[group]
    add = np.flatnonzero(~same[group] & ~repeats)
    place = group[add]
    base = np.where(has, known.revision[stored] if len(known.revision) else 0, 0)[place]
    step = arrivals.step[add] - echo[place].astype(np.int32)
    came = np.where(has, known.received[stored] if len(known.received) else 0, 0)[place]
    changed = np.flatnonzero(has & ~same)
    fresh = int((~has).sum())
    return Verdict(
        add=add,
        revision=np.where(has[place], base + 1 + step, step).astype(np.int32),
        after=came,
        superseded=~arrivals.last[add],
        end=stored[changed],
        heir=np.searchsorted(place, changed),
        new=fresh,
        unchanged=arrivals.repeated + int(same[group].sum()) + int(repeats.sum()),
        revised=len(add) - fresh,
    )
