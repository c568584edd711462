"""A network that was checked once, in an order in which every question about up- and downstream is a slice.

Reaches are kept as a tour that begins at each end and goes upstream, the main stem before its tributaries (an Euler
tour of a forest; Tarjan and Vishkin 1985). All that flows through reach i are the reaches i to leave[i] - 1, and since
places are kept in the same tour, all places above a place are a slice too. So "does it flow from here to there, how
far and how long" costs a few look-ups, however large the network is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shangyou.basin.network.check import Lines, below, check
from shangyou.basin.network.values import UNKNOWN, Draft, NetworkError, Place, Reach
from shangyou.core.errors import NotFoundError
from shangyou.core.records import Array, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """n reaches and p places, both in the order of the tour. Made by `build`."""

    reaches: tuple[Reach, ...]
    places: tuple[Place, ...]
    down: Ints  # (n,) the reach into which each flows; -1 = it ends the network
    leave: Ints  # (n,) one behind the last reach that flows through this one
    length: Array  # (n,) m
    to_end: Array  # (n,) m from the head of the reach to the end of the network
    reach_of: Ints  # (p,) reach on which a place lies
    at: Array  # (p,) m below the head of that reach
    above: Ints  # (p,) first place of the tour that lies above this one
    last: Ints  # (p,) one behind the last place that lies above this one
    _reach: Mapping[str, int] = field(repr=False)
    _place: Mapping[str, int] = field(repr=False)
    _left: Sequence[float] = field(repr=False)  # (p,) m from a place to the end; a list, for single look-ups
    _span: Sequence[tuple[int, int]] = field(repr=False)  # (p,) above and last
    _down: Sequence[int] = field(repr=False)  # (n,) as `down`
    _first: Sequence[int] = field(repr=False)  # (n + 1,) first place of each reach

    def index(self, place: str) -> int:
        """Where a place stands in the tour. NotFoundError "network.place"."""
        found = self._place.get(place)
        if found is None:
            raise NotFoundError("network.place", id=place[:80])
        return found

    def reach(self, id: str) -> int:
        """Where a reach stands in the tour. NotFoundError "network.reach"."""
        found = self._reach.get(id)
        if found is None:
            raise NotFoundError("network.reach", id=id[:80])
        return found

    def has(self, place: str) -> bool:
        """Is the place known here?"""
        return place in self._place

    def is_upstream(self, place: str, of: str) -> bool:
        """Does water of a place come past the other? A place is not upstream of itself."""
        first, last = self._span[self.index(of)]
        return first <= self.index(place) < last

    def upstream(self, place: str) -> Sequence[Place]:
        """All places above, the main stem upwards before its tributaries."""
        first, last = self._span[self.index(place)]
        return self.places[first:last]

    def reaches_above(self, id: str) -> Sequence[Reach]:
        """A reach and all that flow into it."""
        i = self.reach(id)
        return self.reaches[i : int(self.leave[i])]

    def downstream(self, place: str) -> list[Place]:
        """All places below, the nearest first."""
        own = self.index(place)
        i = int(self.reach_of[own])
        first = self._first[i]
        lower = own
        while lower > first and self.at[lower - 1] <= self.at[own]:  # others at the very same point
            lower -= 1
        found = list(self.places[first:lower][::-1])  # the tour has a reach's lowest place first
        while (i := self._down[i]) >= 0:
            found += self.places[self._first[i] : self._first[i + 1]][::-1]
        return found

    def on_reach(self, i: int) -> Sequence[Place]:
        """Places on a reach, the highest first."""
        return self.places[self._first[i] : self._first[i + 1]][::-1]

    def way(self, start: str, stop: str) -> list[int]:
        """Reaches from one place down to another, in order of flow; [] if water does not flow that way."""
        if not self.is_upstream(start, stop):
            return []
        i, last = int(self.reach_of[self.index(start)]), int(self.reach_of[self.index(stop)])
        found = [i]
        while i != last:
            i = self._down[i]
            found.append(i)
        return found

    def distance(self, start: str, stop: str) -> float | None:
        """Along the water from one place down to another [m]; None if it does not flow that way."""
        own, other = self.index(start), self.index(stop)
        first, last = self._span[other]
        return self._left[own] - self._left[other] if first <= own < last else None

    def array(self, name: str) -> Array:
        """(n,) a figure of all reaches by its name in `Reach`; NaN = not known."""
        return np.array([getattr(reach, name) for reach in self.reaches], np.float64)

    def rivers(self) -> dict[str, list[int]]:
        """Reaches of each river in order of flow, by its id."""
        found: dict[str, list[int]] = defaultdict(list)
        for i in range(len(self.reaches) - 1, -1, -1):
            found[self.reaches[i].river].append(i)
        return {river: sorted(on, key=lambda i: -self.to_end[i]) for river, on in found.items()}

    def of_river(self, river: str) -> list[int]:
        """Reaches of a river in order of flow. NotFoundError "network.river"."""
        on = [i for i, reach in enumerate(self.reaches) if reach.river == river]
        if not on:
            raise NotFoundError("network.river", id=river[:80])
        return sorted(on, key=lambda i: -self.to_end[i])

    def mileage(self, place: str) -> float:
        """How far a place lies above the mouth of its river [m]."""
        own = self.index(place)
        river, i = self.reaches[self.reach_of[own]].river, int(self.reach_of[own])
        mouth = i
        while (d := self._down[mouth]) >= 0 and self.reaches[d].river == river:
            mouth = d
        return self._left[own] - float(self.to_end[mouth] - self.length[mouth])

    def on_river(self, river: str) -> list[Place]:
        """Places on a river, in order of flow."""
        found = [p for p in range(len(self.places)) if self.reaches[self.reach_of[p]].river == river]
        return [self.places[p] for p in sorted(found, key=lambda p: (-self._left[p], -p))]

    def draft(self) -> Draft:
        """Reaches and places alone."""
        return Draft(self.reaches, self.places)


def build(draft: Draft, lines: Lines | None = None) -> Network:
    """The network of a draft. NetworkError with all faults; `lines` tells where each stood in its source."""
    faults = check(draft, lines)
    if faults:
        raise NetworkError(tuple(faults))
    order, leave = _tour(draft.reaches)
    reaches = tuple(draft.reaches[i] for i in order)
    down = np.array(below(reaches), np.int64)
    length = np.array([reach.length for reach in reaches], np.float64)
    to_end = summed_down(down, length)
    number = {reach.id: i for i, reach in enumerate(reaches)}
    places = _located(draft.places, reaches, number, to_end)
    on = np.array([number[place.reach] for place in places], np.int64)
    at = np.array([place.at for place in places], np.float64)
    rank = np.lexsort((-at, on)) if len(places) else np.empty(0, np.int64)
    places = tuple(places[p] for p in rank)
    on, at = on[rank], at[rank]
    last = np.searchsorted(on, leave[on])
    above = _first_above(on, at)
    left = to_end[on] - at
    return Network(
        *(reaches, places, down, leave, length, to_end, on, at, above, last),
        _reach=number,
        _place={place.id: p for p, place in enumerate(places)},
        _left=left.tolist(),
        _span=list(zip(above.tolist(), last.tolist(), strict=True)),
        _down=down.tolist(),
        _first=np.searchsorted(on, np.arange(len(reaches) + 1)).tolist(),
    )


def summed_down(down: Ints, weight: Array) -> Array:
    """(n,) sum of a weight over each reach and all that it flows through below, by pointer jumping (log2 n steps)."""
    total, next_ = weight.astype(np.float64), down.copy()
    while True:
        moving = np.flatnonzero(next_ >= 0)
        if not len(moving):
            return total
        total[moving] += total[next_[moving]]
        next_[moving] = next_[next_[moving]]


def _tour(reaches: Sequence[Reach]) -> tuple[list[int], Ints]:
    """Order of the tour, and (n,) one behind the last reach above each, in that order.

    Of the reaches that meet in a node that of the same river comes first, then the one with the longest system.
    """
    into: dict[int, list[int]] = defaultdict(list)
    down = below(reaches)
    for i, d in enumerate(down):
        into[d].append(i)
    size = _systems(reaches, down)
    order: list[int] = []
    leave = [0] * len(reaches)
    stack = [(i, False) for i in sorted(into[-1], key=lambda i: size[i])]
    place: dict[int, int] = {}
    while stack:
        i, done = stack.pop()
        if done:
            leave[place[i]] = len(order)
            continue
        place[i] = len(order)
        order.append(i)
        stack.append((i, True))
        stack += [(j, False) for j in sorted(into[i], key=lambda j: (reaches[j].river == reaches[i].river, size[j]))]
    return order, np.array(leave, np.int64)


def _systems(reaches: Sequence[Reach], down: Sequence[int]) -> list[float]:
    """(n,) length of all reaches that flow through each, itself included."""
    waits = [0] * len(reaches)
    for d in down:
        if d >= 0:
            waits[d] += 1
    total = [reach.length for reach in reaches]
    ready = [i for i, n in enumerate(waits) if not n]
    while ready:
        i = ready.pop()
        d = down[i]
        if d >= 0:
            total[d] += total[i]
            waits[d] -= 1
            if not waits[d]:
                ready.append(d)
    return total


def _located(
    places: Sequence[Place], reaches: Sequence[Reach], number: Mapping[str, int], to_end: Array
) -> tuple[Place, ...]:
    """Every place on its reach; those told by a river's mileage are found on it."""
    stretches: dict[str, list[int]] = defaultdict(list)
    for i, reach in enumerate(reaches):
        stretches[reach.river].append(i)
    mouths = {river: min(float(to_end[i]) - reaches[i].length for i in on) for river, on in stretches.items()}
    found = []
    for place in places:
        if place.reach:
            found.append(replace(place, river=reaches[number[place.reach]].river))
            continue
        own = stretches[place.river]
        target = min(mouths[place.river] + place.above, max(float(to_end[i]) for i in own))  # m before the end
        on = min((i for i in own if to_end[i] >= target), key=lambda i: float(to_end[i]))
        at = min(max(float(to_end[on]) - target, 0.0), reaches[on].length)
        found.append(replace(place, reach=reaches[on].id, at=at, above=UNKNOWN))
    return tuple(found)


def _first_above(on: Ints, at: Array) -> Ints:
    """(p,) first place of the tour behind each that does not lie at the very same point."""
    count = len(on)
    if not count:
        return np.empty(0, np.int64)
    new = np.append(np.flatnonzero((np.diff(on) != 0) | (np.diff(at) != 0)) + 1, count)
    return new[np.searchsorted(new, np.arange(count), side="right")]
