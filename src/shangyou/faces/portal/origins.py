"""Where a value came from: its versions, each with batch, source, time of arrival and the raw journal entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.journal import Entry
from shangyou.faces.portal import verdicts
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look_section import versions


@dataclass(frozen=True, slots=True)
class Version:
    """One version with what is known of its arrival."""

    row: dict[str, Any]
    received: int  # ms since 1970 UTC
    reason: str
    entry: Entry | None  # the raw thing that it came in with


def page(visit: Visit) -> Response:
    """All versions of one observation, oldest first."""
    kind = (visit.query("cadence"), visit.query("statistic"))
    time = visit.number("time", 0, 0, 1 << 52)
    site, parameter = visit.query("site"), visit.query("parameter")
    rows = versions(visit.node.store, site, parameter, kind, time)
    if not rows:
        raise NotFoundError("portal.observation", site=site, parameter=parameter)
    found = [
        Version(
            row,
            to_ms(row["received"]),
            verdicts.reason(row["flag"], row["suspect"] | row["fail"], row["mark"], visit.t),
            entry_of(visit.node, row["entry"]),
        )
        for row in rows
    ]
    template = "versions_part.html" if visit.partial else "versions.html"
    return visit.page(template, versions=found, site=site, parameter=parameter, time=time)


def entry_of(node: Node, id: int) -> Entry | None:
    """An entry of the raw journal; None if there is none of that number."""
    if not 0 <= id < node.journal.end():
        return None
    return next(iter(node.journal.read(id, id + 1)), None)
