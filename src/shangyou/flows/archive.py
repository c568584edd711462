"""The archive: one river, one plan, one map. What there is on a river that crosses borders, laid out for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import HOLDING, Kind, Place, Reach


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on a river, or where another joins it."""

    place: Place | None  # None = a tributary joins
    joins: str  # id of the river that joins, "" = a place
    above: float  # m above the mouth


@dataclass(frozen=True, slots=True)
class RiverFacts:
    """A river with everything on it, in order of flow."""

    id: str
    into: str  # id of the river that it joins, "" = the network ends
    length: float  # m
    reaches: tuple[Reach, ...]
    stops: tuple[Stop, ...]
    members: tuple[str, ...]  # who has a part of it, in order of flow

    @property
    def places(self) -> tuple[Place, ...]:
        """Places alone."""
        return tuple(stop.place for stop in self.stops if stop.place is not None)

    def of(self, *kinds: Kind) -> tuple[Place, ...]:
        """Places of some kinds."""
        return tuple(place for place in self.places if place.kind in kinds)

    def count(self, kind: Kind) -> int:
        """How many places of a kind there are; of control points all where a spill can be held."""
        return len(self.of(*(HOLDING if kind is Kind.CONTROL else (kind,))))

    @property
    def crosses(self) -> bool:
        """Does it cross a border?"""
        return bool(self.of(Kind.BORDER))


def river(network: Network, id: str) -> RiverFacts:
    """Everything on one river. NotFoundError "network.river"."""
    on = network.of_river(id)
    reaches = tuple(network.reaches[i] for i in on)
    last = on[-1]
    below = int(network.down[last])
    mouth = float(network.to_end[last] - network.length[last])
    stops = [Stop(place, "", network.mileage(place.id)) for place in network.on_river(id)]
    stops += [Stop(None, network.reaches[j].river, foot) for j, foot in _tributaries(network, on, mouth)]
    owners = [member for reach in reaches for member in reach.owner.split()]
    owners += [member for stop in stops if stop.place for member in stop.place.beyond.split()]
    return RiverFacts(
        id=id,
        into=network.reaches[below].river if below >= 0 else "",
        length=float(network.to_end[on[0]]) - mouth,
        reaches=reaches,
        stops=tuple(sorted(stops, key=lambda stop: -stop.above)),
        members=tuple(dict.fromkeys(owners)),
    )


def _tributaries(network: Network, on: Sequence[int], mouth: float) -> list[tuple[int, float]]:
    """Last reaches of rivers that join one, with the mileage at which they do."""
    own = set(on)
    return [
        (j, float(network.to_end[j] - network.length[j]) - mouth)
        for j in range(len(network.reaches))
        if int(network.down[j]) in own and j not in own
    ]


def rivers(network: Network) -> list[RiverFacts]:
    """Rivers that cross a border between members, the longest first."""
    crossing = {place.river for place in network.places if place.kind is Kind.BORDER}
    return sorted((river(network, id) for id in crossing), key=lambda each: -each.length)
