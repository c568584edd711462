"""One question to the whole basin: the form, the answer, and a line on each node."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import pyarrow as pa
from starlette.responses import Response

from shangyou.core import vocabulary
from shangyou.core.registry import PROVINCES
from shangyou.exchange.policy.terms import PURPOSES
from shangyou.exchange.question import LABELS, PERIODS
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.query import lines_of
from shangyou.faces.api.query import query as ask
from shangyou.faces.portal import figures, files, names
from shangyou.faces.portal.courses import course
from shangyou.faces.portal.spans import span_of
from shangyou.faces.portal.visit import Visit
from shangyou.flows.overview import horizon
from shangyou.wiring_exchange import exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node

SHOWN: Final = 200  # rows on the page; a file has all
GIVEN: Final = ("answered", "narrowed", "stale")
SECONDS: Final = 8.0  # that a node may take while a person looks on
GROUP: Final = "water"


def page(visit: Visit) -> Response:
    """The page."""
    asked = bool(visit.request.url.query)
    table = _asked(visit) if asked else None
    lines = lines_of(table.schema) if table is not None else []
    joined = exchange(_desk(visit).node)
    members = [] if joined is None else joined.members.members()
    return visit.page(
        "query.html",
        nodes=max(1, len(members)),
        members=members,
        span=span_of(visit, horizon(visit.node.store, visit.now).at, "month"),
        parameters=[key for key, each in vocabulary.parameters().items() if each.group == GROUP],
        provinces=list(PROVINCES.items()),
        labels=LABELS,
        periods=PERIODS,
        purposes=list(PURPOSES),
        chosen=visit.request.query_params.getlist,
        query=visit.request.url.query,
        asked=asked,
        lines=lines,
        given=sum(line["state"] in GIVEN for line in lines),
        values=sum(line["values"] for line in lines),
        count=0 if table is None else len(table),
        rows=[] if table is None else _rows(table),
        course=None if table is None else course(visit, table, visit.query("mean") or "month", partial(_named, visit)),
        share=visit.query("percentile"),
    )


def export(visit: Visit) -> Response:
    """The whole answer as a file."""
    return files.send_table(visit, "query", _asked(visit), visit.request.path_params["form"])


def _asked(visit: Visit) -> pa.Table:
    many = visit.request.query_params.getlist
    span = span_of(visit, horizon(visit.node.store, visit.now).at, "month")
    percentile = visit.query("percentile")
    found = ask(
        _desk(visit),
        section=_names(visit.query("section")),
        river=_names(visit.query("river")),
        province=tuple(name for name in many("province") if name),
        parameter=tuple(many("parameter")),
        start=figures.legal(span.start).isoformat(),
        stop=figures.legal(span.stop).isoformat(),
        purpose=visit.query("purpose"),
        by=visit.query("by") or "province",
        mean=visit.query("mean") or "month",
        percentile=(percentile,) if percentile else (),
        seconds=SECONDS,
    )
    return found.table()


def _named(visit: Visit, label: str) -> str:
    """A label of the answer for people."""
    by = visit.query("by") or "province"
    called = {"province": names.province_name, "river": names.river_name}.get(by)
    return (called(label, visit.t) if called else label) or "—"


def _names(text: str) -> tuple[str, ...]:
    """Names with commas, Chinese or Latin."""
    return tuple(name.strip() for name in text.replace("，", ",").split(",") if name.strip())


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """The first rows, with the percentile under one name."""
    found: list[dict[str, Any]] = table.slice(0, SHOWN).to_pylist()
    for row in found:
        row["percentile"] = next((v for k, v in row.items() if k[:1] == "p" and k[1:2].isdigit()), None)
    return found


def _desk(visit: Visit) -> Desk:
    return Desk(cast("Node", visit.node), by=visit.person.name if visit.person else "", language=visit.t.language)
