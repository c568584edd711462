"""Source tracing as the demo does it: hourly means of two stations, gauged flow, a release at once, five outlets.

    python -m benchmarks.tracing_demo --cases 120

Each case is a simulated river with its own weather, floods, instruments and hour of the release (simulation), traced by
what a node would be told. The simulation's water runs at the same speed in any flow, which the tracing does not know.
"""

from __future__ import annotations

import argparse
from typing import Final, NamedTuple

import numpy as np

from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.tracing.observed import Observed
from shangyou.basin.tracing.problem import Problem
from shangyou.basin.tracing.trace import trace
from shangyou.core.records import Censor
from shangyou.flows.gauged import river_told
from shangyou.flows.trace import Asked, lay_out
from shangyou.simulation.gauge import gauged
from shangyou.simulation.instruments import readings
from shangyou.simulation.scenario import HOUR_MS, Scenario
from shangyou.simulation.spill import OUTLET_KM, Release, release
from shangyou.simulation.stretch import PARAMETERS, stations, travel_hours

SEEN: Final = ("51.手爬岩", "50.朱沱")
SUBSTANCE: Final = "ammonia_nitrogen"
TRUE: Final = "outlet.demo_spill"
AROUND: Final = 15  # hours before the first peak and after the last that are looked at
YEARS: Final = (480_000, 498_000)  # hours since 1970 between which the present lies: all seasons


class Score(NamedTuple):
    """What became of a case."""

    first: bool  # is the true outlet ranked first?
    begin: bool  # does its range of time hold the truth?
    amount: bool
    early: float  # s by which the middle of that range is too early


def case(seed: int) -> tuple[Problem, Release]:
    """One case; equal seeds make equal cases."""
    scenario = Scenario(seed, int(np.random.default_rng([7, seed]).integers(*YEARS)) * HOUR_MS)
    spilled, sites = release(scenario), stations()
    which = [next(i for i, site in enumerate(sites) if site.section.id == id) for id in SEEN]
    peaks = [int(spilled.hour + float(travel_hours(sites[i].km) - travel_hours(OUTLET_KM))) for i in which]
    hours = np.arange(peaks[0] - AROUND, peaks[-1] + AROUND, dtype=np.int64)
    told, flows = readings(scenario, hours), gauged(scenario, hours)
    seen, column = [], PARAMETERS.index(SUBSTANCE)
    for id, i in zip(SEEN, which, strict=True):
        value, mark = told.value[:, i, column], told.mark[:, i, column]
        good = np.isin(mark, ("N", "L"))
        censor = np.where(mark[good] == "L", Censor.BELOW, Censor.NONE).astype(np.uint8)
        seen.append(Observed(id, hours[good] * HOUR_MS + HOUR_MS // 2, value[good], censor))
    network = upper_yangtze(simulated=True)
    river = river_told(network, SEEN, {id: flows[:, i] for id, i in zip(SEEN, which, strict=True)})
    asked = Asked(
        candidates=tuple(place.id for place in network.places if place.id.startswith("outlet.demo")),
        far=100e3,
        velocity_sd=river.velocity_sd,
        discharge_sd=river.discharge_sd,
        gauged=river.gauged,
    )
    return lay_out(network, seen, asked, [3600.0] * len(seen)), spilled


def score(seed: int) -> Score:
    """How a case was traced."""
    problem, spilled = case(seed)
    found = trace(problem)
    own = next(each for each in found.ranked if each.candidate.id == TRUE)
    began, mass = spilled.hour * HOUR_MS, spilled.mass * 1e6
    return Score(
        found.ranked[0].candidate.id == TRUE,
        own.begin.low <= began <= own.begin.high,
        own.amount.low <= mass <= own.amount.high,
        (began - own.begin.middle) / 1000,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    asked = parser.parse_args()
    found = [score(seed) for seed in range(asked.first, asked.first + asked.cases)]
    for name in ("first", "begin", "amount"):
        print(f"{name:>8}  {np.mean([getattr(each, name) for each in found]):.1%}")
    print(f"{'early':>8}  {np.median([each.early for each in found]) / 60:.0f} min (median)")


if __name__ == "__main__":
    main()
