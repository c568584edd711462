"""`shangyou alarm`: what detection raised, why, and what it was."""

from __future__ import annotations

from typing import Annotated

import typer

from shangyou.faces.cli.call import Call, command, group, t

app = group("alarm")
LISTED = (
    *("id", "standing", "level", "parameter", "sections", "since", "value", "limit", "unit", "rules"),
    *("warned_by", "outcome"),
)
Id = Annotated[str, typer.Argument(help=t("alarm.id"))]


@command(app, "list", "alarm.list", rows=True)
def list_alarms(
    call: Call,
    open_only: Annotated[bool, typer.Option("--open", help=t("alarm.open_only"))] = False,
    limit: Annotated[int, typer.Option(help=t("option.limit"), min=1)] = 200,
) -> None:
    """List alarms."""
    with call.session() as session:
        call.show(session.ask("alarms", open_only=open_only, limit=limit), LISTED)


@command(app, "show", "alarm.show", rows=True)
def show(call: Call, id: Id) -> None:
    """Show an alarm."""
    with call.session() as session:
        call.show(session.ask("alarm", id=id))


@command(app, "close", "alarm.close")
def close(
    call: Call,
    id: Id,
    outcome: Annotated[str, typer.Option(help=t("alarm.outcome"), metavar="event|false|known|test")],
    note: Annotated[str, typer.Option(help=t("alarm.note"))] = "",
) -> None:
    """Close an alarm."""
    with call.session() as session:
        call.say("alarm.done", **session.do("alarms/close", id=id, outcome=outcome, note=note))
