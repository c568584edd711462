"""The end of agreements before or at their time: revoked, ended, expired; a signed notice tells the other end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dsp.messages import encoded
from shangyou.exchange.dsp.talk import Act, Change, Letter
from shangyou.exchange.member import Member
from shangyou.flows.converse import Control, end_transfers

NOTICES: Final = "/federation/agreements/notices"
RANK: Final = (  # of two ends that cross, the later of this row counts, at both ends
    *(AgreementState.ACTIVE, AgreementState.EXPIRED, AgreementState.ENDED, AgreementState.REVOKED),
    AgreementState.REPLACED,
)
ENDS: Final = {  # who may say so
    AgreementState.REVOKED: "provider",
    AgreementState.ENDED: "consumer",
    AgreementState.EXPIRED: "",  # either: the time is in the agreement
}


def revoke(control: Control, id: str, by: str, reason: str) -> Agreement:
    """End an agreement from this end: the provider revokes it, the consumer ends it. Data stop before this returns.

    NotFoundError "exchange.agreement"; ConflictError "exchange.agreement_state" if it is over.
    """
    agreement = control.contracts.agreement(id)
    mine = agreement.provider == control.members.me
    return _end(control, agreement, AgreementState.REVOKED if mine else AgreementState.ENDED, by, reason)


def expire(control: Control, id: str) -> Agreement:
    """The time window of an agreement is over."""
    return _end(control, control.contracts.agreement(id), AgreementState.EXPIRED, "", "")


def _end(control: Control, agreement: Agreement, state: AgreementState, by: str, reason: str) -> Agreement:
    if agreement.state is not AgreementState.ACTIVE:
        raise ConflictError("exchange.agreement_state", id=agreement.id, state=agreement.state.value)
    me, at = control.members.me, control.now()
    peer = agreement.consumer if agreement.provider == me else agreement.provider
    over = replace(agreement, state=state, changed=at, reason=reason)
    document = {"act": state.value, "agreement": agreement.id, "at": at, "by": me, "reason": reason}
    letter = Letter(
        id=f"{agreement.id}#{state.value}",
        talk=agreement.id,
        peer=peer,
        base=control.members.member(peer).address.rstrip("/"),
        path=NOTICES,
        body=encoded(control.seal(document)).decode(),
        due=at,
    )
    act = Act("notice", {**document, "person": by, "peer": peer}, at)
    control.talks.commit(Change(letter=letter, agreements=(over,), acts=(act,)))
    end_transfers(control, agreement.id, f"agreement.{state.value}", _why(me, reason))
    control.send(letter)
    return over


def hear_notice(control: Control, member: Member, body: Mapping[str, object]) -> Agreement:
    """A signed notice of the other end. Hearing it again changes nothing.

    Raises what `control.verified` raises; InputError "dsp.notice"; NotFoundError "exchange.agreement"; RefusedError
    "dsp.notice_side" for an act that is not that end's.
    """
    at = control.now()
    document = control.verified(body, member, at)
    try:
        state = AgreementState(str(document["act"]))
        side, id, reason = ENDS[state], str(document["agreement"]), str(document.get("reason") or "")[:1000]
    except (KeyError, ValueError) as error:
        raise InputError("dsp.notice", detail=str(error)[:100]) from error
    agreement = control.contracts.agreement(id)
    ends = {"provider": agreement.provider, "consumer": agreement.consumer}
    if member.id not in ends.values() or control.members.me not in ends.values():
        raise NotFoundError("exchange.agreement", id=id)
    if side and ends[side] != member.id:
        raise RefusedError("dsp.notice_side", act=state.value, member=member.id)
    if RANK.index(agreement.state) < RANK.index(state):
        agreement = replace(agreement, state=state, changed=at, reason=reason)
        act = Act("notice", {**document, "peer": member.id}, at)
        control.talks.commit(Change(agreements=(agreement,), acts=(act,)))
    end_transfers(control, id, f"agreement.{state.value}", _why(member.id, reason))
    return agreement


def _why(member: str, reason: str) -> list[object]:
    return [{"message": reason, "changeable_by": member}] if reason else [{"changeable_by": member}]
