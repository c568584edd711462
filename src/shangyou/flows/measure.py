"""What a measure at a control point of the network would change downstream, as an incident's entry has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.basin.measures import Act, Effect, Passing, effects
from shangyou.basin.network.network import Network
from shangyou.basin.transport.values import Release
from shangyou.flows.spill import Computing, way_down

MOST: Final = 60  # places in an entry
DIGITS: Final = 4  # of a concentration
METHOD: Final = "一维输移，稳定流 / one-dimensional transport, steady flow"


@dataclass(frozen=True, slots=True)
class Spill:
    """What entered the river, and where."""

    place: str  # id in the network
    began: int  # ms since 1970 UTC
    mass: float  # g
    duration: float = 0.0  # s
    limit: float | None = None  # g/m3


def effect(
    network: Network, spill: Spill, act: Act, computing: Computing, gauged: Mapping[str, float] | None = None
) -> dict[str, object]:
    """With and without a measure, at each place below its control point.

    Args:
        network: of this node.
        spill: what entered.
        act: the measure; its times are counted from `spill.began` [s].
        computing: where the transport is reckoned.
        gauged: flow now [m3/s] by place.

    Raises:
        As `way_down` and `effects`.
    """
    river, flow = way_down(network, spill.place, gauged)
    release = Release(0.0, spill.mass, duration=spill.duration)
    found = computing.run(effects, river, release, act, spill.limit, flow)
    told: dict[str, object] = {"method": METHOD, "unit": "mg/L", "mass": spill.mass, "began": spill.began}
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
    }
