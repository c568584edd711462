"""A release in flow that changes: the steady kernel from one flow to the next, with what is in the river carried over.

Between two flows the amounts in the cells are laid out anew along the river: a conservative remap with a limited linear
profile in each cell (van Leer), which is positive and of second order. Water levels change at once with the flow, so
the concentration does too, and the mass does not.

Source of the profile: van Leer (1977), Journal of Computational Physics 23, 276-299.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from shangyou.basin.course import LARGEST_FLOW, Course
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import (
    PER_AGE,
    RESOLUTION,
    Lay,
    coefficients,
    first_step,
    goes_on,
    lay,
    rates,
    watch,
    watched,
)
from shangyou.basin.transport.respond import enters
from shangyou.basin.transport.values import Balance, Curves, Fate, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array

JUMP: Final = 1e-6  # of a step: so soon after the flow has changed the concentration is told at the new one


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Flow of each reach over time, as steps.

    Raises:
        InputError: "course.flow" a flow that is missing, not above zero or absurd, or a time that does not increase.
    """

    time: Array  # (k,) s after the release begins, increasing, from 0; the last holds on
    flow: Array  # (k, n) m3/s

    def __post_init__(self) -> None:
        good = len(self.time) > 0 and self.time[0] == 0 and bool(np.all(np.diff(self.time) > 0))
        if not good or self.flow.ndim != 2 or len(self.flow) != len(self.time):
            raise InputError("course.flow", reaches=self.flow.shape[-1], flow=f"{len(self.time)} times")
        if not np.all((self.flow > 0) & (self.flow <= LARGEST_FLOW)):
            raise InputError("course.flow", reaches=self.flow.shape[1], flow=str(self.flow.min()))


def respond_unsteady(
    course: Course,
    release: Release,
    changing: Flows,
    horizon: float,
    at: Sequence[float] | Array | None = None,
    fate: Fate | None = None,
    formula: str | None = None,
    step: float | None = None,
) -> Curves:
    """As `respond`, in flow that changes. horizon: s after the release's start. Errors as there."""
    fate = fate or Fate()
    if changing.flow.shape[1] != len(course.reaches):
        raise InputError("course.flow", reaches=len(course.reaches), flow=f"{changing.flow.shape[1]} columns")
    places, _ = watch(course, [place.at for place in course.places] if at is None else at)
    watch(course, [release.at])
    here = hydraulics(course, changing.flow)
    laid = lay(course, release.at, here.flow, here.velocity, coefficients(course, here, formula), fate, goes_on(course))
    time, curves, balance = go_down(course, release, changing.time, laid, places, rates(course, fate), horizon, step)
    names = tuple(place.id for place in course.places) if at is None else tuple(f"{x:g}" for x in places)
    return Curves(names, time + release.start, curves, Balance(*balance.tolist()))


class Afloat(NamedTuple):
    """What is in the water, in storage and on the bed."""

    cells: Array  # (3, c) g
    first: int  # cell k covers the travel times from k to k + 1 widths
    width: float  # s


def go_down(
    course: Course,
    release: Release,
    since: Array,
    laid: Lay,
    places: Array,
    kinetics: Array,
    horizon: float,
    step: float | None = None,
    resolution: float = RESOLUTION,
) -> tuple[Array, Array, Array]:
    """(N,) times [s], (N, P) concentrations at places [m] and (5,) balance of a release in flow that changes.

    Args:
        since: (k,) s after the release's start, from which each row of `laid` holds. kinetics: see `rates`.
        step: s, of the grid; None = fine enough for the nearest place, and coarser as the pulse widens.
    """
    from shangyou.basin.transport.kernel import pulse

    seen = watched(course, laid, places, watch(course, places)[1], release.at)
    first = float(first_step(seen, horizon, resolution).min()) if step is None else step
    feed, cells, first = enters(release, 0.0, horizon, first)
    # at once: half on either side of the place
    water = Afloat(cells, 0, first) if len(feed) else Afloat(np.repeat(cells / 2, 2, axis=1), -1, first)
    ended, held, row = len(feed) * first, np.zeros(len(course.reaches)), 0
    found, curves, total = list[Array](), list[Array](), np.zeros(5)
    total[0] = float(water.cells.sum())
    for begin, end in _legs(since, horizon, first, max(ended, 64 * first) if step is None else horizon):
        new = int(np.searchsorted(since, begin + first * (1 - 1e-9), side="right")) - 1
        wanted = first if step is not None else _fine(laid, new, begin - ended, first, resolution)
        count = max(int(np.ceil((end - begin) / wanted - 1e-9)), 1)
        water, row = _carry(laid.row(row), laid.row(new), water, (end - begin) / count), new
        before = float(water.cells.sum() + held.sum())
        entering = _feed(feed / first, first, begin, water.width, count)
        reaches = (laid.bounds[row], laid.spread[row], kinetics, laid.stops[row])
        passed, flow = seen.times[row][seen.ahead], seen.flow[row][seen.ahead]
        time, curve, balance, cells, k, _ = pulse(
            reaches, passed, flow, water.cells, water.first, held, entering, False, end - begin, water.width, 0.0
        )
        water = Afloat(cells, k, water.width)
        time[0] += JUMP * water.width  # the concentration jumps with the flow
        whole = np.zeros((len(time), len(places)))
        whole[:, seen.ahead] = curve
        found.append(time + begin)
        curves.append(whole)
        total += balance - np.array([before, 0.0, 0.0, 0.0, balance[4]])
    total[4] = float(water.cells.sum() + held.sum())
    return np.concatenate(found), np.concatenate(curves), total


def _legs(since: Array, horizon: float, apart: float, first: float) -> list[tuple[float, float]]:
    """Spans of one flow and one width of cells: the flow changes, or the pulse is old enough for wider ones.

    None is shorter than `apart`, so that no cell is next to nothing; what changes sooner again counts together.
    """
    cuts = [0.0]
    for cut in since[since <= horizon - apart]:
        if cut - cuts[-1] >= apart:
            cuts.append(float(cut))
    aged = first * 2.0 ** np.arange(max(int(np.log2(horizon / first)), 0) + 1)
    far = np.abs(aged[:, None] - np.array([*cuts, horizon])).min(axis=1) >= apart
    return list(pairwise(sorted([*cuts, *aged[far & (aged < horizon)].tolist(), horizon])))


def _fine(laid: Lay, row: int, age: float, first: float, resolution: float) -> float:
    """Width of cells [s] that is fine enough for a pulse of an age [s], at this flow and those before."""
    variance = min(float(np.interp(age, laid.bounds[i], laid.variance[i])) for i in range(row + 1))
    return max(first, min(math.sqrt(max(variance, 0.0)), PER_AGE * age) / resolution)


def _feed(rate: Array, step: float, begin: float, fitting: float, count: int) -> Array:
    """(count,) mass that enters in each step of an interval, from rates in steps of another length."""
    if begin >= len(rate) * step:
        return np.zeros(0)
    whole = np.concatenate(([0.0], np.cumsum(rate * step)))
    edges = begin + np.arange(count + 1) * fitting
    return np.diff(np.interp(edges, np.arange(len(whole)) * step, whole))


def _carry(old: Lay, new: Lay, water: Afloat, width: float) -> Afloat:
    """The amounts in cells of travel time at one flow, in cells of travel time at another, or of another width."""
    cells, first, step = water
    if old.bounds is new.bounds and width == step:
        return water
    edges: Array = (first + np.arange(cells.shape[1] + 1)) * float(step)
    low, high = _same_place(edges[:: len(edges) - 1], old, new)
    start = int(np.floor(low / width))
    count = max(int(np.ceil(high / width)) - start, 1)
    back = _same_place(np.arange(start, start + count + 1, dtype=np.float64) * width, new, old)
    back[0], back[-1] = min(back[0], edges[0]), max(back[-1], edges[-1])
    position = np.clip((back - edges[0]) / step, 0.0, cells.shape[1])
    return Afloat(np.array([np.diff(_so_far(row, position)) for row in cells]), start, width)


def _same_place(tau: Array, old: Lay, new: Lay) -> Array:
    """Travel times at one flow as those at another, by the place they mean; beyond the ends as in the end reaches."""
    found = np.interp(tau, old.bounds, new.bounds)
    for i, j in ((0, 1), (-1, -2)):
        ratio = (new.bounds[j] - new.bounds[i]) / (old.bounds[j] - old.bounds[i])
        beyond = tau < old.bounds[0] if i == 0 else tau > old.bounds[-1]
        found = np.where(beyond, new.bounds[i] + (tau - old.bounds[i]) * ratio, found)
    return found


def _so_far(amount: Array, position: Array) -> Array:
    """Sum of the cells' amounts up to positions among them, with a limited linear profile in each cell."""
    jumps = np.diff(amount, prepend=0.0, append=0.0)
    left, right = jumps[:-1], jumps[1:]
    same = left * right > 0
    slope = np.where(same, 2 * left * right / np.where(same, left + right, 1.0), 0.0)
    whole = np.concatenate(([0.0], np.cumsum(amount)))
    cell = np.minimum(position.astype(np.int64), len(amount) - 1)
    part = position - cell
    inside = amount[cell] * part + 0.5 * slope[cell] * (part * part - part)
    return np.asarray(np.maximum.accumulate(np.where(part < 1, whole[cell] + inside, whole[cell + 1])), np.float64)
