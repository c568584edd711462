"""`shangyou dossier`: look at the case files that members keep together."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from shangyou.faces.cli.call import Call, command, group, t

app = group("dossier")

Id = Annotated[str, typer.Argument(help=t("dossier.id"))]
ENTRY: Final = ("number", "at", "author", "kind", "body")


@command(app, "list", "dossier.list", rows=True)
def list_dossiers(call: Call, subject: Annotated[str, typer.Option(help=t("dossier.subject"))] = "") -> None:
    """List them."""
    with call.session() as session:
        call.show(session.ask("dossiers", subject=subject))


@command(app, "entries", "dossier.entries", rows=True)
def entries(call: Call, id: Id) -> None:
    """What was said in one."""
    with call.session() as session:
        call.show(session.ask("dossier/entries", id=id), ENTRY)


@command(app, "receptions", "dossier.receptions", rows=True)
def receptions(call: Call, id: Id) -> None:
    """Who has received what."""
    with call.session() as session:
        call.show(session.ask("dossier/receptions", id=id))
