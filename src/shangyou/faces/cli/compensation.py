"""`shangyou compensation`: compacts, and the statements that their parties settle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.core.errors import ConflictError, InputError
from shangyou.faces.cli.call import Call, command, group, t

if TYPE_CHECKING:
    from shangyou.faces.cli.session import Session

app = group("compensation")

COMPACTS: Final = ("id", "title_zh", "valid_from", "valid_to", "unverified")
STATEMENTS: Final = ("id", "compact", "period", "phase", "stated", "signed", "nets")
LINES: Final = ("rule", "section", "period", "outcome", "said", "found", "money")
DIFFERENCES: Final = ("line", "cause", "section", "indicator", "month", "what", "ours_has", "theirs_has", "whose")
LARGEST: Final = 1 << 18  # bytes read of a file; the reader itself takes less and says so
Many = list[str] | None

Id = Annotated[str, typer.Argument(help=t("compensation.id"))]
What = Annotated[str, typer.Argument(help=t("compensation.what"))]
File = Annotated[Path, typer.Argument(help=t("compensation.file"))]
Declare = Annotated[Many, typer.Option(help=t("compensation.declare"), show_default=False)]
Exempt = Annotated[Many, typer.Option(help=t("compensation.exempt"), show_default=False)]
Source = Annotated[str, typer.Option(help=t("compensation.source"), metavar="basin|held")]
Member = Annotated[str, typer.Option(help=t("compensation.member"))]


@command(app, "list", "compensation.list", rows=True)
def list_all(
    call: Call, statements: Annotated[bool, typer.Option("--statements", help=t("compensation.statements"))] = False
) -> None:
    """List compacts, or statements."""
    with call.session() as session:
        if statements:
            call.show(session.ask("statements"), STATEMENTS)
        else:
            call.show(session.ask("compacts"), COMPACTS)


@command(app, "show", "compensation.show", rows=True)
def show(
    call: Call,
    what: What,
    yaml: Annotated[bool, typer.Option("--yaml", help=t("compensation.yaml"))] = False,
    lines: Annotated[bool, typer.Option("--lines", help=t("compensation.lines"))] = False,
    figures: Annotated[bool, typer.Option("--figures", help=t("compensation.figures"))] = False,
    history: Annotated[bool, typer.Option("--history", help=t("compensation.history"))] = False,
    member: Member = "",
) -> None:
    """A compact in words, or a statement."""
    from shangyou.faces.api.compacts import in_words
    from shangyou.governance.compensation.read import parse
    from shangyou.standards.compacts import compact_text, compact_texts

    if what in compact_texts() or Path(what).is_file():
        text = compact_text(what) if what in compact_texts() else _read(Path(what))
        if yaml:
            print(text.decode(), end="")  # noqa: T201
        else:
            call.show(in_words(parse(text), call.words.language), ("rule", "how", "text", "unverified"))
        return
    with call.session() as session:
        if lines:
            call.show(session.ask("statement/lines", id=what, member=member), LINES)
        elif figures:
            call.show(session.ask("statement/figures", id=what, member=member))
        elif history:
            call.show(
                session.ask("statement/history", id=what), ("at", "member", "kind", "note", "changed", "fallen", "said")
            )
        else:
            call.show(session.ask("statement", id=what), record=True)


@command(app, "check", "compensation.check", rows=True)
def check(call: Call, file: File) -> None:
    """Tell all faults of a compact, and reckon its own cases."""
    from shangyou.faces.api.compacts import faults
    from shangyou.governance.compensation.cases import tried
    from shangyou.governance.compensation.read import examine

    text = _read(file)
    found, cases = examine(text)[1], 0
    if not found:
        cases, found = tried(text)
    call.show(faults(found, call.words.language), ("line", "path", "said", "remedy"))
    call.say("compensation.check.done", count=len(found), cases=cases)
    if found:
        raise typer.Exit(InputError.exit_code)


@command(app, "compute", "compensation.compute", rows=True)
def compute(
    call: Call,
    what: What,
    year: Annotated[str, typer.Argument(help=t("compensation.year"))] = "",
    declare: Declare = None,
    exempt: Exempt = None,
    source: Source = "basin",
    why: Annotated[str, typer.Option(help=t("compensation.why"))] = "",
    trial: Annotated[bool, typer.Option("--try", help=t("compensation.trial"))] = False,
) -> None:
    """Reckon."""
    means = {"declare": declare or [], "exempt": exempt or [], "source": source}
    path = Path(what)
    chosen = {"text": _read(path).decode(errors="replace")} if path.is_file() else {"compact": what}
    with call.session() as session:
        if trial:
            call.show(session.ask("compensation/trial", year=year, **chosen, **means), LINES)
            return
        id = _opened(session, year, chosen) if year else what
        done = session.do("statements/compute", id=id, why=why, **means)
        call.show(session.ask("statement/lines", id=done["id"]), LINES)
        call.say("compensation.computed", **done)
        if done["partly"]:
            call.say("compensation.partly", nodes=done["partly"])


def _opened(session: Session, year: str, chosen: dict[str, str]) -> str:
    """The statement of a compact on a year: a new one, or the one that another party has opened already."""
    try:
        return str(session.do("statements/begin", year=year, **chosen)["id"])
    except ConflictError as error:
        if error.code != "statement.opened":
            raise
        return str(error.facts["id"])


@command(app, "compare", "compensation.compare", rows=True)
def compare(
    call: Call,
    id: Id,
    theirs: Annotated[str, typer.Argument(help=t("compensation.theirs"))],
    ours: Annotated[str, typer.Option(help=t("compensation.ours"))] = "",
) -> None:
    """Tell where two reckonings differ."""
    with call.session() as session:
        count = call.show(session.ask("statement/compare", id=id, theirs=theirs, ours=ours), DIFFERENCES)
        call.say("compensation.compared", count=count)


@command(app, "dispute", "compensation.dispute")
def dispute(
    call: Call,
    id: Id,
    against: Annotated[str, typer.Argument(help=t("compensation.against"))],
    why: Annotated[str, typer.Option(help=t("compensation.reason"))],
    line: Annotated[str, typer.Option(help=t("compensation.line"))] = "",
) -> None:
    """Dispute a reckoning."""
    with call.session() as session:
        call.say("compensation.done", **session.do("statements/dispute", id=id, against=against, why=why, line=line))


@command(app, "sign", "compensation.sign")
def sign(call: Call, id: Id, why: Annotated[str, typer.Option(help=t("compensation.sign_why"))] = "") -> None:
    """Sign the reckoning of this node."""
    with call.session() as session:
        call.say("compensation.done", **session.do("statements/sign", id=id, why=why))


@command(app, "settle", "compensation.settle")
def settle(call: Call, id: Id, note: Annotated[str, typer.Option(help=t("compensation.note"))] = "") -> None:
    """Close a settled statement."""
    with call.session() as session:
        call.say("compensation.done", **session.do("statements/close", id=id, note=note))


def _read(path: Path) -> bytes:
    """The text of a file. InputError "statement.file"."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise InputError("statement.file", path=str(path), detail=error.strerror or "") from error
