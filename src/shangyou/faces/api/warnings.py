"""Questions about warnings, and about the dossiers that members keep together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.incidents import document_row, name_in, writer
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made
from shangyou.faces.api.tables import Question
from shangyou.faces.coming import of_warning
from shangyou.faces.documents.warning_report import warning_report
from shangyou.faces.documents.words import LANGUAGES
from shangyou.faces.rows import Rows
from shangyou.faces.together import dossier_id, together
from shangyou.faces.warning import watch
from shangyou.flows import warn
from shangyou.flows.warn import Seen
from shangyou.governance.warning.compare import Difference, differences
from shangyou.governance.warning.values import Arrival

YES: Final = pa.bool_()
REAL: Final = pa.float64()
LISTED: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "state", "title_zh", "title_en", "place_zh", "place_en", "river")),
        *(("substance", TEXT), ("amount", REAL), ("noticed", TIME), ("began", TIME), ("in_charge", TEXT)),
        *(("members", TEXT), ("unacknowledged", TEXT), ("next_due", TIME), ("late", WHOLE), ("messages", WHOLE)),
        *(("ended", TIME), ("exercise", YES), ("simulated", YES)),
    ]
)
ONE: Final = ("content", "contacts", "cleared", "void")
MESSAGES: Final = pa.schema(
    [
        *(("at", TIME), ("kind", TEXT), ("by", TEXT), ("text", TEXT), ("to", TEXT), ("answers", TEXT)),
        *(("changed", TEXT), ("role", TEXT), ("acknowledged_by", TEXT), ("refers", TEXT), ("entry", TEXT)),
    ]
)
CLOCKS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("member", "kind", "state", "step")),
        *((name, TIME) for name in ("start", "due", "done", "next")),
        *(("left_s", WHOLE), ("role", TEXT), ("message", TEXT)),
    ]
)
TIMES: Final = (
    "first",
    "first_early",
    "first_late",
    "peak",
    "peak_early",
    "peak_late",
    "until",
    "until_early",
    "until_late",
)
ARRIVALS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("by", "place", "name_zh", "name_en", "member")),
        ("distance", REAL),
        *((name, TIME) for name in TIMES),
        *(("concentration", REAL), ("concentration_high", REAL)),
        *(("first_later_s", WHOLE), ("peak_later_s", WHOLE), ("apart", YES), ("as_told", TEXT), ("method", TEXT)),
    ]
)
RECEIPTS: Final = pa.schema(
    [
        *(("member", TEXT), ("waiting", WHOLE), ("received", TIME), ("trouble", TEXT), ("acknowledged", TIME)),
        *(("role", TEXT), ("office", TEXT), ("phone", TEXT)),
    ]
)
NOTICES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("role", "channel", "address", "title")),
        *(("due", TIME), ("sent", TIME), ("attempts", WHOLE), ("dropped", YES), ("trouble", TEXT), ("detail", TEXT)),
    ]
)
DOSSIERS: Final = pa.schema(
    [("id", TEXT), ("subject", TEXT), ("members", TEXT), ("opened", TIME), ("changed", TIME), ("entries", WHOLE)]
)
ENTRIES: Final = pa.schema(
    [("number", WHOLE), ("at", TIME), ("author", TEXT), ("kind", TEXT), ("body", TEXT), ("after", TEXT), ("id", TEXT)]
)
RECEPTIONS: Final = pa.schema(
    [("entry", TEXT), ("member", TEXT), ("received", TIME), ("attempts", WHOLE), ("trouble", TEXT)]
)
Id = Annotated[str, "id of the warning; its beginning is enough"]
Dossier = Annotated[str, "id of the dossier; its beginning is enough"]


def found(desk: Desk, id: str) -> Seen:
    """A warning by the beginning of its id. NotFoundError "dossier.unknown", "federation.none"."""
    here = together(desk.node)
    return warn.look(here, dossier_id(here, warn.SUBJECT, id))


# ---- warnings ---------------------------------------------------------------------------------------------------


def warnings(desk: Desk, open_only: Annotated[bool, "only those that are not cleared"] = False) -> Rows:
    """Warnings, the last changed first: what, where, who has not acknowledged, what is due next."""
    listed = warn.warnings(together(desk.node))
    return made(LISTED, [_listed(each) for each in listed if not (open_only and each.situation.state == "cleared")])


def warning(desk: Desk, id: Id) -> Rows:
    """One warning with what is known of it."""
    seen = found(desk, id)
    situation = seen.situation
    parts: dict[str, object] = {
        "content": asdict(situation.content),
        "contacts": {member: asdict(each) for member, each in situation.contacts.items()},
        "cleared": situation.cleared,
        "void": [asdict(each) for each in situation.void],
    }
    schema = LISTED
    for name in ONE:
        schema = schema.append(pa.field(name, TEXT))
    return made(schema, [_listed(seen) | {name: _json(parts[name]) for name in ONE}])


def messages(desk: Desk, id: Id) -> Rows:
    """All messages of a warning in order, with who has acknowledged each."""
    situation = found(desk, id).situation
    rows = []
    for each in situation.messages:
        taken = [member for message, member in situation.taken if message == each.entry]
        lists = {"to": each.to, "changed": each.changed, "acknowledged_by": sorted(taken)}
        rows.append(asdict(each) | {"at": _time(each.at)} | {name: ", ".join(value) for name, value in lists.items()})
    return made(MESSAGES, rows)


def clocks(desk: Desk, id: Id) -> Rows:
    """Who owes a word on which message by when, and who is called next."""
    rows = []
    for each in found(desk, id).clocks:
        times = {name: _time(getattr(each, name)) for name in ("start", "due", "done", "next")}
        rows.append(asdict(each) | times | {"left_s": None if each.left is None else each.left // 1000})
    return made(CLOCKS, rows)


def arrivals(desk: Desk, id: Id) -> Rows:
    """Arrival tables of all members, each place with how much later it is than in this node's own table."""
    seen, me = found(desk, id), together(desk.node).me
    rows = []
    mine = seen.situation.tables.get(me)
    for by, table in sorted(seen.situation.tables.items(), key=lambda item: (item[0] != me, item[0])):
        for each in (table, table.as_told) if table.as_told is not None else (table,):
            about = {"by": by, "as_told": each.by if each is not table else "", "method": each.method}
            beside = () if mine is None or each is mine else differences(mine, each, seen.began, seen.rules)
            found_beside = {other.place: other for other in beside}
            rows += [_arrival(arrival) | _later(found_beside.get(arrival.place)) | about for arrival in each.arrivals]
    return made(ARRIVALS, rows)


def _later(difference: Difference | None) -> dict[str, object]:
    """How much later a place of another table is than in this node's own."""
    if difference is None:
        return {}
    late = {"first_later_s": difference.first, "peak_later_s": difference.peak}
    seconds = {name: None if ms is None else ms // 1000 for name, ms in late.items()}
    return {**seconds, "apart": difference.apart}


def receipts(desk: Desk, id: Id) -> Rows:
    """Each member: has its node signed for our entries, has somebody acknowledged, whom to call."""
    seen, here = found(desk, id), watch(desk.node)
    rows = []
    for member in seen.situation.members:
        if member == here.joined.me:
            continue
        waiting, received = seen.received(member)
        taken = [each for (_, who), each in seen.situation.taken.items() if who == member]
        last = max(taken, key=lambda each: each.at, default=None)
        trouble = next((each.trouble for each in seen.receptions if each.member == member and each.trouble), "")
        line = here.line(seen, member)
        rows.append(
            {
                "member": member,
                "waiting": waiting,
                "received": _time(received),
                "trouble": trouble,
                "acknowledged": _time(last.at) if last else None,
                "role": last.role if last else "",
                "office": line.office if line else "",
                "phone": line.phone if line else "",
            }
        )
    return made(RECEIPTS, rows)


def notices(desk: Desk, id: Id) -> Rows:
    """Whom this node has told of a warning, by which channel, and what failed."""
    rows = []
    for each in watch(desk.node).notices.of(found(desk, id).id):
        times = {"due": _time(each.due), "sent": _time(each.sent), "title": each.notice.title}
        rows.append({name: getattr(each, name) for name in NOTICES.names if name not in times} | times)
    return made(NOTICES, rows)


def document(
    desk: Desk,
    id: Id,
    type: Annotated[str, "initial, followup or final"] = "initial",
    form: Annotated[str, "docx, pdf or html"] = "docx",
    language: Annotated[str, "zh or en; empty: of the answer"] = "",
) -> Rows:
    """A report of a warning as a document, with its arrival tables; one row that holds the file."""
    seen, spoken = found(desk, id), language if language in LANGUAGES else desk.language
    name = f"{seen.id.removeprefix('urn:uuid:')[:8]}-{type}.{form}"
    return document_row(name, form, written(desk, seen, type, form, spoken))


def written(desk: Desk, seen: Seen, type: str, form: str, language: str) -> bytes:
    """The report as a file. InputError "incident.report_kind", "incident.form"."""
    me = together(desk.node).me
    write = writer(form)
    return write(warning_report(seen, type, language, name_in(desk, language), of_warning(seen, me), me))


def downstream(
    desk: Desk,
    place: Annotated[str, "id of a place on the river network"] = "",
    hours: Annotated[int, "at most"] = 240,
) -> Rows:
    """Members of the federation whose waters something from a place reaches, the nearest first."""
    schema = pa.schema([("member", TEXT), ("hours", REAL)])
    listed = watch(desk.node).downstream(place).items()
    return made(schema, [{"member": member, "hours": h} for member, h in listed if not h > hours])


# ---- dossiers ---------------------------------------------------------------------------------------------------


def dossiers(desk: Desk, subject: Annotated[str, "warning, incident, statement, resolution; empty: all"] = "") -> Rows:
    """Case files that this node keeps with others, the last changed first."""
    rows = []
    for each in together(desk.node).dossiers.headings(subject):
        times = {"opened": _time(each.opened), "changed": _time(each.changed), "members": ", ".join(each.members)}
        rows.append(asdict(each) | times)
    return made(DOSSIERS, rows)


def entries(desk: Desk, id: Dossier) -> Rows:
    """Signed entries of a dossier, in the order that all members share."""
    here = together(desk.node)
    rows = [
        {
            **{name: getattr(each, name) for name in ("number", "author", "kind", "id")},
            "at": _time(each.at),
            "body": _json(each.body),
            "after": ", ".join(each.after),
        }
        for each in here.dossiers.entries(dossier_id(here, "", id))
    ]
    return made(ENTRIES, rows)


def receptions(desk: Desk, id: Dossier) -> Rows:
    """Where each entry that goes from here stands with each other member."""
    here = together(desk.node)
    listed = here.dossiers.receptions(dossier_id(here, "", id))
    return made(RECEPTIONS, [asdict(each) | {"received": _time(each.received)} for each in listed])


def _listed(seen: Seen) -> dict[str, object]:
    situation, content, waiting = seen.situation, seen.situation.content, seen.open()
    names = ("title_zh", "title_en", "place_zh", "place_en", "river", "substance", "amount")
    return {
        **{name: getattr(content, name) for name in names},
        "id": seen.id,
        "state": situation.state,
        "noticed": _time(content.noticed),
        "began": _time(content.began),
        "in_charge": ", ".join(situation.in_charge),
        "members": ", ".join(situation.members),
        "unacknowledged": ", ".join(each.member for each in waiting),
        "next_due": _time(min((each.due for each in waiting), default=None)),
        "late": sum(each.state == "late" for each in waiting),
        "messages": len(situation.messages),
        "ended": _time(situation.ended),
        "exercise": situation.exercise,
        "simulated": situation.simulated,
    }


def _arrival(arrival: Arrival) -> dict[str, object]:
    return asdict(arrival) | {name: _time(getattr(arrival, name)) for name in TIMES}


def _time(ms: int | None) -> object:
    return None if ms is None else from_ms(ms)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


QUESTIONS: Final[Sequence[Question]] = (
    Question("warnings", warnings, "warnings"),
    Question("warning", warning, "warnings"),
    Question("warning/messages", messages, "warnings"),
    Question("warning/clocks", clocks, "warnings"),
    Question("warning/arrivals", arrivals, "warnings"),
    Question("warning/receipts", receipts, "warnings"),
    Question("warning/notices", notices, "warnings"),
    Question("warning/document", document, "warnings"),
    Question("warning/downstream", downstream, "warnings"),
    Question("dossiers", dossiers, "dossiers"),
    Question("dossier/entries", entries, "dossiers"),
    Question("dossier/receptions", receptions, "dossiers"),
)
