"""Arrivals with bands: many members, each with its own dispersion formula, flow, velocity, amount and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import (
    Lay,
    Watched,
    enough,
    first_step,
    flows,
    goes_on,
    lay,
    rates,
    watch,
    watched,
)
from shangyou.basin.transport.unsteady import Flows, go_down
from shangyou.basin.transport.values import QUANTILES, ArrivalTable, Fate, Release, Uncertainty
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

COARSE: Final = 4.5  # cells to a standard deviation: within 1.5 % of the peak, beside members that differ sevenfold
MOST_MEMBERS: Final = 100_000
CHUNK: Final = 50  # members laid at a time


class Draws(NamedTuple):
    """What is different in each of M members."""

    flow: Array  # (M,) factor
    velocity: Array  # (M,) factor
    dispersion: Array  # (M,) factor on calibrated coefficients
    amount: Array  # (M,) factor
    start: Array  # (M,) s
    formula: Ints  # (M,) index into FORMULAS

    def of(self, some: slice) -> Draws:
        """Those of some members."""
        return Draws(
            self.flow[some],
            self.velocity[some],
            self.dispersion[some],
            self.amount[some],
            self.start[some],
            self.formula[some],
        )


def draw(members: int, seed: int, known: Uncertainty) -> Draws:
    """Latin hypercube: each quantity takes each of M equally likely values once, in its own order; formulas take turns.

    Source: McKay, Beckman and Conover (1979), Technometrics 21, 239-245.
    """
    if not 1 <= members <= MOST_MEMBERS:
        raise InputError("ensemble.members", members=members, most=MOST_MEMBERS)
    random = np.random.default_rng(seed)
    normal = _normal_quantile((np.arange(members) + 0.5) / members)
    columns = [random.permutation(normal) for _ in range(5)]
    scales = (known.flow, known.velocity, known.dispersion, known.amount)
    factors = [np.exp(scale * column) for scale, column in zip(scales, columns, strict=False)]
    turns = random.permutation(np.arange(members) % len(FORMULAS)).astype(np.int64)
    return Draws(factors[0], factors[1], factors[2], factors[3], known.start * columns[4], turns)


def _normal_quantile(p: Array) -> Array:
    """(n,) standard normal quantiles."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(float(x)) for x in p])


def ensemble(
    course: Course,
    release: Release,
    limit: float | None = None,
    members: int = 1000,
    seed: int = 1,
    at: Sequence[float] | Array | None = None,
    flow: float | Array | Flows | None = None,
    fate: Fate | None = None,
    known: Uncertainty | None = None,
    horizon: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> ArrivalTable:
    """Arrivals of a release at places, with bands over all that is not known.

    Args:
        course: the river.
        release: what enters.
        limit: g/m3, above which it has arrived; None = a hundredth of each member's own peak.
        members: how many; with a thousand, the bands' edges are settled to some percent.
        seed: the same seed gives the same table.
        at: (P,) m from the start; None = the places of the course.
        flow: (n,) m3/s of the day, a factor on the mean flow, or flows that change; the ensemble varies about it.
        fate: decay, sorption.
        known: how well flow, velocity, amount and time are known.
        horizon: s after the release to go on to; None = until it has passed the last place.
        tell: told the share that is done.

    Raises:
        InputError: "course.flow", "course.place", "ensemble.members", "release.value".
    """
    if limit is not None and not 0 <= limit < np.inf:
        raise InputError("release.value", name="limit", value=limit)
    fate, known = fate or Fate(), known or Uncertainty()
    places, reach = watch(course, [place.at for place in course.places] if at is None else at)
    watch(course, [release.at])
    names = tuple(place.id for place in course.places) if at is None else tuple(f"{x:g}" for x in places)
    draws = draw(members, seed, known)
    day = flow if isinstance(flow, Flows) else Flows(np.zeros(1), flows(course, flow)[None, :])
    if day.flow.shape[1] != len(course.reaches):
        raise InputError("course.flow", reaches=len(course.reaches), flow=f"{day.flow.shape[1]} columns")
    level = np.nan if limit is None else float(limit)
    found, last = _members(Task(course, release, level, day, fate, places, reach, horizon), draws, tell)
    found[:, :, (0, 2, 4)] += draws.start[:, None, None] + release.start
    bands = np.quantile(found, QUANTILES, axis=0, method="inverted_cdf")  # of values, since some are infinite
    open_ended = bool(np.isnan(course.dispersion).any())
    return ArrivalTable(
        places=names,
        at=places,
        limit=level,
        members=members,
        horizon=last,
        reached=np.mean(np.isfinite(found[:, :, 0]), axis=0),
        first=bands[:, :, 0].T,
        peak=bands[:, :, 1].T,
        peak_time=bands[:, :, 2].T,
        above=bands[:, :, 3].T,
        end=bands[:, :, 4].T,
        formulas=tuple(FORMULAS) if open_ended else (),
    )


class Task(NamedTuple):
    """What is the same in all members."""

    course: Course
    release: Release
    limit: float  # g/m3; NaN = a hundredth of each member's own peak
    day: Flows
    fate: Fate
    places: Array  # (P,) m
    reach: Ints  # (P,)
    horizon: float | None  # s


def _members(task: Task, draws: Draws, tell: Callable[[float], None] | None) -> tuple[Array, float]:
    """(M, P, 5) arrival, peak, its time, time above the limit, its end, of each member; and the longest horizon [s]."""
    members = len(draws.flow)
    found = np.zeros((members, len(task.places), 5))
    found[:, :, (0, 2, 4)] = np.inf
    longest = 0.0
    for begin in range(0, members, CHUNK):
        some = slice(begin, begin + CHUNK)
        longest = max(longest, _some(task, draws.of(some), found[some]))
        if tell is not None:
            tell(min(begin + CHUNK, members) / members)
    return found, longest


def _some(task: Task, draws: Draws, found: Array) -> float:
    """The members of some draws, into (m, P, 5); returns the longest horizon [s]."""
    course = task.course
    here = hydraulics(course, draws.flow[:, None, None] * task.day.flow)
    velocity = here.velocity * draws.velocity[:, None, None]
    dispersion = _dispersion(course, draws, *(np.asarray(x) for x in (here.width, here.depth, velocity, here.shear)))
    laid = lay(course, task.release.at, here.flow, velocity, dispersion, task.fate, goes_on(course))
    seen = watched(course, laid, task.places, task.reach, task.release.at)
    if not seen.ahead.any():
        return 0.0
    # in flow that changes as long as at the slowest
    until = enough(course, laid, seen).max(axis=1) if task.horizon is None else np.full(len(found), task.horizon)
    boxes = task.release.boxes()
    lasts = float((boxes[:, 0] + boxes[:, 1]).max(initial=0.0))
    if len(task.day.time) > 1:
        _in_changing_flow(task, laid, draws.amount, until + lasts, found)
    else:
        steady = Watched(seen.times[:, 0], seen.variance[:, 0], seen.flow[:, 0], seen.ahead)
        _in_steady_flow(task, Lay(*(values[:, 0] for values in laid)), steady, draws.amount, until, found)
    return float(until.max()) + lasts


def _in_steady_flow(task: Task, laid: Lay, seen: Watched, amount: Array, until: Array, found: Array) -> None:
    """A pulse of 1 g for each member, of which the release is composed. until: (m,) s."""
    from shangyou.basin.transport.kernel import pulse
    from shangyou.basin.transport.passages import passages

    steps, kinetics, boxes = first_step(seen, until, COARSE), rates(task.course, task.fate), task.release.boxes()
    # rows in one piece: numba compiles anew for those that are not
    times, flow = (np.ascontiguousarray(each[:, seen.ahead]) for each in (seen.times, seen.flow))
    start, nothing = np.zeros((3, 1)), np.zeros(0)
    start[0, 0] = 1.0
    for m in range(len(found)):
        held, reaches = np.zeros(laid.spread.shape[1]), (laid.bounds[m], laid.spread[m], kinetics, laid.stops[m])
        time, curves, *_ = pulse(
            reaches, times[m], flow[m], start, 0, held, nothing, False, float(until[m]), float(steps[m]), COARSE
        )
        found[m, seen.ahead] = passages(time, curves, boxes * [1.0, 1.0, amount[m]], task.limit)


def _in_changing_flow(task: Task, laid: Lay, amount: Array, until: Array, found: Array) -> None:
    """The release itself for each member: in flow that changes it matters when something is let go. until: (m,) s."""
    from shangyou.basin.transport.passages import passages

    kinetics, ahead = rates(task.course, task.fate), task.places > task.release.at
    for m in range(len(found)):
        time, curves, _ = go_down(
            task.course, task.release, task.day.time, laid.row(m), task.places, kinetics, float(until[m]), None, COARSE
        )
        found[m, ahead] = passages(time, curves[:, ahead], np.array([[0.0, 0.0, amount[m]]]), task.limit)


def _dispersion(course: Course, draws: Draws, width: Array, depth: Array, velocity: Array, shear: Array) -> Array:
    """(M, k, n) each member's coefficients: calibrated ones with their own error, else by the member's formula."""
    found = np.empty(width.shape)
    for i, formula in enumerate(FORMULAS.values()):
        mine = draws.formula == i
        found[mine] = formula(width[mine], depth[mine], velocity[mine], shear[mine])
    calibrated = np.broadcast_to(course.dispersion, width.shape) * draws.dispersion[:, None, None]
    return np.where(np.isnan(calibrated), found, calibrated)
