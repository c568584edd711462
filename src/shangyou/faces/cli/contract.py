"""`shangyou contract` and `shangyou transfer`: agreements with other members, and data under them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.call import Call, command, group, t

app = group("contract")
transfer = group("transfer")

SHOWN = ("id", "role", "peer", "dataset", "state", "waits", "since", "due", "why")
AGREED = ("id", "provider", "consumer", "dataset", "state", "agreed", "expires", "reason")
MOVED = ("id", "role", "peer", "agreement", "format", "state", "since", "why")
LARGEST = 1 << 18  # bytes of a policy file

Id = Annotated[str, typer.Argument(help=t("contract.id"))]
AgreementId = Annotated[str, typer.Argument(help=t("contract.agreement"))]
Policy = Annotated[Path | None, typer.Option(help=t("contract.policy"), show_default=False)]
Why = Annotated[str, typer.Option(help=t("contract.why_text"))]
Open = Annotated[bool, typer.Option("--open", help=t("contract.open"))]


@command(app, "request", "contract.request")
def request(
    call: Call,
    dataset: Annotated[str, typer.Argument(help=t("contract.dataset"))],
    offer: Annotated[str, typer.Option(help=t("contract.offer"))] = "",
    policy: Policy = None,
) -> None:
    """Ask for an agreement."""
    with call.session() as session:
        done = session.do("contracts/request", dataset=dataset, offer=offer, policy=_text(policy))
    call.say("contract.done", **done)


@command(app, "list", "contract.list", rows=True)
def list_contracts(
    call: Call,
    agreements: Annotated[bool, typer.Option("--agreements", help=t("contract.agreements"))] = False,
    open_only: Open = False,
) -> None:
    """List negotiations or agreements."""
    with call.session() as session:
        if agreements:
            call.show(session.ask("contracts/agreements", active=open_only), AGREED)
        else:
            call.show(session.ask("contracts", open_only=open_only), SHOWN)


@command(app, "show", "contract.show", rows=True)
def show(call: Call, id: Id) -> None:
    """One negotiation."""
    with call.session() as session:
        call.show(session.ask("contract", id=id), record=True)


@command(app, "accept", "contract.accept")
def accept(call: Call, id: Id) -> None:
    """Agree."""
    _answer(call, id, "accept")


@command(app, "refuse", "contract.refuse")
def refuse(call: Call, id: Id, why: Why = "") -> None:
    """Refuse."""
    _answer(call, id, "refuse", why=why)


@command(app, "counter", "contract.counter")
def counter(
    call: Call, id: Id, policy: Annotated[Path, typer.Option(help=t("contract.policy"), show_default=False)]
) -> None:
    """Offer other terms."""
    _answer(call, id, "counter", policy=_text(policy))


def _answer(call: Call, id: str, action: str, **more: str) -> None:
    with call.session() as session:
        call.say("contract.done", **session.do("contracts/answer", id=id, action=action, **more))


@command(app, "revoke", "contract.revoke")
def revoke(call: Call, agreement: AgreementId, why: Why = "") -> None:
    """End an agreement."""
    with call.session() as session:
        call.say("contract.over", **session.do("contracts/revoke", agreement=agreement, why=why))


@command(app, "renew", "contract.renew")
def renew(call: Call, agreement: AgreementId, policy: Policy = None) -> None:
    """Renew an agreement."""
    with call.session() as session:
        call.say("contract.done", **session.do("contracts/renew", agreement=agreement, policy=_text(policy)))


@command(app, "why", "contract.why", rows=True)
def why(call: Call, id: Annotated[str, typer.Argument(help=t("contract.id"), show_default=False)] = "") -> None:
    """Why something ended or stands still."""
    with call.session() as session:
        if id:
            call.show(session.ask("contract", id=id), ("id", "state", "code", "why", "reasons"), record=True)
        else:
            call.show(session.ask("contracts/stuck"))


@command(transfer, "start", "transfer.start")
def start(
    call: Call,
    agreement: AgreementId,
    format: Annotated[str, typer.Option("--as", help=t("transfer.format"))] = "Arrow-PULL",
    selection: Annotated[str, typer.Option(help=t("transfer.selection"))] = "",
) -> None:
    """Ask for data."""
    with call.session() as session:
        call.say(
            "contract.done", **session.do("transfers/start", agreement=agreement, format=format, selection=selection)
        )


@command(transfer, "list", "transfer.list", rows=True)
def list_transfers(
    call: Call,
    agreement: Annotated[str, typer.Option(help=t("contract.agreement"))] = "",
    open_only: Open = False,
) -> None:
    """List transfers."""
    with call.session() as session:
        call.show(session.ask("transfers", agreement=agreement, open_only=open_only), MOVED)


@command(transfer, "stop", "transfer.stop")
def stop(call: Call, id: Annotated[str, typer.Argument(help=t("transfer.id"))], why: Why = "") -> None:
    """Stop a transfer."""
    with call.session() as session:
        call.say("contract.done", **session.do("transfers/stop", id=id, why=why))


def _text(path: Path | None) -> str:
    """The text of a policy file. InputError "contract.policy"."""
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("contract.policy", detail=f"{path}: {error}") from error
