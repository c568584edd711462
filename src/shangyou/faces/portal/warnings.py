"""The warning centre: what waits for somebody here, what is open, what is over; and the form that warns others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.places import id_of, offered
from shangyou.faces.portal.raised import downstream, raised
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.warning_view import short, state_chip, title
from shangyou.faces.sentences import sentence
from shangyou.flows import warn
from shangyou.flows.incident import incidents
from shangyou.flows.warn import Seen
from shangyou.governance.warning.clocks import Clock

SEND: Final = "warnings/send"  # deed
ROOMS: Final = 50  # that are looked through for those opened from a warning, the last changed
FIELDS: Final = (
    *("title_zh", "title_en", "place", "place_zh", "river", "bank", "substance", "amount", "amount_least"),
    *("amount_most", "noticed", "began", "minutes", "limit", "text", "alarm", "type"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A warning in the list."""

    seen: Seen
    id: str  # for the address
    title: str
    place: str
    chip: tuple[str, str, str]
    owed: Clock | None  # by this node
    silent: str  # names of members that owe a word
    first: Clock | None  # of these the one that runs out first
    in_charge: str
    room: str  # the incident that was opened from it


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The list, what waits here first; and after a fault in the form what is wrong."""
    found = raised(visit)
    if joined(visit) is None:
        return visit.page("warnings_none.html", raised=found)
    at = hall(visit)
    rooms = {each.room.opening.warning: each.id for each in reversed(incidents(at.together, ROOMS))}
    rows = [_row(at, seen, rooms.get(seen.id, "")) for seen in warn.warnings(at.together)]
    running = [row for row in rows if row.seen.situation.state != "cleared"]
    running.sort(key=lambda row: (row.owed is None, row.owed.due if row.owed else 0, row.first is None))
    given = dict(visit.request.query_params) | dict(visit.form)  # an alarm leads here with what it knows
    place = given.get("place", "")
    return visit.page(
        "warnings.html",
        status=error.status if error else 200,
        title=_finding(visit, running, len(found)),
        raised=found,
        running=running,
        over=[row for row in rows if row.seen.situation.state == "cleared"],
        may=visit.may("warning.speak"),
        members=[each for each in at.active() if each[0] != at.found.me],
        places=offered(visit),
        downstream=downstream(visit, place, given.get("alarm", "")),
        given=given,
        asked=bool(error or given.get("title_zh") or given.get("alarm")),
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
    )


def _row(at: Hall, seen: Seen, room: str) -> Row:
    content, waiting = seen.situation.content, seen.open()
    mine = [each for each in waiting if each.member == at.found.me]
    others = [each for each in waiting if each.member != at.found.me]
    place = content.place_zh if at.visit.t.language == "zh" else content.place_en
    where = " · ".join(filter(None, (place, at.river(content.river))))
    first = min(others, key=lambda each: each.due, default=None)
    silent = at.names(each.member for each in others)
    owed, charge = mine[0] if mine else None, at.names(seen.situation.in_charge)
    return Row(seen, short(seen), title(at, seen), where, state_chip(seen), owed, silent, first, charge, room)


def _finding(visit: Visit, running: list[Row], raised: int) -> str:
    t = visit.t
    owed, silent = sum(row.owed is not None for row in running), sum(row.first is not None for row in running)
    if owed:
        return t.count("warnings.owed", owed)
    if silent:
        return t.count("warnings.silent", silent)
    if raised:
        return t.count("warnings.raised", raised)
    return t.count("warnings.running", len(running)) if running else t("warnings.calm")


def send(visit: Visit) -> Response:
    """Warn others."""
    by, form = visit.need("warning.speak"), visit.form
    texts = {name: form.get(name, "").strip() for name in FIELDS}
    texts["place"] = id_of(visit, texts["place"])
    texts["type"] = texts["type"] or "first"
    evidence = tuple(each.strip() for each in form.get("evidence", "").splitlines() if each.strip())
    to = tuple(key.partition(":")[2] for key in form if key.startswith("to:"))
    more = {"evidence": evidence, "to": to, "exercise": form.get("exercise") == "1"}
    try:
        done = perform(desk_of(visit, by), SEND, **texts, **more)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/warnings/{str(done['id']).removeprefix('urn:uuid:')}?done=sent")
