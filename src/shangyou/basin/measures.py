"""What a measure at a control point would change downstream: hold, divert, dilute. With and without, by one transport.

The release is carried down to the control point once. What passes there, changed by the measure, is let go there again
and carried on; without the measure the same way is gone with what passes unchanged, so that the two differ by the
measure alone. `dilute` adds its flow to the whole way below for the whole time: the river is steady here, and the
wave that an opened gate sends ahead is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.prepare import flows
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array

KINDS: Final = ("hold", "divert", "dilute")
ARRIVES: Final = 0.01  # of the peak without the measure: from there on it has arrived, where no limit is given


@dataclass(frozen=True, slots=True)
class Act:
    """What is done at a control point.

    hold: a share is kept back while it lasts, and let go evenly over as long a time afterwards.
    divert: a share is led away while it lasts, and does not come back.
    dilute: a reservoir releases more.

    Raises InputError "measure.act" for what cannot be.
    """

    kind: str
    place: str  # id on the course
    share: float = 0.0  # 0 to 1
    flow: float = 0.0  # m3/s in addition
    start: float = -math.inf  # s, counted as the release counts
    until: float = math.inf

    def __post_init__(self) -> None:
        good = self.kind in KINDS and 0 <= self.share <= 1 and 0 <= self.flow <= 1e6 and self.start < self.until
        if not good:
            raise InputError("measure.act", kind=self.kind, share=self.share, flow=self.flow)


@dataclass(frozen=True, slots=True)
class Passing:
    """How the substance passes a place. NaN = it does not come."""

    first: float  # s, counted as the release counts
    peak: float  # g/m3
    peak_at: float  # s
    over: float  # s above the limit; 0 where no limit is given
    until: float = math.nan  # s; above the limit for the last time; NaN where none is given, or it stays below


@dataclass(frozen=True, slots=True)
class Effect:
    """A place below the control point, without the measure and with it."""

    place: Place
    without: Passing
    changed: Passing


def effects(
    course: Course,
    release: Release,
    act: Act,
    limit: float | None = None,
    flow: float | Array | None = None,
    fate: Fate | None = None,
) -> tuple[Effect, ...]:
    """The places below the control point, in the order of the water.

    Args:
        course: the river, from the release or above it; the control point and what matters below are places on it.
        release: what enters.
        act: the measure.
        limit: above which a use is in danger [g/m3].
        flow: of the day; see `respond`.
        fate: decay, sorption.

    Raises:
        InputError: "measure.place" the control point is not below the release, or nothing is below it; as `respond`.
    """
    control, today = course.place(act.place), flows(course, flow)
    below = tuple(place for place in course.places if place.at > control.at)
    if control.at <= release.at or not below:
        raise InputError("measure.place", place=act.place)
    above = respond(course, release, at=[control.at], flow=today, fate=fate)
    time, rate = above.time, above.concentration[:, 0] * _flow_at(course, today, control.at)
    later, changed = (time, rate) if act.kind == "dilute" else _changed(time, rate, act)
    more = today + np.where(course.starts[1:] > control.at, act.flow, 0.0) if act.kind == "dilute" else today
    plain = respond(course, _series(control.at, time, rate), at=[p.at for p in below], flow=today, fate=fate)
    acted = respond(course, _series(control.at, later, changed), at=[p.at for p in below], flow=more, fate=fate)
    found = []
    for n, place in enumerate(below):
        before, after = plain.concentration[:, n], acted.concentration[:, n]
        bound = limit if limit is not None else ARRIVES * float(before.max(initial=0.0))
        found.append(
            Effect(place, _passing(plain.time, before, bound, limit), _passing(acted.time, after, bound, limit))
        )
    return tuple(found)


def _flow_at(course: Course, today: Array, at: float) -> float:
    reach = min(int(np.searchsorted(course.starts, at, side="left")) - 1, len(today) - 1)
    return float(today[max(reach, 0)])


def _changed(time: Array, rate: Array, act: Act) -> tuple[Array, Array]:
    """Times, and what passes the control point from each on [g/s]; what was held passes after the curve, if need be."""
    kept = np.where((time >= act.start) & (time < act.until), act.share * rate, 0.0)
    held = float(np.sum(kept[:-1] * np.diff(time)))
    passed = rate - kept
    if act.kind != "hold" or not held or not math.isfinite(act.until):
        return time, passed
    until = max(act.until, float(time[0]))
    end = until + until - max(act.start, float(time[0]))
    grid = np.unique(np.concatenate((time, (until, end))))
    at = np.searchsorted(time, grid, side="right") - 1
    own = np.where(at < len(time) - 1, passed[at], 0.0)  # as steps, so that no mass is made by the finer grid
    return grid, own + np.where((grid >= until) & (grid < end), held / (end - until), 0.0)


def _series(at: float, time: Array, rate: Array) -> Release:
    """A release of what passes; it ends where the curve ends."""
    begin = float(time[0])
    steps = [(float(t) - begin, float(r)) for t, r in zip(time[:-1], rate[:-1], strict=True)]
    return Release.of_series(at, (*steps, (float(time[-1]) - begin, 0.0)), begin)


def _passing(time: Array, curve: Array, bound: float, limit: float | None) -> Passing:
    over = curve > bound
    top = int(np.argmax(curve))
    if not over.any():
        return Passing(math.nan, float(curve[top]), float(time[top]) if curve[top] > 0 else math.nan, 0.0)
    first, last = np.flatnonzero(over)[[0, -1]]
    above = 0.0 if limit is None else float(np.sum(np.diff(time)[over[:-1]]))
    until = math.nan if limit is None else float(time[min(last + 1, len(time) - 1)])
    return Passing(float(time[first]), float(curve[top]), float(time[top]), above, until)
