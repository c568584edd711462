"""Incidents: the list, and the form that opens a room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.moments import legal
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.incident_view import Face, faces
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.places import id_of, offered
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.warning_view import title as warning_title
from shangyou.faces.sentences import sentence
from shangyou.faces.together import dossier_id
from shangyou.flows import warn
from shangyou.flows.incident import Seen, from_warning, incidents

OPEN: Final = "incidents/open"  # deed
WARNINGS: Final = 50  # that the form offers to open a room from, the last changed
TEXTS: Final = ("title_zh", "title_en", "place", "place_zh", "river", "substance", "amount", "limit")


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
        given=visit.form or _given(at),
        warnings=[(each.id, warning_title(at, each)) for each in warn.warnings(at.together, WARNINGS)],
        places=offered(visit),
        asked=bool(error or visit.query("warning")),
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
    )


def _given(at: Hall) -> dict[str, str]:
    """What the form says to begin with: what the warning says that the address names, else nothing."""
    asked = at.visit.query("warning")
    if not asked:
        return {}
    id = dossier_id(at.together, warn.SUBJECT, asked)
    taken = from_warning(at.together, id)
    texts = {name: str(taken.get(name, "")) for name in TEXTS}
    grams, limit = taken.get("amount"), taken.get("limit")
    texts["amount"] = f"{grams / 1000:g}" if isinstance(grams, float) else ""
    texts["limit"] = f"{limit:g}" if isinstance(limit, float) else ""
    times = {name: _local(taken.get(name)) for name in ("noticed", "occurred")}
    charge, affected = cast("list[str]", taken["in_charge"]), cast("list[str]", taken["affected"])
    return {**texts, **times, "warning": id, "in_charge": charge[0], **{f"affected:{each}": "1" for each in affected}}


def _local(ms: object) -> str:
    """A time as a field of a form takes it; "" where there is none."""
    return legal(ms)[:16].replace(" ", "T") if isinstance(ms, int) else ""


def _row(at: Hall, seen: Seen) -> Row:
    opening = seen.room.opening
    pressing = [face for face in faces(at, seen) if face.clock.state in ("late", "running")]
    undone = sum(claim.value.state in ("open", "doing") for claim in seen.room.tasks.values())
    place = " · ".join(filter(None, (at.words.of(opening, "place"), at.river(opening.river))))
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
    texts = {key: form.get(key, "").strip() for key in TEXTS}
    texts["place"] = id_of(visit, texts["place"])
    times = {key: form.get(key, "").strip() for key in ("noticed", "occurred", "warning")}
    charge = [form["in_charge"]] if form.get("in_charge") else []
    try:
        given: dict[str, object] = {"affected": tuple(chosen), "in_charge": tuple(charge), **texts, **times}
        done = perform(desk_of(visit, by), OPEN, **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/incidents/{done['id']}?done=opened")
