"""`shangyou incident`: work on an incident with other members."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.cli.call import Call, command, group, t

if TYPE_CHECKING:
    from shangyou.faces.cli.session import Session

app = group("incident")

LISTED: Final = ("id", "title_zh", "grade", "confirmed", "next_duty", "next_due", "late", "tasks_open", "closed")
SHOWN: Final = {  # what to show: question, columns of a table
    "room": ("incident", ()),
    "clocks": ("incident/clocks", ("duty", "duty_zh", "to", "state", "due", "done", "left_s", "unverified")),
    "tasks": ("incident/tasks", ()),
    "samples": ("incident/samples", ()),
    "timeline": ("incident/timeline", ()),
}
Id = Annotated[str, typer.Argument(help=t("incident.id"))]
Many = list[str] | None
Member = Annotated[Many, typer.Option("--member", help=t("incident.member"), show_default=False)]
Note = Annotated[str, typer.Option(help=t("incident.note_text"))]


@command(app, "open", "incident.open")
def open_incident(
    call: Call,
    title: Annotated[str, typer.Argument(help=t("incident.title"))] = "",
    english: Annotated[str, typer.Option(help=t("incident.title_en"))] = "",
    warning: Annotated[str, typer.Option(help=t("incident.warning"))] = "",
    member: Member = None,
    in_charge: Annotated[Many, typer.Option(help=t("incident.in_charge"), show_default=False)] = None,
    affected: Annotated[Many, typer.Option(help=t("incident.affected"), show_default=False)] = None,
    noticed: Annotated[str, typer.Option(help=t("incident.noticed"))] = "",
    occurred: Annotated[str, typer.Option(help=t("incident.occurred"))] = "",
    at: Annotated[str, typer.Option("--at", metavar="PLACE", help=t("incident.at"))] = "",
    place: Annotated[str, typer.Option(help=t("incident.place"))] = "",
    river: Annotated[str, typer.Option(help=t("incident.river"))] = "",
    substance: Annotated[str, typer.Option(help=t("incident.substance"))] = "",
    amount: Annotated[str, typer.Option(metavar="KG", help=t("incident.amount"))] = "",
    limit: Annotated[str, typer.Option(metavar="MG/L", help=t("incident.limit"))] = "",
) -> None:
    """Open a room."""
    people = {"member": member or [], "in_charge": in_charge or [], "affected": affected or []}
    said = {"title_zh": title, "title_en": english, "place_zh": place, "river": river, "substance": substance}
    times = {"noticed": noticed, "occurred": occurred, "warning": warning}
    release = {"place": at, "amount": amount, "limit": limit}
    with call.session() as session:
        call.say("incident.done", **session.do("incidents/open", **said, **people, **times, **release))


@command(app, "list", "incident.list", rows=True)
def list_incidents(
    call: Call, open_only: Annotated[bool, typer.Option("--open", help=t("incident.open_only"))] = False
) -> None:
    """List incidents."""
    with call.session() as session:
        call.show(session.ask("incidents", open_only=open_only), LISTED)


@command(app, "show", "incident.show", rows=True)
def show(
    call: Call,
    id: Id,
    what: Annotated[str, typer.Option(help=t("incident.what"), metavar="|".join(SHOWN))] = "room",
    as_of: Annotated[str, typer.Option(help=t("incident.as_of"))] = "",
    known_to: Annotated[str, typer.Option(help=t("incident.known_to"))] = "",
) -> None:
    """Show one."""
    if what not in SHOWN:
        raise InputError("incident.what", what=what, known=", ".join(SHOWN))
    question, columns = SHOWN[what]
    with call.session() as session:
        if what == "room":
            call.show(session.ask(question, id=id, as_of=as_of, member=known_to), record=True)
        else:
            call.show(session.ask(question, id=id), columns)


@command(app, "facts", "incident.facts")
def facts(call: Call, id: Id, fact: Annotated[list[str], typer.Argument(help=t("incident.fact"))]) -> None:
    """Say what is known."""
    _do(call, "incidents/facts", id=id, fact=fact)


@command(app, "place", "incident.learn")
def place(
    call: Call,
    id: Id,
    at: Annotated[str, typer.Option("--at", metavar="PLACE", help=t("incident.at"))] = "",
    place: Annotated[str, typer.Option(help=t("incident.place"))] = "",
    river: Annotated[str, typer.Option(help=t("incident.river"))] = "",
    substance: Annotated[str, typer.Option(help=t("incident.substance"))] = "",
    amount: Annotated[str, typer.Option(metavar="KG", help=t("incident.amount"))] = "",
    limit: Annotated[str, typer.Option(metavar="MG/L", help=t("incident.limit"))] = "",
    occurred: Annotated[str, typer.Option(help=t("incident.occurred"))] = "",
) -> None:
    """Say where it entered, what and how much, once it is known."""
    release = {"place": at, "place_zh": place, "river": river, "substance": substance, "amount": amount}
    release |= {"limit": limit}
    _do(call, "incidents/place", id=id, occurred=occurred, **release)


@command(app, "grade", "incident.grade")
def grade(
    call: Call,
    id: Id,
    grade: Annotated[str, typer.Argument(help=t("incident.grade_text"), metavar="[I|II|III|IV]")] = "",
    why: Annotated[str, typer.Option(help=t("incident.why"))] = "",
    role: Annotated[str, typer.Option(help=t("incident.role"))] = "",
) -> None:
    """Confirm or change the grade."""
    with call.session() as session:
        call.say("incident.graded", **session.do("incidents/grade", id=id, grade=grade, why=why, role=role))


@command(app, "report", "incident.report")
def report(
    call: Call,
    id: Id,
    type: Annotated[str, typer.Option(help=t("incident.type"), metavar="initial|followup|final")] = "initial",
    duty: Annotated[Many, typer.Option(help=t("incident.duty"), show_default=False)] = None,
    to: Annotated[Many, typer.Option(help=t("incident.to"), show_default=False)] = None,
    sent: Annotated[str, typer.Option(help=t("incident.sent"))] = "",
    note: Note = "",
    write: Annotated[Path | None, typer.Option(help=t("incident.write"), show_default=False)] = None,
) -> None:
    """Write a report, and enter that it went out."""
    with call.session() as session:
        document = ""
        if write is not None:
            form = write.suffix.lower().lstrip(".")
            given = {"type": type, "form": form, "language": call.words.language}
            document = written(call, session, "incident/document", write, id=id, **given)
        if duty or write is None:
            told = {"type": type, "duty": duty or [], "to": to or [], "sent": sent, "note": note}
            call.say("incident.done", **session.do("incidents/report", id=id, document=document, **told))


def written(call: Call, session: Session, question: str, path: Path, **given: object) -> str:
    """Write the document that a question makes; its SHA-256 [hex]. UnavailableError "cli.write"."""
    [row] = session.ask(question, **given).table().to_pylist()
    digest = hashlib.sha256(row["body"]).hexdigest()
    try:
        path.write_bytes(row["body"])
    except OSError as error:
        raise UnavailableError("cli.write", path=str(path), detail=error.strerror or str(error)) from error
    call.say("incident.written", path=str(path), digest=digest)
    return digest


@command(app, "task", "incident.task")
def task(
    call: Call,
    id: Id,
    task: Annotated[str, typer.Argument(help=t("incident.task_id"))],
    owner: Annotated[str, typer.Option(help=t("incident.owner"))] = "",
    due: Annotated[str, typer.Option(help=t("incident.due"))] = "",
    state: Annotated[str, typer.Option(help=t("incident.state"), metavar="open|doing|done|cannot")] = "",
    title: Annotated[str, typer.Option(help=t("incident.task_title"))] = "",
    note: Note = "",
) -> None:
    """Give a task or say how far it is."""
    _do(call, "incidents/task", id=id, task=task, owner=owner, due=due, state=state, title_zh=title, note=note)


@command(app, "point", "incident.point")
def point(
    call: Call,
    id: Id,
    point: Annotated[str, typer.Argument(help=t("incident.point_id"))],
    name: Annotated[str, typer.Argument(help=t("incident.point_name"))],
    parameter: Annotated[list[str], typer.Option(help=t("incident.parameter"))],
    by: Annotated[str, typer.Option(help=t("incident.sampler"))],
    every: Annotated[int, typer.Option(help=t("incident.every"))] = 60,
    section: Annotated[str, typer.Option(help=t("incident.section"))] = "",
    remove: Annotated[bool, typer.Option("--remove", help=t("incident.remove"))] = False,
) -> None:
    """Set a point of the joint monitoring plan."""
    given = {"parameter": parameter, "member": by, "every": every, "section": section, "removed": remove}
    _do(call, "incidents/point", id=id, point=point, name_zh=name, **given)


@command(app, "sample", "incident.sample")
def sample(
    call: Call,
    id: Id,
    point: Annotated[str, typer.Argument(help=t("incident.point_id"))],
    result: Annotated[list[str], typer.Argument(help=t("incident.result"))],
    taken: Annotated[str, typer.Option(help=t("incident.taken"))] = "",
    laboratory: Annotated[str, typer.Option(help=t("incident.laboratory"))] = "",
) -> None:
    """Enter results."""
    _do(call, "incidents/sample", id=id, point=point, result=result, taken=taken, laboratory=laboratory)


@command(app, "measure", "incident.measure")
def measure(
    call: Call,
    id: Id,
    measure: Annotated[str, typer.Argument(help=t("incident.measure_id"))],
    kind: Annotated[str, typer.Argument(help=t("incident.kind"), metavar="hold|divert|dilute")],
    name: Annotated[str, typer.Argument(help=t("incident.measure_name"))],
    by: Annotated[str, typer.Option(help=t("incident.doer"))],
    share: Annotated[float | None, typer.Option(help=t("incident.share"), show_default=False)] = None,
    flow: Annotated[float | None, typer.Option(help=t("incident.flow"), show_default=False)] = None,
    start: Annotated[str, typer.Option(help=t("incident.start"))] = "",
    until: Annotated[str, typer.Option(help=t("incident.until"))] = "",
    stage: Annotated[str, typer.Option(help=t("incident.stage"))] = "proposed",
    note: Note = "",
    at: Annotated[str, typer.Option("--at", metavar="PLACE", help=t("incident.control"))] = "",
    spill_at: Annotated[str, typer.Option(metavar="PLACE", help=t("incident.spill_at"))] = "",
    mass: Annotated[float | None, typer.Option(metavar="KG", help=t("incident.mass"), show_default=False)] = None,
    hours: Annotated[float, typer.Option(help=t("incident.hours"))] = 0.0,
    limit: Annotated[float | None, typer.Option(metavar="MG/L", help=t("incident.limit"), show_default=False)] = None,
) -> None:
    """Propose, order or report a measure."""
    river = {"point": at, "spill_at": spill_at, "mass_kg": mass, "hours": hours, "limit": limit}
    given = {"share": share, "flow_m3s": flow, "start": start, "until": until, "stage": stage, "note": note}
    _do(call, "incidents/measure", id=id, measure=measure, kind=kind, name_zh=name, member=by, **given, **river)


@command(app, "decide", "incident.decide")
def decide(
    call: Call,
    id: Id,
    text: Annotated[str, typer.Argument(help=t("incident.decision"))],
    why: Annotated[str, typer.Option(help=t("incident.why"))],
) -> None:
    """Enter a decision."""
    _do(call, "incidents/decide", id=id, text=text, why=why)


@command(app, "close", "incident.close")
def close(
    call: Call,
    id: Id,
    summary: Annotated[str, typer.Argument(help=t("incident.summary"))],
    cause: Annotated[str, typer.Option(help=t("incident.cause"))] = "",
    lessons: Annotated[str, typer.Option(help=t("incident.lessons"))] = "",
) -> None:
    """Close it for this member."""
    _do(call, "incidents/close", id=id, summary_zh=summary, cause=cause, lessons=lessons)


@command(app, "reopen", "incident.reopen")
def reopen(call: Call, id: Id, why: Annotated[str, typer.Option(help=t("incident.why"))]) -> None:
    """Open it again."""
    _do(call, "incidents/reopen", id=id, why=why)


def _do(call: Call, deed: str, **given: object) -> None:
    with call.session() as session:
        call.say("incident.done", **session.do(deed, **given))
