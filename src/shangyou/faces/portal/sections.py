"""The list of sections: found, sorted and paged by the node, and taken away as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from shangyou.core.registry import PROVINCES, Section
from shangyou.faces.portal import files, names, present
from shangyou.faces.portal.visit import Visit
from shangyou.flows.overview import State, severity

PAGE_SIZES: Final = (25, 50, 100, 200)
LAST: Final = "\uffff"  # sorts what has no name behind all names
KEYS: Final[dict[str, Callable[[State], Any]]] = {
    "class": lambda s: (s.class_no, -severity(s)[1]),
    "name": lambda s: s.section.name_zh,
    "province": lambda s: (s.section.province or LAST, s.section.name_zh),
    "city": lambda s: (s.section.city or LAST, s.section.name_zh),
    "river": lambda s: (s.section.river or LAST, s.section.name_zh),
    "time": lambda s: s.at or 0,
}
COLUMNS: Final = ("class", "before", "exceeding", "province", "city", "river", "time", "state")


def sections(visit: Visit) -> Response:
    """The page."""
    horizon, states = present.states(visit)
    found = select(visit, states)
    size = visit.number("size", 50, PAGE_SIZES[0], PAGE_SIZES[-1])
    pages = max(1, -(-len(found) // size))
    page = visit.number("page", 1, 1, pages)
    return visit.page(
        "sections.html",
        at=horizon,
        total=len(states),
        found=len(found),
        rows=found[(page - 1) * size : page * size],
        page=page,
        pages=pages,
        size=size,
        sort=visit.query("sort", "-class"),
        columns=[c for c in COLUMNS if c not in visit.request.query_params.getlist("hide")],
        provinces=sorted({s.section.province for s in states} - {""}, key=lambda p: (PROVINCES.get(p, "99"), p)),
        chosen=visit.request.query_params.getlist("class"),
        missing=sum(no_place(s.section) for s in states),
        filtered=any(visit.query(name) for name in ("q", "province", "river", "city", "class", "status")),
    )


def export(visit: Visit) -> Response:
    """The same selection as a file."""
    _, states = present.states(visit)
    table = as_table(select(visit, states), visit)
    return files.send_table(visit, "sections", table, visit.request.path_params["form"])


def select(visit: Visit, states: list[State]) -> list[State]:
    """Those that the address asks for, in its order."""
    wanted = visit.query("q").strip().casefold()
    classes = set(visit.request.query_params.getlist("class"))
    status = visit.query("status")
    places = {name: visit.query(name) for name in ("province", "river", "city") if visit.query(name)}

    def fits(state: State) -> bool:
        section = state.section
        return (
            (not wanted or wanted in words_of(section))
            and (not classes or str(state.class_no) in classes)
            and all(getattr(section, name) == value for name, value in places.items())
            and (not status or (no_place(section) if status == "no_place" else section.status == status))
        )

    sort = visit.query("sort", "-class")
    key = KEYS.get(sort.removeprefix("-"), KEYS["class"])
    found = sorted(filter(fits, states), key=lambda s: s.section.id)
    return sorted(found, key=key, reverse=sort.startswith("-"))


def words_of(section: Section) -> str:
    """All that a reader may search a section by."""
    parts = (section.name_zh, section.name_en, section.river, section.city, section.province, section.id)
    return "\n".join(parts).casefold()


def no_place(section: Section) -> bool:
    """Are its coordinates missing?"""
    return section.longitude is None or section.latitude is None


def as_table(states: list[State], visit: Visit) -> pa.Table:
    """Rows of a file."""
    moment = pa.timestamp("ms", "UTC")
    columns: dict[str, pa.Array] = {
        name: pa.array([str(getattr(s.section, field)) for s in states], pa.string())
        for name, field in (
            ("site", "id"),
            *((same, same) for same in ("name_zh", "name_en", "province", "city", "river", "basin", "status")),
        )
    }
    for field in ("longitude", "latitude"):
        columns[field] = pa.array([getattr(s.section, field) for s in states], pa.float64())
    columns |= {
        "class_no": pa.array([s.class_no for s in states], pa.int8()),
        "class": pa.array([names.letter(s.class_no, visit.t) if s.class_no else "" for s in states], pa.string()),
        "time": pa.array([s.at for s in states], moment),
        "class_no_day_before": pa.array([s.before for s in states], pa.int8()),
        "exceeding_zh": pa.array([s.exceeding_zh for s in states], pa.string()),
        "exceeding_en": pa.array([s.exceeding_en for s in states], pa.string()),
        "source": pa.array([s.section.source for s in states], pa.string()),
    }
    return pa.table(columns)
