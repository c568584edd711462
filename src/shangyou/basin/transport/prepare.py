"""From a course to the arrays of the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.course import LARGEST_FLOW, Course
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import Hydraulics
from shangyou.basin.transport.values import LONGEST, Fate
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

Marks = NDArray[np.bool_]

RESOLUTION: Final = 16.0  # cells to a standard deviation of the pulse, where one river is asked
PER_AGE: Final = 0.25  # of the time since the release: with 8 cells to a deviation a step is at most 1/32 of it
LEAST_STORAGE: Final = 1e-6  # of the channel: less holds nothing that could be measured
LEAST_WAIT: Final = 1.0  # s in a reservoir: less is no stop
FAINT: Final = 1e-4  # of a peak: what is less of a tail is not waited for
MOST_STEPS: Final = 4000  # until the first place, and while something enters


class Lay(NamedTuple):
    """The course in travel time from a place of release, at one flow; or at many, each with a row of its own."""

    bounds: Array  # (..., n + 1) s
    spread: Array  # (..., n) D/u2 [s]
    stops: Array  # (..., n, 3) residence time, share that goes on, decay in the reservoir
    flow: Array  # (..., n) m3/s
    variance: Array  # (..., n + 1) of a pulse's passage at each bound, from dispersion alone [s2]

    def row(self, m: int) -> Lay:
        """One of many."""
        return Lay(*(values[m] for values in self))


class Watched(NamedTuple):
    """Places on a course that is laid."""

    times: Array  # (..., P) s, travel time from the release
    variance: Array  # (..., P) s2
    flow: Array  # (..., P) m3/s
    ahead: Marks  # (P,) does the release pass them?


def watched(course: Course, laid: Lay, places: Array, reach: Ints, at: float) -> Watched:
    """See Watched. places, reach: as `watch` gives them. at: m, the place of release."""
    times, variance = along(course, laid.bounds, places), along(course, laid.variance, places)
    variance = np.maximum(variance, 0.0)  # not less by rounding
    return Watched(times, variance, laid.flow[..., reach], places > at)


def flows(course: Course, flow: float | Array | None) -> Array:
    """(n,) the flow of the day: as given for each reach, or the mean flow times a factor.

    Raises:
        InputError: "course.flow" it is missing, not above zero, absurd, or not one for each reach.
    """
    found = course.flow * flow if isinstance(flow, float | int) else (course.flow if flow is None else flow)
    if found.shape != course.flow.shape or not np.all((found > 0) & (found <= LARGEST_FLOW)):
        raise InputError("course.flow", reaches=len(course.reaches), flow=str(flow)[:80])
    return found


def coefficients(course: Course, at: Hydraulics, formula: str | None = None) -> Array:
    """(..., n) D [m2/s]: as calibrated, else by that formula, else the geometric mean of all."""
    if not np.isnan(course.dispersion).any():
        return np.broadcast_to(course.dispersion, at.flow.shape)
    if formula is None:
        logs = [np.log(f(at.width, at.depth, at.velocity, at.shear)) for f in FORMULAS.values()]
        found = np.exp(np.mean(logs, axis=0))
    else:
        found = FORMULAS[formula](at.width, at.depth, at.velocity, at.shear)
    return np.where(np.isnan(course.dispersion), found, course.dispersion)


def goes_on(course: Course) -> Array:
    """(n,) share of a reach's flow that goes on into the next; the rest is taken out, with what is in it.

    Flows that fall along the way are water taken out; but a flood wave, whose flow falls too, is not: so this is a
    matter of the mean flows.
    """
    share = np.ones(len(course.reaches))
    share[:-1] = (course.flow[1:] - course.gain[1:]) / course.flow[:-1]
    if not np.all(share > 0):
        i = int(np.argmin(share))
        raise InputError("course.value", column="gain", reach=course.reaches[i + 1], value=float(course.gain[i + 1]))
    return np.where(share > 1 - 1e-9, 1.0, share)


def lay(course: Course, at: float, flow: Array, velocity: Array, dispersion: Array, fate: Fate, share: Array) -> Lay:
    """See Lay. at: m, the place of release. share: (n,) of each reach's flow that goes on, see goes_on."""
    so_far = np.cumsum(course.length / velocity, axis=-1)
    bounds = np.concatenate((np.zeros((*flow.shape[:-1], 1)), so_far), axis=-1)
    bounds -= along(course, bounds, np.array([at]))
    stops = np.empty((*flow.shape, 3))
    wait = course.impounded / flow
    stops[..., 0] = np.where(wait > LEAST_WAIT, wait, 0.0)
    stops[..., 1] = share
    stops[..., 2] = fate.decay
    spread = dispersion / velocity**2
    gained = np.concatenate((np.zeros((*flow.shape[:-1], 1)), np.cumsum(2.0 * spread * np.diff(bounds), axis=-1)), -1)
    return Lay(bounds, spread, stops, flow, gained - along(course, gained, np.array([at])))


def along(course: Course, at_bounds: Array, places: Array) -> Array:
    """(..., P) at places [m] what grows evenly along each reach: (..., n + 1) at its ends."""
    starts = course.starts
    reach = np.clip(np.searchsorted(starts, places, side="right") - 1, 0, len(starts) - 2)
    part = (places - starts[reach]) / course.length[reach]
    return np.asarray(at_bounds[..., reach] * (1.0 - part) + at_bounds[..., reach + 1] * part, np.float64)


def rates(course: Course, fate: Fate) -> Array:
    """(n, 6) what the kernel's exchange needs."""
    n = len(course.reaches)
    found = np.empty((n, 6))
    stands = (course.storage_ratio > LEAST_STORAGE) & (course.storage_rate > 0)
    found[:, 0] = np.where(stands, course.storage_rate, 0.0)
    found[:, 1] = np.where(stands, course.storage_ratio, 0.0)
    for column, name in enumerate(("decay", "storage_decay", "sorption_rate", "sorption_capacity"), start=2):
        found[:, column] = getattr(fate, name)
    return found


def watch(course: Course, at: Sequence[float] | Array) -> tuple[Array, Ints]:
    """(P,) places [m] and the reach of each; a place where two meet belongs to the lower."""
    places = np.asarray(at, np.float64)
    if not np.all((places >= 0) & (places <= course.end)):
        worst = float(places[~((places >= 0) & (places <= course.end))][0])
        raise InputError("course.place", place=f"{worst / 1000} km", at=worst, end=course.end)
    reach = np.clip(np.searchsorted(course.starts, places, side="right") - 1, 0, len(course.reaches) - 1)
    return places, reach.astype(np.int64)


def first_step(seen: Watched, horizon: float | Array, resolution: float = RESOLUTION) -> Array:
    """(...) width of the first cells [s], fine enough for the nearest place of those after the release."""
    if not seen.ahead.any():
        return np.asarray(horizon, np.float64) / 100
    times, widths = seen.times[..., seen.ahead], np.sqrt(seen.variance[..., seen.ahead]) / resolution
    fine = np.minimum(np.where(widths > 0, widths, np.inf), times * (PER_AGE / resolution)).min(axis=-1)
    least = np.maximum(times.min(axis=-1) / MOST_STEPS, np.asarray(horizon) / 1e6)
    return np.asarray(np.minimum(np.maximum(fine, least), horizon), np.float64)


def enough(course: Course, laid: Lay, seen: Watched) -> Array:
    """(...) a time by which a pulse has passed the last place [s]: stopped by storage and reservoirs, and spread.

    Ten years at most: where next to nothing flows, a reservoir would be reckoned for longer than anybody waits.
    """
    last = np.maximum(seen.times.max(axis=-1, initial=0.0), 60.0)
    passed = (laid.bounds[..., 1:] > 0) & (laid.bounds[..., 1:] <= last[..., None])
    wait = np.sum(np.where(passed, laid.stops[..., 0], 0.0), axis=-1)
    width = np.sqrt(seen.variance.max(axis=-1, initial=0.0))
    stay = np.diff(np.clip(laid.bounds, 0.0, last[..., None]), axis=-1)
    late, often, time = _stood(course, stay, width)
    width = width * (1.0 + often * time / last)  # what is late by a factor is wider by it
    return np.asarray(np.minimum(1.2 * last + 8.0 * width + late + 6.0 * wait, LONGEST))


def _stood(course: Course, stay: Array, width: Array) -> tuple[Array, Array, Array]:
    """(...) time by which storage zones have given back what could still be seen [s]; how often water goes in, and for
    how long [s].

    In (..., n) seconds of each reach water goes in N times, for T on average: the density of such a compound Poisson
    process falls as exp(-(sqrt(t/T) - sqrt(N))^2), here to FAINT of the peak, which is as wide as all that spreads it.
    """
    stands = (course.storage_ratio > LEAST_STORAGE) & (course.storage_rate > 0)
    rate = np.where(stands, course.storage_rate, 0.0)
    each = np.where(stands, course.storage_ratio / np.where(stands, course.storage_rate, 1.0), 0.0)
    often = np.maximum(np.sum(rate * stay, axis=-1), 1e-300)
    time = np.sqrt(np.sum(rate * stay * each**2, axis=-1) / often)
    whole = np.sqrt(width**2 - 2.0 * often * time**2 * np.expm1(-often))
    seen = np.log1p(often / FAINT * np.minimum(whole / np.maximum(time, 1e-300), 1.0))
    return time * (np.sqrt(often) + np.sqrt(seen)) ** 2, often, time
