"""Questions and deeds about incidents that members work on together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Question
from shangyou.faces.coming import of_room
from shangyou.faces.documents.document import Document
from shangyou.faces.documents.html import html
from shangyou.faces.documents.incident_report import report as report_of
from shangyou.faces.documents.pdf import pdf
from shangyou.faces.documents.word import word
from shangyou.faces.documents.words import LANGUAGES
from shangyou.faces.rows import Rows
from shangyou.faces.together import dossier_id, together
from shangyou.flows import incident as flow
from shangyou.flows.incident import Seen
from shangyou.flows.saying import Together
from shangyou.wiring_exchange import member_exchange

YES: Final = pa.bool_()
REAL: Final = pa.float64()
LISTED: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "title_zh", "title_en", "place", "river", "substance", "grade")),
        *(("confirmed", YES), ("proposed", TEXT), ("noticed", TIME), ("next_duty", TEXT), ("next_due", TIME)),
        *((name, WHOLE) for name in ("late", "tasks_open", "samples", "conflicts")),
        *(("closed", TIME), ("in_charge", TEXT), ("affected", TEXT), ("simulated", YES)),
        ("amount", REAL),  # g
    ]
)
OPENED: Final = ("title_zh", "title_en", "place", "river", "substance", "amount", "simulated")
WHOLE_ROOM: Final = (
    "facts",
    "derived",
    "decided_by",
    "reports",
    "measures",
    "decisions",
    "closings",
    "conflict",
    "void",
)
CLOCKS: Final = pa.schema(
    [
        *(("duty", TEXT), ("duty_zh", TEXT), ("duty_en", TEXT), ("to", TEXT), ("state", TEXT)),
        *(("start", TIME), ("due", TIME), ("done", TIME), ("left_s", WHOLE), ("unverified", YES), ("earlier", TIME)),
    ]
)
TASKS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("task", "title_zh", "title_en", "owner", "state")),
        *(("due", TIME), ("note", TEXT), ("by", TEXT), ("at", TIME)),
    ]
)
SAMPLES: Final = pa.schema(
    [
        *(("point", TEXT), ("taken", TIME), ("parameter", TEXT), ("value", REAL), ("unit", TEXT), ("below", YES)),
        *(("limit", REAL), ("exceeds", YES), ("laboratory", TEXT), ("by", TEXT), ("at", TIME)),
    ]
)
TIMELINE: Final = pa.schema([("at", TIME), ("by", TEXT), ("kind", TEXT), ("body", TEXT), ("read_by", TEXT)])
DOCUMENT: Final = pa.schema([("name", TEXT), ("media", TEXT), ("sha256", TEXT), ("body", pa.binary())])
WRITERS: Final = {"docx": word, "pdf": pdf, "html": html}
MEDIA: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}
Id = Annotated[str, "id of the incident's dossier; its beginning is enough"]


def room_of(desk: Desk, id: str) -> tuple[Together, str]:
    """The node's means, and the whole id. NotFoundError "federation.none", "dossier.unknown"."""
    found = together(desk.node)
    return found, dossier_id(found, flow.SUBJECT, id)


# ---- questions --------------------------------------------------------------------------------------------------


def incidents(desk: Desk, open_only: Annotated[bool, "only those that are not closed"] = False) -> Rows:
    """Incidents, the last changed first: grade, the next statutory clock, what is open."""
    rooms = flow.incidents(together(desk.node))
    return made(LISTED, [_listed(each) for each in rooms if not (open_only and each.room.closed)])


def incident(
    desk: Desk,
    id: Id,
    as_of: Annotated[str, "as it was known at that time"] = "",
    member: Annotated[str, "as this member knew it, by what it said"] = "",
) -> Rows:
    """One incident with everything that was said of it."""
    seen = _seen(desk, id, as_of, member)
    room = seen.room
    parts: dict[str, object] = {
        "facts": {key: claim.value for key, claim in room.facts.items()},
        "derived": room.derived,
        "decided_by": [asdict(each) for each in seen.proposal.decided_by],
        "reports": [asdict(each) for each in room.reports],
        "measures": [asdict(each.value) for each in room.measures.values()],
        "decisions": [asdict(each) for each in room.decisions],
        "closings": [asdict(each) for each in room.closings.values()],
        "conflict": [asdict(each) for each in room.conflicts],
        "void": [asdict(each) for each in room.void],
    }
    schema = LISTED
    for name in WHOLE_ROOM:
        schema = schema.append(pa.field(name, TEXT))
    return made(schema, [_listed(seen) | {name: _json(parts[name]) for name in WHOLE_ROOM}])


def clocks(desk: Desk, id: Id) -> Rows:
    """The statutory clocks of an incident: to whom, by when, whether it was done."""
    seen = _seen(desk, id)
    duties = {each["id"]: each for each in seen.rules.reporting.body["duties"]}
    rows = []
    for clock in seen.clocks:
        duty = duties[clock.duty]
        times = {name: _time(getattr(clock, name)) for name in ("start", "due", "done", "earlier")}
        names = {"duty_zh": duty["to_zh"], "duty_en": duty["to_en"]}
        left = None if clock.left is None else clock.left // 1000
        rows.append(asdict(clock) | times | names | {"left_s": left})
    return made(CLOCKS, rows)


def tasks(desk: Desk, id: Id) -> Rows:
    """The joint tasks of an incident."""
    held = _seen(desk, id).room.tasks
    return made(
        TASKS,
        [
            asdict(claim.value) | {"task": key, "due": _time(claim.value.due), "by": claim.by, "at": _time(claim.at)}
            for key, claim in held.items()
        ],
    )


def samples(desk: Desk, id: Id) -> Rows:
    """Results of all samples of an incident, by the time they were taken."""
    return made(
        SAMPLES,
        [
            asdict(result)
            | {"exceeds": result.exceeds, "point": each.point, "taken": _time(each.taken)}
            | {"laboratory": each.laboratory, "by": each.by, "at": _time(each.at)}
            for each in _seen(desk, id).room.samples
            for result in each.results
        ],
    )


def timeline(desk: Desk, id: Id) -> Rows:
    """Who said what and when, and which members had read it when they spoke next."""
    seen = _seen(desk, id)
    heard: dict[str, list[str]] = {}
    for each in seen.heard():
        heard.setdefault(each.entry, []).append(each.member)
    rows = []
    for line in seen.room.lines:
        names = ", ".join(heard.get(line.entry, ()))
        told = {"kind": line.kind, "body": _json(line.body), "read_by": names}
        rows.append({"at": _time(line.at), "by": line.by} | told)
    return made(TIMELINE, rows)


def document(
    desk: Desk,
    id: Id,
    type: Annotated[str, "initial, followup or final"] = "initial",
    form: Annotated[str, "docx, pdf or html"] = "docx",
    language: Annotated[str, "zh or en; empty: of the answer"] = "",
) -> Rows:
    """A report of an incident as a document, filled from what was said; one row that holds the file."""
    seen, spoken = _seen(desk, id), language if language in LANGUAGES else desk.language
    body = written(desk, seen, type, form, spoken)
    name = f"{seen.id.removeprefix('urn:uuid:')[:8]}-{type}.{form}"
    return document_row(name, form, body)


def document_row(name: str, form: str, body: bytes) -> Rows:
    """A file as the one row of an answer."""
    digest = hashlib.sha256(body).hexdigest()
    return made(DOCUMENT, [{"name": name, "media": MEDIA[form], "sha256": digest, "body": body}])


def writer(form: str) -> Callable[[Document], bytes]:
    """What writes documents of a form. InputError "incident.form"."""
    if form not in WRITERS:
        raise InputError("incident.form", format=form[:20], known=", ".join(WRITERS))
    return WRITERS[form]


def written(desk: Desk, seen: Seen, type: str, format: str, language: str) -> bytes:
    """The report as a file. InputError "incident.report_kind", "incident.form"."""
    write = writer(format)
    return write(report_of(seen, type, language, name_in(desk, language), of_room(desk.node, seen)))


def name_in(desk: Desk, language: str) -> Callable[[str], str]:
    """What a document calls a member, by its id."""
    members = member_exchange(desk.node).members

    def name(id: str) -> str:
        try:
            found = members.member(id)
        except NotFoundError:
            return id
        return found.name_zh if language == "zh" else found.name_en or found.name_zh

    return name


def _seen(desk: Desk, id: str, as_of: str = "", member: str = "") -> Seen:
    found, whole = room_of(desk, id)
    if as_of or member:
        at = moment(as_of)
        return flow.look_back(found, whole, found.now() if at is None else at, member)
    return flow.look(found, whole)


def _listed(seen: Seen) -> dict[str, object]:
    room, opening = seen.room, seen.room.opening
    waiting = [clock for clock in seen.clocks if clock.state in ("running", "late") and clock.due is not None]
    first = min(waiting, key=lambda clock: clock.due or 0, default=None)
    return {
        **{name: getattr(opening, name) for name in OPENED},
        "id": seen.id,
        "grade": seen.grade,
        "confirmed": room.grade is not None,
        "proposed": seen.proposal.grade,
        "noticed": _time(opening.noticed),
        "next_duty": first.duty if first else "",
        "next_due": _time(first.due) if first else None,
        "late": len(seen.late),
        "tasks_open": sum(claim.value.state in ("open", "doing") for claim in room.tasks.values()),
        "samples": len(room.samples),
        "conflicts": len(room.conflicts),
        "closed": _time(room.closed),
        "in_charge": ", ".join(opening.in_charge),
        "affected": ", ".join(opening.affected),
    }


def _time(ms: int | None) -> object:
    return None if ms is None else from_ms(ms)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


QUESTIONS: Final[Sequence[Question]] = (
    Question("incidents", incidents, "incidents"),
    Question("incident", incident, "incidents"),
    Question("incident/clocks", clocks, "incidents"),
    Question("incident/tasks", tasks, "incidents"),
    Question("incident/samples", samples, "incidents"),
    Question("incident/timeline", timeline, "incidents"),
    Question("incident/document", document, "incidents"),
)
