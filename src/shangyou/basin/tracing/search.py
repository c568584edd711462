"""Find the best explanation that each candidate has: a coarse look at all times, then Gauss-Newton from the best.

The amount and the backgrounds are solved for at every step (variable projection): only what is not linear is searched.
Sources: Golub and Pereyra (2003), Inverse Problems 19(2), variable projection; Marquardt (1963), the damping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.tracing.amount import Seen
from shangyou.basin.tracing.model import LENGTH, MIDDLE, PLACE, SPEED, SPREAD, Model
from shangyou.basin.tracing.problem import Flags, Index
from shangyou.core.records import Array

SPREADS: Final = (-0.8, 0.8)  # of the coarse look, in standard deviations
SPEEDS: Final = (-1.5, 0.0, 1.5)
SHARES: Final = (0.15, 0.6)  # of the way from the shortest to the longest release
MOST_TIMES: Final = 120  # of the coarse look
MOST_VALUES: Final = 48  # of a station in the coarse look
LOOSE: Final = 0.15  # share of a station's highest value by which a coarse look may be off
STARTS: Final = 2  # of each candidate
STEPS: Final = 20
CLOSE: Final = 0.02  # the search ends where a step gains no more: the draws see to the rest
CHUNK: Final = 2_000_000  # values of a response held at a time


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """The best explanations found, n of them, of one candidate each."""

    which: Index  # (n,) candidate
    rows: Array  # (n, d) parameters
    cost: Array  # (n,) half the misfit, with the priors'
    curvature: Array  # (n, d, d) of the cost; unit rows for parameters that a candidate has not


def find(model: Model, data: Seen) -> Modes:
    """Up to STARTS modes of each candidate that any station sees."""
    which, rows = _look(model, data)
    return _descend(model, data, which, rows)


def _look(model: Model, data: Seen) -> tuple[Index, Array]:
    """The best of a coarse grid over time, duration, velocity and dispersion, a few of each candidate."""
    thin = [np.unique(np.linspace(0, len(t) - 1, min(len(t), MOST_VALUES)).astype(np.intp)) for t in model.times]
    begins = np.cumsum([0, *(len(t) for t in model.times)])[:-1]
    kept = np.concatenate([own + begin for own, begin in zip(thin, begins, strict=True)])
    kept_plain = data.plain[kept]
    value = (data.given - data.background)[kept]
    tops = np.array([max(float(value[data.station[kept] == s].max()), 0.0) for s in range(len(model.times))])
    error = np.sqrt(data.variance[kept] + (LOOSE * tops[data.station[kept]]) ** 2)
    times = tuple(t[own] for t, own in zip(model.times, thin, strict=True))
    found_which, found_rows = [], []
    for candidate in np.flatnonzero(model.sees.any(axis=1)):
        grid = _grid(model, int(candidate))
        which = np.full(len(grid), candidate, np.intp)
        response = model.respond(which, grid, times)[:, kept_plain] / error[kept_plain]
        wanted = value[kept_plain] / error[kept_plain]
        square = np.maximum(np.einsum("ij,ij->i", response, response), np.finfo(float).tiny)
        gain = np.maximum(response @ wanted, 0.0) ** 2 / square
        best = _apart(grid, gain)
        found_which.append(which[best])
        found_rows.append(grid[best])
    return np.concatenate(found_which), np.concatenate(found_rows)


def _grid(model: Model, candidate: int) -> Array:
    """(g, d) hypotheses of a candidate that cover what is possible."""
    which, middle = np.array([candidate], np.intp), np.zeros((1, model.size))
    middle[0, PLACE] = 0.5
    low, high = model.duration
    middle[0, LENGTH] = low
    mean, deviation, _ = model.travel(which, middle)
    sees = model.sees[candidate]
    narrow = float(deviation[0, sees].min()) + np.exp(low) / 2
    first, last = model.start[0], model.start[1] + np.exp(low)
    ends = [(t[0], t[-1]) for t, s in zip(model.times, sees, strict=True) if s]
    slow = 1 + 2.5 * float(np.hypot(*model.speed))
    first = max(first, min(e[0] for e in ends) - slow * float(mean[0, sees].max()))
    last = min(last, max(e[1] for e in ends))
    if last <= first:
        first, last = model.start[0], model.start[1]
    count = int(np.clip((last - first) / (0.7 * narrow), 8, MOST_TIMES))
    lengths = [low + share * (high - low) for share in SHARES] if model.active[candidate, LENGTH] else [low]
    axes = np.meshgrid(np.linspace(first, last, count), lengths, SPREADS, SPEEDS, indexing="ij")
    grid = np.zeros((axes[0].size, model.size))
    grid[:, PLACE] = 0.5
    for column, axis in zip((MIDDLE, LENGTH, SPREAD, SPEED), axes, strict=True):
        grid[:, column] = axis.ravel()
    return grid


def _apart(grid: Array, gain: Array) -> Index:
    """The best rows, each at a time of its own."""
    chosen: list[int] = []
    for row in np.argsort(gain)[::-1][:400]:
        if all(
            abs(grid[row, MIDDLE] - grid[other, MIDDLE]) > 1.0 or grid[row, SPREAD] != grid[other, SPREAD]
            for other in chosen
        ):
            chosen.append(int(row))
        if len(chosen) == STARTS:
            break
    return np.array(chosen, np.intp)


def _descend(model: Model, data: Seen, which: Index, rows: Array) -> Modes:
    """Damped Gauss-Newton of all starts side by side."""
    active = model.active[which]
    unit = np.ones(model.size)
    unit[MIDDLE] = max(1.0, float(np.median(model.travel(which, rows)[1])))
    rows = _inside(model, rows, active)
    left = _residual(model, data, which, rows)
    cost = 0.5 * np.einsum("ij,ij->i", left, left)
    damping = np.full(len(rows), 1e-2)
    going = np.ones(len(rows), np.bool_)
    eye = np.eye(model.size)
    for _ in range(STEPS):
        at = np.flatnonzero(going)
        if not len(at):
            break
        slope = _slope(model, data, which[at], rows[at], left[at], unit)
        normal = slope @ slope.transpose(0, 2, 1) + np.where(active[at], 0.0, 1.0)[:, :, None] * eye
        lift = damping[at, None, None] * eye * np.maximum(np.einsum("ijj->ij", normal), 1e-6)[:, :, None]
        step = np.linalg.solve(normal + lift, -(slope @ left[at][:, :, None]))[:, :, 0]
        tried = _inside(model, rows[at] + np.where(active[at], step * unit, 0.0), active[at])
        new = _residual(model, data, which[at], tried)
        new_cost = 0.5 * np.einsum("ij,ij->i", new, new)
        better = new_cost < cost[at]
        gained = cost[at] - new_cost
        going[at] = np.where(better, gained > CLOSE, damping[at] < 1e6)
        damping[at] = np.where(better, damping[at] / 5, damping[at] * 6)
        taken = at[better]
        rows[taken], left[taken], cost[taken] = tried[better], new[better], new_cost[better]
    slope = _slope(model, data, which, rows, left, unit)
    normal = slope @ slope.transpose(0, 2, 1) + np.where(active, 0.0, 1.0)[:, :, None] * eye
    return Modes(which, rows, cost, normal / (unit[:, None] * unit[None, :]))


def _residual(model: Model, data: Seen, which: Index, rows: Array) -> Array:
    """(n, m' + d) whitened residuals at the best amount, and the parameters' own, whose squares are their priors'."""
    white = data.whitened(model.respond(which, rows)[:, data.plain])
    square = np.maximum(np.einsum("ij,ij->i", white, white), np.finfo(float).tiny)
    amount = np.maximum(white @ data.value / square, 0.0)
    low, high = model.duration
    own = rows.copy()
    own[:, MIDDLE] = 0.0
    own[:, LENGTH] = (rows[:, LENGTH] - (low + high) / 2) / max(high - low, 1e-9)
    own[:, PLACE] -= 0.5
    return np.concatenate([data.value - amount[:, None] * white, np.where(model.active[which], own, 0.0)], axis=1)


def _slope(model: Model, data: Seen, which: Index, rows: Array, left: Array, unit: Array) -> Array:
    """(n, d, m' + d) change of the residuals with each parameter, in its unit."""
    size = model.size
    moved = np.repeat(rows, size, axis=0)
    width = np.where(rows + 0.02 * unit > _highest(model), -0.02, 0.02)  # of bounded parameters, towards the inside
    moved[np.arange(len(moved)), np.tile(np.arange(size), len(rows))] += (width * unit).ravel()
    out = np.empty((len(moved), left.shape[1]))
    each = max(1, CHUNK // left.shape[1])
    source = np.repeat(which, size)
    for at in range(0, len(moved), each):
        part = slice(at, at + each)
        out[part] = _residual(model, data, source[part], moved[part])
    slope = (out.reshape(len(rows), size, -1) - left[:, None, :]) / width[:, :, None]
    return np.asarray(np.where(model.active[which][:, :, None], slope, 0.0))


def _highest(model: Model) -> Array:
    most = np.full(model.size, np.inf)
    most[LENGTH], most[PLACE] = model.duration[1], 1.0
    return most


def _inside(model: Model, rows: Array, active: Flags) -> Array:
    """Parameters moved to where they can be."""
    rows = rows.copy()
    rows[:, LENGTH] = np.clip(rows[:, LENGTH], *model.duration)
    rows[:, PLACE] = np.where(active[:, PLACE], np.clip(rows[:, PLACE], 0.0, 1.0), 0.5)
    rows[:, SPREAD:] = np.clip(rows[:, SPREAD:], -4.0, 4.0)
    half = np.exp(rows[:, LENGTH]) / 2
    rows[:, MIDDLE] = np.clip(rows[:, MIDDLE], model.start[0] + half, model.start[1] + half)
    return rows
