"""Dispersion, area and storage of each reach from tracer curves: bounded least squares.

The unknowns are fitted as logarithms, since all are positive and known to a factor rather than to a sum, by the method
of Levenberg and Marquardt with Nielsen's damping; first areas alone, which set the times, then all.

Source: Marquardt (1963), J. Soc. Indust. Appl. Math. 11, 431-441; Nielsen (1999), IMM-REP-1999-05, Lyngby.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.course import Course
from shangyou.basin.loads.normal import log_below
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.prepare import coefficients, flows
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes, Censor, Ints

WHAT: Final = ("area", "dispersion", "storage_ratio", "storage_rate")
BOUNDS: Final = {  # of area and dispersion as factors on the first guess, of the others as they are
    "area": (0.1, 10.0),
    "dispersion": (1e-3, 1e3),
    "storage_ratio": (1e-3, 10.0),
    "storage_rate": (1e-7, 1e-2),
}
GUESS: Final = {"storage_ratio": 0.2, "storage_rate": 3e-5}
SETTLED: Final = 1e-6  # of the sum of squares: less gained is none
LEAST_ERROR: Final = 1e-4  # of the highest value: what is left of curves that a model has made is none
Entering = Release | Inflow
Misfit = Callable[[Array], Array]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A tracer curve at one place. Some of its values may be bounds: below what could be seen, or above a range."""

    at: float  # m from the start of the course
    time: Array  # (k,) s, increasing
    concentration: Array  # (k,) g/m3 above the background
    censor: Bytes | None = None  # (k,) Censor NONE, BELOW or ABOVE; None = every value is one

    def __post_init__(self) -> None:
        good = len(self.time) > 0 and self.time.shape == self.concentration.shape
        good = good and (self.censor is None or (self.censor.shape == self.time.shape and self.censor.max() < 3))
        if not (good and bool(np.all(np.diff(self.time) >= 0) and np.all(np.isfinite(self.concentration)))):
            raise InputError("calibrate.curve", at=self.at, points=len(self.time))

    @property
    def sign(self) -> Array:
        """(k,) 0 of a value; of a bound 1 where the truth is below it, -1 where it is above."""
        if self.censor is None:
            return np.zeros(len(self.time))
        return np.select([self.censor == Censor.BELOW, self.censor == Censor.ABOVE], [1.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was found."""

    course: Course  # with the coefficients
    rmse: float  # g/m3, over all values that are no bounds
    rmse_at: tuple[float, ...]  # of each curve
    steps: int
    error: dict[str, Array]  # by what was fitted: (groups,) standard error of the logarithm; inf = not to be told


def calibrate(
    course: Course,
    release: Entering | Sequence[Entering],
    observed: Sequence[Observed],
    groups: Ints | None = None,
    what: Sequence[str] = WHAT,
    flow: float | Array | None = None,
    fate: Fate | None = None,
    step: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> Calibration:
    """Fit a course's coefficients to what was observed.

    A bound counts by how probable it is that the truth lies beyond it (Tobin 1958, Econometrica 26, 24-36), with the
    error that the plain values are left with; in a first fit, which finds that error, by how far it is broken.

    Args:
        course: the river; its areas, or what Manning's formula gives, are the first guess.
        release: of the tracer; of several, at other places or times, the curves are the sum.
        observed: curves, at one flow.
        groups: (n,) which reaches share their coefficients, 0 ... g - 1; None = each has its own.
        what: of WHAT; the rest stays as it is.
        flow: m3/s of the day, or a factor. fate: decay, sorption. step: s, of the model's grid.
        tell: told the share of the most steps that is done.

    Raises:
        InputError: "calibrate.curve", "calibrate.what" nothing, or nothing known, to fit; "calibrate.flat" a
            curve does not rise above the background; "calibrate.above" it lies above all that is let go;
            "calibrate.late" something is let go when all has been observed; "course.flow".
    """
    if not observed or not what or any(name not in WHAT for name in what):
        raise InputError("calibrate.what", what=", ".join(what), curves=len(observed))
    tracers = tuple(release) if isinstance(release, Sequence) else (release,)
    _check(tracers, observed)
    shared = np.arange(len(course.reaches), dtype=np.int64) if groups is None else groups
    here = hydraulics(course, flows(course, flow))
    ratio = here.area / hydraulics(course, course.flow).area
    first = course.replace(area=here.area / ratio, dispersion=np.array(coefficients(course, here)))
    names, count = tuple(name for name in WHAT if name in what), int(shared.max()) + 1
    task = _Task(first, names, shared, count, tracers, tuple(observed), flow, fate, step)
    low, high = (np.repeat([np.log(BOUNDS[name][i]) for name in names], count) for i in (0, 1))
    found, steps = np.concatenate([_start(first, name, shared, count) for name in names]), 0
    if "area" in names and len(names) > 1:
        free = np.arange(len(found)) < count
        found, steps = least_squares(task.misfit, found, low, high, free, 15, None)
    every = np.ones(len(found), bool)
    found, more = least_squares(task.misfit, found, low, high, every, 40, tell)
    steps += more
    if any(bool(curve.sign.any()) for curve in observed):
        task = dataclasses.replace(task, error=max(_rmse(task.left(found)), LEAST_ERROR * task.highest))
        found, more = least_squares(task.misfit, found, low, high, every, 40, tell)
        steps += more
    left, errors = task.left(found), _errors(task.misfit, found)
    return Calibration(
        course=_with(first, names, found, shared, count),
        rmse=_rmse(left),
        rmse_at=tuple(_rmse([each]) for each in left),
        steps=steps,
        error={name: errors[i * count : (i + 1) * count] for i, name in enumerate(names)},
    )


def _check(tracers: tuple[Entering, ...], observed: Sequence[Observed]) -> None:
    """Can the curves tell of what is let go?"""
    places = [0.0 if isinstance(each, Inflow) else each.at for each in tracers]
    begins = [0.0 if isinstance(each, Inflow) else each.start for each in tracers]
    last = max(float(curve.time[-1]) for curve in observed)
    for curve in observed:
        plain = curve.concentration[curve.sign == 0]
        if not plain.max(initial=0.0) > max(0.0, float(plain.min(initial=0.0))):
            raise InputError("calibrate.flat", at=curve.at, points=len(curve.time))
        if not places or curve.at <= min(places):
            raise InputError("calibrate.above", at=curve.at, place=min(places, default=0.0))
    for place, begin in zip(places, begins, strict=True):
        if begin >= last:
            raise InputError("calibrate.late", at=place, begin=f"{begin / 3600:g}", last=f"{last / 3600:g}")


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is fitted to what."""

    first: Course
    names: tuple[str, ...]
    shared: Ints
    count: int  # of groups
    tracers: tuple[Entering, ...]
    observed: tuple[Observed, ...]
    flow: float | Array | None
    fate: Fate | None
    step: float | None
    error: float = 0.0  # g/m3, of a value; 0 = not known yet: a bound counts by how far it is broken

    @property
    def highest(self) -> float:
        """g/m3 of all curves."""
        return max(float(curve.concentration.max()) for curve in self.observed)

    def curves(self, found: Array) -> list[Array]:
        """What the river would have shown, at the times of each curve."""
        river = _with(self.first, self.names, found, self.shared, self.count)
        horizon = max(float(curve.time[-1]) for curve in self.observed)
        out = [np.zeros(len(curve.time)) for curve in self.observed]
        for tracer in self.tracers:
            until = horizon - (0.0 if isinstance(tracer, Inflow) else tracer.start)
            at = [curve.at for curve in self.observed]
            answer = respond(river, tracer, until, at, self.flow, self.fate, None, self.step)
            for i, curve in enumerate(self.observed):
                out[i] += np.interp(curve.time, answer.time, answer.concentration[:, i], left=0.0)
        return out

    def misfit(self, found: Array) -> Array:
        """What is left of each value, and how improbable each bound is, as if it were a distance [g/m3]."""
        parts = []
        for modelled, curve in zip(self.curves(found), self.observed, strict=True):
            away, sign = modelled - curve.concentration, curve.sign
            if sign.any():
                broken = away * sign
                if self.error:
                    beyond = self.error * np.sqrt(-2.0 * log_below(-broken / self.error)[0])
                else:
                    beyond = np.maximum(broken, 0.0)
                away = np.where(sign == 0, away, beyond)
            parts.append(away)
        return np.concatenate(parts)

    def left(self, found: Array) -> list[Array]:
        """What is left of the values of each curve that are no bounds."""
        every = zip(self.curves(found), self.observed, strict=True)
        return [(modelled - curve.concentration)[curve.sign == 0] for modelled, curve in every]


def _rmse(left: Sequence[Array]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(left) ** 2)))


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
