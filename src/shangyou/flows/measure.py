"""What a measure at a control point of the network would change downstream, as an incident's entry has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.basin.measures import Act, Effect, Passing, effects
from shangyou.basin.network.network import Network
from shangyou.basin.transport.values import Release
from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.ports import ObservationStore, Selection
from shangyou.flows.assess import offset_ms
from shangyou.flows.gauged import FLOW, flows_in
from shangyou.flows.spill import Computing, way_down

MOST: Final = 60  # places in an entry
PLACED: Final = ("site", "period", "mean", "count")
DIGITS: Final = 4  # of a concentration
METHOD: Final = "一维输移，稳定流（{zh}） / one-dimensional transport, steady flow ({en})"
STALE_MS: Final = 6 * 3_600_000  # before a spill begins, flows tell of it as far back as this
PASSING_MS: Final = 72 * 3_600_000  # and this long after
TOLD: Final = {  # by how the flow is known
    "gauged": ("{n} 处实测流量", "flow of {n} gauges"),
    "month": ("{n} 处同月平均流量", "mean flow of the month at {n} gauges"),
    "usual": ("常年流量", "typical flow"),
}


@dataclass(frozen=True, slots=True)
class Spill:
    """What entered the river, and where."""

    place: str  # id in the network
    began: int  # ms since 1970 UTC
    mass: float  # g
    duration: float = 0.0  # s
    limit: float | None = None  # g/m3


@dataclass(frozen=True, slots=True)
class Known:
    """What the river carries, and how that is known."""

    by: str  # of TOLD
    flow: Mapping[str, float]  # m3/s by place of the network; {} = as usual


def known_flow(store: ObservationStore, network: Network, began: int, now: int) -> Known:
    """The flow for a spill that began [ms since 1970 UTC]: as gauged in its days, by this node or under contracts.

    Where nothing was gauged then, the mean of the same month in all years that are held; else as usual.
    """
    since = min(began, now)
    found = flows_in(store, network, since - STALE_MS, min(now, since + PASSING_MS) + 1)
    if found:
        return Known("gauged", {place: mean for place, (mean, _) in found.items()})
    months = store.means(Selection((), (FLOW,), stop=now, usable=True), "month", offset_ms(LEGAL))
    sums: dict[str, tuple[float, float]] = {}
    for site, start, mean, count in zip(*(months[n].to_pylist() for n in PLACED), strict=True):
        if start.astimezone(LEGAL).month == from_ms(began).astimezone(LEGAL).month and network.has(site) and mean > 0:
            total, weight = sums.get(site, (0.0, 0.0))
            sums[site] = total + mean * count, weight + count
    flow = {site: total / weight for site, (total, weight) in sums.items()}
    return Known("month" if flow else "usual", flow)


def effect(
    network: Network, spill: Spill, act: Act, computing: Computing, known: Known | None = None
) -> dict[str, object]:
    """With and without a measure, at each place below its control point.

    Args:
        network: of this node.
        spill: what entered.
        act: the measure; its times are counted from `spill.began` [s].
        computing: where the transport is reckoned.
        known: what the river carries.

    Raises:
        As `way_down` and `effects`.
    """
    known = known or Known("usual", {})
    river, flow = way_down(network, spill.place, known.flow)
    release = Release(0.0, spill.mass, duration=spill.duration)
    found = computing.run(effects, river, release, act, spill.limit, flow)
    zh, en = (text.format(n=len(known.flow)) for text in TOLD[known.by])
    told: dict[str, object] = {
        "method": METHOD.format(zh=zh, en=en),
        "unit": "mg/L",
        "mass": spill.mass,
        "began": spill.began,
    }
    if spill.limit is not None:
        told["limit"] = spill.limit
    return told | {"places": [_row(each, spill.began) for each in found[:MOST]]}


def _row(each: Effect, began: int) -> dict[str, object]:
    place = each.place
    names = {"place": place.id, "name_zh": place.name_zh, "name_en": place.name_en, "member": place.member}
    return {**names, "without": _passing(each.without, began), "with": _passing(each.changed, began)}


def _passing(passing: Passing, began: int) -> dict[str, object]:
    def moment(seconds: float) -> int | None:
        return None if math.isnan(seconds) else began + round(seconds * 1000)

    peak = float(f"{passing.peak:.{DIGITS}g}")
    return {
        "arrival": moment(passing.first),
        "peak": peak,
        "peak_at": moment(passing.peak_at),
        "over_s": round(passing.over),
        "until": moment(passing.until),
    }
