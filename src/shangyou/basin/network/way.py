"""From the network to the way down: the course between two places, and how long water takes on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from shangyou.basin import course as way
from shangyou.basin.course import Course
from shangyou.basin.network.network import Network, summed_down
from shangyou.basin.network.values import Reach
from shangyou.core.errors import InputError
from shangyou.core.records import Array

SPEED_EXPONENT: Final = 0.34  # of v ~ Q^m at one section of a river; Leopold and Maddock 1953, USGS Prof. Paper 252
NEEDED: Final = ("width", "roughness", "flow")  # of every reach on a course; slope too where no area is known


def course(network: Network, start: str, stop: str, flow: Array | None = None) -> Course:
    """The way from one place down to another, with every place on it.

    A reach is cut at the ends of the course and at dams, behind which water has mixed. Width, area and the like are
    those of the typical flow, as the network has them; what flows now belongs to the release, not to the course.

    Args:
        network, start, stop: ids of places; water flows from start to stop.
        flow: (n,) typical flow of the network's reaches [m3/s], where it is known better than the network says.

    Raises:
        NotFoundError: "network.place". InputError: "network.not_down" water does not flow that way (or start and stop
        lie at one point), "network.incomplete" names reaches on the way that lack a figure.
    """
    away = network.distance(start, stop)
    if not away:
        raise InputError("network.not_down", start=start, stop=stop)
    pieces, found = _pieces(network, start, stop)
    reaches = [network.reaches[i] for i, _, _ in pieces]
    _need(reaches)
    flows = np.array([(r.flow if flow is None else flow[i]) for r, (i, _, _) in zip(reaches, pieces, strict=True)])

    def column(name: str) -> Array:
        return np.array([getattr(reach, name) for reach in reaches], np.float64)

    length = np.array([foot - head for _, head, foot in pieces])
    return Course(
        reaches=tuple(reach.id for reach in reaches),
        length=length,
        width=column("width"),
        slope=column("slope"),
        roughness=column("roughness"),
        flow=flows,
        area=column("area"),
        dispersion=column("dispersion"),
        storage_ratio=column("storage_ratio"),
        storage_rate=column("storage_rate"),
        impounded=np.array([_impounded(network, i, foot) for i, _, foot in pieces]),
        gain=np.maximum(np.diff(flows, prepend=flows[0]), 0.0),
        places=tuple(sorted(found, key=lambda place: place.at)),
    )


Piece = tuple[int, float, float]  # reach, from, to [m below its head]


def _pieces(network: Network, start: str, stop: str) -> tuple[list[Piece], list[way.Place]]:
    """Stretches of reaches in order of flow, none of them empty, and the places on them."""
    first, last = network.index(start), network.index(stop)
    pieces: list[Piece] = []
    found: list[way.Place] = []
    gone = 0.0
    for i in network.way(start, stop):
        head = float(network.at[first]) if i == network.reach_of[first] else 0.0
        foot = float(network.at[last]) if i == network.reach_of[last] else float(network.length[i])
        on = [place for place in network.on_reach(i) if head <= place.at <= foot]
        cuts = sorted({p.at for p in on if p.mixed > 0 and head < p.at < foot})
        pieces += [(i, a, b) for a, b in pairwise((head, *cuts, foot)) if b > a]
        found += [way.Place(p.id, p.name_zh, p.name_en, p.kind.value, gone + p.at - head, p.owner) for p in on]
        gone += foot - head
    end = float(np.sum([foot - head for _, head, foot in pieces]))  # summed as Course.end sums it
    return pieces, [replace(place, at=min(place.at, end)) for place in found]  # not a rounding beyond the end


def _impounded(network: Network, i: int, foot: float) -> float:
    """Volume in which water mixes at the foot of a stretch [m3]."""
    return sum(place.mixed for place in network.on_reach(i) if place.at == foot)


def _need(reaches: Sequence[Reach]) -> None:
    lacking = [
        f"{reach.id}: {', '.join(names)}"
        for reach in dict.fromkeys(reaches)  # one that is cut at a dam is told once
        if (names := [n for n in NEEDED if np.isnan(getattr(reach, n))] + _slope(reach))
    ]
    if lacking:
        raise InputError("network.incomplete", count=len(lacking), reaches="; ".join(lacking[:8]))


def _slope(reach: Reach) -> list[str]:
    return ["slope"] if np.isnan(reach.slope) and np.isnan(reach.area) else []


def velocity(network: Network, flow: Array | None = None) -> Array:
    """(n,) mean velocity of every reach [m/s]; NaN where its figures are not known.

    At the typical flow: discharge over area where the area is known, else Manning's formula for a wide rectangle
    (depth = hydraulic radius; Chow 1959, Open-Channel Hydraulics, section 6-2). At another flow the velocity of a
    section follows Q^0.34 (Leopold and Maddock 1953).

    Args:
        flow: (n,) m3/s, >= 0; None = the typical one.
    """
    typical, area = network.array("flow"), network.array("area")
    width, slope, rough = network.array("width"), network.array("slope"), network.array("roughness")
    with np.errstate(divide="ignore", invalid="ignore"):
        manning = (typical / width) ** 0.4 * slope**0.3 / rough**0.6
        speed = np.where(np.isnan(area), manning, typical / area)
        return speed if flow is None else speed * (flow / typical) ** SPEED_EXPONENT


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """How long water takes, at one flow."""

    network: Network
    to_end: Sequence[float]  # (p,) s from a place to the end of the network, over reaches whose velocity is known
    unknown: Sequence[
        tuple[int, int]
    ]  # (p,) reaches of unknown velocity from a place to the end: with its own, without

    def seconds(self, start: str, stop: str) -> float | None:
        """From a place down to another [s]; None if it does not flow that way, NaN if a velocity is not known."""
        if self.network.distance(start, stop) is None:
            return None
        own, other = self.network.index(start), self.network.index(stop)
        if self.unknown[own][0] != self.unknown[other][1]:
            return math.nan
        return self.to_end[own] - self.to_end[other]

    def hours(self, start: str, stop: str) -> float | None:
        """The same in hours."""
        seconds = self.seconds(start, stop)
        return None if seconds is None else seconds / 3600


def travel(network: Network, flow: Array | None = None) -> Travel:
    """Times of travel at the typical flow, or at another: (n,) m3/s of the network's reaches.

    Water passes dams as if they were river: how long a reservoir holds it is told by the transport, not here.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = 1.0 / velocity(network, flow)  # s/m
    known = np.isfinite(pace)
    pace = np.where(known, pace, 0.0)
    to_end = summed_down(network.down, pace * network.length)
    clouded = summed_down(network.down, (~known).astype(np.float64)).astype(np.int64)
    on = network.reach_of
    below = clouded[on] - (~known[on] & (network.at >= network.length[on]))
    above = clouded[on] - (~known[on] & (network.at > 0))
    pairs = list(zip(below.tolist(), above.tolist(), strict=True))
    return Travel(network, (to_end[on] - pace[on] * network.at).tolist(), pairs)


def flow_now(network: Network, gauged: Mapping[str, float]) -> Array:
    """(n,) flow of every reach [m3/s], from what is gauged at some places.

    A reach above a gauge flows at its typical flow times the ratio (gauged over typical) of the nearest gauge below.
    What a gauge has more or less than usual flows on below it, so a reach that only has gauges above flows at its
    typical flow with their differences added; one that has none at all flows at its typical flow.

    Raises:
        NotFoundError: "network.place". InputError: "network.gauged" a flow is negative or no number.
    """
    typical = network.array("flow")
    ratio = np.full(len(typical), np.nan)
    for id, value in sorted(gauged.items(), key=lambda item: -network.at[network.index(item[0])]):
        i = int(network.reach_of[network.index(id)])
        if not 0 <= value < np.inf:
            raise InputError("network.gauged", id=id, value=value)
        if typical[i] > 0:
            ratio[i] = value / typical[i]
    for i in range(len(ratio)):  # the tour has what lies below before what lies above
        below = int(network.down[i])
        if np.isnan(ratio[i]) and below >= 0:
            ratio[i] = ratio[below]
    extra = np.where(np.isnan(ratio), 0.0, typical * (ratio - 1.0))
    for i in range(len(ratio) - 1, 0, -1):
        below = int(network.down[i])
        if below >= 0 and np.isnan(ratio[below]):
            extra[below] += extra[i]
    return np.maximum(typical + extra, 0.0)
