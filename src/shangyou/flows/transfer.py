"""Transfers under an agreement: asked for, started, suspended, completed, ended."""

from __future__ import annotations

from collections.abc import Mapping

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.canonical import digest
from shangyou.exchange.dsp.messages import PATH
from shangyou.exchange.dsp.tables import FINAL
from shangyou.exchange.dsp.talk import Act, Step, Talk
from shangyou.flows.converse import Control, begin, end, say


def admit(control: Control, talk: Talk) -> None:
    """May the other end begin this transfer?

    NotFoundError "exchange.agreement", also for an agreement of others; ConflictError "exchange.agreement_state".
    """
    agreement = control.contracts.agreement(talk.agreement)
    if (agreement.provider, agreement.consumer) != (control.members.me, talk.peer):
        raise NotFoundError("exchange.agreement", id=talk.agreement)
    _need_active(agreement)


def _need_active(agreement: Agreement) -> None:
    if agreement.state is not AgreementState.ACTIVE:
        facts = {"state": agreement.state.value, "reason": agreement.reason}
        raise ConflictError("exchange.agreement_state", id=agreement.id, **facts)


def decide(control: Control, talk: Talk, at: int) -> Step:
    """What an end does by itself: the provider starts what it has admitted."""
    if talk.role == "provider" and talk.state == "REQUESTED":
        address = dict(control.plane.offer(talk.transfer()))
        return Step("start", {"dataAddress": address} if address else {}, acts=(started(talk, at),))
    if talk.role == "consumer" and talk.since == at and talk.state == "STARTED":
        return Step(acts=(started(talk, at),))
    if talk.since == at and talk.state in FINAL and talk.ended_by == talk.peer:
        facts = {"act": talk.state.lower(), "code": talk.code, "peer": talk.peer, "transfer": talk.id}
        return Step(acts=(Act("decision", facts, at),))
    return Step()


def started(talk: Talk, at: int) -> Act:
    """Data may move from now on: the same facts at both ends, so that the two logs can be compared."""
    facts: dict[str, object] = {"act": "started", "agreement": talk.agreement, "format": talk.format, **talk.pids}
    return Act("transfer", facts | {"transaction": digest(facts)}, at)


def start(
    control: Control,
    agreement: str,
    format: str,
    by: str,
    selection: Mapping[str, object] | None = None,
    address: Mapping[str, object] | None = None,
) -> Talk:
    """Ask the provider for data under an agreement. `address` is where a push goes; it is a DataAddress of DSP.

    NotFoundError "exchange.agreement"; RefusedError "dsp.not_consumer"; ConflictError "exchange.agreement_state".
    """
    found = control.contracts.agreement(agreement)
    if found.consumer != control.members.me:
        raise RefusedError("dsp.not_consumer", id=agreement, consumer=found.consumer)
    _need_active(found)
    if not format:
        raise InputError("dsp.format", format=format)
    provider = control.members.member(found.provider)
    talk = Talk(
        kind="transfer",
        id=control.name(),
        role="consumer",
        peer=provider.id,
        callback=f"{provider.address.rstrip('/')}{PATH}",
        agreement=agreement,
        dataset=found.dataset,
        format=format,
        address=address,
        selection=selection,
        by=by,
    )
    content: dict[str, object] = {"agreementId": agreement, "format": format}
    content |= {"dataAddress": address} if address else {}
    content |= {"selection": selection} if selection else {}
    facts = {"act": "request", "agreement": agreement, "format": format, "person": by, "transfer": talk.id}
    return begin(control, talk, content, (Act("decision", facts, control.now()),))


def stop(control: Control, id: str, code: str, reasons: list[object], by: str = "") -> Talk:
    """End a transfer for good: the data stop at once, then the other end is told."""
    control.plane.stop(control.talks.talk("transfer", id).transfer())
    return end(control, "transfer", id, code, reasons, by)


def suspend(control: Control, id: str, code: str, reasons: list[object], by: str = "") -> Talk:
    """Hold a transfer."""
    content: dict[str, object] = {"code": code} | ({"reason": reasons} if reasons else {})
    return say(control, "transfer", id, "suspension", content, by)


def resume(control: Control, id: str, by: str = "") -> Talk:
    """Go on with a transfer that is held."""
    talk = control.talks.talk("transfer", id)
    address = dict(control.plane.offer(talk.transfer())) if talk.role == "provider" else {}
    return say(control, "transfer", id, "start", {"dataAddress": address} if address else {}, by)


def complete(control: Control, id: str, by: str = "") -> Talk:
    """Everything has been moved."""
    return say(control, "transfer", id, "completion", {}, by)
