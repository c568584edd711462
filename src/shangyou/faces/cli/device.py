"""`shangyou device`: monitors that report under an MN, and orders to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Final

import typer

from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.progress import Bar

app = group("device")

Mn = Annotated[str, typer.Argument(help=t("device.mn"))]
Limit = Annotated[int, typer.Option(help=t("option.limit"), min=1)]
Name = Annotated[str | None, typer.Option(help=t("device.name"))]
Section = Annotated[str | None, typer.Option(help=t("device.section"))]
System = Annotated[str | None, typer.Option(help=t("device.system"))]
Profile = Annotated[str | None, typer.Option(help=t("device.profile"))]
Units = Annotated[str | None, typer.Option(help=t("device.units"))]
Status = Annotated[str | None, typer.Option(help=t("device.status"))]
Encoding = Annotated[str | None, typer.Option(help=t("device.encoding"))]
Outlet = Annotated[bool | None, typer.Option("--outlet/--no-outlet", help=t("device.outlet"))]
Password = Annotated[str | None, typer.Option(help=t("device.password"))]

LOOK_EVERY = 0.5  # seconds between two looks at an order
OPEN = ("queued", "sent", "accepted")
AGAIN: Final = "hj212-again"  # kind of the batch that packets become which are read again
NEWEST: Final = 100  # batches of that kind among which the present one is looked for
MOST: Final = 100_000  # refusals that are counted
COUNTED: Final = ("new", "unchanged", "revised", "batch")


@command(app, "list", "device.list", rows=True)
def list_devices(call: Call, status: Annotated[str, typer.Option(help=t("device.status"))] = "") -> None:
    """List devices."""
    with call.session() as session:
        call.show(session.ask("devices", status=status))


def _putting(known: bool) -> Callable[..., None]:
    """The command that enters a device, or the one that changes a known one: they have the same options."""

    def put(
        call: Call,
        mn: Mn,
        name: Name = None,
        section: Section = None,
        system: System = None,
        profile: Profile = None,
        units: Units = None,
        status: Status = None,
        encoding: Encoding = None,
        outlet: Outlet = None,
        password: Password = None,
    ) -> None:
        given = {"name": name, "section": section, "system": system, "profile": profile, "unit_profile": units}
        given |= {"status": status, "encoding": encoding}
        with call.session() as session:
            done = session.do("devices/put", mn=mn, change=known, outlet=outlet, password=password, **given)
            waiting = done["status"] == "active" and session.ask("refused", source=mn, limit=1).table().num_rows
        call.say("device.done", mn=done["mn"], section=done["section"] or "–", status=done["status"])
        if waiting:
            call.say("device.waiting", mn=mn)

    return put


command(app, "add", "device.add")(_putting(known=False))
command(app, "set", "device.set")(_putting(known=True))


@command(app, "read-again", "device.again")
def read_again(call: Call, mn: Mn) -> None:
    """Read the refused packets of a device again."""
    with call.session() as session:
        done = session.do("devices/read-again", mn=mn)
        if done["batch"] is None:
            call.say("device.again.none", mn=mn)
            return
        with Bar(call.words("ingest.digesting"), 0) as bar:
            session.settle(done["batch"], bar.reach)
        found = session.ask("batches", kind=AGAIN, limit=NEWEST).table().to_pylist()
        left = set(session.ask("refused", source=mn, limit=MOST).table()["entry"].to_pylist())
    row = next(row for row in found if row["batch"] == done["batch"])
    call.say("device.again.done", packets=done["packets"], left=len(left), **{name: row[name] for name in COUNTED})


@command(app, "block", "device.block")
def block(call: Call, mn: Mn) -> None:
    """Block a device."""
    with call.session() as session:
        done = session.do("devices/put", mn=mn, change=True, status="blocked")
    call.say("device.done", mn=done["mn"], section=done["section"] or "–", status=done["status"])


@command(app, "ask", "device.ask", rows=True)
def ask(
    call: Call,
    mn: Mn,
    what: Annotated[str, typer.Argument(help=t("device.ask.what"))],
    to: Annotated[str, typer.Option(help=t("device.ask.to"))] = "",
    start: Annotated[str, typer.Option(help=t("device.ask.start"))] = "",
    stop: Annotated[str, typer.Option(help=t("device.ask.stop"))] = "",
    wait: Annotated[float, typer.Option(help=t("device.ask.wait"), min=0)] = 0,
) -> None:
    """Queue an order, and wait for its outcome if asked to."""
    with call.session() as session:
        order = session.do("devices/ask", mn=mn, what=what, to=to, start=start, stop=stop)
        call.say("device.ask.queued", **order)
        end = time.monotonic() + wait
        while True:
            rows = session.ask("command", id=order["id"])
            table = rows.table()
            if table["state"][0].as_py() not in OPEN or time.monotonic() >= end:
                call.show(type(rows).of(table))
                return
            time.sleep(LOOK_EVERY)


@command(app, "commands", "device.commands", rows=True)
def commands(
    call: Call,
    mn: Annotated[str, typer.Argument(help=t("device.mn"), show_default=False)] = "",
    state: Annotated[list[str] | None, typer.Option(help=t("device.commands.state"))] = None,
    limit: Limit = 100,
) -> None:
    """List orders."""
    with call.session() as session:
        call.show(session.ask("commands", mn=mn, state=tuple(state or ()), limit=limit))


@command(app, "sessions", "device.sessions", rows=True)
def sessions(
    call: Call,
    open_only: Annotated[bool, typer.Option("--open", help=t("device.sessions.open"))] = False,
    limit: Limit = 200,
) -> None:
    """List connections."""
    with call.session() as session:
        call.show(session.ask("sessions", limit=limit, open_only=open_only))
