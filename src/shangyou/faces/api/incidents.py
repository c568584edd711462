"""Questions and deeds about incidents that members work on together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.documents.html import html
from shangyou.faces.documents.incident_report import report as report_of
from shangyou.faces.documents.word import word
from shangyou.faces.documents.words import LANGUAGES
from shangyou.faces.rows import Rows
from shangyou.faces.together import dossier_id, person, together
from shangyou.flows import incident as flow
from shangyou.flows.incident import Seen
from shangyou.flows.saying import Together
from shangyou.wiring_exchange import member_exchange

DESK: Final = frozenset({"operator", "manager", "duty"})  # who may speak for the agency
WORKERS: Final = DESK | {"engineer", "analyst"}  # who may enter samples and notes
YES: Final = pa.bool_()
REAL: Final = pa.float64()
LISTED: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "title_zh", "title_en", "river", "substance", "grade")),
        *(("confirmed", YES), ("proposed", TEXT), ("noticed", TIME), ("next_duty", TEXT), ("next_due", TIME)),
        *((name, WHOLE) for name in ("late", "tasks_open", "samples", "conflicts")),
        *(("closed", TIME), ("in_charge", TEXT), ("affected", TEXT), ("simulated", YES)),
    ]
)
WHOLE_ROOM: Final = ("facts", "decided_by", "reports", "measures", "decisions", "closings", "conflict", "void")
CLOCKS: Final = pa.schema(
    [
        *(("duty", TEXT), ("duty_zh", TEXT), ("duty_en", TEXT), ("to", TEXT), ("state", TEXT)),
        *(("start", TIME), ("due", TIME), ("done", TIME), ("left_s", WHOLE), ("unverified", YES)),
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
WRITERS: Final = {"docx": word, "html": html}
MEDIA: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
}
RESULT: Final = re.compile(r"^([a-z0-9_]+)=(<?)([0-9.eE+-]+)([^/0-9][^,]*?)(?:,limit=([0-9.eE+-]+))?$")
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
        times = {name: _time(getattr(clock, name)) for name in ("start", "due", "done")}
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
    format: Annotated[str, "docx or html"] = "docx",
    language: Annotated[str, "zh or en; empty: of the answer"] = "",
) -> Rows:
    """A report of an incident as a document, filled from what was said; one row that holds the file."""
    seen, spoken = _seen(desk, id), language if language in LANGUAGES else desk.language
    body = written(desk, seen, type, format, spoken)
    name = f"{seen.id.removeprefix('urn:uuid:')[:8]}-{type}.{format}"
    row: dict[str, object] = {
        "name": name,
        "media": MEDIA[format],
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body,
    }
    return made(DOCUMENT, [row])


def written(desk: Desk, seen: Seen, type: str, format: str, language: str) -> bytes:
    """The report as a file. InputError "incident.report_kind", "incident.form"."""
    if format not in WRITERS:
        raise InputError("incident.form", format=format[:20], known=", ".join(WRITERS))
    members = member_exchange(desk.node).members

    def name(id: str) -> str:
        try:
            found = members.member(id)
        except NotFoundError:
            return id
        return found.name_zh if language == "zh" else found.name_en or found.name_zh

    return WRITERS[format](report_of(seen, type, language, name))


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
        **{name: getattr(opening, name) for name in ("title_zh", "title_en", "river", "substance", "simulated")},
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


# ---- deeds ------------------------------------------------------------------------------------------------------


def open_incident(
    desk: Desk,
    title_zh: Annotated[str, "what happened, in Chinese; empty: as the warning says"] = "",
    title_en: Annotated[str, "in English"] = "",
    warning: Annotated[str, "id of a warning to take over from"] = "",
    member: Annotated[Texts, "members that take part"] = (),
    in_charge: Annotated[Texts, "members in whose area it happened; none: this one"] = (),
    affected: Annotated[Texts, "members that it may reach; none: all others that take part"] = (),
    noticed: Annotated[str, "when it was found or learned of; empty: now"] = "",
    occurred: Annotated[str, "when it happened"] = "",
    place_zh: Annotated[str, "where, in Chinese"] = "",
    place_en: Annotated[str, "where, in English"] = "",
    river: Annotated[str, "which river"] = "",
    substance: Annotated[str, "what, a parameter of the vocabulary or a name"] = "",
) -> Done:
    """Open an incident room with other members, from a warning or by hand."""
    found = together(desk.node)
    body: dict[str, object] = {}
    if warning:
        body = flow.from_warning(found, dossier_id(found, "warning", warning))
    said = {"title_zh": title_zh, "title_en": title_en, "place_zh": place_zh, "place_en": place_en}
    body |= {key: value for key, value in (said | {"river": river, "substance": substance}).items() if value}
    when = {"noticed": moment(noticed), "occurred": moment(occurred)}
    body |= {key: value for key, value in when.items() if value is not None}
    if in_charge:
        body["in_charge"] = list(in_charge)
    body.setdefault("in_charge", [found.me])
    taken = body.get("affected")
    members = set(member) | set(affected) | (set(map(str, taken)) if isinstance(taken, list) else set())
    charged = body["in_charge"]
    assert isinstance(charged, list)
    if affected or "affected" not in body:
        body["affected"] = list(affected) or sorted((members | {found.me}) - set(charged))
    body["noticed"] = min(int(str(body.get("noticed", desk.now()))), desk.now())
    body["simulated"] = desk.simulated
    id = flow.open_room(found, sorted(members | set(charged)), body, person(desk.node, desk.by))
    return {"id": id}


def _tell(desk: Desk, id: str, verb: str, body: Mapping[str, object]) -> Done:
    found, whole = room_of(desk, id)
    entry = flow.tell(found, whole, verb, body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def tell_facts(
    desk: Desk,
    id: Id,
    fact: Annotated[Texts, "key=value: deaths, injured, evacuated, loss, ecology, species, intake, crossing"] = (),
) -> Done:
    """Say what is known: people, loss, drinking water, borders. A fact is said again when it changes."""
    return _tell(desk, id, "facts", {"facts": dict(_fact(each) for each in fact)})


def _fact(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError("incident.pair", text=text[:80])
    try:
        return key.strip(), float(value) if "." in value else int(value)
    except ValueError:
        return key.strip(), value.strip()


def grade(
    desk: Desk,
    id: Id,
    grade: Annotated[str, "I, II, III or IV; empty: as proposed"] = "",
    why: Annotated[str, "the reason, where it is another than proposed"] = "",
    role: Annotated[str, "in which function"] = "",
) -> Done:
    """Confirm the grade that the facts make, or choose another for a reason."""
    found, whole = room_of(desk, id)
    entry = flow.confirm(found, whole, grade, why, role, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id, "grade": str(entry.body["grade"])}


def report(
    desk: Desk,
    id: Id,
    type: Annotated[str, "initial, followup or final"] = "initial",
    duty: Annotated[
        Texts, "which duties it fulfils: own_government, next_level, province, ministry, neighbour ..."
    ] = (),
    to: Annotated[Texts, "members, for the duty towards neighbours"] = (),
    sent: Annotated[str, "when it went out; empty: now"] = "",
    document: Annotated[str, "SHA-256 of what was sent"] = "",
    note: Annotated[str, "how: by telephone, in writing"] = "",
) -> Done:
    """Enter a statutory report that went out; its clocks end."""
    at = moment(sent)
    body = {"type": type, "duties": list(duty), "to": list(to), "sent": desk.now() if at is None else at}
    return _tell(desk, id, "report", body | {"document": document, "note": note})


def task(
    desk: Desk,
    id: Id,
    task: Annotated[str, "one of the eight, or a name of your own"],
    owner: Annotated[str, "member that does it"] = "",
    due: Annotated[str, "until when"] = "",
    state: Annotated[str, "open, doing, done or cannot"] = "",
    note: Annotated[str, "what stands in the way, what was done"] = "",
    title_zh: Annotated[str, "of a task beside the eight, in Chinese"] = "",
    title_en: Annotated[str, "in English"] = "",
) -> Done:
    """Give a joint task, take it up, or say that it is done."""
    found, whole = room_of(desk, id)
    texts = {"owner": owner, "state": state, "note": note, "title_zh": title_zh, "title_en": title_en}
    change: dict[str, object] = {key: value or None for key, value in texts.items()}
    entry = flow.claim_task(found, whole, task, change | {"due": moment(due)}, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def point(
    desk: Desk,
    id: Id,
    point: Annotated[str, "a short name of the point"],
    name_zh: Annotated[str, "where, in Chinese"],
    parameter: Annotated[Texts, "what is measured there"],
    member: Annotated[str, "who takes the samples"],
    every: Annotated[int, "minutes between two samples"] = 60,
    name_en: Annotated[str, "where, in English"] = "",
    section: Annotated[str, "id of a section of the registry"] = "",
    distance: Annotated[float | None, "metres downstream of the incident"] = None,
    removed: Annotated[bool, "it is given up"] = False,
) -> Done:
    """Set a point of the joint monitoring plan, or change it."""
    body: dict[str, object] = {"point": point, "name_zh": name_zh, "name_en": name_en, "section": section}
    body |= {"parameters": list(parameter), "every": every, "member": member, "removed": removed}
    return _tell(desk, id, "point", body if distance is None else body | {"distance": distance})


def sample(
    desk: Desk,
    id: Id,
    point: Annotated[str, "point of the plan"],
    result: Annotated[Texts, "parameter=value unit, as benzene=0.02mg/L,limit=0.01 or benzene=<0.001mg/L"],
    taken: Annotated[str, "when; empty: now"] = "",
    laboratory: Annotated[str, "who measured it"] = "",
) -> Done:
    """Enter the results of a sample."""
    at = moment(taken)
    body = {"point": point, "taken": desk.now() if at is None else at, "results": [_result(each) for each in result]}
    return _tell(desk, id, "sample", body | {"laboratory": laboratory})


def _result(text: str) -> dict[str, object]:
    found = RESULT.match(text.strip())
    try:
        assert found is not None
        parameter, below, value, unit, limit = found.groups()
        told: dict[str, object] = {"parameter": parameter, "value": float(value), "unit": unit.strip()}
        return told | {"below": bool(below)} | ({"limit": float(limit)} if limit else {})
    except (AssertionError, ValueError):
        raise InputError("incident.result", text=text[:80]) from None


def measure(
    desk: Desk,
    id: Id,
    measure: Annotated[str, "a short name"],
    kind: Annotated[str, "hold, divert or dilute"],
    name_zh: Annotated[str, "where and how, in Chinese"],
    member: Annotated[str, "who does it"],
    name_en: Annotated[str, "in English"] = "",
    point: Annotated[str, "control point of the network"] = "",
    share: Annotated[float | None, "part of the pollutant that is held or led away, 0 to 1"] = None,
    flow_m3s: Annotated[float | None, "m3/s that a reservoir releases in addition"] = None,
    start: Annotated[str, "from"] = "",
    until: Annotated[str, "until"] = "",
    stage: Annotated[str, "proposed, ordered, running, ended or refused"] = "proposed",
    note: Annotated[str, "what else"] = "",
    effect: Annotated[str, "what was computed for it, as JSON"] = "",
) -> Done:
    """Propose, order or report a measure at a control point. Water from a reservoir is announced to all by this."""
    body: dict[str, object] = {"measure": measure, "kind": kind, "name_zh": name_zh, "name_en": name_en}
    body |= {"member": member, "point": point, "stage": stage, "note": note, "effect": _effect(effect)}
    given = {"share": share, "flow": flow_m3s, "start": moment(start), "until": moment(until)}
    return _tell(desk, id, "measure", body | {key: value for key, value in given.items() if value is not None})


def _effect(text: str) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError("entry.field", field="effect")
    return found


def decide(desk: Desk, id: Id, text: Annotated[str, "what was decided"], why: Annotated[str, "the reason"]) -> Done:
    """Enter a decision with its reason."""
    return _tell(desk, id, "decision", {"text": text, "why": why})


def note(desk: Desk, id: Id, text: Annotated[str, "what the others should know"]) -> Done:
    """Enter a note."""
    return _tell(desk, id, "note", {"text": text})


def close(
    desk: Desk,
    id: Id,
    summary_zh: Annotated[str, "how it ended, in Chinese"],
    summary_en: Annotated[str, "in English"] = "",
    cause: Annotated[str, "why it happened"] = "",
    lessons: Annotated[str, "what is to be changed"] = "",
) -> Done:
    """Close the incident for this member; it is closed when all in charge and affected have."""
    found, whole = room_of(desk, id)
    body = {"summary_zh": summary_zh, "summary_en": summary_en, "cause": cause, "lessons": lessons}
    entry = flow.end(found, whole, body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def reopen(desk: Desk, id: Id, why: Annotated[str, "the reason"]) -> Done:
    """Open a closed incident again."""
    return _tell(desk, id, "reopen", {"why": why})


QUESTIONS: Final[Sequence[Question]] = (
    Question("incidents", incidents, "incidents"),
    Question("incident", incident, "incidents"),
    Question("incident/clocks", clocks, "incidents"),
    Question("incident/tasks", tasks, "incidents"),
    Question("incident/samples", samples, "incidents"),
    Question("incident/timeline", timeline, "incidents"),
    Question("incident/document", document, "incidents"),
)
DEEDS: Final[Sequence[Any]] = (
    Deed("incidents/open", open_incident, "incidents", DESK),
    Deed("incidents/facts", tell_facts, "incidents", DESK),
    Deed("incidents/grade", grade, "incidents", DESK),
    Deed("incidents/report", report, "incidents", DESK),
    Deed("incidents/task", task, "incidents", DESK),
    Deed("incidents/point", point, "incidents", DESK),
    Deed("incidents/sample", sample, "incidents", WORKERS),
    Deed("incidents/measure", measure, "incidents", DESK),
    Deed("incidents/decide", decide, "incidents", DESK),
    Deed("incidents/note", note, "incidents", WORKERS),
    Deed("incidents/close", close, "incidents", DESK),
    Deed("incidents/reopen", reopen, "incidents", DESK),
)
