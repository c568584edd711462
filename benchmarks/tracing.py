"""Source tracing on simulated cases: how often the true place is ranked first and lies in the 90 % region.

    python -m benchmarks.tracing --cases 200

A case is made by the transport model, not by the backward run that traces it, and by things the tracing does not know:
velocities that differ from reach to reach besides being off as a whole, a background that drifts, another dispersion,
another discharge. What is told to the tracing is what a bureau would know: velocities within 5 %, dispersion from a
tracer run within about a quarter, and the day before which the release cannot have been.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.measure import Figure
from shangyou.basin.course import Course
from shangyou.basin.tracing.observed import Errors, Observed, pulse_of
from shangyou.basin.tracing.problem import Candidate, Priors, Problem
from shangyou.basin.tracing.result import TraceResult
from shangyou.basin.tracing.trace import trace
from shangyou.basin.tracing.ways import way_of
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Release
from shangyou.core.records import Array

HOUR: Final = 3_600_000
REACHES: Final = 24  # of 10 km
NOISE: Final = 0.05  # of a value
FLOOR: Final = 0.02  # g/m3
TARGETS: Final = {"ranked first": ">= 80%", "in the 90 % region": "85 to 95%", "most seconds": "<= 5 s"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of cases: the setting of the figures, and how it is made harder."""

    outlets: int = 6
    apart: float = 15e3  # m at least between two of them
    longest: float = 2.0  # h that a release lasts at most, 15 min at least; 0 = all at once
    tracer: float = 0.2  # standard deviation of the logarithm of dispersion
    stations: int = 2
    every: float = 0.5  # h between samples


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened."""

    outlet: str
    at: float  # m
    begin: int  # ms
    amount: float  # g
    lasts: float  # s
    river: Course  # as it was on that day
    known: Course  # as it is known
    clean: tuple[Array, ...]  # of each station: what an instrument without noise would have said
    level: tuple[Array, ...]  # and without the release: the background with its drift


def river(random: np.random.Generator) -> Course:
    """A river as it is known: 240 km, 0.6 to 1.4 m/s, some 200 m3/s that grow on the way."""
    none = np.zeros(REACHES)
    flow: Array = np.asarray(200 * np.cumprod(1 + random.uniform(0, 0.06, REACHES)), np.float64)
    speed = np.exp(random.normal(np.log(0.9), 0.25, REACHES))
    return Course(
        reaches=tuple(f"r{i}" for i in range(REACHES)),
        length=none + 10e3,
        width=none + 90.0,
        slope=none + 3e-4,
        roughness=none + 0.035,
        flow=flow,
        area=flow / speed,
        dispersion=np.exp(random.normal(np.log(120), 0.4, REACHES)),
        storage_ratio=none,
        storage_rate=none,
        impounded=none,
        gain=np.diff(flow, prepend=flow[0]),
    )


def real(known: Course, kind: Kind, random: np.random.Generator) -> Course:
    """The river as it is: discharge 10 % off, velocity 5 % off of which a part varies along it, dispersion too."""
    flow = float(np.exp(random.normal(0, 0.10)))
    rough = np.empty(REACHES)
    rough[0] = random.normal()
    for i in range(1, REACHES):
        rough[i] = 0.7 * rough[i - 1] + np.sqrt(1 - 0.49) * random.normal()
    faster = np.exp(0.34 * np.log(flow) + random.normal(0, 0.032) + 0.02 * rough)
    spread = known.dispersion * float(np.exp(random.normal(0, kind.tracer))) * faster
    now = known.flow * flow
    return known.replace(
        flow=now, area=now / (known.flow / known.area * faster), dispersion=spread, gain=known.gain * flow
    )


def case(seed: int, kind: Kind) -> tuple[Problem, Truth]:
    """One case; equal seeds make equal cases."""
    random = np.random.default_rng([2017, seed])
    known = river(random)
    stations = np.sort([random.uniform(90e3, 150e3), random.uniform(200e3, 238e3)])[-kind.stations :]
    places = _places(kind, stations, random)
    actual = int(random.integers(kind.outlets))
    begin = random.uniform(0, 24) * 3600
    lasts = float(np.exp(random.uniform(np.log(900), np.log(kind.longest * 3600)))) if kind.longest else 0.0
    truth = real(known, kind, random)
    seconds = np.arange(0, 8 * 24 / kind.every) * kind.every * 3600
    clean = respond(truth, Release(places[actual], 1.0, begin, lasts), at=stations).at(seconds)  # of one gram
    amount = float(np.exp(random.uniform(np.log(0.3), np.log(6.0))) / clean[:, -1].max())
    drawn = [_sampled(column * amount, seconds, random) for column in clean.T]
    values = [value for _, _, value in drawn]
    above = np.flatnonzero((np.array(values) > 0.35).any(axis=0))
    step = round(1 / kind.every)
    window = slice(max(0, int(above[0]) - 12 * step), int(above[-1]) + 8 * step)
    times = np.asarray(seconds[window] * 1000, np.int64)
    errors = Errors(NOISE, FLOOR)
    pulses = tuple(
        pulse_of(Observed(f"s{i}", times, value[window], np.zeros(len(times), np.uint8)), errors)
        for i, value in enumerate(values)
    )
    first = int(seconds[above[0]] * 1000)
    longest = 2 * (kind.longest or Kind().longest) * 3600
    priors = Priors(first - 72 * HOUR, first, longest=longest, dispersion_sd=1.25 * kind.tracer)
    candidates = tuple(Candidate(f"o{i}", float(at)) for i, at in enumerate(places))
    problem = Problem((way_of(known, known.flow, stations),), pulses, candidates, priors)
    level, seen = (tuple(each[i][window] for each in drawn) for i in (0, 1))
    at = float(places[actual])
    return problem, Truth(f"o{actual}", at, round(begin * 1000), amount, lasts, truth, known, seen, level)


def _places(kind: Kind, stations: Array, random: np.random.Generator) -> Array:
    """Outlets above the last station, some way apart and not at a station's foot."""
    while True:
        places = np.sort(random.uniform(2e3, stations[-1] - 3e3, kind.outlets))
        if np.diff(places).min() > kind.apart and np.abs(places[:, None] - stations).min() > 2e3:
            return places


def _sampled(rise: Array, seconds: Array, random: np.random.Generator) -> tuple[Array, Array, Array]:
    """A background of its own that drifts over the day, what an instrument would say, and what it says with noise."""
    background = 0.1 * np.exp(random.normal(0, 0.2)) + 0.01 * np.sin(2 * np.pi * (seconds / 86400 + random.uniform()))
    clean = background + rise
    noise = NOISE * clean * random.standard_normal(len(clean)) + FLOOR * random.standard_normal(len(clean))
    return background, clean, np.asarray(clean + noise)


@dataclass(frozen=True, slots=True)
class Score:
    """What became of a case."""

    first: bool  # is the true outlet ranked first?
    inside: bool  # does the 90 % region hold the truth?
    probability: float  # of the true outlet
    sure: float  # probability of the one ranked first: on average as often as it is right, if the answer is honest
    begin: bool  # does its own range of time hold the truth?
    amount: bool
    seconds: float
    fit: float
    verdict: str


def score(found: TraceResult, truth: Truth, seconds: float) -> Score:
    """Compare an answer with the truth."""
    own = next((each for each in found.ranked if each.candidate.id == truth.outlet), None)
    return Score(
        found.ranked[0].candidate.id == truth.outlet,
        found.holds(truth.outlet, truth.at, truth.begin, truth.amount),
        own.probability if own else 0.0,
        found.ranked[0].probability,
        own is not None and own.begin.low <= truth.begin <= own.begin.high,
        own is not None and own.amount.low <= truth.amount <= own.amount.high,
        seconds,
        found.fit,
        found.verdict.value,
    )


def scores(cases: int, kind: Kind | None = None, first: int = 0) -> list[Score]:
    """Cases `first` and on."""
    out = []
    for seed in range(first, first + cases):
        problem, truth = case(seed, kind or Kind())
        at = time.process_time()  # one thread: on a machine that does other work too, the clock on the wall says more
        found = trace(problem)
        out.append(score(found, truth, time.process_time() - at))
    return out


def summary(found: list[Score]) -> dict[str, float]:
    """Shares and seconds of all."""
    sure = [each.first for each in found if each.verdict == "found"]
    return {
        "ranked first": float(np.mean([each.first for each in found])),
        "promised": float(np.mean([each.sure for each in found])),
        "in the 90 % region": float(np.mean([each.inside for each in found])),
        "time in its range": float(np.mean([each.begin for each in found])),
        "amount in its range": float(np.mean([each.amount for each in found])),
        "said to be found": len(sure) / len(found),
        "right of those": float(np.mean(sure)) if sure else float("nan"),
        "mean seconds": float(np.mean([each.seconds for each in found])),
        "most seconds": max(each.seconds for each in found),
    }


def run() -> list[Figure]:
    """The figures of docs/benchmarks.md."""
    told = summary(scores(200))
    shares = {name: f"{value:.1%}" for name, value in told.items() if not name.endswith("seconds")}
    seconds = {name: f"{value:.2f} s" for name, value in told.items() if name.endswith("seconds")}
    return [
        Figure(f"Source tracing, 200 simulated cases: {name}", value, "") for name, value in (shares | seconds).items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    parser.add_argument("--outlets", type=int, default=Kind().outlets)
    parser.add_argument("--apart", type=float, default=Kind().apart)
    parser.add_argument("--longest", type=float, default=Kind().longest)
    parser.add_argument("--tracer", type=float, default=Kind().tracer)
    parser.add_argument("--stations", type=int, default=Kind().stations)
    asked = parser.parse_args()
    kind = Kind(asked.outlets, asked.apart, longest=asked.longest, tracer=asked.tracer, stations=asked.stations)
    for name, value in summary(scores(asked.cases, kind, asked.first)).items():
        print(f"{name:>22}  {value:.3f}")


if __name__ == "__main__":
    main()
