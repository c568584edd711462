"""Questions and deeds about contracts and transfers with other members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dsp.talk import Talk
from shangyou.faces import ended, reasons
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.contracting import contracting
from shangyou.faces.policies import lines
from shangyou.faces.rows import Rows
from shangyou.flows import agreements as ends
from shangyou.flows import negotiate, reconcile
from shangyou.flows import transfer as transfers_of
from shangyou.flows.converse import Control
from shangyou.wiring_exchange import member_exchange

DESK: Final = frozenset({"operator", "manager", "duty"})  # who may bind the agency

TALKS: Final = pa.schema(
    [
        *(("id", TEXT), ("role", TEXT), ("peer", TEXT), ("dataset", TEXT), ("state", TEXT), ("waits", TEXT)),
        *(("since", TIME), ("due", TIME), ("agreement", TEXT), ("code", TEXT), ("why", TEXT), ("other", TEXT)),
    ]
)
TRANSFERS: Final = pa.schema(
    [
        *(("id", TEXT), ("role", TEXT), ("peer", TEXT), ("agreement", TEXT), ("format", TEXT), ("state", TEXT)),
        *(("since", TIME), ("code", TEXT), ("why", TEXT), ("other", TEXT)),
    ]
)
AGREEMENTS: Final = pa.schema(
    [
        *(("id", TEXT), ("provider", TEXT), ("consumer", TEXT), ("dataset", TEXT), ("state", TEXT), ("agreed", TIME)),
        *(("changed", TIME), ("expires", TIME), ("reason", TEXT), ("replaces", TEXT), ("policy", TEXT)),
    ]
)
STUCK: Final = pa.schema(
    [
        *(("id", TEXT), ("kind", TEXT), ("peer", TEXT), ("state", TEXT), ("side", TEXT), ("code", TEXT), ("why", TEXT)),
        *(("since", TIME), ("attempts", WHOLE)),
    ]
)
Id = Annotated[str, "id of the negotiation; its beginning is enough"]


def control(desk: Desk) -> Control:
    """The control plane. NotFoundError "federation.none" while the node is in no federation."""
    return contracting(member_exchange(desk.node)).control


# ---- questions --------------------------------------------------------------------------------------------------


def negotiations(
    desk: Desk,
    open_only: Annotated[bool, "only those that are not over"] = False,
    limit: Annotated[int, "at most"] = 200,
) -> Rows:
    """Negotiations, the newest first: where they stand, whom they wait for, and why they ended."""
    found = control(desk).talks.talks("negotiation", active=open_only, limit=limit)
    return made(TALKS, [_talk(desk, talk) for talk in found])


def negotiation(desk: Desk, id: Id) -> Rows:
    """One negotiation with everything that was said."""
    talk = _found(control(desk), "negotiation", id)
    names = ("offer", "asked", "terms", "reasons")
    texts: dict[str, object] = {name: _json(getattr(talk, name)) for name in names}
    schema = TALKS
    for name in (*names, "replaces", "person"):
        schema = schema.append(pa.field(name, TEXT))
    return made(schema, [_talk(desk, talk) | texts | {"replaces": talk.replaces, "person": talk.by}])


def agreements(
    desk: Desk,
    peer: Annotated[str, "with this member"] = "",
    dataset: Annotated[str, "on this dataset"] = "",
    active: Annotated[bool, "only those in force"] = False,
) -> Rows:
    """Agreements at this end."""
    plane = control(desk)
    found = plane.contracts.agreements(peer, dataset, active)
    return made(AGREEMENTS, [_agreement(each, plane.expires(each)) for each in found])


def transfers(
    desk: Desk,
    agreement: Annotated[str, "under this agreement"] = "",
    open_only: Annotated[bool, "only those that are not over"] = False,
    limit: Annotated[int, "at most"] = 200,
) -> Rows:
    """Transfers, the newest first."""
    found = control(desk).talks.talks("transfer", active=open_only, agreement=agreement, limit=limit)
    return made(TRANSFERS, [_talk(desk, talk) | {"format": talk.format} for talk in found])


def stuck(desk: Desk) -> Rows:
    """Negotiations and transfers that stand still: which side has to move, why, since when."""
    plane = control(desk)
    rows: list[dict[str, object]] = []
    for each in reconcile.stuck(plane):
        letter = plane.talks.letter(each.talk.id)
        peer = plane.members.member(each.talk.peer)
        facts = {"peer": peer.id, "member": peer.id, "address": peer.address, "id": each.talk.id}
        rows.append(
            {
                "id": each.talk.id,
                "kind": each.talk.kind,
                "peer": each.talk.peer,
                "state": each.talk.state,
                "side": each.side,
                "code": each.why,
                "why": ended.why(each.why, facts, language=desk.language).text,
                "since": from_ms(each.since),
                "attempts": letter.attempts if letter is not None else 0,
            }
        )
    return made(STUCK, rows)


def _talk(desk: Desk, talk: Talk) -> dict[str, object]:
    names = {"peer": talk.peer, "member": talk.peer, "id": talk.id, "state": talk.state, "dataset": talk.dataset}
    said = ended.texts(talk.reasons)
    told = ended.why(talk.code, names, talk.reasons, desk.language) if talk.code else None
    why = said if told is None else f"{told.text} {told.remedy if ended.ruled(talk.reasons) else said}".strip()
    return {
        "id": talk.id,
        "role": talk.role,
        "peer": talk.peer,
        "dataset": talk.dataset,
        "state": talk.state,
        "waits": talk.waits,
        "since": from_ms(talk.since),
        "due": from_ms(talk.due) if talk.due is not None else None,
        "agreement": talk.agreement,
        "code": talk.code,
        "why": why,
        "other": talk.other,
    }


def _agreement(agreement: Agreement, end: int | None) -> dict[str, object]:
    return {
        "id": agreement.id,
        "provider": agreement.provider,
        "consumer": agreement.consumer,
        "dataset": agreement.dataset,
        "state": agreement.state.value,
        "agreed": from_ms(agreement.agreed),
        "changed": from_ms(agreement.changed),
        "expires": from_ms(end) if end is not None else None,
        "reason": agreement.reason,
        "replaces": agreement.replaces,
        "policy": _json(agreement.policy),
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def _found(plane: Control, kind: str, id: str) -> Talk:
    """By its id, or by the only beginning of one (with or without urn:uuid:)."""
    try:
        return plane.talks.talk(kind, id)
    except NotFoundError:
        found = [t for t in plane.talks.talks(kind) if id and t.id.removeprefix("urn:uuid:").startswith(id)]
        if len(found) != 1:
            raise
        return found[0]


def why(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement; its beginning is enough"],
    purpose: Annotated[str, "what for; empty: not said"] = "",
    action: Annotated[str, "read, or aggregate: sums alone"] = "read",
    resolution: Annotated[str, "observed, hour, day, month, year; empty: the finest that may leave"] = "",
    section: Annotated[Texts, "sections that are asked for"] = (),
    parameter: Annotated[Texts, "parameters that are asked for"] = (),
    at: Annotated[str, "day or time; empty: now"] = "",
) -> Rows:
    """What would come of a request under an agreement, and why, with what has passed as this end counts it."""
    joined = member_exchange(desk.node)
    asked = reasons.Asked(purpose, action, resolution, section, parameter)
    when = moment(at)
    found = reasons.why(joined, reasons.agreement_of(joined, agreement), asked, desk.now() if when is None else when)
    return lines(found, desk.language)


# ---- deeds ------------------------------------------------------------------------------------------------------


def request(
    desk: Desk,
    dataset: Annotated[str, "dataset of another member: member/name"],
    offer: Annotated[str, "which of its offers; empty: the first"] = "",
    policy: Annotated[str, "other terms, as ODRL in JSON; empty: those of the offer"] = "",
    replaces: Annotated[str, "agreement that is to be renewed or amended"] = "",
) -> Done:
    """Ask a member for an agreement on a dataset."""
    plane = control(desk)
    found = negotiate.offers(plane, dataset)
    chosen = next((each for each in found if not offer or each.get("@id") == offer), None)
    if chosen is None:
        raise NotFoundError("contract.offer", dataset=dataset, offer=offer)
    wanted = _policy(policy) if policy else chosen
    owner = dataset.partition("/")[0]
    return _done(negotiate.request(plane, owner, dataset, str(chosen["@id"]), wanted, desk.by, replaces))


def answer(
    desk: Desk,
    id: Id,
    action: Annotated[str, "accept, refuse or counter"],
    why: Annotated[str, "reason of a refusal; the other side reads it"] = "",
    policy: Annotated[str, "other terms of a counter-offer, as ODRL in JSON"] = "",
) -> Done:
    """Answer at the contract desk."""
    plane = control(desk)
    talk = _found(plane, "negotiation", id)
    if action == "accept":
        return _done(negotiate.accept(plane, talk.id, desk.by))
    if action == "refuse":
        return _done(negotiate.refuse(plane, talk.id, desk.by, why))
    if action == "counter":
        return _done(negotiate.counter(plane, talk.id, _policy(policy), desk.by))
    raise InputError("contract.action", action=action[:40], known="accept, refuse, counter")


def revoke(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement"],
    why: Annotated[str, "reason; the other side reads it"] = "",
) -> Done:
    """End an agreement: the provider revokes it, the consumer ends it. Running transfers stop at once."""
    over = ends.revoke(control(desk), agreement, desk.by, why)
    return {"agreement": over.id, "state": over.state.value}


def renew(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement"],
    policy: Annotated[str, "other terms, as ODRL in JSON; empty: as they are"] = "",
) -> Done:
    """Ask for a new agreement in place of one that is there."""
    return _done(negotiate.renew(control(desk), agreement, desk.by, _policy(policy) if policy else None))


def start(
    desk: Desk,
    agreement: Annotated[str, "id of the agreement"],
    format: Annotated[str, "as the catalogue names it, e.g. Arrow-PULL"] = "Arrow-PULL",
    selection: Annotated[str, "which part of the dataset, as JSON; empty: all"] = "",
) -> Done:
    """Ask for data under an agreement."""
    chosen = _policy(selection) if selection else None
    return _done(transfers_of.start(control(desk), agreement, format, desk.by, chosen))


def stop(
    desk: Desk,
    id: Annotated[str, "id of the transfer; its beginning is enough"],
    why: Annotated[str, "reason; the other side reads it"] = "",
) -> Done:
    """End a transfer. Data stop at once."""
    plane = control(desk)
    talk = _found(plane, "transfer", id)
    return _done(transfers_of.stop(plane, talk.id, "contract.stopped", [why] if why else [], desk.by))


def _policy(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("contract.policy", detail=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise InputError("contract.policy", detail="{...}")
    return found


def _done(talk: Talk) -> Done:
    return {"id": talk.id, "state": talk.state, "peer": talk.peer, "dataset": talk.dataset}


QUESTIONS: Final = (
    Question("contracts", negotiations, "contracts"),
    Question("contract", negotiation, "contracts"),
    Question("contracts/agreements", agreements, "contracts"),
    Question("contracts/agreements/why", why, "contracts"),
    Question("contracts/stuck", stuck, "contracts"),
    Question("transfers", transfers, "contracts"),
)
DEEDS: Final = (
    Deed("contracts/request", request, "contracts", DESK),
    Deed("contracts/answer", answer, "contracts", DESK),
    Deed("contracts/revoke", revoke, "contracts", DESK),
    Deed("contracts/renew", renew, "contracts", DESK),
    Deed("transfers/start", start, "contracts", DESK),
    Deed("transfers/stop", stop, "contracts", DESK),
)
