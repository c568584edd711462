"""A release in flow that changes: the steady kernel from one flow to the next, with what is in the river carried over.

Between two flows the amounts in the cells are laid out anew along the river: a conservative remap with a limited linear
profile in each cell (van Leer), which is positive and of second order. Water levels change at once with the flow, so
the concentration does too, and the mass does not.

Source of the profile: van Leer (1977), Journal of Computational Physics 23, 276-299.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shangyou.basin.course import LARGEST_FLOW, Course
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import Lay, coefficients, first_step, goes_on, lay, rates, watch
from shangyou.basin.transport.respond import enters
from shangyou.basin.transport.values import Balance, Curves, Fate, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array


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
    from shangyou.basin.transport.kernel import pulse

    fate = fate or Fate()
    if changing.flow.shape[1] != len(course.reaches):
        raise InputError("course.flow", reaches=len(course.reaches), flow=f"{changing.flow.shape[1]} columns")
    places, reach = watch(course, [place.at for place in course.places] if at is None else at)
    watch(course, [release.at])
    names = tuple(place.id for place in course.places) if at is None else tuple(f"{x:g}" for x in places)
    below = places > release.at
    lays = [_lay(course, release.at, flow, fate, formula) for flow in changing.flow]
    times = [np.interp(places, course.starts, laid.bounds) for laid in lays]
    step = min(first_step(a, b, horizon) for a, b in zip(lays, times, strict=True)) if step is None else step
    feed, cells, step = enters(release, 0.0, horizon, step)
    rate, width, first = feed / step, step, 0
    if not len(feed):  # at once: half on either side of the place
        cells, first = np.repeat(cells / 2, 2, axis=1), -1
    kinetics, held = rates(course, fate), np.zeros(len(course.reaches))
    found, curves, total = [np.zeros(1)], [np.zeros((1, len(places)))], np.zeros(5)
    total[0] = float(cells.sum())
    ends = np.append(changing.time[1:], np.inf)
    for k, (begin, end) in enumerate(zip(changing.time, np.minimum(ends, horizon), strict=True)):
        if begin >= horizon:
            break
        span = float(end - begin)
        fitting = span / np.ceil(span / step - 1e-9)
        if k > 0 or fitting != width:
            cells, first = _carry(lays[max(k - 1, 0)], lays[k], cells, first, width, fitting)
        width = fitting
        before = float(cells.sum() + held.sum())
        time, curve, balance, cells, first, _ = pulse(
            (lays[k].bounds, lays[k].spread, kinetics, lays[k].stops),
            times[k][below],
            lays[k].flow[reach[below]],
            cells,
            first,
            held,
            _feed(rate, step, begin, fitting, round(span / fitting)),
            False,
            span,
            fitting,
            0.0,
        )
        whole = np.zeros((len(time) - 1, len(places)))
        whole[:, below] = curve[1:]
        found.append(time[1:] + begin)
        curves.append(whole)
        total += balance - np.array([before, 0.0, 0.0, 0.0, balance[4]])
    total[4] = float(cells.sum() + held.sum())
    return Curves(names, np.concatenate(found) + release.start, np.concatenate(curves), Balance(*total.tolist()))


def _lay(course: Course, at: float, flow: Array, fate: Fate, formula: str | None) -> Lay:
    here = hydraulics(course, flow)
    return lay(course, at, flow, here.velocity, coefficients(course, here, formula), fate, goes_on(course))


def _feed(rate: Array, step: float, begin: float, fitting: float, count: int) -> Array:
    """(count,) mass that enters in each step of an interval, from rates in steps of another length."""
    if begin >= len(rate) * step:
        return np.zeros(0)
    whole = np.concatenate(([0.0], np.cumsum(rate * step)))
    edges = begin + np.arange(count + 1) * fitting
    return np.diff(np.interp(edges, np.arange(len(whole)) * step, whole))


def _carry(old: Lay, new: Lay, cells: Array, first: int, step: float, width: float) -> tuple[Array, int]:
    """The amounts in cells of travel time at one flow, in cells of travel time at another; and the first of these."""
    edges: Array = (first + np.arange(cells.shape[1] + 1)) * float(step)
    low, high = _same_place(edges[:: len(edges) - 1], old, new)
    start = int(np.floor(low / width))
    count = max(int(np.ceil(high / width)) - start, 1)
    back = _same_place(np.arange(start, start + count + 1, dtype=np.float64) * width, new, old)
    back[0], back[-1] = min(back[0], edges[0]), max(back[-1], edges[-1])
    position = np.clip((back - edges[0]) / step, 0.0, cells.shape[1])
    return np.array([np.diff(_so_far(row, position)) for row in cells]), start


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
