"""`shangyou transfer fetch|push|receipts|meter` and `shangyou feed`: the data of transfers, and what was counted."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.core.errors import ShangyouError
from shangyou.faces.cli.call import Call, command, group, t
from shangyou.faces.cli.contract import transfer
from shangyou.faces.cli.progress import Bar

if TYPE_CHECKING:
    from shangyou.faces.cli.session import Session

feed = group("feed")
EVERY: Final = 0.2  # seconds between two looks at how far it is

MOVED: Final = ("id", "role", "peer", "dataset", "format", "state", "rows", "bytes", "code", "delete_by")
STANDING: Final = ("dataset", "state", "waits", "person", "rows", "last", "why")
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
    with call.session() as session, ThreadPoolExecutor(1) as pool:
        doing = pool.submit(session.do, "transfers/fetch", id=id, path=path)
        with Bar(call.words("transfer.fetching"), 0) as bar:
            while bar.seen and not wait([doing], EVERY).done:
                _reached(session, id, bar)
        done = doing.result()
    call.say("transfer.fetched", **done)


def _reached(session: Session, id: str, bar: Bar) -> None:
    """How far a pull is, in blocks; a look that fails says nothing about the pull."""
    with contextlib.suppress(ShangyouError):
        for row in session.ask("passages", open_only=False).table().to_pylist():
            if row["whole"] and row["id"].removeprefix("urn:uuid:").startswith(id.removeprefix("urn:uuid:")):
                bar.reach(row["reached"], row["whole"])


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


@command(feed, "stand", "feed.stand")
def stand(
    call: Call,
    source: Annotated[list[str] | None, typer.Argument(help=t("feed.source"), show_default=False)] = None,
    dataset: Annotated[list[str] | None, typer.Option(help=t("feed.dataset"), show_default=False)] = None,
    purpose: Annotated[str, typer.Option(help=t("feed.purpose"))] = "assessment",
    backfill: Annotated[bool, typer.Option(help=t("feed.backfill"))] = True,
    give: Annotated[bool, typer.Option(help=t("feed.give"))] = True,
    again: Annotated[bool, typer.Option("--again", help=t("feed.again"))] = False,
) -> None:
    """Set standing subscriptions up."""
    given = {"source": source or [], "dataset": dataset or [], "purpose": purpose, "backfill": backfill}
    with call.session() as session:
        done = session.do("feeds/stand", **given, give=give, again=again)
        call.say("feed.stood", **{**done, "sources": ", ".join(done["sources"]), "given": ", ".join(done["given"])})


@command(feed, "standing", "feed.standing", rows=True)
def standing(call: Call) -> None:
    """How far each dataset is."""
    with call.session() as session:
        call.show(session.ask("feeds/standing"), STANDING)


@command(feed, "unstand", "feed.unstand")
def unstand(
    call: Call,
    source: Annotated[str, typer.Argument(help=t("feed.source_one"))],
    stop: Annotated[bool, typer.Option("--stop", help=t("feed.stop"))] = False,
) -> None:
    """Take one back."""
    with call.session() as session:
        call.say("feed.unstood", **session.do("feeds/unstand", source=source, stop=stop))
