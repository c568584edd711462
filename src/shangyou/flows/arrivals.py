"""Arrival tables of warnings: whom the water reaches, and when, by the network and what flows in it now."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.network.way import flow_now, travel
from shangyou.core.records import Array
from shangyou.governance.warning.values import Content

LEADING: Final = 0.890  # time of the leading edge over that of the peak: Jobson (1996), USGS WRIR 96-4013, eq. 18
HOURS: Final = 240.0  # a warning goes no further than so many hours of travel
MOST: Final = 80  # rows of a table
SHOWN: Final = frozenset({Kind.SECTION, Kind.INTAKE, Kind.BORDER, Kind.DAM, Kind.CONTROL})
HOUR: Final = 3_600_000  # ms


@dataclass(frozen=True, slots=True)
class Reached:
    """A place downstream."""

    place: Place
    distance: float  # m along the water
    hours: float  # of travel; NaN = a velocity on the way is not known


def reached(network: Network, place: str, flow: Array | None = None) -> list[Reached]:
    """Places downstream of a place that matter to people, the nearest first. NotFoundError "network.place"."""
    way = travel(network, flow)
    found = []
    for each in network.downstream(place):
        hours = way.hours(place, each.id)
        distance = network.distance(place, each.id)
        if each.kind in SHOWN and hours is not None and distance is not None and not hours > HOURS:
            found.append(Reached(each, distance, hours))
    return sorted(found, key=lambda each: each.distance)


def affected(network: Network, place: str, flow: Array | None = None) -> dict[str, float]:
    """Members in charge of the waters from a place on down, on both banks, with the hours until it comes to them.

    Hours are NaN where a velocity on the way is not known. The nearest first. NotFoundError "network.place".
    """
    own = network.reaches[int(network.reach_of[network.index(place)])]
    found = dict.fromkeys(own.owner.split(), 0.0)
    for each in reached(network, place, flow):
        reach = network.reaches[int(network.reach_of[network.index(each.place.id)])]
        for member in (*reach.owner.split(), *each.place.owner.split(), *each.place.beyond.split()):
            found.setdefault(member, each.hours)
    return found


def flows(network: Network, gauged: Iterable[tuple[str, float]]) -> tuple[Array | None, int]:
    """The flow of every reach from what is gauged now at places of the network, and at how many of them.

    What cannot be (negative, no number, not on the network) is left out; None where nothing is gauged.
    """
    known = {id: value for id, value in gauged if network.has(id) and 0 <= value < math.inf}
    return (flow_now(network, known), len(known)) if known else (None, 0)


def by_travel(
    network: Network, content: Content, gauged: Sequence[tuple[str, float]], now: int
) -> Mapping[str, object]:
    """The body of an arrival table from times of travel alone; {} where the place is not on the network.

    The peak travels with the water; the leading edge comes after 0.89 of that time. No concentration is told: that
    needs the amount, and the transport.
    """
    if not network.has(content.place):
        return {}
    flow, count = flows(network, gauged)
    start = content.began if content.began is not None else content.noticed
    rows = [_row(each, start) for each in reached(network, content.place, flow)[:MOST]]
    zh = f"{count} 处实测流量" if count else "多年平均流量"
    en = f"flow of {count} gauges" if count else "typical flow"
    method = f"水流行程（{zh}），前锋按峰值时间的 0.89 / time of travel ({en}), leading edge at 0.89 of the peak's"
    return {"at": now, "method": method, "rows": rows}


def _row(each: Reached, start: int) -> dict[str, object]:
    place = each.place
    row: dict[str, object] = {
        "place": place.id,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "member": place.owner.split()[0] if place.owner else "",
        "distance": round(each.distance),
    }
    if not math.isnan(each.hours):
        row |= {"first": start + round(LEADING * each.hours * HOUR), "peak": start + round(each.hours * HOUR)}
    return row
