"""`shangyou node`: make, serve, look, back up, restore."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shangyou.core.errors import ConflictError, InputError, UnavailableError
from shangyou.faces.cli import person
from shangyou.faces.cli.call import Call, command, group, t

if TYPE_CHECKING:
    from shangyou.adapters.backup.manifest import Manifest

app = group("node")
app.add_typer(person.app, name="person")


@command(app, "init", "node.init")
def init(
    call: Call,
    name_zh: Annotated[str, typer.Option(help=t("node.init.name_zh"))] = "",
    name_en: Annotated[str, typer.Option(help=t("node.init.name_en"))] = "",
    level: Annotated[str, typer.Option(help=t("node.init.level"))] = "",
    adm_code: Annotated[str, typer.Option(help=t("node.init.adm_code"))] = "",
    setting: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=t("node.init.set"))] = None,
    person: Annotated[str, typer.Option(help=t("node.init.person"))] = "admin",
    facts: Annotated[bool, typer.Option("--facts/--no-facts", help=t("node.init.facts"))] = True,
) -> None:
    """Make a node."""
    from shangyou.faces.cli.home import make, tell_password
    from shangyou.settings import FILE, of_texts

    given = {"name_zh": name_zh, "name_en": name_en, "level": level, "adm_code": adm_code}
    texts = {name: value for name, value in given.items() if value}
    for each in setting or ():
        name, sign, value = each.partition("=")
        if not sign:
            raise InputError("cli.set", text=each)
        texts[name.strip().replace("-", "_")] = value.strip()
    made = make(call, of_texts(call.home.absolute(), texts), person, facts)
    call.say("node.init.done", home=call.home, settings=call.home / FILE, **made.facts)
    tell_password(call, person, made.password)


@command(app, "serve", "node.serve")
def serve(
    call: Call,
    http_host: Annotated[str | None, typer.Option(help=t("node.serve.http_host"))] = None,
    http_port: Annotated[int | None, typer.Option(help=t("node.serve.http_port"), min=0, max=65535)] = None,
    hj212_port: Annotated[int | None, typer.Option(help=t("node.serve.hj212_port"), min=0, max=65535)] = None,
    log_format: Annotated[str, typer.Option(metavar="text|json", help=t("node.serve.log_format"))] = "text",
    log_level: Annotated[str, typer.Option(help=t("node.serve.log_level"))] = "info",
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    given = {"HTTP_HOST": http_host, "HTTP_PORT": http_port, "HJ212_PORT": hj212_port}
    said = {f"SHANGYOU_{name}": str(value) for name, value in given.items() if value is not None}
    said["SHANGYOU_LANG"] = call.words.language
    arguments = ["-m", "shangyou.faces.serving", str(call.home), log_format, log_level]
    os.execve(sys.executable, [sys.executable, *arguments], {**os.environ, **said})  # noqa: S606  it is our own


@command(app, "status", "node.status", rows=True)
def status(call: Call) -> None:
    """How the node is."""
    with call.session() as session:
        call.show(session.ask("status"), record=True)


@command(app, "backup", "node.backup")
def backup(
    call: Call,
    file: Annotated[Path, typer.Argument(help=t("node.backup.file"))],
    check: Annotated[bool, typer.Option("--check", help=t("node.backup.check"))] = False,
    force: Annotated[bool, typer.Option("--force", help=t("node.backup.force"))] = False,
) -> None:
    """Back the node up, or check a backup."""
    from shangyou.adapters.backup import check_backup
    from shangyou.faces.cli.progress import Bar
    from shangyou.faces.cli.show import size

    with Bar(call.words("node.backup.doing"), 0, size=True) as bar:
        if check:
            _good(call, check_backup(file, bar.reach))
            return
        if file.exists() and not force:
            raise ConflictError("cli.exists", path=str(file))
        part = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with call.session() as session, os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
                for piece in session.backup():
                    out.write(piece)
                    bar.advance(len(piece))
                out.flush()
                os.fsync(out.fileno())
            manifest = check_backup(part)  # what cannot be read back is no backup
            part.replace(file)
        except OSError as error:
            raise UnavailableError("cli.write", path=str(file), detail=error.strerror or str(error)) from error
        finally:
            part.unlink(missing_ok=True)
    call.say("node.backup.done", file=file, size=size(file.stat().st_size))
    _good(call, manifest)


def _good(call: Call, manifest: Manifest) -> None:
    from shangyou.faces.api.moments import legal

    files, made = len(manifest.files), legal(manifest.made)
    call.say("node.backup.good", files=files, entries=manifest.entries, version=manifest.version, made=made)
    if not manifest.state:
        call.say("node.backup.state")


@command(app, "restore", "node.restore")
def restore(
    call: Call,
    file: Annotated[Path, typer.Argument(help=t("node.backup.file"))],
    state: Annotated[str | None, typer.Option(metavar="sqlite|ADDRESS", help=t("node.restore.state"))] = None,
) -> None:
    """Make a home from a backup."""
    from shangyou.adapters.backup import restore_backup
    from shangyou.faces.cli.home import settled
    from shangyou.faces.cli.progress import Bar

    with Bar(call.words("node.restore.doing"), 0, size=True) as bar:
        manifest = restore_backup(file, call.home.absolute(), bar.reach, partial(settled, os.environ, state))
    left = manifest.entries - manifest.digested
    call.say("node.restore.done", home=call.home, entries=manifest.entries, left=left)
    if not manifest.state:
        call.say("node.backup.state")
