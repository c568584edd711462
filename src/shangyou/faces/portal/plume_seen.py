"""What was measured along a release's way: stations of this node, and samples of the incident's joint plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from shangyou.core import vocabulary
from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.core.records import Array, Flag, Ints
from shangyou.core.units import convert
from shangyou.faces.documents.words import Words as DocumentWords
from shangyou.faces.portal.figures import digits, unit_of
from shangyou.faces.portal.names import section_name
from shangyou.faces.portal.released import Released
from shangyou.faces.portal.river_line import Trail, point
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look_series import kinds, line
from shangyou.governance.incident.room import Point, Room, Sample

HOUR: Final = 3_600_000  # ms
FRESH: Final = 6 * HOUR  # a station's value that is older says nothing of the hour in view
KEPT: Final = 24 * HOUR  # a sample's
Mark = dict[str, object]


def seen_over(visit: Visit, found: Released, below: Sequence[str], way: Trail, time: Ints) -> list[Mark]:
    """Each place where something was measured, with what was newest at each of k times.

    A mark is {name, place: [longitude, latitude], told: k texts, above: k of "." unknown, "0" within, "1" above the
    limit}; what was measured after the time in view is not told there.
    """
    marks = _sampled(visit, found, way, time) if found.room is not None else []
    content = found.content
    known = vocabulary.parameters().get(content.substance) if content is not None else None
    if known is not None and known.group != "air":
        marks += _stations(visit, found, below, time)
    return marks


def _stations(visit: Visit, found: Released, below: Sequence[str], time: Ints) -> list[Mark]:
    content, node = found.content, visit.node
    assert content is not None
    sections = {}
    for id in (found.place, *below):
        try:
            sections[id] = node.registry.section(id)
        except NotFoundError:
            continue
    sites = {site: id for id in sections for site in node.registry.sites_of(id)}
    parameter, series = content.substance, node.store.series()
    kind = next(iter(kinds(series, tuple(sites), parameter)), None)
    if kind is None:
        return []
    stop = min(int(time[-1]), visit.now) + 1
    values = line(node.store, tuple(sites), parameter, kind, int(time[0]) - FRESH, stop)
    site = np.array(values.table["site"].to_pylist(), dtype=object)
    usable = np.isfinite(values.value) & (values.flag < Flag.FAIL)
    limit = _limit(content.limit, vocabulary.parameter(parameter).unit)
    marks = []
    for id, section in sections.items():
        own = usable & np.array([sites.get(each) == id for each in site], np.bool_)
        where = _at(found, id) or _coordinates(section.longitude, section.latitude)
        if not own.any() or where is None:
            continue
        rows = _newest(values.time[own], time, FRESH)
        marks.append(_mark(section_name(section, visit.t), where, values.value[own], rows, unit_of(parameter), limit))
    return marks


def _limit(told: float | None, unit: str) -> float | None:
    """A limit that is told in mg/L, in the unit of what is measured; None where that is no mass in a volume."""
    try:
        return None if told is None else float(convert(np.array([told]), "mg/L", unit)[0])
    except ShangyouError:
        return None


def _newest(measured: Ints, time: Ints, fresh: int) -> Ints:
    """(k,) which value was the newest at each time; -1 where none was, or it was too old."""
    rows = np.searchsorted(measured, time, side="right") - 1
    age = np.where(rows >= 0, time - measured[rows], fresh + 1)
    return np.where(age <= fresh, rows, -1)


def _mark(name: str, where: tuple[float, float], value: Array, rows: Ints, unit: str, limit: float | None) -> Mark:
    above = ["." if i < 0 or limit is None else "01"[bool(value[i] > limit)] for i in rows]
    told = ["" if i < 0 else f"{digits(float(value[i]))} {unit}".strip() for i in rows]
    return {"name": name, "place": where, "told": told, "above": "".join(above)}


def _sampled(visit: Visit, found: Released, way: Trail, time: Ints) -> list[Mark]:
    """Points of the joint plan, whether or not a sample was taken there yet."""
    room, words = found.room, DocumentWords(visit.t.language)
    assert room is not None
    marks: list[Mark] = []
    for claim in room.points.values():
        where = None if claim.value.removed else _stands(visit, found, claim.value, way)
        if where is None:
            continue
        samples = sorted((each for each in room.samples if each.point == claim.value.id), key=lambda each: each.taken)
        rows = _newest(np.array([each.taken for each in samples], np.int64), time, KEPT)
        marks.append(
            {
                "name": words.of(claim.value, "name"),
                "place": where,
                "told": ["" if i < 0 else _text(samples[i]) for i in rows],
                "above": "".join("." if i < 0 else "01"[any(r.exceeds for r in samples[i].results)] for i in rows),
            }
        )
    return marks


def _text(sample: Sample) -> str:
    return "; ".join(f"{'<' if each.below else ''}{digits(each.value)} {each.unit}" for each in sample.results[:3])


def _stands(visit: Visit, found: Released, own: Point, way: Trail) -> tuple[float, float] | None:
    """Where a point of the plan is: at its section, else so far below the release along the water."""
    if own.section:
        where = _at(found, own.section)
        if where is not None:
            return where
        try:
            section = visit.node.registry.section(own.section)
        except NotFoundError:
            section = None
        if section is not None:
            return _coordinates(section.longitude, section.latitude)
    return None if own.distance is None else way.at(own.distance)


def drawable(visit: Visit, found: Released) -> bool:
    """Is there anything of it that a map can show?"""
    network = found.network
    if found.place and point(network, network.places[network.index(found.place)]) is not None:
        return True
    nowhere = Trail(np.empty(0), np.empty((0, 2)))
    room: Room | None = found.room
    return room is not None and any(
        _stands(visit, found, claim.value, nowhere) for claim in room.points.values() if not claim.value.removed
    )


def _at(found: Released, id: str) -> tuple[float, float] | None:
    network = found.network
    return point(network, network.places[network.index(id)]) if id and network.has(id) else None


def _coordinates(longitude: float | None, latitude: float | None) -> tuple[float, float] | None:
    return None if longitude is None or latitude is None else (longitude, latitude)
