"""Exports: what is asked for most with one click, and any selection of observations, in four formats."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from shangyou.core import vocabulary
from shangyou.core.clock import from_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.ports import Selection
from shangyou.core.registry import PROVINCES
from shangyou.faces.portal import figures, files, names
from shangyou.faces.portal.spans import DAY, Span, span_of
from shangyou.faces.portal.visit import Visit
from shangyou.flows.assess import GROUPS, assess
from shangyou.flows.export import SHAPES, export
from shangyou.flows.overview import horizon

PREVIEW: Final = 20  # rows that the page shows of a selection
ASSESSED: Final = ("section", *GROUPS)


def exports(visit: Visit) -> Response:
    """The page."""
    node = visit.node
    at = horizon(node.store, visit.now).at
    keys = node.store.series()
    measured = {key.parameter for key in keys}
    sections = node.registry.sections()
    chosen, span = selection(visit)
    asked = bool(visit.request.url.query)
    return visit.page(
        "exports.html",
        at=at,
        month=figures.legal(at).strftime("%Y-%m"),
        size=node.store.size(),
        assessed=ASSESSED,
        parameters=[key for key in vocabulary.parameters() if key in measured],
        cadences=sorted({key.cadence for key in keys}),
        provinces=sorted({s.province for s in sections} - {""}, key=lambda p: (PROVINCES.get(p, "99"), p)),
        sections=sections,
        called={s.id: names.section_name(s, visit.t) for s in sections},
        span=span,
        shapes=SHAPES,
        query=visit.request.url.query,
        preview=_preview(visit, chosen) if asked else None,
    )


def selection(visit: Visit) -> tuple[Selection, Span]:
    """What the form asks for."""
    many = visit.request.query_params.getlist
    at = horizon(visit.node.store, visit.now).at
    span = span_of(visit, at)
    sites = tuple(many("section"))
    province = visit.query("province")
    if province and not sites:
        sites = tuple(s.id for s in visit.node.registry.sections() if s.province == province) or ("-",)
    chosen = Selection(
        sites=sites,
        parameters=tuple(many("parameter")),
        cadences=tuple(many("cadence")),
        start=span.start,
        stop=span.stop,
        versions=visit.query("versions") == "all",
        usable=bool(visit.query("usable")),
    )
    return chosen, span


def _preview(visit: Visit, chosen: Selection) -> list[dict[str, object]]:
    """The first rows of the selection."""
    first = export(visit.node.store, visit.node.registry, replace(chosen, limit=PREVIEW))
    rows: list[dict[str, object]] = []
    for batch in first.batches:
        rows += batch.to_pylist()
    return rows[:PREVIEW]


def observations(visit: Visit) -> Response:
    """The selection as a file."""
    chosen, _ = selection(visit)
    shape = visit.query("shape") or "long"
    out = export(visit.node.store, visit.node.registry, chosen, shape)
    return files.send(visit, "observations", out.schema, out.batches, visit.request.path_params["form"])


def ready_made(visit: Visit) -> Response:
    """One of the selections that need no form. NotFoundError "portal.page"."""
    node, name, form = visit.node, visit.request.path_params["name"], visit.request.path_params["form"]
    at = horizon(node.store, visit.now).at
    if name == "latest":
        return files.send_table(visit, name, node.store.latest(), form)
    if name == "samples":
        period = f"{from_ms(at - DAY + 1).isoformat()}/{from_ms(at + 1).isoformat()}"
        return files.send_table(visit, name, assess(node.store, node.registry, period, "sample"), form)
    if name in ASSESSED:
        period = visit.query("period") or figures.legal(at).strftime("%Y-%m")
        table = assess(node.store, node.registry, period, name)
        return files.send_table(visit, f"{name}-{period.replace('/', '_')}", table, form)
    raise NotFoundError("portal.page", path=visit.request.url.path)
