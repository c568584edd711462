"""Arrival tables of warnings: whom the water reaches, and when, by the network and what flows in it now.

Two answers: `by_travel` at once, for the first message; `by_transport` some seconds later, an ensemble with its bands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.network.way import flow_now, travel
from shangyou.basin.transport.values import Release, Uncertainty
from shangyou.core.records import Array
from shangyou.flows.gauged import EXPONENT_SD
from shangyou.flows.learned import Learned
from shangyou.flows.spill import Arrivals, Computing, Outlook, arrivals_on, way_down
from shangyou.governance.warning.values import Content, Traced

LEADING: Final = 0.890  # time of the leading edge over that of the peak: Jobson (1996), USGS WRIR 96-4013, eq. 18
HOURS: Final = 240.0  # a warning goes no further than so many hours of travel
MOST: Final = 80  # rows of a table
SHOWN: Final = frozenset({Kind.SECTION, Kind.INTAKE, Kind.BORDER, Kind.DAM, Kind.CONTROL})
HOUR: Final = 3_600_000  # ms
LEAST: Final = 0.01  # of the usual flow: less says nothing more of velocity
MEMBERS: Final = 400  # of an ensemble
NOMINAL: Final = 1e6  # g: of what amount is not known, for the times alone
QUANTILES: Final = (0, 2, 4)  # of the table's five: 5, 50, 95 %
TIMES: Final = tuple(f"{name}{part}" for name in ("first", "peak", "until") for part in ("_early", "", "_late"))


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


def by_transport(
    network: Network,
    content: Content,
    gauged: Sequence[tuple[str, float]],
    now: int,
    computing: Computing,
    traced: Learned | None = None,
    told: tuple[str, Traced] | None = None,
) -> Mapping[str, object]:
    """The body of an arrival table from the transport's ensemble; {} where the place is not on the network.

    Args:
        traced: what a tracing of this release has learned of the river. It goes into the body.
        told: a member, and what its tracing has learned; the table then has another beside it that rests on that.

    Where the amount is not known the times hold all the same, and no concentration is told. Raises as
    `flows.spill.arrivals`: InputError where the network does not say enough, UnavailableError of the computing.
    """
    if not network.has(content.place):
        return {}
    known = {id: value for id, value in gauged if network.has(id) and 0 <= value < math.inf}
    if traced is not None:
        said = ("，流速和离散由溯源得出", ", velocity and dispersion from tracing")
        return _reckoned(network, content, known, now, computing, traced, said) | {"traced": traced.said()}
    body = _reckoned(network, content, known, now, computing, None, ("", ""))
    if told is None:
        return body
    by, learned = told
    said = (f"，流速和离散按 {by} 的溯源", f", velocity and dispersion as traced by {by}")
    return body | {
        "as_told": _reckoned(network, content, known, now, computing, Learned.told(learned), said) | {"by": by}
    }


def _reckoned(
    network: Network,
    content: Content,
    known: dict[str, float],
    now: int,
    computing: Computing,
    traced: Learned | None,
    said: tuple[str, str],
) -> dict[str, object]:
    """One table; said: of its method, what the flows do not say."""
    mass, spread = amount_of(content)
    start = content.began if content.began is not None else content.noticed
    release = Release(at=0.0, mass=mass or NOMINAL, duration=content.duration or 0.0)
    river, flow = way_down(network, content.place, known or None)
    unsure = _unsure(river, flow, spread) if traced is None else traced.known(Uncertainty().flow, spread)
    river = river if traced is None else traced.on(river, flow)
    asked = Outlook(content.limit if mass else None, MEMBERS, known=unsure)
    found = arrivals_on(river, release, start, computing, asked, flow)
    at_places = {each.place.id: each for each in reached(network, content.place)}
    rows = [
        _computed(at_places[place.id], found, row, told=bool(mass))
        for row, place in enumerate(found.places)
        if place.id in at_places
    ][:MOST]
    zh = f"{len(known)} 处实测流量" if known else "多年平均流量"
    en = f"flow of {len(known)} gauges" if known else "typical flow"
    zh, en = f"{zh}{said[0]}", f"{en}{said[1]}"
    method = f"输移集合（{MEMBERS} 个成员，{zh}） / transport, ensemble of {MEMBERS} ({en})"
    return {"at": now, "method": method, "rows": rows}


def _unsure(river: Course, flow: Array | None, amount: float) -> Uncertainty:
    """What is not known before anything was traced: the farther the flow is from usual, the less the velocity."""
    usual = Uncertainty(amount=amount)
    away = 0.0 if flow is None else float(np.abs(np.log(np.maximum(flow / river.flow, LEAST))).max())
    return replace(usual, velocity=math.hypot(usual.velocity, EXPONENT_SD * away))


def amount_of(content: Content) -> tuple[float | None, float]:
    """The amount [g], None if it is not known, and the standard deviation of its logarithm.

    Bounds are read as those between which it is with 90 % probability.
    """
    least, most = content.amount_least, content.amount_most
    bounded = least is not None and most is not None and 0 < least < most
    spread = math.log(most / least) / (2 * 1.645) if bounded and least and most else 0.0
    if content.amount:
        return content.amount, spread
    if bounded and least and most:
        return math.sqrt(least * most), spread
    return most or least or None, 0.0


def _computed(each: Reached, found: Arrivals, row: int, told: bool) -> dict[str, object]:
    """A row from the quantiles 5, 50 and 95 % of the ensemble."""
    table = found.table
    first = [found.moment(float(table.first[row, q])) for q in QUANTILES]
    peak = [found.moment(float(table.peak_time[row, q])) for q in QUANTILES]
    until = [found.moment(float(table.end[row, q])) for q in QUANTILES]
    times = dict(zip(TIMES, first + peak + until, strict=True))
    sizes = (
        {"concentration": float(table.peak[row, 2]), "concentration_high": float(table.peak[row, 4])} if told else {}
    )
    finite = {name: value for name, value in sizes.items() if math.isfinite(value)}
    return _place(each) | {name: at for name, at in times.items() if at is not None} | finite


def _row(each: Reached, start: int) -> dict[str, object]:
    row = _place(each)
    if not math.isnan(each.hours):
        row |= {"first": start + round(LEADING * each.hours * HOUR), "peak": start + round(each.hours * HOUR)}
    return row


def _place(each: Reached) -> dict[str, object]:
    place = each.place
    return {
        "place": place.id,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "member": place.owner.split()[0] if place.owner else "",
        "distance": round(each.distance),
    }
