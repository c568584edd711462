"""How well could a source be traced at all? An oracle beside the tracing, on the same simulated cases.

    python -m benchmarks.tracing_limit --cases 60 --outlets 8 --apart 12000

The oracle knows what nobody knows: the dispersion of the day, how long the release lasted, every background with its
drift, the size of the noise, and by which law the velocities differ from reach to reach. It does not know the
velocities themselves (5 %), the place, the time and the amount. Its probabilities are no samples: for each outlet the
likelihood is summed over a grid of time and velocities, with the amount integrated out. Nobody who has the same values
can be right more often.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from benchmarks.tracing import FLOOR, NOISE, REACHES, Kind, Truth, case, score
from shangyou.basin.tracing.amount import Seen, seen, weigh
from shangyou.basin.tracing.model import LENGTH, MIDDLE, PLACE, SPEED, Model, model
from shangyou.basin.tracing.problem import Problem
from shangyou.basin.tracing.search import Modes, find
from shangyou.basin.tracing.trace import trace
from shangyou.basin.tracing.ways import way_of
from shangyou.core.records import Array

SHARED: Final = float(np.hypot(0.34 * 0.10, 0.032))  # of the logarithm of velocity: what all reaches have in common
ALONG: Final = 0.02  # what varies from reach to reach ...
MEMORY: Final = 0.7  # ... and how much of it the next one keeps
UNIT: Final = 0.05  # of the model's velocity parameters
REACH: Final = 6.4  # standard deviations that the grid spans on either side
STEP: Final = 0.8  # and between its points
TINY: Final = 1e-9


def told(problem: Problem, truth: Truth) -> Problem:
    """The problem of one who knows all but place, time, amount and velocities."""
    speed, usual = (each.flow / each.area for each in (truth.river, truth.known))
    spread = truth.river.dispersion * usual / speed  # it goes with the velocity, which is not told
    way = way_of(truth.known.replace(dispersion=spread), truth.known.flow, problem.ways[0].stations)
    pulses = tuple(
        replace(
            pulse, value=pulse.value - level, noise=np.hypot(NOISE * clean, FLOOR), background=0.0, background_sd=TINY
        )
        for pulse, clean, level in zip(problem.pulses, truth.clean, truth.level, strict=True)
    )
    priors = replace(
        problem.priors,
        shortest=truth.lasts,
        longest=truth.lasts,
        velocity_sd=UNIT,
        velocity_shared=0.0,
        station_sd=TINY,
        dispersion_sd=TINY,
    )
    return replace(problem, ways=(way,), pulses=pulses, priors=priors, discrepancy=0.0)


def oracle(problem: Problem, truth: Truth) -> Array:
    """(c,) probability of each outlet."""
    asked = told(problem, truth)
    table, data = model(asked), seen(asked)
    modes = find(table, data)
    logs = np.full(len(asked.candidates), -np.inf)
    for c in np.unique(modes.which):
        logs[c] = _evidence(asked, table, data, modes, int(c))
    return np.asarray(np.exp(logs - np.logaddexp.reduce(logs)))


def _evidence(asked: Problem, table: Model, data: Seen, modes: Modes, candidate: int) -> float:
    """Log of the likelihood of one outlet, summed over a grid along the axes of its best explanation's curvature."""
    own = np.flatnonzero(modes.which == candidate)
    mode = own[np.argmin(modes.cost[own])]
    inner = [MIDDLE, *(SPEED + 1 + np.flatnonzero(table.sees[candidate])).tolist()]
    curvature = modes.curvature[mode][np.ix_(inner, inner)] + np.diag([1e-14, *[0.0] * (len(inner) - 1)])
    sizes, turned = np.linalg.eigh(curvature)
    axes = turned / np.sqrt(sizes)
    ticks = np.arange(-REACH, REACH + STEP / 2, STEP)
    steps = np.stack(np.meshgrid(*[ticks] * len(inner), indexing="ij"), axis=-1).reshape(-1, len(inner))
    rows = np.repeat(modes.rows[mode][None, :], len(steps), axis=0)
    rows[:, inner] += steps @ axes.T
    rows[:, LENGTH], rows[:, PLACE] = table.duration[0], 0.5
    which = np.full(len(rows), candidate, np.intp)
    begin = rows[:, MIDDLE] - np.exp(rows[:, LENGTH]) / 2
    inside = (begin >= table.start[0]) & (begin <= table.start[1])
    logs = np.where(inside, 0.0, -np.inf) + _velocities(asked, candidate, UNIT * rows[:, inner[1:]])
    priors = asked.priors
    for at in np.array_split(np.flatnonzero(np.isfinite(logs)), 8):
        if len(at):
            fit = weigh(data, table.respond(which[at], rows[at]), (priors.least, priors.most), priors.even)
            logs[at] += fit.log_likelihood
    volume = np.log(abs(np.linalg.det(axes))) + len(inner) * np.log(STEP)
    return float(np.logaddexp.reduce(logs) + volume + (len(inner) - 1) * np.log(UNIT))


def _velocities(asked: Problem, candidate: int, legs: Array) -> Array:
    """(n,) log density of the logarithms of the velocities of the legs below an outlet, by the law of the cases."""
    at, way = asked.candidates[candidate].at, asked.ways[0]
    ends = np.cumsum(way.length)
    bounds = [at, *sorted(float(s) for s in way.stations if s > at)]
    lag = np.abs(np.subtract.outer(np.arange(REACHES), np.arange(REACHES)))
    whole = SHARED**2 + ALONG**2 * MEMORY**lag
    weights = []
    for low, high in pairwise(bounds):
        time = np.clip(np.minimum(ends, high) - np.maximum(ends - way.length, low), 0.0, None) / way.velocity
        weights.append(time / time.sum())
    covariance = np.array(weights) @ whole @ np.array(weights).T
    order = [int(np.flatnonzero(np.sort(way.stations) == s)[0]) for s in bounds[1:]]
    assert order == sorted(order)  # legs are numbered by their station, upstream first
    away = np.linalg.solve(np.linalg.cholesky(covariance), legs.T)
    size = float(np.linalg.slogdet(2 * np.pi * covariance)[1])
    return np.asarray(-0.5 * np.einsum("ij,ij->j", away, away) - 0.5 * size)


@dataclass(frozen=True, slots=True)
class Beside:
    """The tracing and the oracle on one case."""

    right: bool
    oracle_right: bool
    sure: float
    oracle_sure: float
    apart: float  # m from the true outlet to the nearest other one


def compare(seed: int, kind: Kind) -> Beside:
    """Both on one case."""
    problem, truth = case(seed, kind)
    found, chance = score(trace(problem), truth, 0.0), oracle(problem, truth)
    ids = [each.id for each in problem.candidates]
    others = [abs(each.at - truth.at) for each in problem.candidates if each.id != truth.outlet]
    first = int(np.argmax(chance))
    return Beside(found.first, ids[first] == truth.outlet, found.sure, float(chance[first]), min(others))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    parser.add_argument("--outlets", type=int, default=8)
    parser.add_argument("--apart", type=float, default=12e3)
    asked = parser.parse_args()
    kind = Kind(asked.outlets, asked.apart)
    rows = [compare(seed, kind) for seed in range(asked.first, asked.first + asked.cases)]
    for name in ("right", "sure", "oracle_right", "oracle_sure", "apart"):
        print(f"{name:>14}  {np.mean([getattr(row, name) for row in rows]):.3f}")
    both = sum(row.right == row.oracle_right for row in rows)
    print(f"{'alike':>14}  {both / len(rows):.3f}")


if __name__ == "__main__":
    main()
