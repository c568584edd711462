"""`shangyou transfer fetch|push|receipts|meter` and `shangyou feed`: the data of transfers, and what was counted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.contract import transfer

feed = group("feed")

MOVED: Final = ("id", "role", "peer", "dataset", "format", "state", "rows", "bytes", "code")
SIGNED: Final = ("id", "peer", "at", "rows", "bytes", "signatures", "differences")
Agreement = Annotated[str, typer.Argument(help=t("contract.agreement"))]
OfAgreement = Annotated[str, typer.Option("--agreement", help=t("contract.agreement"))]
Selection = Annotated[str, typer.Option(help=t("transfer.selection"))]
Id = Annotated[str, typer.Argument(help=t("transfer.id"))]


@command(transfer, "fetch", "transfer.fetch")
def fetch(
    call: Call, id: Id, to: Annotated[Path | None, typer.Option(help=t("transfer.to"), show_default=False)] = None
) -> None:
    """Fetch data."""
    path = "" if to is None else str(to.absolute())
    with call.session() as session:
        done = session.do("transfers/fetch", id=id, path=path)
    call.say("transfer.fetched", **done)


@command(transfer, "push", "transfer.push")
def push(call: Call, agreement: Agreement, selection: Selection = "") -> None:
    """Ask for a push."""
    with call.session() as session:
        call.say("contract.done", **session.do("transfers/push", agreement=agreement, selection=selection))


@command(transfer, "receipts", "transfer.receipts", rows=True)
def receipts(call: Call, agreement: OfAgreement = "") -> None:
    """Show receipts."""
    with call.session() as session:
        call.show(session.ask("receipts", agreement=agreement), SIGNED)


@command(transfer, "meter", "transfer.meter", rows=True)
def meter(call: Call, moved: Annotated[bool, typer.Option("--by-transfer", help=t("transfer.by"))] = False) -> None:
    """Show meters."""
    with call.session() as session:
        call.show(session.ask("passages" if moved else "meters"), MOVED if moved else ())


@command(feed, "add", "feed.add")
def add(
    call: Call,
    agreement: Agreement,
    selection: Selection = "",
    backfill: Annotated[bool, typer.Option(help=t("feed.backfill"))] = True,
) -> None:
    """Follow a dataset."""
    with call.session() as session:
        done = session.do("feeds/add", agreement=agreement, selection=selection, backfill=backfill)
        call.say("contract.done", **done)


@command(feed, "list", "feed.list", rows=True)
def list_feeds(call: Call) -> None:
    """List feeds."""
    with call.session() as session:
        call.show(session.ask("passages", feeds=True), MOVED)


@command(feed, "pause", "feed.pause")
def pause(call: Call, id: Id) -> None:
    """Hold a feed."""
    with call.session() as session:
        call.say("contract.done", **session.do("feeds/pause", id=id))


@command(feed, "resume", "feed.resume")
def resume(call: Call, id: Id) -> None:
    """Go on with a feed."""
    with call.session() as session:
        call.say("contract.done", **session.do("feeds/resume", id=id))
