"""`shangyou ingest`: files in, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.help import FilesFirst

app = group("ingest", FilesFirst)


@command(app, "files", "ingest.files", rows=True)
def files(
    call: Call,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help=t("ingest.files.paths"))],
    map: Annotated[str, typer.Option("--map", help=t("ingest.files.map"))] = "",
    date: Annotated[str, typer.Option("--date", "--year", help=t("ingest.files.date"))] = "",
    kind: Annotated[str, typer.Option(help=t("ingest.files.kind"))] = "",
    province: Annotated[list[str] | None, typer.Option(help=t("ingest.files.province"))] = None,
    watch: Annotated[bool, typer.Option("--watch", help=t("ingest.files.watch"))] = False,
) -> None:
    """Take files in."""
    from shangyou.faces.cli.call import default_home
    from shangyou.faces.cli.home import make_default
    from shangyou.faces.cli.intake import Intake

    if not call.named and not (default_home() / "node.toml").exists():
        make_default(call)
    with call.session() as session:
        intake = Intake(call, session, kind, date, tuple(province or ()), map)
        failed = intake.run(paths)
        if watch:
            intake.watch(paths)
    if failed:
        raise typer.Exit(InputError.exit_code)


Limit = Annotated[int, typer.Option(help=t("option.limit"), min=1)]


@command(app, "refused", "ingest.refused", rows=True)
def refused(
    call: Call,
    batch: Annotated[int | None, typer.Option(help=t("ingest.refused.batch"))] = None,
    source: Annotated[str, typer.Option(help=t("ingest.refused.source"))] = "",
    since: Annotated[str, typer.Option(help=t("ingest.refused.since"))] = "",
    limit: Limit = 100,
) -> None:
    """List refusals."""
    with call.session() as session:
        rows = session.ask("refused", batch=batch, source=source, since=since, limit=limit)
        call.show(rows, ("at", "source", "line", "column", "reason", "text", "code"))


@command(app, "batches", "ingest.batches", rows=True)
def batches(
    call: Call,
    kind: Annotated[str, typer.Option(help=t("ingest.batches.kind"))] = "",
    limit: Limit = 100,
) -> None:
    """List batches."""
    with call.session() as session:
        shown = ("batch", "at", "kind", "source", "entries", "received", "new", "unchanged", "revised", "refused")
        call.show(session.ask("batches", kind=kind, limit=limit), (*shown, "withdrawn"))


@command(app, "rollback", "ingest.rollback")
def rollback(call: Call, batch: Annotated[int, typer.Argument(help=t("ingest.rollback.batch"))]) -> None:
    """Roll a batch back."""
    with call.session() as session:
        call.say("ingest.rollback.done", **session.do("batches/withdraw", batch=batch))


@command(app, "maps", "ingest.maps", rows=True)
def maps(call: Call) -> None:
    """List column maps."""
    with call.session() as session:
        call.show(session.ask("maps"), ("name",))


@command(app, "map", "ingest.map")
def show_map(
    call: Call,
    name: Annotated[str, typer.Argument(help=t("ingest.map.name"))],
    save: Annotated[Path | None, typer.Option("--save", help=t("ingest.map.save"))] = None,
) -> None:
    """Print or keep a column map."""
    with call.session() as session:
        if save is not None:
            session.do("maps/save", name=name, body=read_text(save))
            call.say("ingest.map.done", name=name)
            return
        known = {row["name"]: row["body"] for row in session.ask("maps").table().to_pylist()}
    if name not in known:
        raise NotFoundError("ingest.map", name=name, known=", ".join(known) or "–")
    print(known[name], end="")  # noqa: T201


@command(app, "infer", "ingest.infer")
def infer(
    call: Call,
    file: Annotated[Path, typer.Argument(help=t("ingest.infer.file"))],
    site: Annotated[str, typer.Option(help=t("ingest.infer.site"))] = "",
) -> None:
    """Print the column map that fits a table; it needs no node."""
    from shangyou.faces.sentences import sentence
    from shangyou.ingest.tables.infer import infer
    from shangyou.ingest.tables.mapfile import save

    guess = infer(read_bytes(file), str(file), site)
    for remark in guess.remarks:
        said = sentence(remark.code, remark.facts | {"column": remark.column}, call.words.language)
        call.say("ingest.infer.remark", confidence=remark.confidence, column=remark.column, text=said.text)
    print(save(guess.map), end="")  # noqa: T201


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; NotFoundError "ingest.absent", InputError "ingest.unreadable"."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("ingest.absent", path=str(path)) from None
    except OSError as error:
        raise InputError("ingest.unreadable", path=str(path), detail=error.strerror or str(error)) from error


def read_text(path: Path) -> str:
    """The text of a file; as `read_bytes`."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("ingest.unreadable", path=str(path), detail="UTF-8") from error
