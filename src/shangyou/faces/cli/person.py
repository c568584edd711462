"""`shangyou node person`: who may sign in."""

from __future__ import annotations

from typing import Annotated

import typer

from shangyou.faces.cli.call import Call, command, group, t

app = group("node.person")

Name = Annotated[str, typer.Argument(help=t("node.person.name"))]


@command(app, "add", "node.person.add")
def add(
    call: Call,
    name: Name,
    role: Annotated[str, typer.Option(help=t("node.person.role"))] = "viewer",
    display: Annotated[str, typer.Option(help=t("node.person.display"))] = "",
) -> None:
    """Let somebody sign in."""
    from shangyou.faces.cli.home import given_password, tell_password

    password, made = given_password()
    with call.session() as session:
        person = session.do("people/put", name=name, password=password, role=role, display=display)
    call.say("node.person.done", **person)
    tell_password(call, name, password if made else "")


@command(app, "list", "node.person.list", rows=True)
def list_people(call: Call) -> None:
    """List people."""
    with call.session() as session:
        call.show(session.ask("people"))


@command(app, "password", "node.person.password")
def change(call: Call, name: Name) -> None:
    """Give somebody another password."""
    from shangyou.faces.cli.home import given_password, tell_password

    password, made = given_password()
    with call.session() as session:
        session.do("people/password", name=name, password=password)
    tell_password(call, name, password if made else "")
