"""Incidents: the list, and the form that opens a room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.incident_view import Face, faces
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.flows.incident import Seen, incidents

OPEN: Final = "incidents/open"  # deed


@dataclass(frozen=True, slots=True)
class Row:
    """An incident in the list."""

    seen: Seen
    title: str
    place: str
    first: Face | None  # the clock that presses most
    undone: int  # joint tasks
    in_charge: str


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The list, what presses most first; and after a fault in the form what is wrong."""
    if joined(visit) is None:
        return visit.page("incidents_none.html")
    at = hall(visit)
    rows = [_row(at, seen) for seen in incidents(at.together)]
    running = [row for row in rows if row.seen.room.closed is None]
    over = [row for row in rows if row.seen.room.closed is not None]
    running.sort(key=lambda row: (-len(row.seen.late), row.first.clock.due or 2**60 if row.first else 2**60))
    return visit.page(
        "incidents.html",
        status=error.status if error else 200,
        title=_finding(visit, running),
        running=running,
        over=over,
        may=visit.may("incident.speak"),
        members=at.active(),
        me=at.found.me,
        given=visit.form,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
    )


def _row(at: Hall, seen: Seen) -> Row:
    opening = seen.room.opening
    pressing = [face for face in faces(at, seen) if face.clock.state in ("late", "running")]
    undone = sum(claim.value.state in ("open", "doing") for claim in seen.room.tasks.values())
    place = " · ".join(filter(None, (at.words.of(opening, "place"), opening.river)))
    first = pressing[0] if pressing else None
    return Row(seen, at.words.of(opening, "title"), place, first, undone, at.names(opening.in_charge))


def _finding(visit: Visit, running: list[Row]) -> str:
    late = sum(len(row.seen.late) for row in running)
    if late:
        return visit.t.count("incidents.late", late)
    if running:
        return visit.t.count("incidents.running", len(running))
    return visit.t("incidents.calm")


def open_room(visit: Visit) -> Response:
    """Open a room by hand, or from a warning."""
    by, form = visit.need("incident.speak"), visit.form
    chosen = [key.partition(":")[2] for key in form if key.startswith("affected:")]
    texts = {key: form.get(key, "").strip() for key in ("title_zh", "title_en", "place_zh", "river", "substance")}
    times = {key: form.get(key, "").strip() for key in ("noticed", "occurred", "warning")}
    charge = [form["in_charge"]] if form.get("in_charge") else []
    try:
        given: dict[str, object] = {"affected": tuple(chosen), "in_charge": tuple(charge), **texts, **times}
        done = perform(desk_of(visit, by), OPEN, **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/incidents/{done['id']}?done=opened")
