"""A release that moves down the network: where its peak is hour by hour with its bands, and when it comes where."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

import msgspec
import numpy as np
from starlette.responses import Response

from shangyou.basin.network.network import Network
from shangyou.basin.transport.values import Release
from shangyou.core.records import Array
from shangyou.faces.portal.visit import Visit
from shangyou.faces.warning import COMPUTING
from shangyou.flows.spill import Arrivals, Computing, Outlook, arrivals
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

KILOGRAMS: Final = 1000  # released at once, where nobody says another amount
MEMBERS: Final = 300
HOURS: Final = 120  # that are shown
STEPS: Final = 60
LISTED: Final = ("section", "intake", "border", "dam", "control")
MOST: Final = 40
EARLY, EARLIER, MIDDLE, LATER, LATE = range(5)  # columns of an arrival table: 5, 25, 50, 75, 95 %


def plume(visit: Visit) -> Response:
    """Positions and arrivals of a release now at a section.

    Raises NotFoundError "network.place"; InputError "spill.nowhere", and as flows.spill.arrivals.
    """
    network = rivers(cast("Node", visit.node)).network()
    section, kilograms = visit.query("section"), visit.number("kg", KILOGRAMS, 1, 10_000_000)
    body = visit.once(
        ("plume", section, kilograms, visit.t.language), lambda: _body(visit, network, section, kilograms)
    )
    return Response(body, media_type="application/json")


def _body(visit: Visit, network: Network, section: str, kilograms: int) -> bytes:
    found = arrivals(
        network, section, Release(0.0, kilograms * 1000.0), visit.now, _computing(visit), Outlook(members=MEMBERS)
    )
    place = network.places[network.index(section)]
    t = visit.t
    last = float(np.max(found.table.peak_time[:, LATE], initial=0.0, where=np.isfinite(found.table.peak_time[:, LATE])))
    hours = np.linspace(0.0, min(HOURS, max(1.0, last / 3600)), STEPS + 1)
    name = place.name_zh if t.language == "zh" else place.name_en or place.name_zh
    return msgspec.json.encode(
        {
            "title": t("map.plume.title", place=name, amount=f"{kilograms:,}"),
            "labels": [t("map.plume.hour", hours=f"{hour:,.0f}") for hour in hours],
            "steps": positions(network, section, found, hours * 3600),
            "places": _places(visit, found),
        }
    )


def positions(network: Network, section: str, found: Arrivals, seconds: Array) -> list[dict[str, object]]:
    """For each time where the peak is: as a point, and as lines that hold it with 50 and with 90 %."""
    distance, line = trail(network, section, found.places[-1].id)
    at = np.concatenate([[0.0], [place.at for place in found.places]])
    quantiles = [np.concatenate([[0.0], column]) for column in found.table.peak_time.T]

    def where(time: float, quantile: int) -> float:
        known = np.isfinite(quantiles[quantile])
        return float(np.interp(time, np.maximum.accumulate(quantiles[quantile][known]), at[known]))

    return [
        {
            "wide": _between(distance, line, where(s, LATE), where(s, EARLY)),
            "core": _between(distance, line, where(s, LATER), where(s, EARLIER)),
            "peak": _between(distance, line, where(s, MIDDLE), where(s, MIDDLE))[0],
        }
        for s in seconds.tolist()
    ]


def trail(network: Network, start: str, stop: str) -> tuple[Array, Array]:
    """(v,) m from the start along the water, and (v, 2) longitude and latitude there, where lines are known."""
    gone = -float(network.at[network.index(start)])
    metres: list[float] = []
    points: list[tuple[float, float]] = []
    for i in network.way(start, stop):
        reach = network.reaches[i]
        if reach.line:
            steps = [float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(reach.line)]
            share = np.concatenate([[0.0], np.cumsum(steps)]) / (sum(steps) or 1.0)
            metres += (gone + share * reach.length).tolist()
            points += list(reach.line)
        gone += reach.length
    return np.array(metres), np.array(points).reshape(-1, 2)


def _between(distance: Array, line: Array, low: float, high: float) -> list[list[float]]:
    """The part of a line between two distances, ends included."""
    inside = (distance > low) & (distance < high)
    ends = [[float(np.interp(x, distance, line[:, 0])), float(np.interp(x, distance, line[:, 1]))] for x in (low, high)]
    return [ends[0], *line[inside].tolist(), ends[1]]


def _places(visit: Visit, found: Arrivals) -> list[dict[str, object]]:
    """When it comes to each place that matters: the middle, with the span that holds it with 90 %."""
    t, table = visit.t, found.table
    rows: list[dict[str, object]] = []
    for place, first, peak in zip(found.places, table.first, table.peak_time, strict=True):
        if place.kind not in LISTED or not np.isfinite(peak[MIDDLE]):
            continue
        rows.append(
            {
                "id": place.id if place.kind == "section" else "",
                "name": place.name_zh if t.language == "zh" else place.name_en or place.name_zh,
                "said": t("map.plume.comes", first=_span(first), peak=_span(peak)),
            }
        )
    return rows[:MOST]


def _span(quantiles: Array) -> str:
    """Hours, earliest to latest."""
    told = [f"{value / 3600:.0f}" if np.isfinite(value) else "∞" for value in quantiles[[EARLY, LATE]]]
    return "–".join(told)


def _computing(visit: Visit) -> Computing:
    """The process beside, in which kernels are loaded: one for all who compute at this node."""
    from shangyou.adapters.computing import ComputingBeside

    node = cast("Node", visit.node)
    found = node.made.get(COMPUTING)
    if found is None:
        beside = ComputingBeside()
        found = node.made.setdefault(COMPUTING, beside)  # of two visits at once the first's is kept
        if found is beside:
            node.ends.callback(beside.close)
    return cast("Computing", found)
