"""`shangyou resolution`: decide something with other members."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.call import Call, command, group, t

app = group("resolution")

LISTED: Final = ("id", "form", "title_zh", "phase", "version", "yes", "no", "abstain", "signed", "deadline")
LARGEST: Final = 400_000  # bytes of a text
Id = Annotated[str, typer.Argument(help=t("resolution.id"))]
Many = list[str] | None
Text = Annotated[Path | None, typer.Option(help=t("resolution.text"), show_default=False)]
TextEn = Annotated[Path | None, typer.Option(help=t("resolution.text_en"), show_default=False)]
EditionFile = Annotated[Path | None, typer.Option(help=t("resolution.edition"), show_default=False)]


@command(app, "propose", "resolution.propose")
def propose(
    call: Call,
    title: Annotated[str, typer.Argument(help=t("resolution.title"))],
    text: Annotated[Path, typer.Argument(help=t("resolution.text"))],
    english: Annotated[str, typer.Option(help=t("resolution.title_en"))] = "",
    text_en: TextEn = None,
    form: Annotated[str, typer.Option(help=t("resolution.form"), metavar="resolution|standard|task")] = "resolution",
    edition: EditionFile = None,
    member: Annotated[Many, typer.Option(help=t("resolution.member"), show_default=False)] = None,
    veto: Annotated[Many, typer.Option(help=t("resolution.veto"), show_default=False)] = None,
    quorum: Annotated[str, typer.Option(help=t("resolution.quorum"))] = "2/3",
    majority: Annotated[str, typer.Option(help=t("resolution.majority"))] = "1/2",
    deadline: Annotated[str, typer.Option(help=t("resolution.deadline"))] = "",
    amend_until: Annotated[str, typer.Option(help=t("resolution.amend_until"))] = "",
    reception_hours: Annotated[float, typer.Option(help=t("resolution.reception"))] = 24.0,
) -> None:
    """Propose something."""
    texts = {"title_zh": title, "title_en": english, "text_zh": _read(text), "text_en": _read(text_en)}
    rule = {"quorum": quorum, "majority": majority, "deadline": deadline, "amend_until": amend_until}
    given = {"form": form, "edition": _read(edition), "member": member or [], "veto": veto or []}
    with call.session() as session:
        done = session.do("resolutions/propose", **texts, **rule, **given, reception_hours=reception_hours)
        call.say("resolution.done", **done)


@command(app, "list", "resolution.list", rows=True)
def list_resolutions(
    call: Call, open_only: Annotated[bool, typer.Option("--open", help=t("resolution.open_only"))] = False
) -> None:
    """List resolutions."""
    with call.session() as session:
        call.show(session.ask("resolutions", open_only=open_only), LISTED)


@command(app, "show", "resolution.show", rows=True)
def show(
    call: Call, id: Id, ballots: Annotated[bool, typer.Option("--ballots", help=t("resolution.ballots"))] = False
) -> None:
    """Show one."""
    with call.session() as session:
        if ballots:
            call.show(session.ask("resolution/ballots", id=id))
        else:
            call.show(session.ask("resolution", id=id), record=True)


@command(app, "amend", "resolution.amend")
def amend(
    call: Call,
    id: Id,
    why: Annotated[str, typer.Option(help=t("resolution.why"))],
    text: Text = None,
    text_en: TextEn = None,
    title: Annotated[str, typer.Option(help=t("resolution.title"))] = "",
    edition: EditionFile = None,
) -> None:
    """Give another version."""
    texts = {"text_zh": _read(text), "text_en": _read(text_en), "title_zh": title, "edition": _read(edition)}
    _do(call, "resolutions/amend", id=id, why=why, **texts)


@command(app, "comment", "resolution.comment")
def comment(call: Call, id: Id, text: Annotated[str, typer.Argument(help=t("resolution.words"))]) -> None:
    """Say something about it."""
    _do(call, "resolutions/comment", id=id, text=text)


@command(app, "vote", "resolution.vote")
def vote(
    call: Call,
    id: Id,
    choice: Annotated[str, typer.Argument(help=t("resolution.choice"), metavar="yes|no|abstain")],
    reason: Annotated[str, typer.Option(help=t("resolution.why"))] = "",
) -> None:
    """Vote."""
    _do(call, "resolutions/vote", id=id, choice=choice, reason=reason)


@command(app, "sign", "resolution.sign")
def sign(call: Call, id: Id) -> None:
    """Sign the result."""
    with call.session() as session:
        call.say("resolution.signed", **session.do("resolutions/sign", id=id))


@command(app, "publish", "resolution.publish")
def publish(call: Call, id: Id) -> None:
    """Publish what was adopted."""
    _do(call, "resolutions/publish", id=id)


@command(app, "withdraw", "resolution.withdraw")
def withdraw(call: Call, id: Id, why: Annotated[str, typer.Option(help=t("resolution.why"))]) -> None:
    """Give a proposal up."""
    _do(call, "resolutions/withdraw", id=id, why=why)


@command(app, "tasks", "resolution.tasks", rows=True)
def tasks(call: Call, id: Annotated[str, typer.Argument(help=t("resolution.id"))] = "") -> None:
    """Tasks that follow from resolutions."""
    with call.session() as session:
        call.show(session.ask("resolution/tasks", id=id))


@command(app, "task", "resolution.task")
def task(
    call: Call,
    id: Id,
    task: Annotated[str, typer.Argument(help=t("resolution.task_id"))],
    title: Annotated[str, typer.Option(help=t("resolution.task_title"))] = "",
    owner: Annotated[str, typer.Option(help=t("resolution.owner"))] = "",
    due: Annotated[str, typer.Option(help=t("resolution.due"))] = "",
    state: Annotated[str, typer.Option(help=t("resolution.state"), metavar="open|doing|done|cannot")] = "",
    note: Annotated[str, typer.Option(help=t("resolution.note"))] = "",
) -> None:
    """Give a task or say how far it is."""
    _do(call, "resolutions/task", id=id, task=task, title_zh=title, owner=owner, due=due, state=state, note=note)


@command(app, "editions", "resolution.editions", rows=True)
def editions(call: Call) -> None:
    """Standards that the members adopted."""
    with call.session() as session:
        call.show(session.ask("editions"))


def _do(call: Call, deed: str, **given: object) -> None:
    with call.session() as session:
        call.say("resolution.done", **session.do(deed, **given))


def _read(path: Path | None) -> str:
    """The text of a file; "" for none. InputError "resolution.file"."""
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("resolution.file", path=str(path), detail=str(error)) from error
