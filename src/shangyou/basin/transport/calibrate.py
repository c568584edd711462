"""Dispersion, area and storage of each reach from tracer curves: bounded least squares.

The unknowns are fitted as logarithms, since all are positive and known to a factor rather than to a sum, by the method
of Levenberg and Marquardt with Nielsen's damping; first areas alone, which set the times, then all.

Source: Marquardt (1963), J. Soc. Indust. Appl. Math. 11, 431-441; Nielsen (1999), IMM-REP-1999-05, Lyngby.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.course import Course
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import coefficients, flows
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

WHAT: Final = ("area", "dispersion", "storage_ratio", "storage_rate")
BOUNDS: Final = {  # of area and dispersion as factors on the first guess, of the others as they are
    "area": (0.1, 10.0),
    "dispersion": (1e-3, 1e3),
    "storage_ratio": (1e-3, 10.0),
    "storage_rate": (1e-7, 1e-2),
}
GUESS: Final = {"storage_ratio": 0.2, "storage_rate": 3e-5}
SETTLED: Final = 1e-6  # of the sum of squares: less gained is none
Misfit = Callable[[Array], Array]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A tracer curve at one place."""

    at: float  # m from the start of the course
    time: Array  # (k,) s, increasing
    concentration: Array  # (k,) g/m3 above the background

    def __post_init__(self) -> None:
        good = len(self.time) > 0 and self.time.shape == self.concentration.shape
        if not (good and bool(np.all(np.diff(self.time) >= 0) and np.all(np.isfinite(self.concentration)))):
            raise InputError("calibrate.curve", at=self.at, points=len(self.time))


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was found."""

    course: Course  # with the coefficients
    rmse: float  # g/m3, over all points
    rmse_at: tuple[float, ...]  # of each curve
    steps: int
    error: dict[str, Array]  # by what was fitted: (groups,) standard error of the logarithm; inf = not to be told


def calibrate(
    course: Course,
    release: Release | Inflow,
    observed: Sequence[Observed],
    groups: Ints | None = None,
    what: Sequence[str] = WHAT,
    flow: float | Array | None = None,
    fate: Fate | None = None,
    step: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> Calibration:
    """Fit a course's coefficients to what was observed.

    Args:
        course: the river; its areas, or what Manning's formula gives, are the first guess.
        release: of the tracer.
        observed: curves, at one flow.
        groups: (n,) which reaches share their coefficients, 0 ... g - 1; None = each has its own.
        what: of WHAT; the rest stays as it is.
        flow: m3/s of the day, or a factor. fate: decay, sorption. step: s, of the model's grid.
        tell: told the share of the most steps that is done.

    Raises:
        InputError: "calibrate.curve", "calibrate.what" nothing, or nothing known, to fit; "calibrate.flat" a
            curve does not rise above the background; "course.flow".
    """
    if not observed or not what or any(name not in WHAT for name in what):
        raise InputError("calibrate.what", what=", ".join(what), curves=len(observed))
    for curve in observed:
        if not curve.concentration.max() > max(0.0, float(curve.concentration.min())):
            raise InputError("calibrate.flat", at=curve.at, points=len(curve.time))
    shared = np.arange(len(course.reaches), dtype=np.int64) if groups is None else groups
    here = hydraulics(course, flows(course, flow))
    ratio = here.area / hydraulics(course, course.flow).area
    first = course.replace(area=here.area / ratio, dispersion=np.array(coefficients(course, here)))
    names = [name for name in WHAT if name in what]
    count = int(shared.max()) + 1
    low, high = (np.repeat([np.log(BOUNDS[name][i]) for name in names], count) for i in (0, 1))
    start = np.concatenate([_start(first, name, shared, count) for name in names])
    horizon = max(float(curve.time[-1]) for curve in observed)

    def curves(found: Array) -> list[Array]:
        river = _with(first, names, found, shared, count)
        answer = respond(river, release, horizon, [curve.at for curve in observed], flow, fate, None, step)
        return [np.interp(c.time, answer.time, answer.concentration[:, i], left=0.0) for i, c in enumerate(observed)]

    def misfit(found: Array) -> Array:
        return np.concatenate([m - c.concentration for m, c in zip(curves(found), observed, strict=True)])

    found, steps = start, 0
    if "area" in names and len(names) > 1:
        free = np.arange(len(start)) < count
        found, steps = least_squares(misfit, found, low, high, free, 15, None)
    found, more = least_squares(misfit, found, low, high, np.ones(len(start), bool), 40, tell)
    each = [float(np.sqrt(np.mean((m - c.concentration) ** 2))) for m, c in zip(curves(found), observed, strict=True)]
    errors = _errors(misfit, found)
    return Calibration(
        course=_with(first, names, found, shared, count),
        rmse=float(np.sqrt(np.mean(misfit(found) ** 2))),
        rmse_at=tuple(each),
        steps=steps + more,
        error={name: errors[i * count : (i + 1) * count] for i, name in enumerate(names)},
    )


def _start(course: Course, name: str, shared: Ints, count: int) -> Array:
    """(count,) first guesses: logarithms, of area and dispersion as factors."""
    if name in ("area", "dispersion"):
        return np.zeros(count)
    values = np.where(getattr(course, name) > 0, getattr(course, name), GUESS[name])
    means = np.bincount(shared, np.log(values), count) / np.maximum(np.bincount(shared, minlength=count), 1)
    return np.clip(means, *np.log(BOUNDS[name]))


def _with(course: Course, names: Sequence[str], found: Array, shared: Ints, count: int) -> Course:
    columns = {}
    for i, name in enumerate(names):
        values = np.exp(found[i * count : (i + 1) * count])[shared]
        columns[name] = values * getattr(course, name) if name in ("area", "dispersion") else values
    return course.replace(**columns)


def slopes(misfit: Misfit, at: Array, value: Array, free: Marks) -> Array:
    """(k, p) change of the misfit with each logarithm, by a difference of 0.1 %; 0 where it is not free."""
    out = np.zeros((len(value), len(at)))
    for i in np.flatnonzero(free):
        moved = at.copy()
        moved[i] += 1e-3
        out[:, i] = (misfit(moved) - value) / 1e-3
    return out


def least_squares(
    misfit: Misfit,
    start: Array,
    low: Array,
    high: Array,
    free: Marks,
    most: int,
    tell: Callable[[float], None] | None,
) -> tuple[Array, int]:
    """Minimum of the sum of squares between bounds, and in how many steps it was found.

    Each new point is put between the bounds; what stands on one and would go beyond is held there for a step.
    """
    at, value = np.clip(start, low, high), misfit(np.clip(start, low, high))
    damping, factor, quiet, done = 1e-2, 2.0, 0, 0
    slope = slopes(misfit, at, value, free)
    while done < most and quiet < 2:
        done += 1
        if tell is not None:
            tell(done / most)
        gradient = slope.T @ value
        held = ~free | ((at <= low) & (gradient > 0)) | ((at >= high) & (gradient < 0))
        normal = slope.T @ slope
        scale = np.maximum(np.diag(normal), 1e-12 * max(float(np.diag(normal).max()), 1e-300))
        normal += damping * np.diag(scale)
        normal[held], normal[:, held] = 0.0, 0.0
        normal[held, held] = 1.0
        move = np.linalg.solve(normal, np.where(held, 0.0, -gradient))
        new = np.clip(at + np.clip(move, -1.0, 1.0), low, high)
        there = misfit(new)
        gained = float(value @ value - there @ there)
        if gained > 0:
            quiet = quiet + 1 if gained < SETTLED * float(value @ value) else 0
            at, value = new, there
            slope = slopes(misfit, at, value, free)
            damping, factor = max(damping / 3.0, 1e-9), 2.0
        else:
            damping, factor = damping * factor, factor * 2.0
            quiet += damping > 1e8
    return at, done


def _errors(misfit: Misfit, found: Array) -> Array:
    """(p,) standard errors of the logarithms, from the curvature at the minimum."""
    value = misfit(found)
    slope = slopes(misfit, found, value, np.ones(len(found), bool))
    freedom = max(len(value) - len(found), 1)
    told = np.linalg.norm(slope, axis=0) > 1e-9 * max(float(np.linalg.norm(slope)), 1e-300)
    out = np.full(len(found), np.inf)
    inverse = np.linalg.pinv(slope[:, told].T @ slope[:, told], rcond=1e-12, hermitian=True)
    out[told] = np.sqrt(np.maximum(np.diag(inverse), 0.0) * float(value @ value) / freedom)
    return out
