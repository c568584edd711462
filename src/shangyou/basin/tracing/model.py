"""What each hypothesis says the stations should have seen: tables of the backward runs, and reading them.

A hypothesis is a candidate with a row of parameters (COLUMNS): when the middle of the release was, how long it lasted,
how fast and how dispersive the river really is, and where on a stretch. The amount and the backgrounds are no
parameters: what is seen is linear in them, and they are integrated out in closed form (amount.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.tracing.backward import BEFORE, GRID, POINTS, backward
from shangyou.basin.tracing.problem import Flags, Index, Problem
from shangyou.core.records import Array

MIDDLE, LENGTH, PLACE, SPREAD, SPEED = 0, 1, 2, 3, 4  # columns of a hypothesis; SPEED and on: shared, then a leg each
NODES: Final[Array] = np.linspace(-2.4, 2.4, 7)  # standard deviations of the logarithm of dispersion in the tables
STEP: Final = float(GRID[1] - GRID[0])


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The tables of c candidates and s stations, and the priors of the d parameters."""

    times: tuple[Array, ...]  # s from the origin, of each station
    mean: Array  # (c, s, 2, 2) begin and end of the candidate; Backward.mean
    variance: Array  # (c, s, 2, 3)
    share: Array  # (c, s, 2, k) logarithm of the arriving share over the station's discharge [log s/m3]
    passed: Array  # (c * s * k * POINTS,)
    sees: Flags  # (c, s)
    active: Flags  # (c, d) which parameters the candidate has
    start: tuple[float, float]  # s from the origin between which the release began
    duration: tuple[float, float]  # logarithms of the shortest and the longest [log s]
    speed: tuple[float, float]  # standard deviations of the logarithm of velocity: shared, and of a leg
    discharge: float  # standard deviation of the logarithm of discharge
    spread: float  # and of dispersion
    decay: float  # 1/s

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.active.shape[1])

    def log_prior(self, which: Index, rows: Array) -> Array:
        """(n,) log density of parameters, without the candidate's weight; -inf where they cannot be."""
        active = self.active[which]
        begin = rows[:, MIDDLE] - np.exp(rows[:, LENGTH]) / 2
        inside = (begin >= self.start[0]) & (begin <= self.start[1])
        low, high = self.duration
        inside &= ~active[:, LENGTH] | ((rows[:, LENGTH] >= low) & (rows[:, LENGTH] <= high))
        inside &= ~active[:, PLACE] | ((rows[:, PLACE] >= 0) & (rows[:, PLACE] <= 1))
        normal = np.where(active[:, SPREAD:], -0.5 * rows[:, SPREAD:] ** 2 - 0.5 * np.log(2 * np.pi), 0.0).sum(axis=1)
        flat = -np.log(self.start[1] - self.start[0]) - np.where(active[:, LENGTH], np.log(max(high - low, 1e-9)), 0)
        return np.where(inside, normal + flat, -np.inf)

    def travel(self, which: Index, rows: Array) -> tuple[Array, Array, Array]:
        """(n, s) mean and deviation of the passage after the release [s], and log of its weight [log s/m3]."""
        place = rows[:, PLACE, None]
        factor = np.exp(self.spread * rows[:, SPREAD])[:, None]

        def along(ends: Array) -> Array:  # (n, s, 2, ...) to (n, s, ...)
            at = place.reshape(-1, 1, *(1,) * (ends.ndim - 3))
            return np.asarray(ends[:, :, 0] * (1 - at) + ends[:, :, 1] * at)

        still = along(self.mean[which])
        still = still[..., 0] + factor * still[..., 1]
        parts = along(self.variance[which])
        variance = parts[..., 0] + factor * parts[..., 1] + factor**2 * parts[..., 2]
        sees = self.sees[which]
        mean, deviation = self._legs(np.where(sees, still, 0), np.where(sees, variance, 0), rows)
        at, rest = _nodes(rows[:, SPREAD])
        share = along(self.share[which])
        row = np.arange(len(rows))
        weight = share[row, :, at] * (1 - rest)[:, None] + share[row, :, at + 1] * rest[:, None]
        return mean, np.maximum(deviation, 1e-3), np.where(sees, weight - self.decay * (mean - still), -np.inf)

    def _legs(self, mean: Array, variance: Array, rows: Array) -> tuple[Array, Array]:
        """Each leg between stations has a velocity of its own, close to that of the others."""
        order = np.argsort(mean, axis=1, kind="stable")
        row = np.arange(len(rows))[:, None]
        legs = rows[:, SPEED, None] * self.speed[0] + rows[:, SPEED + 1 :] * self.speed[1]
        faster = np.exp(legs[row, order])
        taken = np.cumsum(np.diff(mean[row, order], axis=1, prepend=0.0) / faster, axis=1)
        squares = np.cumsum(np.diff(variance[row, order], axis=1, prepend=0.0) / faster**2, axis=1)
        back = np.argsort(order, axis=1, kind="stable")
        return taken[row, back], np.sqrt(np.maximum(squares[row, back], 0.0))

    def respond(self, which: Index, rows: Array, times: tuple[Array, ...] | None = None) -> Array:
        """(n, m) what the stations see of one gram [g/m3 per g], at their own times or at others."""
        mean, deviation, weight = self.travel(which, rows)
        lasts = np.exp(rows[:, LENGTH])
        begin = rows[:, MIDDLE] - lasts / 2
        at, rest = _nodes(rows[:, SPREAD])
        count = len(NODES)
        parts = []
        for station, seen in enumerate(self.times if times is None else times):
            table = ((which * self.sees.shape[1] + station) * count + at) * POINTS
            scale = np.exp(weight[:, station]) / lasts
            early = (seen - (begin + mean[:, station])[:, None]) / deviation[:, station, None]
            late = early - (lasts / deviation[:, station])[:, None]
            parts.append(scale[:, None] * (self._read(early, table, rest) - self._read(late, table, rest)))
        return np.concatenate(parts, axis=1)

    def _read(self, deviations: Array, table: Index, rest: Array) -> Array:
        """Share that has passed, between two tables of dispersion and two points of each."""
        place = np.clip((deviations + BEFORE) / STEP, 0.0, POINTS - 1.001)
        low = place.astype(np.intp)
        place -= low
        low += table[:, None]
        passed = self.passed
        one = passed[low]
        one += place * (passed[low + 1] - one)
        low += POINTS
        two = passed[low]
        two += place * (passed[low + 1] - two)
        two -= one
        two *= rest[:, None]
        one += two
        return one


def _nodes(spread: Array) -> tuple[Index, Array]:
    """The table below each dispersion, and how far it is towards the next."""
    place = np.clip((spread - NODES[0]) / (NODES[1] - NODES[0]), 0.0, len(NODES) - 1.001)
    low = place.astype(np.intp)
    return low, place - low


def model(problem: Problem) -> Model:
    """Run backward from each station, once for each way, and lay out what hypotheses are read from."""
    priors, candidates, stations = problem.priors, problem.candidates, len(problem.pulses)
    count = len(candidates)
    mean, variance = np.zeros((count, stations, 2, 2)), np.zeros((count, stations, 2, 3))
    share = np.zeros((count, stations, 2, len(NODES)))
    passed = np.zeros((count, stations, len(NODES), POINTS))
    sees = np.zeros((count, stations), np.bool_)
    factors = np.exp(priors.dispersion_sd * NODES)
    for w, way in enumerate(problem.ways):
        own = np.array([i for i, each in enumerate(candidates) if each.way == w], np.intp)
        low = np.array([candidates[i].at for i in own])
        high = low + np.array([candidates[i].width for i in own])
        for s, pulse in enumerate(problem.pulses):
            if not len(own) or not np.isfinite(way.stations[s]):
                continue
            places, back = np.unique(np.concatenate([low, (low + high) / 2, high]), return_inverse=True)
            run = backward(way, float(way.stations[s]), places, factors, priors.decay, pulse.support)
            begin, middle, end = back.reshape(3, len(own))
            seen = run.sees[begin] & run.sees[middle]
            for i, at in enumerate((begin, end)):
                mean[own, s, i], variance[own, s, i] = run.mean[at], run.variance[at]
                seen_at = np.where(run.sees[at], at, middle)  # a stretch may end at the station itself
                share[own, s, i] = np.log(np.maximum(run.share[seen_at], np.finfo(float).tiny) / run.discharge)
            passed[own, s], sees[own, s] = run.passed[middle], seen
    return Model(
        times=tuple(problem.seconds(pulse.time) for pulse in problem.pulses),
        mean=mean,
        variance=variance,
        share=share,
        passed=passed.ravel(),
        sees=sees,
        active=_active(problem, sees),
        start=(float(problem.seconds(priors.start_from)), float(problem.seconds(priors.start_to))),
        duration=(float(np.log(priors.shortest)), float(np.log(priors.longest))),
        speed=(
            priors.velocity_sd * float(np.sqrt(priors.velocity_shared)),
            priors.velocity_sd * float(np.sqrt(1 - priors.velocity_shared)),
        ),
        discharge=priors.discharge_sd,
        spread=priors.dispersion_sd,
        decay=priors.decay,
    )


def _active(problem: Problem, sees: Flags) -> Flags:
    """A leg's own velocity counts where the candidate's water passes it, and where there is more than one."""
    several = (sees.sum(axis=1) > 1)[:, None] & (problem.priors.velocity_shared < 1)
    first = np.ones((len(sees), 2), np.bool_)
    first[:, LENGTH] = problem.priors.longest > problem.priors.shortest
    wide = np.array([[each.width > 0] for each in problem.candidates])
    both = np.ones((len(sees), 2), np.bool_)
    return np.concatenate([first, wide, both, sees & several], axis=1)
