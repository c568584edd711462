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
    step: NDArray[np.int16]  # (m,) 0, 1, 2 ... number of the statement within its (series, time)
    last: Truth  # (m,) is it the last statement of its (series, time)
    repeated: int  # how many rows said again what the row before them had said


def arrange(series: NDArray[np.int32], flagged: Flagged) -> Arrivals:
    """Order a batch; of equal statements that follow each other for one (series, time) keep the first."""
    o = flagged.observations
    if len(o) > 1 and _strictly_sorted(series, o.time):
        order = np.arange(len(o))
        return Arrivals(order, np.zeros(len(o), np.int16), np.ones(len(o), np.bool_), 0)
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
    step = (np.arange(len(row)) - starts[run]).astype(np.int16) if len(row) else np.zeros(0, np.int16)
    last = np.append(first[1:], True) if len(row) else np.zeros(0, np.bool_)
    return Arrivals(row, step, last, int(same_word.sum()))


def _strictly_sorted(series: NDArray[np.int32], time: NDArray[np.int64]) -> bool:
    later, step = np.diff(series), np.diff(time)
    return bool(np.all((later > 0) | ((later == 0) & (step > 0))))


def _equal(a: NDArray[np.float64], b: NDArray[np.float64]) -> Truth:
    equal: Truth = (a == b) | (np.isnan(a) & np.isnan(b))
    return equal


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The version in force for some of the arrivals."""

    arrival: Index  # (k,) index into Arrivals
    rowid: NDArray[np.int64]  # (k,)
    revision: NDArray[np.int16]  # (k,)
    value: NDArray[np.float64]
    censor: NDArray[np.uint8]
    mark: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Which arrivals become versions."""

    add: Index  # (a,) index into Arrivals
    revision: NDArray[np.int16]  # (a,)
    superseded: Truth  # (a,) a later statement of the same batch takes its place at once
    end: NDArray[np.int64]  # rowids of stored versions that are no longer in force
    new: int
    unchanged: int
    revised: int


def judge(arrivals: Arrivals, known: Known, flagged: Flagged, always: bool = False) -> Verdict:
    """Compare what arrived with what is in force; see core.ports.ObservationStore.append for the rule.

    With `always` a statement that equals what is in force is a version too: a correction or a higher review level.
    """
    m = len(arrivals.row)
    group = np.cumsum(arrivals.step == 0) - 1  # (m,) number of the (series, time)
    groups = int(group[-1]) + 1 if m else 0
    base = np.full(groups, -1, np.int16)  # revision in force
    stored = np.full(groups, -1, np.int64)  # its place in Known
    at = group[known.arrival]
    base[at], stored[at] = known.revision, np.arange(len(known.arrival))
    final = arrivals.row[arrivals.last]  # (groups,) the batch's row that counts
    o = flagged.observations
    has = stored >= 0
    same = np.zeros(groups, np.bool_)
    k = stored[has]
    same[has] = (
        _equal(o.value[final[has]], known.value[k])
        & (o.censor[final[has]] == known.censor[k])
        & (o.mark[final[has]] == known.mark[k])
    )
    if always:
        same[:] = False
    # a first statement that repeats what is in force, before one that changes it, is no version of its own
    first = arrivals.step == 0
    echo = np.zeros(m, np.bool_)
    lead = np.flatnonzero(first)
    follows = has & ~same if not always else np.zeros(groups, np.bool_)
    leads = lead[follows]
    rows, words = arrivals.row[leads], stored[follows]
    echo[leads] = (
        _equal(o.value[rows], known.value[words])
        & (o.censor[rows] == known.censor[words])
        & (o.mark[rows] == known.mark[words])
    )
    add = np.flatnonzero(~same[group] & ~echo)
    shift = 1 - echo[lead][group[add]].astype(np.int16)
    revision = np.where(has[group[add]], base[group[add]] + shift, 0) + arrivals.step[add]
    changed = has & ~same
    fresh = int((~has).sum())
    return Verdict(
        add=add,
        revision=revision.astype(np.int16),
        superseded=~arrivals.last[add],
        end=known.rowid[stored[changed]],
        new=fresh,
        unchanged=arrivals.repeated + int(same[group].sum()) + int(echo.sum()),
        revised=len(add) - fresh,
    )
