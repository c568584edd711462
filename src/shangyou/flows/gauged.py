"""What the river carried at the time of an event: the flows that were gauged then, and what they tell of velocity.

    river = river_of(store, network, ("50.朱沱",), start, stop)
    asked = Asked(gauged=river.gauged, velocity_sd=river.velocity_sd, discharge_sd=river.discharge_sd)

Where nothing is gauged the river flows as usual, as far as anybody knows; how far a day may be from that is told too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.basin.network.network import Network
from shangyou.basin.network.way import SPEED_EXPONENT
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Array

FLOW: Final = "flow"  # of core.vocabulary, m3/s
RATED: Final = 0.05  # relative: a discharge read from a rating, and the velocity at a known flow
USUAL: Final = (
    0.4  # standard deviation of the logarithm of a day's flow about the usual one, where seasons are wet and dry
)
EXPONENT_SD: Final = 0.12  # of SPEED_EXPONENT from site to site: an assumption, two thirds of sites within 0.22 to 0.46
ALIKE: Final = 2.0  # times the usual flow of a station that a gauge's may be, or a part of it, to speak for the station


@dataclass(frozen=True, slots=True)
class RiverOfDay:
    """Flows at the time, and what is not known of them."""

    gauged: Mapping[str, float]  # mean m3/s by place of the network; {} = as usual
    told: bool  # does a gauge stand on the water of the stations?
    velocity_sd: float  # standard deviation of the logarithm of velocity
    discharge_sd: float  # and of discharge


def flows_in(store: ObservationStore, network: Network, start: int, stop: int) -> dict[str, tuple[float, float]]:
    """Mean flow [m3/s] of every place of the network that has usable values in a span, and how much it changed.

    start, stop: ms since 1970 UTC. The change is the standard deviation of the logarithm.
    """
    table: pa.Table = store.select(Selection((), (FLOW,), start=start, stop=stop, usable=True))
    sites, values = table["site"].to_pylist(), np.asarray(table["value"].to_numpy(zero_copy_only=False), np.float64)
    found: dict[str, list[float]] = {}
    for site, value in zip(sites, values.tolist(), strict=True):
        if np.isfinite(value) and value > 0 and network.has(site):
            found.setdefault(site, []).append(value)
    return {site: (float(np.mean(own)), float(np.std(np.log(own)))) for site, own in found.items()}


def river_of(store: ObservationStore, network: Network, stations: Iterable[str], start: int, stop: int) -> RiverOfDay:
    """The river in a span of time, as far as it concerns stations (ids of places).

    At a gauged flow the velocity follows by the exponent of hydraulic geometry, which differs from site to site: the
    farther from usual, the less is known. Where nothing is gauged on the water of the stations, all of the season's
    spread is unknown, of the discharge and with it of the velocity.
    """
    return _of(network, stations, flows_in(store, network, start, stop))


def river_told(network: Network, stations: Iterable[str], flows: Mapping[str, Array]) -> RiverOfDay:
    """The same from the flows [m3/s] that places of the network reported, each (n,) > 0."""
    return _of(network, stations, {id: (float(np.mean(x)), float(np.std(np.log(x)))) for id, x in flows.items()})


def _of(network: Network, stations: Iterable[str], found: Mapping[str, tuple[float, float]]) -> RiverOfDay:
    at = tuple(stations)
    near = [site for site in found if any(_speaks(network, site, station) for station in at)]
    flows = {site: mean for site, (mean, _) in found.items()}
    if not near:
        return RiverOfDay(flows, False, _velocity(USUAL, SPEED_EXPONENT), USUAL)
    away = max(abs(float(np.log(found[site][0] / _usual(network, site)))) for site in near)
    changed = max(found[site][1] for site in near)
    return RiverOfDay(flows, True, _velocity(away, 0.0), float(np.hypot(RATED, changed)))


def _velocity(away: float, exponent: float) -> float:
    """Spread of the velocity at a flow that is so far from usual [log]; exponent: by which that is not followed."""
    return float(np.sqrt(RATED**2 + (away * exponent) ** 2 + (away * EXPONENT_SD) ** 2))


def _speaks(network: Network, gauge: str, station: str) -> bool:
    """Does a gauge tell how much water passes a station: on the same water, of about the same size?"""
    if network.distance(gauge, station) is None and network.distance(station, gauge) is None:
        return False
    ratio = _usual(network, gauge) / _usual(network, station)
    return bool(1 / ALIKE <= ratio <= ALIKE)


def _usual(network: Network, place: str) -> float:
    return float(network.reaches[int(network.reach_of[network.index(place)])].flow)
