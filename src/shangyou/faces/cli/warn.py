"""`shangyou warn`: warn other members along the river, and answer their warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.incident import written
from shangyou.faces.substances import unknown

app = group("warn")

LISTED: Final = ("id", "state", "title_zh", "place_zh", "noticed", "unacknowledged", "next_due", "late", "in_charge")
SHOWN: Final = {  # what to show: question, columns of a table
    "warning": ("warning", ()),
    "messages": ("warning/messages", ("at", "kind", "by", "text", "acknowledged_by", "entry")),
    "clocks": ("warning/clocks", ("member", "kind", "state", "step", "due", "done", "left_s")),
    "arrivals": (
        "warning/arrivals",
        ("by", "name_zh", "member", "distance", "first", "peak", "until", "concentration", "first_later_s", "apart"),
    ),
    "receipts": ("warning/receipts", ()),
    "notices": ("warning/notices", ("role", "channel", "address", "due", "sent", "attempts", "trouble", "detail")),
}
Many = list[str] | None
Id = Annotated[str, typer.Argument(help=t("warn.id"))]
Text = Annotated[str, typer.Option(help=t("warn.text"))]
Place = Annotated[str, typer.Option(help=t("warn.place"))]
Substance = Annotated[str, typer.Option(help=t("warn.substance"))]
Amount = Annotated[str, typer.Option(help=t("warn.amount"), metavar="KG")]
Least = Annotated[str, typer.Option(help=t("warn.least"), metavar="KG")]
Most = Annotated[str, typer.Option(help=t("warn.most"), metavar="KG")]
Began = Annotated[str, typer.Option(help=t("warn.began"))]
Minutes = Annotated[str, typer.Option(help=t("warn.minutes"))]
Limit = Annotated[str, typer.Option(help=t("warn.limit"), metavar="MG/L")]
Evidence = Annotated[Many, typer.Option(help=t("warn.evidence"), show_default=False)]
To = Annotated[Many, typer.Option(help=t("warn.to"), show_default=False)]


@command(app, "send", "warn.send")
def send(
    call: Call,
    title: Annotated[str, typer.Argument(help=t("warn.title"))],
    english: Annotated[str, typer.Option(help=t("warn.title_en"))] = "",
    place: Place = "",
    where: Annotated[str, typer.Option(help=t("warn.where"))] = "",
    river: Annotated[str, typer.Option(help=t("warn.river"))] = "",
    bank: Annotated[str, typer.Option(help=t("warn.bank"), metavar="left|right|both")] = "",
    substance: Substance = "",
    amount: Amount = "",
    least: Least = "",
    most: Most = "",
    noticed: Annotated[str, typer.Option(help=t("warn.noticed"))] = "",
    began: Began = "",
    minutes: Minutes = "",
    limit: Limit = "",
    text: Text = "",
    evidence: Evidence = None,
    alarm: Annotated[str, typer.Option(help=t("warn.alarm"))] = "",
    to: To = None,
    kind: Annotated[str, typer.Option(help=t("warn.kind"), metavar="first|request|information")] = "first",
    exercise: Annotated[bool, typer.Option("--exercise", help=t("warn.exercise"))] = False,
) -> None:
    """Send a first message."""
    what = {"title_zh": title, "title_en": english, "substance": substance, "text": text, "alarm": alarm, "type": kind}
    where_ = {"place": place, "place_zh": where, "river": river, "bank": bank}
    much = {"amount": amount, "amount_least": least, "amount_most": most, "minutes": minutes, "limit": limit}
    more = {"noticed": noticed, "began": began, "evidence": evidence or [], "to": to or [], "exercise": exercise}
    with call.session() as session:
        done = session.do("warnings/send", **what, **where_, **much, **more)
        listed = done["to"]
        call.say("warn.sent", id=done["id"], to=", ".join(map(str, listed)) if isinstance(listed, list) else "")
    unknown_substance(call, substance)


def unknown_substance(call: Call, name: str) -> None:
    """Of a substance that the vocabulary does not know say what is nearest to it: it goes out as it was written."""
    if near := unknown(name, call.words.language):
        call.say("warn.unknown_substance", name=name, nearest=near)


@command(app, "update", "warn.update")
def update(
    call: Call,
    id: Id,
    text: Text = "",
    substance: Substance = "",
    amount: Amount = "",
    least: Least = "",
    most: Most = "",
    place: Place = "",
    began: Began = "",
    minutes: Minutes = "",
    limit: Limit = "",
    evidence: Evidence = None,
) -> None:
    """Say what is known now."""
    much = {"amount": amount, "amount_least": least, "amount_most": most, "minutes": minutes, "limit": limit}
    more = {"text": text, "substance": substance, "place": place, "began": began, "evidence": evidence or []}
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/update", id=id, **much, **more))
    unknown_substance(call, substance)


@command(app, "request", "warn.request")
def request(call: Call, id: Id, text: Annotated[str, typer.Argument(help=t("warn.text"))], to: To = None) -> None:
    """Ask something."""
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/request", id=id, text=text, to=to or []))


@command(app, "inform", "warn.inform")
def inform(
    call: Call,
    id: Id,
    text: Annotated[str, typer.Argument(help=t("warn.text"))],
    answers: Annotated[str, typer.Option(help=t("warn.answers"))] = "",
) -> None:
    """Tell something, or answer."""
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/information", id=id, text=text, answers=answers))


@command(app, "list", "warn.list", rows=True)
def list_warnings(
    call: Call, open_only: Annotated[bool, typer.Option("--open", help=t("warn.open_only"))] = False
) -> None:
    """List warnings."""
    with call.session() as session:
        call.show(session.ask("warnings", open_only=open_only), LISTED)


@command(app, "show", "warn.show", rows=True)
def show(
    call: Call,
    id: Id,
    what: Annotated[str, typer.Option(help=t("warn.what"), metavar="|".join(SHOWN))] = "warning",
) -> None:
    """Show one."""
    if what not in SHOWN:
        raise InputError("warning.what", what=what, known=", ".join(SHOWN))
    question, columns = SHOWN[what]
    with call.session() as session:
        call.show(session.ask(question, id=id), columns, record=what == "warning")


@command(app, "report", "warn.report")
def report(
    call: Call,
    id: Id,
    write: Annotated[Path, typer.Argument(help=t("warn.write"))],
    type: Annotated[str, typer.Option(help=t("incident.type"), metavar="initial|followup|final")] = "initial",
) -> None:
    """Write a report."""
    given = {"type": type, "form": write.suffix.lower().lstrip("."), "language": call.words.language}
    with call.session() as session:
        written(call, session, "warning/document", write, id=id, **given)


@command(app, "ack", "warn.ack")
def ack(
    call: Call,
    id: Id,
    role: Annotated[str, typer.Option(help=t("warn.role"), metavar="duty|supervisor")] = "duty",
    text: Text = "",
) -> None:
    """Acknowledge."""
    with call.session() as session:
        done = session.do("warnings/acknowledge", id=id, role=role, text=text)
        call.say("warn.acknowledged" if done["new"] else "warn.nothing", id=done["id"])


@command(app, "clear", "warn.clear")
def clear(call: Call, id: Id, text: Annotated[str, typer.Argument(help=t("warn.why"))]) -> None:
    """Give the all-clear."""
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/clear", id=id, text=text))


@command(app, "comment", "warn.comment")
def comment(call: Call, id: Id, text: Annotated[str, typer.Argument(help=t("warn.text"))]) -> None:
    """Say whatever else."""
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/comment", id=id, text=text))


@command(app, "invite", "warn.invite")
def invite(call: Call, id: Id, members: Annotated[list[str], typer.Argument(help=t("warn.members"))]) -> None:
    """Let more members in."""
    with call.session() as session:
        call.say("warn.done", **session.do("warnings/invite", id=id, to=members))


@command(app, "whom", "warn.whom", rows=True)
def whom(
    call: Call,
    place: Annotated[str, typer.Argument(help=t("warn.place"))],
    hours: Annotated[int, typer.Option(help=t("warn.hours"), min=1)] = 240,
) -> None:
    """Whom to warn."""
    with call.session() as session:
        call.show(session.ask("warning/downstream", place=place, hours=hours))
