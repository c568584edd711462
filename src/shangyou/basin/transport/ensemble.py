"""Arrivals with bands: many members, each with its own dispersion formula, flow, velocity, amount and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import enough, first_step, flows, goes_on, lay, rates, watch
from shangyou.basin.transport.values import QUANTILES, ArrivalTable, Fate, Release, Uncertainty
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

COARSE: Final = 4.5  # cells to a standard deviation: within 1.5 % of the peak, beside members that differ sevenfold
MOST_MEMBERS: Final = 100_000


class Draws(NamedTuple):
    """What is different in each of M members."""

    flow: Array  # (M,) factor
    velocity: Array  # (M,) factor
    dispersion: Array  # (M,) factor on calibrated coefficients
    amount: Array  # (M,) factor
    start: Array  # (M,) s
    formula: Ints  # (M,) index into FORMULAS


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
    flow: float | Array | None = None,
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
        flow: (n,) m3/s of the day, or a factor on the mean flow; the ensemble varies about it.
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
    day = flows(course, flow)
    found, last = _members(course, release, limit, draws, day, fate, places, reach, horizon, tell)
    found[:, :, (0, 2)] += draws.start[:, None, None] + release.start
    bands = np.quantile(found, QUANTILES, axis=0, method="inverted_cdf")  # of values, since some are infinite
    open_ended = bool(np.isnan(course.dispersion).any())
    return ArrivalTable(
        places=names,
        at=places,
        limit=np.nan if limit is None else limit,
        members=members,
        horizon=last,
        reached=np.mean(np.isfinite(found[:, :, 0]), axis=0),
        first=bands[:, :, 0].T,
        peak=bands[:, :, 1].T,
        peak_time=bands[:, :, 2].T,
        above=bands[:, :, 3].T,
        formulas=tuple(FORMULAS) if open_ended else (),
    )


def _members(
    course: Course,
    release: Release,
    limit: float | None,
    draws: Draws,
    day: Array,
    fate: Fate,
    places: Array,
    reach: Ints,
    horizon: float | None,
    tell: Callable[[float], None] | None,
) -> tuple[Array, float]:
    """(M, P, 4) first arrival, peak, its time and time above the limit of each member; and the longest horizon [s]."""
    from shangyou.basin.transport.kernel import pulse
    from shangyou.basin.transport.passages import passages

    members, n = len(draws.flow), len(course.reaches)
    here = hydraulics(course, draws.flow[:, None] * day)
    velocity = here.velocity * draws.velocity[:, None]
    dispersion = _dispersion(course, draws, *(np.asarray(x) for x in (here.width, here.depth, velocity, here.shear)))
    kinetics, goes_on_with = rates(course, fate), goes_on(course)
    boxes, level = release.boxes(), np.nan if limit is None else float(limit)
    found = np.zeros((members, len(places), 4))
    found[:, :, (0, 2)] = np.inf
    start, nothing, longest = np.zeros((3, 1)), np.zeros(0), 0.0
    start[0, 0] = 1.0
    for m in range(members):
        laid = lay(course, release.at, here.flow[m], velocity[m], dispersion[m], fate, goes_on_with)
        times = np.interp(places, course.starts, laid.bounds)
        ahead = times > 0
        if not ahead.any():
            break
        until = enough(course, laid, times) if horizon is None else horizon
        longest = max(longest, until + float((boxes[:, 0] + boxes[:, 1]).max(initial=0.0)))
        step = first_step(laid, times, until, COARSE)
        time, curves, *_ = pulse(
            (laid.bounds, laid.spread, kinetics, laid.stops),
            times[ahead],
            laid.flow[reach[ahead]],
            start,
            0,
            np.zeros(n),
            nothing,
            False,
            float(until),
            step,
            COARSE,
        )
        scaled = boxes * [1.0, 1.0, draws.amount[m]]
        found[m, ahead] = passages(time, curves, scaled, level)
        if tell is not None and m % 50 == 49:
            tell((m + 1) / members)
    return found, longest


def _dispersion(course: Course, draws: Draws, width: Array, depth: Array, velocity: Array, shear: Array) -> Array:
    """(M, n) each member's coefficients: calibrated ones with their own error, else by the member's formula."""
    found = np.empty(width.shape)
    for i, formula in enumerate(FORMULAS.values()):
        mine = draws.formula == i
        found[mine] = formula(width[mine], depth[mine], velocity[mine], shear[mine])
    calibrated = np.broadcast_to(course.dispersion, width.shape) * draws.dispersion[:, None]
    return np.where(np.isnan(calibrated), found, calibrated)
