"""One alarm: where it was seen, what speaks for it, what else was tried, and the word of whoever closes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.alarms import alarms
from shangyou.faces.api.acts import perform
from shangyou.faces.api.alarms import CLOSE, signs, tried
from shangyou.faces.portal.figures import digits, name_of, unit_of
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.names import place_name
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.raised import warn_form
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.warning_view import short, title
from shangyou.faces.sentences import sentence
from shangyou.faces.told import told_of
from shangyou.flows.warn import look
from shangyou.governance.detection.alarm import Seen
from shangyou.governance.detection.kept import OUTCOMES
from shangyou.governance.warning.event import Told
from shangyou.wiring import Node


@dataclass(frozen=True, slots=True)
class Row:
    """One series in which it was seen."""

    seen: Seen
    section: str
    parameter: str
    value: str
    peak: str
    usual: str
    limit: str
    tried: list[str]
    signs: list[str]


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that tells of the same event."""

    id: str  # for the address
    title: str
    by: str
    mine: bool
    told: Told
    place: str
    whom: str  # members that know of it


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The alarm; after a fault in the form what is wrong."""
    node = cast("Node", visit.node)
    kept = alarms(node).alarm(visit.request.path_params["id"])
    warned = [_warned(hall(visit), each) for each in told_of(node, [kept.alarm]).get(kept.alarm.id, ())]
    rows = [_row(visit, seen) for seen in kept.alarm.seen]
    standing, first, t = str(kept.standing(visit.now)), rows[0], visit.t
    facts = {"section": first.section, "parameter": first.parameter, "value": first.peak}
    return visit.page(
        "alarm.html",
        status=error.status if error else 200,
        title=t(f"alarms.title_{standing}", **facts),
        kept=kept,
        standing=standing,
        rows=rows,
        warned=warned,
        form=warn_form(visit, kept.alarm) if joined(visit) is not None else "",
        outcomes=OUTCOMES,
        may=visit.may("warning.speak") and kept.closing is None,
        wrong=sentence(error.code, error.facts, t.language) if error else None,
    )


def close(visit: Visit) -> Response:
    """Say what it was."""
    by, id = visit.need("warning.speak"), visit.request.path_params["id"]
    given = {"outcome": visit.form.get("outcome", ""), "note": visit.form.get("note", "").strip()}
    try:
        perform(desk_of(visit, by), CLOSE, id=id, **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/alarms/{id}")


def _warned(at: Hall, told: Told) -> Warned:
    seen, t = look(at.together, told.warning), at.visit.t
    place = place_name(told.place, at.visit.node.registry, t)
    return Warned(
        short(seen), title(at, seen), at.name(told.by), told.by == at.found.me, told, place, at.names(told.whom)
    )


def _row(visit: Visit, seen: Seen) -> Row:
    unit = unit_of(seen.parameter)

    def told(value: float | None) -> str:
        return "—" if value is None else f"{digits(value)} {unit}".strip()

    return Row(
        seen=seen,
        section=place_name(seen.section, visit.node.registry, visit.t),
        parameter=name_of(seen.parameter, visit.t),
        value=told(seen.value),
        peak=told(seen.peak),
        usual=told(seen.usual),
        limit=told(seen.limit),
        tried=tried(seen, visit.t.language),
        signs=signs(seen, visit.t.language, hall(visit).name if joined(visit) is not None else str),
    )
