"""Which further sample would tell most: the expected gain of information from one value at each place and time.

The gain is the mutual information between what is not known and the value: how uncertain the value is, less how
uncertain it would be if all were known. Sources: Lindley (1956), Annals of Mathematical Statistics 27(4); the bound on
the entropy of a mixture, Kolchinsky and Tracey (2017), Entropy 19(7) 361, equation 10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shangyou.basin.tracing.model import PLACE, SPEED, Model, model
from shangyou.basin.tracing.problem import MOST_STATIONS, Index, Problem, Pulse
from shangyou.basin.tracing.sampling import Draws
from shangyou.core.records import Array, Ints

MOST_DRAWS: Final = 240
BIT: Final = float(np.log(2))


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a sample could be taken."""

    id: str
    at: tuple[float, ...]  # m from the start of each way; NaN = not on it
    background: float = 0.0  # g/m3 there without the release, and how well that is known
    background_sd: float = 0.0
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one further value would tell."""

    spot: Spot
    time: int  # ms since 1970 UTC
    tells: float  # bits about which candidate it was
    gain: float  # bits about everything: place, time, amount, and the river
    low: float  # what it would be, with 90 % probability [g/m3]
    high: float


def outlook(
    problem: Problem, draws: Draws, spots: tuple[Spot, ...], times: Ints, floor: float, relative: float, seed: int
) -> list[Sample]:
    """Every spot at every time, best first.

    Args:
        problem, draws: the tracing.
        spots: places; times: (t,) ms since 1970 UTC.
        floor, relative: standard deviation of the value: absolute [g/m3] and as a share.
        seed: of what is not known below the last station.
    """
    if not len(draws.which) or not spots or not len(times):
        return []
    random = np.random.default_rng(seed)
    chosen = random.choice(len(draws.which), min(MOST_DRAWS, len(draws.which)), replace=False)
    which, rows, amount = draws.which[chosen], draws.rows[chosen], draws.apparent[chosen]
    below = random.standard_normal(len(chosen))
    several = len(np.unique(which)) > 1
    found: list[Sample] = []
    each = MOST_STATIONS - len(problem.pulses)
    for at in range(0, len(spots), max(each, 1)):
        part = spots[at : at + max(each, 1)]
        values = _values(problem, part, times, which, rows, below) * amount[:, None]
        for column, value in enumerate(values.T):
            spot = part[column // len(times)]
            error = np.sqrt(floor**2 + (relative * value) ** 2 + spot.background_sd**2)
            tells, gain = _information(which, value, error)
            low, high = np.quantile(value, (0.05, 0.95)) + spot.background
            found.append(Sample(spot, int(times[column % len(times)]), tells, gain, float(low), float(high)))
    return sorted(found, key=lambda s: (-(s.tells if several else s.gain), -s.gain, s.time))


def _values(problem: Problem, spots: tuple[Spot, ...], times: Ints, which: Index, rows: Array, below: Array) -> Array:
    """(n, spots * times) what each explanation says of one gram there [g/m3 per g]."""
    wider = _wider(problem, spots, times)
    table = model(wider)
    return table.respond(which, _extended(table, problem, wider, rows, which, below))[:, len(problem.pulses) :]


def _wider(problem: Problem, spots: tuple[Spot, ...], times: Ints) -> Problem:
    """The problem with a station at every spot; of what was seen only one value a station stays, for its place."""
    flat = np.zeros(len(times))
    pulses = tuple(Pulse(spot.id, times, flat, flat.astype(np.uint8), flat + 1.0) for spot in spots)
    ways = tuple(
        replace(way, stations=np.concatenate([way.stations, [spot.at[w] for spot in spots]]))
        for w, way in enumerate(problem.ways)
    )
    first = tuple(
        replace(p, time=p.time[:1], value=p.value[:1], censor=p.censor[:1], noise=p.noise[:1]) for p in problem.pulses
    )
    wider = replace(problem, ways=ways, pulses=(*first, *pulses))
    object.__setattr__(wider, "origin", problem.origin)  # times are counted as the draws count them
    return wider


def _extended(wide: Model, problem: Problem, wider: Problem, rows: Array, which: Index, below: Array) -> Array:
    """Rows with a velocity for the legs to the spots: of the leg a spot lies on; below the last station a new one."""
    stations, spots = len(problem.pulses), len(wider.pulses) - len(problem.pulses)
    own = rows[:, SPEED + 1 :]
    new = np.tile(below[:, None], (1, spots))
    for w, way in enumerate(wider.ways):
        there = np.array([problem.candidates[int(c)].way == w for c in which])
        known = way.stations[:stations]
        for s, at in enumerate(way.stations[stations:]):
            lower = np.flatnonzero(known >= at)
            if len(lower):
                new[there, s] = own[there, lower[np.argmin(known[lower])]]
    out = np.concatenate([rows[:, : SPEED + 1], own, new], axis=1)
    out[:, PLACE] = rows[:, PLACE]
    assert out.shape[1] == wide.size
    return out


def _information(which: Index, value: Array, error: Array) -> tuple[float, float]:
    """Bits that a value tells about the candidate, and about everything.

    Each explanation makes the value a Gaussian; the entropy of their mixture is taken from the Bhattacharyya distances
    between them, which never promises more than there is.
    """
    squares = error[:, None] ** 2 + error[None, :] ** 2
    overlap = np.exp(-0.25 * (value[:, None] - value[None, :]) ** 2 / squares)
    overlap *= np.sqrt(2 * error[:, None] * error[None, :] / squares)
    everything = -np.log(overlap.mean(axis=1))
    same = which[:, None] == which[None, :]
    within = -np.log((overlap * same).sum(axis=1) / same.sum(axis=1))
    candidate = float((everything - within).mean())
    return max(candidate, 0.0) / BIT, max(float(everything.mean()), 0.0) / BIT
