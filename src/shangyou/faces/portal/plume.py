"""A release that moves down the river: where its front, peak and end are at each hour, and when it comes where."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from starlette.responses import Response

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind
from shangyou.core.records import Array
from shangyou.faces.portal.drift import Drift, Row, drift
from shangyou.faces.portal.figures import band, digits
from shangyou.faces.portal.plume_seen import seen_over
from shangyou.faces.portal.released import Released, Told, released, told
from shangyou.faces.portal.river_line import Trail, point, trail
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.warning_view import method_in
from shangyou.faces.wording import amount, substance
from shangyou.governance.warning.values import Arrival

STANDS: Final = (Kind.CONTROL, Kind.DAM, Kind.GATE, Kind.INTAKE, Kind.BORDER)  # that are drawn beside the water
MOST: Final = 60
NOTHING: Final = Trail(np.empty(0), np.empty((0, 2)))


def plume(visit: Visit) -> Response:
    """Everything that the map draws of a release; raises as `released`."""
    found = released(visit)
    shown = told(visit, found)
    return Response(msgspec.json.encode(body(visit, found, shown)), media_type="application/json")


def body(visit: Visit, found: Released, shown: Told) -> dict[str, object]:
    """What is drawn, what it was computed from, what was measured, and the arrival table."""
    network, content = found.network, found.content
    rows = _rows(found, shown)
    way = trail(network, found.place, rows[-1][1].place) if rows else NOTHING
    moved = drift(rows, found.began, (content.duration if content else None) or 0.0) if rows else None
    time = moved.time if moved is not None else np.array([visit.now])
    return {
        "title": found.title,
        "supposed": found.supposed,
        "kg": (content.amount or 0.0) / 1000 if content else 0.0,
        "hours": (content.duration or 0.0) / 3600 if content else 0.0,
        "simulated": found.simulated,
        "pending": shown.pending,
        "notes": _notes(visit, found, shown),
        "banded": moved is not None and moved.banded,
        "limit": None if content is None else content.limit,
        "line": way.line.round(5).tolist(),
        "metres": way.metres.round().tolist(),
        "release": _place(network, found.place),
        **_film(visit, found, moved),
        "stands": _stands(visit, network, found.place, way),
        "seen": seen_over(visit, found, [each.place for _, each in rows], way, time),
        "places": [_arrival(visit, network, metres, each) for metres, each in rows],
    }


def _rows(found: Released, shown: Told) -> list[Row]:
    """Rows of the table that lie below the release on this node's network, in order of distance."""
    if not found.place or shown.table is None:
        return []
    network = found.network
    known = [each for each in shown.table.arrivals if network.has(each.place)]
    placed = [(network.distance(found.place, each.place), each) for each in known]
    return sorted(((metres, each) for metres, each in placed if metres), key=lambda row: row[0])


def _film(visit: Visit, found: Released, moved: Drift | None) -> dict[str, object]:
    """k times in words, and what is where: distances in m below the release, null where it is not told."""
    if moved is None:
        return {"at": 0} | {key: [] for key in ("times", "labels", "wide", "body", "peak", "said")}
    t = visit.t

    def label(ms: int) -> str:
        facts = {"time": visit.moment_text(ms), "hours": f"{(ms - found.began) / 3_600_000:,.0f}"}
        return t("map.plume.past", **facts) if ms <= visit.now else t("map.plume.coming", **facts)

    return {
        "times": moved.time.tolist(),
        "labels": [label(ms) for ms in moved.time.tolist()],
        "at": _now(moved, visit.now, found.supposed),
        "wide": _spans(moved.nearest, moved.farthest),
        "body": _spans(moved.end, moved.front),
        "peak": [None if np.isnan(each) else round(each) for each in moved.peak.tolist()],
        "said": [_size(visit, *each) for each in zip(moved.size.tolist(), moved.high.tolist(), strict=True)],
    }


def _now(moved: Drift, now: int, supposed: bool) -> int:
    """The step that is shown first: now; where that tells nothing, some way down."""
    step = int(np.searchsorted(moved.time, now, side="right")) - 1
    return len(moved.time) // 4 if supposed or not 0 <= step < len(moved.time) - 1 else step


def _spans(low: Array, high: Array) -> list[list[int] | None]:
    return [
        None if np.isnan(a) or np.isnan(b) else [round(a), round(b)]
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    ]


def _size(visit: Visit, middle: float, high: float) -> str:
    """The concentration at the peak in words, two digits; "" where it is not known."""
    if np.isnan(middle):
        return ""
    said = visit.t("map.plume.size", middle=_two(middle))
    return said if np.isnan(high) else f"{said} {visit.t('map.plume.size_high', high=_two(high))}"


def _two(value: float) -> str:
    return digits(float(f"{value:.2g}"))


def _notes(visit: Visit, found: Released, shown: Told) -> list[str]:
    """What is computed, from what, by whom; what is still to come; what cannot be computed."""
    t, content, language = visit.t, found.content, visit.t.language
    if content is None:
        return [t("map.plume.no_warning")]
    place = content.place_zh if language == "zh" else content.place_en
    told = [substance(content, language), amount(content, language)]
    release = t(
        "map.plume.released", place=place, what=" ".join(filter(None, told)), time=visit.moment_text(found.began)
    )
    notes = [release]
    if not found.place:
        return [*notes, t("map.plume.nowhere")]
    if shown.table is not None and shown.table.method:
        facts = {"method": method_in(language, shown.table), "time": visit.moment_text(shown.table.at)}
        notes.append(t("map.plume.by", who=shown.by, **facts) if shown.by else t("map.plume.here", **facts))
    if shown.pending:
        notes.append(t("map.plume.pending"))
    if shown.trouble is not None:
        notes.append(f"{shown.trouble.text} {shown.trouble.remedy}".strip())
    return notes


def _stands(visit: Visit, network: Network, place: str, way: Trail) -> list[dict[str, object]]:
    """What stands on the water below the release, as far as the table goes: where a spill can be held, who drinks."""
    if not place or not len(way.metres):
        return []
    found: list[dict[str, object]] = []
    for each in network.downstream(place):
        metres = network.distance(place, each.id)
        if each.kind not in STANDS or metres is None or metres > way.metres[-1]:
            continue
        name = each.name_zh if visit.t.language == "zh" else each.name_en or each.name_zh
        kind = visit.t(f"map.kind.{each.kind.value}")
        found.append({"kind": each.kind.value, "name": f"{kind}: {name}", "place": _place(network, each.id)})
    return found[:MOST]


def _place(network: Network, place: str) -> tuple[float, float] | None:
    return point(network, network.places[network.index(place)]) if place else None


def _arrival(visit: Visit, network: Network, metres: float, each: Arrival) -> dict[str, object]:
    """A row for people: the medians, and the spans that hold them with nine tenths."""
    own = network.places[network.index(each.place)]  # who computed the table may know no English name
    name = each.name_zh or own.name_zh if visit.t.language == "zh" else each.name_en or own.name_en or each.name_zh
    return {
        "name": name or each.place,
        "km": f"{metres / 1000:,.0f}",
        "first": _moment(visit, each.first),
        "first_band": band(each.first_early, each.first_late, visit.now),
        "peak": _moment(visit, each.peak),
        "peak_band": band(each.peak_early, each.peak_late, visit.now),
        "over": _moment(visit, each.until),
        "over_band": band(each.until_early, each.until_late, visit.now),
        "size": "" if each.concentration is None else f"{_two(each.concentration)} mg/L",
        "from": each.first,
        "until": each.until or each.peak,
    }


def _moment(visit: Visit, ms: int | None) -> str:
    return "" if ms is None else visit.moment_text(ms)
