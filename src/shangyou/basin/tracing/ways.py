"""Ways of the water from a network: from every candidate down past the stations, with the hydraulics of the day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.tracing.problem import Candidate, Way
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.core.records import Array

SOURCES: Final = (Kind.OUTLET, Kind.RISK)  # places from which something may come, where nobody names others
BEYOND: Final = 300e3  # m below the last station that a way goes on: where a further sample may still meet the pulse
STRETCH: Final = re.compile(r"(.+) (\d+)-(\d+) km")  # how a stretch is named: river, km above its mouth
Spot = tuple[int, float]  # reach of the network, m below its head


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Ways that together cover some reaches, each reach on the first way that has it."""

    network: Network
    ways: tuple[Way, ...]
    _starts: tuple[Mapping[int, float], ...]  # of each way: m from its start to the head of a reach
    _own: Mapping[int, int]  # the way of a reach

    def locate(self, spot: Spot) -> tuple[int, float]:
        """The way of a spot, and m from its start."""
        way = self._own[spot[0]]
        return way, self._starts[way][spot[0]] + spot[1]

    def on_all(self, spot: Spot) -> tuple[float, ...]:
        """m from the start of every way; NaN where the spot is not on it."""
        return tuple(starts.get(spot[0], np.nan) + spot[1] for starts in self._starts)

    def calibrated(self) -> float:
        """Share of the length above the stations whose dispersion was measured, not taken from formulas."""
        known = whole = 0.0
        for way, starts in zip(self.ways, self._starts, strict=True):
            last = float(np.nanmax(np.where(np.isfinite(way.stations), way.stations, 0.0)))
            for reach, start in starts.items():
                length = min(float(self.network.length[reach]), max(0.0, last - start))
                whole += length
                known += length if self.network.reaches[reach].dispersion > 0 else 0.0
        return known / whole if whole else 0.0

    def outlet(self, place: Place, weight: float = 1.0) -> Candidate:
        """A place as a candidate."""
        way, at = self.locate(spot_of(self.network, place.id))
        return Candidate(place.id, at, None, way, weight, place.name_zh, place.name_en)

    def stretches(self, reach: int, head: float, foot: float, length: float) -> list[Candidate]:
        """Stretches of about `length` that cover part of a reach, cut at the stations on it; named by river and km."""
        way, start = self.locate((reach, 0.0))
        cuts = {start + head, start + foot}
        cuts |= {float(at) for at in self.ways[way].stations if start + head < at < start + foot}
        river, last = self.network.reaches[reach].river, reach
        while (below := int(self.network.down[last])) >= 0 and self.network.reaches[below].river == river:
            last = below
        mouth = start + float(self.network.to_end[reach] - self.network.to_end[last] + self.network.length[last])
        found = []
        for low, high in pairwise(sorted(cuts)):
            edges = np.linspace(low, high, max(1, round((high - low) / length)) + 1)
            for a, b in pairwise(edges.tolist()):
                name = f"{river} {(mouth - a) / 1000:.0f}-{(mouth - b) / 1000:.0f} km"
                found.append(Candidate(name, a, b, way, b - a, name, name))
        return found


def spot_of(network: Network, place: str) -> Spot:
    """Where a place lies. NotFoundError "network.place"."""
    i = network.index(place)
    return int(network.reach_of[i]), float(network.at[i])


def middle_of(network: Network, stretch: str) -> Spot | None:
    """Where the middle of a stretch lies, by the name that `Ways.stretches` gave it; None for what is none of it."""
    found = STRETCH.fullmatch(stretch)
    if found is None:
        return None
    river, above = found[1], 500.0 * (int(found[2]) + int(found[3]))
    on = [i for i, reach in enumerate(network.reaches) if reach.river == river]
    mouth = min((network.to_end[i] - network.length[i] for i in on), default=0.0)
    for i in on:
        below = float(network.to_end[i] - mouth) - above
        if 0 <= below <= network.length[i]:
            return i, below
    return None


def sources_above(network: Network, stations: Iterable[str]) -> list[Place]:
    """Outlets and risk sources above any of the stations, each once."""
    found = {p.id: p for station in stations for p in network.upstream(station) if p.kind in SOURCES}
    return list(found.values())


def lay(network: Network, stations: Sequence[str], reaches: Iterable[int], flow: Array | None = None) -> Ways:
    """Ways from reaches down to the end of the network.

    Args:
        network, stations: ids of places, in the order of the pulses.
        reaches: of the network, that candidates lie on.
        flow: (n,) m3/s of the network's reaches; None = the typical one.

    Raises:
        NotFoundError: "network.place". InputError: "course.value" names a reach that lacks a figure.
    """
    spots = [spot_of(network, station) for station in stations]
    today = network.array("flow") if flow is None else flow
    ways: list[Way] = []
    starts: list[dict[int, float]] = []
    own: dict[int, int] = {}
    for head in sorted(set(reaches), key=lambda i: -network.to_end[i]):
        if head in own:
            continue
        way, begins = _way(network, head, today, spots)
        for reach in begins:
            own.setdefault(reach, len(ways))
        ways.append(way)
        starts.append(begins)
    return Ways(network, tuple(ways), tuple(starts), own)


def way_of(course: Course, flow: Array, stations: Array) -> Way:
    """A course at a flow, with its stations.

    Where no tracer was ever run, dispersion is the geometric mean of all published formulas; how far they are from each
    other belongs to the prior, `Priors.dispersion_sd`.

    Args:
        course: the way down. flow: (n,) m3/s. stations: (s,) m from its start; NaN = not on it.
    """
    at = hydraulics(course, flow)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = [np.log(formula(at.width, at.depth, at.velocity, at.shear)) for formula in FORMULAS.values()]
    formulas = np.exp(np.mean(each, axis=0))
    return Way(
        length=course.length,
        velocity=at.velocity,
        dispersion=np.where(course.dispersion > 0, course.dispersion, formulas),
        discharge=flow,
        storage_ratio=course.storage_ratio,
        storage_rate=course.storage_rate,
        volume=course.impounded,
        stations=stations,
    )


def _way(network: Network, head: int, flow: Array, spots: Sequence[Spot]) -> tuple[Way, dict[int, float]]:
    """The way from the head of a reach past the last station on it, and where each reach begins."""
    chain, at = [], head
    while at >= 0:
        chain.append(at)
        at = int(network.down[at])
    last = max((chain.index(reach) for reach, _ in spots if reach in chain), default=0)
    gone = np.cumsum(network.length[chain[last + 1 :]])
    chain = chain[: last + 1 + int((gone < BEYOND).sum())]
    begins = dict(zip(chain, np.concatenate([[0.0], np.cumsum(network.length[chain])]).tolist(), strict=False))
    pieces = [(i, low, high, mixed) for i in chain for low, high, mixed in _cut(network, i)]
    rows = [network.reaches[i] for i, _, _, _ in pieces]

    def column(name: str) -> Array:
        return np.array([getattr(reach, name) for reach in rows], np.float64)

    course = Course(
        reaches=tuple(reach.id for reach in rows),
        length=np.array([high - low for _, low, high, _ in pieces]),
        width=column("width"),
        slope=column("slope"),
        roughness=column("roughness"),
        flow=column("flow"),
        area=column("area"),
        dispersion=column("dispersion"),
        storage_ratio=column("storage_ratio"),
        storage_rate=column("storage_rate"),
        impounded=np.array([mixed for _, _, _, mixed in pieces]),
        gain=np.zeros(len(pieces)),
    )
    stations = np.array([begins.get(reach, np.nan) + at for reach, at in spots])
    return way_of(course, flow[[i for i, _, _, _ in pieces]], stations), begins


def _cut(network: Network, reach: int) -> list[tuple[float, float, float]]:
    """Pieces of a reach between reservoirs: from, to [m below its head], and m3 that mix at the end."""
    mixed: dict[float, float] = {}
    for place in network.on_reach(reach):
        if place.mixed > 0:
            mixed[place.at] = mixed.get(place.at, 0.0) + place.mixed
    cuts = sorted({0.0, *mixed, float(network.length[reach])})
    return [(low, high, mixed.get(high, 0.0)) for low, high in pairwise(cuts)]
