"""The map: sections as discs in the colour and with the letter of their class, at any time of a span."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from starlette.responses import Response

from shangyou.core.clock import LEGAL
from shangyou.core.errors import NotFoundError
from shangyou.core.registry import Section, Status
from shangyou.faces.portal import figures, names, present, waters
from shangyou.faces.portal.spans import DAY, SPANS
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look import look
from shangyou.flows.look_map import film, steps
from shangyou.flows.overview import State, current, horizon
from shangyou.standards.facts import basemap

CODES: Final = "0123456..abcdef"  # by class number; letters where the sample is stale
SHOWN: Final = ("day", "week", "month")


def page(visit: Visit) -> Response:
    """The page; with `section` in the address its drawer is open."""
    at, states = present.states(visit)
    found, water = in_view(visit)
    return visit.page(
        "map.html",
        states=sorted(states, key=lambda s: (-s.class_no, s.section.id)),
        missing=sum(not has_place(s.section) for s in states),
        at=at,
        span=visit.query("span") if visit.query("span") in SHOWN else "week",
        spans=SHOWN,
        opened=found,
        water=water,
    )


def in_view(visit: Visit) -> tuple[State | None, str]:
    """What the address opens: a section with its class; or the name of a place or a point of the network.

    Raises NotFoundError "registry.section"; and as `waters.water`.
    """
    id = visit.query("section")
    if not id:
        return None, waters.water(visit) if visit.query("reach") else ""
    try:
        return opened(visit, id), ""
    except NotFoundError:
        name = waters.named(visit, id)  # an outlet, an intake: on the network, and no section
        if not name:
            raise
        return None, name


def drawer(visit: Visit) -> Response:
    """The drawer of one section, or of another place of the network, alone."""
    id = visit.request.path_params["id"]
    try:
        return visit.page("map_drawer.html", opened=opened(visit, id))
    except NotFoundError:
        name = waters.named(visit, id)
        if not name:
            raise
        return visit.page("map_water.html", water=name)


def opened(visit: Visit, id: str) -> State:
    """A section with its class at the time of the address. NotFoundError "registry.section"."""
    section = visit.node.registry.section(id)
    _, states = current(visit.node.store, visit.node.registry, visit.now, LEGAL, _time(visit), (section.id,))
    return states[0]


def data(visit: Visit) -> Response:
    """Times, and for each section its place and one character a time."""
    name = visit.query("span") if visit.query("span") in SHOWN else "week"
    body = visit.once(("map", name, visit.t.language), lambda: _film(visit, name))
    return Response(body, media_type="application/json")


def _film(visit: Visit, name: str) -> bytes:
    node, t = visit.node, visit.t
    stop = horizon(node.store, visit.now).at
    grid = steps(stop - (SPANS[name] or DAY) + 1, stop, LEGAL)
    samples = look(node.store, node.registry, int(grid[0]) - DAY, stop + 1, LEGAL)
    codes = np.array([ord(c) for c in CODES], np.uint8)[film(samples, grid)]
    sections = [
        {
            "id": section.id,
            "name": names.section_name(section, t),
            "place": [section.longitude, section.latitude] if has_place(section) else None,
            "hollow": section.status is Status.UNCONFIRMED,
            "classes": codes[row].tobytes().decode(),
        }
        for row, section in enumerate(samples.sections)
    ]
    body = {"times": grid.tolist(), "labels": [hour(visit, int(ms)) for ms in grid], "sections": sections}
    return msgspec.json.encode(body)


def base(visit: Visit) -> Response:
    """Provinces and rivers."""
    return Response(basemap(), media_type="application/geo+json")


def has_place(section: Section) -> bool:
    """Are its coordinates known?"""
    return section.longitude is not None and section.latitude is not None


def hour(visit: Visit, ms: int) -> str:
    """A time of the slider in words."""
    then = figures.legal(ms)
    return f"{visit.moment_text(ms)} {visit.t(f'weekday.{then.weekday()}')}"


def _time(visit: Visit) -> int | None:
    asked = visit.number("time", 0, 0, 1 << 52)
    return asked or None
