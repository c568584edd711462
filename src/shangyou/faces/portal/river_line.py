"""Where on the map something lies along the water: places, points of a reach, and the line from a place down."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from shangyou.basin.network.network import Network, build
from shangyou.basin.network.values import Draft, Kind, Place
from shangyou.core.records import Array

HERE: Final = "here"  # id of a point of a reach that somebody chose on the map


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """v points of the drawn line down from a place; none where no geometry is known."""

    metres: Array  # (v,) along the water, counted from the place; not decreasing
    line: Array  # (v, 2) longitude and latitude [degrees]

    def at(self, metres: float) -> tuple[float, float] | None:
        """Where so many metres below the place lie; None where no line is known."""
        if len(self.metres) < 2:
            return None
        x, y = (float(np.interp(metres, self.metres, self.line[:, i])) for i in (0, 1))
        return round(x, 5), round(y, 5)


def trail(network: Network, start: str, stop: str) -> Trail:
    """The line from one place down to another. NotFoundError "network.place"."""
    gone = -float(network.at[network.index(start)])
    metres: list[float] = []
    points: list[tuple[float, float]] = []
    for i in network.way(start, stop):
        reach = network.reaches[i]
        if reach.line:
            metres += (gone + _shares(np.array(reach.line)) * reach.length).tolist()
            points += list(reach.line)
        gone += reach.length
    return Trail(np.array(metres), np.array(points).reshape(-1, 2))


def _shares(line: Array) -> Array:
    """(v,) of the length of a line that lies above each of its points."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    gone = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(gone / (gone[-1] or 1.0))


def point(network: Network, place: Place) -> tuple[float, float] | None:
    """Where a place of the network stands: on its reach's line, else by its own coordinates."""
    found = point_on(network, int(network.reach_of[network.index(place.id)]), place.at)
    if found is None and np.isfinite(place.longitude) and np.isfinite(place.latitude):
        return place.longitude, place.latitude
    return found


def point_on(network: Network, reach: int, at: float) -> tuple[float, float] | None:
    """Where so many metres below the head of a reach lie; None where its line is not known."""
    own = network.reaches[reach]
    if not own.line:
        return None
    line, share = np.array(own.line), min(max(at / own.length, 0.0), 1.0)
    x, y = (float(np.interp(share, _shares(line), line[:, i])) for i in (0, 1))
    return round(x, 5), round(y, 5)


def nearest(network: Network, reach: str, longitude: float, latitude: float) -> float:
    """How far below the head of a reach its point nearest to a point of the map lies [m].

    NotFoundError "network.reach". Degrees of longitude are shortened by the cosine of the latitude; a reach without
    a line has its head.
    """
    own = network.reaches[network.reach(reach)]
    if not own.line:
        return 0.0
    flat = np.array([np.cos(np.radians(latitude)), 1.0])
    line = np.array(own.line) * flat
    to, best = np.array([longitude, latitude]) * flat, (np.inf, 0.0)
    for (a, b), (low, high) in zip(pairwise(line), pairwise(_shares(np.array(own.line)).tolist()), strict=True):
        long = float((b - a) @ (b - a))
        share = min(max(float((to - a) @ (b - a)) / long, 0.0), 1.0) if long else 0.0
        away = float(np.hypot(*(a + share * (b - a) - to)))
        best = min(best, (away, low + share * (high - low)))
    return best[1] * own.length


def with_point(network: Network, reach: str, longitude: float, latitude: float, zh: str, en: str) -> Network:
    """The network with a place HERE more, at the point of a reach nearest to a point of the map."""
    at = nearest(network, reach, longitude, latitude)
    here = Place(HERE, Kind.GAUGE, zh, en, reach=reach, at=at)
    return build(Draft(network.reaches, (*network.places, here)))
