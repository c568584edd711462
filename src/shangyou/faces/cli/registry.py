"""`shangyou registry`: agencies, rivers, sections, and the vocabulary."""

from __future__ import annotations

from typing import Annotated

import typer

from shangyou.faces.cli.call import Call, command, group, t

app = group("registry")

Id = Annotated[str, typer.Argument(help=t("registry.id"))]
Text = Annotated[str, typer.Argument(help=t("registry.text"), show_default=False)]


@command(app, "agencies", "registry.agencies", rows=True)
def agencies(call: Call) -> None:
    """List the agencies."""
    with call.session() as session:
        call.show(session.ask("agencies"))


@command(app, "rivers", "registry.rivers", rows=True)
def rivers(call: Call, text: Text = "") -> None:
    """List rivers and lakes."""
    with call.session() as session:
        call.show(session.ask("rivers", text=text))


SHOWN = ("id", "name_zh", "name_en", "province", "city", "river", "kind", "longitude", "latitude", "status")


@command(app, "sections", "registry.sections", rows=True)
def sections(
    call: Call,
    text: Text = "",
    province: Annotated[str, typer.Option(help=t("registry.province"))] = "",
    city: Annotated[str, typer.Option(help=t("registry.city"))] = "",
    river: Annotated[str, typer.Option(help=t("registry.river"))] = "",
    basin: Annotated[str, typer.Option(help=t("registry.basin"))] = "",
    status: Annotated[str, typer.Option(help=t("registry.status"))] = "",
) -> None:
    """List sections."""
    wanted = {"text": text, "province": province, "city": city, "river": river, "basin": basin, "status": status}
    with call.session() as session:
        call.show(session.ask("sections", **wanted), SHOWN)


@command(app, "section", "registry.section", rows=True)
def section(call: Call, id: Id) -> None:
    """One section; for people with its history, for machines its history goes to `history`."""
    with call.session() as session:
        call.show(session.ask("section", id=id), record=True)
        if call.format == "table":
            call.say("registry.section.history")
            call.show(session.ask("history", id=id))


@command(app, "history", "registry.section.history", rows=True)
def history(call: Call, id: Id) -> None:
    """What became of a section."""
    with call.session() as session:
        call.show(session.ask("history", id=id))


@command(app, "confirm", "registry.confirm")
def confirm(call: Call, ids: Annotated[list[str], typer.Argument(metavar="ID", help=t("registry.id"))]) -> None:
    """Confirm sections."""
    with call.session() as session:
        for id in ids:
            session.do("sections/confirm", id=id)
            call.say("registry.confirm.done", id=id)


@command(app, "rename", "registry.rename")
def rename(
    call: Call,
    id: Id,
    name_zh: Annotated[str, typer.Argument(help=t("registry.rename.name_zh"))],
    name_en: Annotated[str, typer.Option(help=t("registry.rename.name_en"))] = "",
) -> None:
    """Rename a section."""
    with call.session() as session:
        session.do("sections/rename", id=id, name_zh=name_zh, name_en=name_en)
        call.say("registry.rename.done", id=id, name_zh=name_zh)


@command(app, "merge", "registry.merge")
def merge(call: Call, id: Id, into: Annotated[str, typer.Argument(help=t("registry.merge.into"))]) -> None:
    """Merge a section into another."""
    with call.session() as session:
        done = session.do("sections/merge", id=id, into=into)
        call.say("registry.merge.done", **done)


@command(app, "parameters", "registry.parameters", rows=True)
def parameters(
    call: Call, text: Text = "", group: Annotated[str, typer.Option(help=t("registry.parameters.group"))] = ""
) -> None:
    """The vocabulary; it needs no node."""
    from shangyou.faces.api.vocabulary import parameters

    call.show(parameters(text, group))


@command(app, "load-facts", "registry.load_facts")
def load_facts(call: Call) -> None:
    """Enter what ships with the product."""
    with call.session() as session:
        call.say("registry.load_facts.done", **session.do("facts/load"))
