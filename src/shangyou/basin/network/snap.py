"""Places that are told by coordinates alone, put on the drawn reach that they stand at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from shangyou.basin.network.values import Place, Reach
from shangyou.core.records import Array

NEAR: Final = 2000.0  # m off a line: wide rivers are drawn by their middle, intakes stand on a bank
DEGREE: Final = 111_195.0  # m of latitude


def snapped(reaches: Sequence[Reach], places: Sequence[Place]) -> list[Place]:
    """The places, those that only have coordinates with the nearest reach (of their river, if they name one).

    One that is farther than NEAR from all lines stays as it is: `check` tells that nobody knows where it lies.
    """
    lost = [i for i, each in enumerate(places) if _lost(each)]
    drawn = [(i, line) for i, reach in enumerate(reaches) if len(line := reach.line) > 1]
    found = list(places)
    if not lost or not drawn:
        return found
    points = np.array([point for _, line in drawn for point in line], np.float64)
    owner = np.repeat([i for i, _ in drawn], [len(line) for _, line in drawn])
    whole = owner[1:] == owner[:-1]  # segments that do not join two lines
    start, end, own = points[:-1][whole], points[1:][whole], owner[:-1][whole]
    rivers = np.array([reach.river for reach in reaches])[own]
    low, high = (f(start[:, 1], end[:, 1]) for f in (np.minimum, np.maximum))
    from_south = np.argsort(low, kind="stable")
    sorted_low = low[from_south]
    tallest, beyond = float(np.max(high - low)), 1.01 * NEAR / DEGREE
    for i in lost:
        place = places[i]
        scale = np.array([DEGREE * math.cos(math.radians(place.latitude)), DEGREE])
        begin, stop = np.searchsorted(sorted_low, place.latitude + np.array([-beyond - tallest, beyond]))
        near = from_south[begin:stop]
        away, part = _away(np.array([place.longitude, place.latitude]), start[near], end[near], scale)
        if place.river:
            away = np.where(rivers[near] == place.river, away, np.inf)
        if away.min(initial=np.inf) > NEAR:
            continue
        best = int(np.argmin(away))
        k, along = int(near[best]), float(part[best])
        reach = reaches[int(own[k])]
        first, last = np.searchsorted(own, [own[k], own[k] + 1])
        sizes, before = np.hypot(*((end - start)[first:last] * scale).T), k - int(first)
        share = (sizes[:before].sum() + along * sizes[before]) / max(float(sizes.sum()), 1e-9)
        found[i] = replace(place, reach=reach.id, river=reach.river, at=float(share) * reach.length)
    return found


def _lost(place: Place) -> bool:
    told = bool(place.reach) or not math.isnan(place.above)
    return not told and math.isfinite(place.longitude) and math.isfinite(place.latitude)


def _away(point: Array, start: Array, end: Array, scale: Array) -> tuple[Array, Array]:
    """(k,) m from a point to each segment, and the part of it where that is; on a plane at the point's latitude."""
    a, b = (start - point) * scale, (end - point) * scale
    along = b - a
    size = np.maximum(np.einsum("ij,ij->i", along, along), 1e-12)
    part = np.clip(-np.einsum("ij,ij->i", a, along) / size, 0.0, 1.0)
    return np.hypot(*(a + part[:, None] * along).T), part
