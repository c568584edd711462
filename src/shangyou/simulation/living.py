"""Monitors of living things at the stations of the main stem, which no demo needs and a rehearsal may add.

Bacteria, fish and daphnia react to a substance that no analyser measures, let go at the outlet of the spill some days
before it. They scatter, mud disturbs them, they are serviced when the station is, and now and then one stands still:
the bacteria have died, the camera hangs. Their forms are simple on purpose; only the truth is what they are for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation import spill
from shangyou.simulation.flow import flow_at_stations
from shangyou.simulation.instruments import Readings, Text, readings
from shangyou.simulation.noise import white
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.spill import Release
from shangyou.simulation.stretch import MAIN, PARAMETERS, stations

ORGANISMS: Final = ("bacterial_inhibition", "fish_activity", "daphnia_toxicity")
STREAM: Final = 8
EARLIER: Final = 8 * 24  # hours before the spill of ammonia
HALF: Final = 0.5  # of the highest concentration at the first station: half of the bacteria's light is gone
STEEP: Final = 2.0  # exponent of the response to dose
REACTS: Final = 0.15  # of that concentration, from which a station is said to have seen it
USUAL: Final = np.array([2.0, 100.0, 1.0])  # of ORGANISMS
AFFECTED: Final = np.array([98.0, 2.0, 26.0])
SCATTER: Final = np.array([4.0, 9.0, 0.9])
MUD: Final = np.array([0.06, -0.08, 0.01])  # for each NTU above CLEAR
CLEAR: Final = 80.0  # NTU
STANDS: Final = 3.036  # a normal number above this, one in 830, is an hour in which a monitor comes to stand still
STILL: Final = 16  # hours for which it does


class Living(NamedTuple):
    """What the monitors report."""

    hours: Ints  # (n,) whole hours since 1970
    value: Array  # (n, stations, ORGANISMS); NaN = the station has none
    mark: Text  # (n, stations), as of `Readings`
    dose: Array  # (n, stations) true concentration over the highest at the first station


def toxin(scenario: Scenario) -> Release:
    """The substance that no analyser measures; its mass is only as good as the dose made of it."""
    told = spill.release(scenario)
    return Release(told.outlet, told.km, told.hour - EARLIER, told.mass)


def living(scenario: Scenario, hours: Ints, chemistry: Readings | None = None) -> Living:
    """What is reported of (n,) consecutive whole hours since 1970.

    chemistry: what the other instruments report of the same hours, if it is known already.
    """
    beside = readings(scenario, hours) if chemistry is None else chemistry
    flow = flow_at_stations(scenario.seed, hours)
    dose = spill.rise(toxin(scenario), stations(), hours, flow) / spill.PEAK
    response = (dose**STEEP / (dose**STEEP + HALF**STEEP))[..., None]
    noise = white(scenario.seed, STREAM, hours, (len(stations()), len(ORGANISMS)))
    mud = np.maximum(beside.value[:, :, PARAMETERS.index("turbidity")] - CLEAR, 0.0)[..., None]
    value = USUAL + response * (AFFECTED - USUAL) + SCATTER * noise + MUD * mud
    value = _stood_still(scenario.seed, hours, value)
    value[..., 0] = np.minimum(value[..., 0], 100.0)
    value[..., 1:] = np.maximum(value[..., 1:], 0.0)
    value[:, [station.branch != MAIN for station in stations()]] = np.nan
    served = (beside.mark == "M").all(axis=2)
    return Living(hours, np.round(value, 1), np.where(served, "M", "N"), dose)


def _stood_still(seed: int, hours: Ints, value: Array) -> Array:
    """The same, with the last value kept where a monitor has come to stand still."""
    chance = white(seed, STREAM + 1, hours, value.shape[1:])
    out = value.copy()
    for start, station, organism in np.argwhere(chance > STANDS).tolist():
        out[start : start + STILL, station, organism] = out[start, station, organism]
    return out
