"""Negotiate an agreement: what either end does by itself, and what people at the contract desk do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from shangyou.core.clock import from_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.canonical import digest
from shangyou.exchange.dsp.catalog import need_shown
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.messages import PATH, read
from shangyou.exchange.dsp.talk import Act, Facts, Step, Talk
from shangyou.flows import transfer
from shangyou.flows.converse import Control, begin, end, say

RULES: Final = ("profile", "permission", "prohibition", "obligation")


# ---- what a node does by itself ---------------------------------------------------------------------------------


def decide(control: Control, talk: Talk, at: int) -> Step:
    """The next step of this end where no person is needed."""
    if talk.kind == "transfer":
        return transfer.decide(control, talk, at)
    if talk.role == "provider":
        return _as_provider(control, talk, at)
    return _as_consumer(control, talk, at)


def admit(control: Control, talk: Talk) -> None:
    """May the other end begin this talk? InputError "dsp.offer", NotFoundError "catalogue.dataset" and as transfers."""
    if talk.kind == "transfer":
        transfer.admit(control, talk)
    elif talk.role == "provider":
        dataset = need_shown(control.datasets.dataset(talk.dataset), talk.peer)
        if _id(talk.offer) not in {offer.id for offer in dataset.offers}:
            raise InputError("dsp.offer", offer=_id(talk.offer)[:200], dataset=talk.dataset)
        if talk.replaces:
            old = control.contracts.agreement(talk.replaces)
            if old.consumer != talk.peer or old.dataset != talk.dataset:
                raise NotFoundError("exchange.agreement", id=talk.replaces)


def _as_provider(control: Control, talk: Talk, at: int) -> Step:
    if talk.state == "REQUESTED":
        if talk.waits:
            return _overdue(talk, at)
        return _judged(control, talk, at)
    if talk.state == "ACCEPTED":  # our own offer, which was judged when it was made
        return Step("agreement", {"agreement": terms(control, talk, at)})
    if talk.state == "VERIFIED":
        return replace(_concluded(control, talk, at), message="finalized")
    return Step()


def _judged(control: Control, talk: Talk, at: int) -> Step:
    assert talk.offer is not None
    dataset, consumer = control.datasets.dataset(talk.dataset), control.members.member(talk.peer)
    verdict = control.judge(talk.offer, dataset, consumer, at)
    facts = {
        "act": verdict.act,
        "code": verdict.code,
        "consumer": talk.peer,
        "dataset": talk.dataset,
        "found": verdict.operands[1],
        "demanded": verdict.operands[0],
        "policy": digest(rules(talk.offer)),
        "rule": verdict.rule,
        "negotiation": talk.id,
    }
    return replace(_step(control, talk, verdict, at), acts=(Act("decision", facts, at),))


def _step(control: Control, talk: Talk, verdict: Verdict, at: int) -> Step:
    if verdict.act == "agree":
        return Step("agreement", {"agreement": terms(control, talk, at)})
    if verdict.act == "counter" and verdict.policy is not None:
        return Step("offer", {"offer": offered(verdict.policy, _id(talk.offer), talk.dataset)})
    if verdict.act == "wait":
        return Step(wait="person", due=control.deadline(talk, at))
    reasons = verdict.reasons()
    return Step("termination", {"code": verdict.code or "policy.refused"} | ({"reason": reasons} if reasons else {}))


def _overdue(talk: Talk, at: int) -> Step:
    """No person has answered in time: said in the ledger and at the desk; a machine does not answer for them."""
    if talk.due is None or at < talk.due:
        return Step(wait=talk.waits, due=talk.due)
    facts = {"code": "contract.unanswered", "peer": talk.peer, "dataset": talk.dataset, "negotiation": talk.id}
    return Step(wait=talk.waits, acts=(Act("alarm", facts, at),))


def _as_consumer(control: Control, talk: Talk, at: int) -> Step:
    if talk.state == "OFFERED":
        if talk.asked is not None and digest(rules(talk.asked)) == digest(rules(talk.offer)):
            return Step("accepted")
        return _overdue(talk, at) if talk.waits else Step(wait="person", due=control.deadline(talk, at))
    if talk.state == "AGREED":
        wrong = difference(talk, control.members.me)
        if wrong:
            return Step("termination", {"code": "dsp.agreement_differs", "reason": [{"member": wrong}]})
        return Step("verification")
    if talk.state == "FINALIZED":
        return _concluded(control, talk, at)
    return Step()


def _concluded(control: Control, talk: Talk, at: int) -> Step:
    """The agreement is in force, and the one that it renews or amends is not any more."""
    assert talk.terms is not None
    me = control.members.me
    provider, consumer = (me, talk.peer) if talk.role == "provider" else (talk.peer, me)
    agreement = Agreement(
        id=talk.agreement,
        provider=provider,
        consumer=consumer,
        dataset=talk.dataset,
        policy=talk.terms,
        agreed=at,
        changed=at,
        replaces=talk.replaces,
    )
    facts = {
        "act": "agreed",
        "agreement": agreement.id,
        "consumer": consumer,
        "dataset": talk.dataset,
        "policy": digest(talk.terms),
        "provider": provider,
        "replaces": talk.replaces,
    }
    return Step(agreements=(*_replaced(control, talk, at), agreement), acts=(Act("agreement", facts, at),))


def _replaced(control: Control, talk: Talk, at: int) -> tuple[Agreement, ...]:
    if not talk.replaces:
        return ()
    try:
        old = control.contracts.agreement(talk.replaces)
    except NotFoundError:
        return ()
    return (replace(old, state=AgreementState.REPLACED, changed=at),)


# ---- policies in messages ---------------------------------------------------------------------------------------


def rules(policy: Facts | None) -> dict[str, object]:
    """What a policy allows, forbids and demands, without who and when; empty lists say nothing."""
    return {name: policy[name] for name in RULES if policy and policy.get(name)}


def offered(policy: Facts, id: str, dataset: str) -> dict[str, object]:
    """An offer as a message carries it."""
    return {**rules(policy), "@type": "Offer", "@id": id, "target": dataset}


def terms(control: Control, talk: Talk, at: int) -> dict[str, object]:
    """The agreement to what is on the table, made by the provider."""
    return {
        **rules(talk.offer),
        "@type": "Agreement",
        "@id": control.name(),
        "target": talk.dataset,
        "assigner": control.members.me,
        "assignee": talk.peer,
        "timestamp": from_ms(at).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def difference(talk: Talk, me: str) -> str:
    """Which member of the agreement is not what was on the table; "" if it is as agreed."""
    found = talk.terms or {}
    wanted = {"target": talk.dataset, "assigner": talk.peer, "assignee": me}
    wrong = [name for name, value in wanted.items() if found.get(name) != value]
    if not wrong and digest(rules(found)) != digest(rules(talk.offer)):
        wrong.append("permission, prohibition or obligation")
    return ", ".join(wrong)


def _id(offer: Facts | None) -> str:
    return str((offer or {}).get("@id") or "")


def offers(control: Control, dataset: str) -> list[Facts]:
    """The offers of a dataset of another member, as its owner makes them now.

    Raises InputError "dsp.dataset" for a name that is not "owner/name", "dsp.self"; NotFoundError "catalogue.dataset".
    """
    owner, _, name = dataset.partition("/")
    if not owner or not name:
        raise InputError("dsp.dataset", dataset=dataset[:200])
    if owner == control.members.me:
        raise InputError("dsp.self", member=owner)
    control.members.member(owner)
    answer = control.peers.call(owner, "GET", f"{PATH}/catalog/datasets/{quote(dataset)}")
    if answer.status != 200:
        raise NotFoundError("catalogue.dataset", id=dataset)
    found = read(answer.body, "Dataset")
    return list(found["hasPolicy"])


# ---- what people do ---------------------------------------------------------------------------------------------


def request(
    control: Control, provider: str, dataset: str, offer: str, policy: Mapping[str, object], by: str, replaces: str = ""
) -> Talk:
    """Ask a member for an agreement. `offer` and `policy` are from its catalogue, the policy perhaps changed.

    Raises NotFoundError "federation.member", "exchange.agreement"; InputError "dsp.self", "dsp.policy".
    """
    if provider == control.members.me:
        raise InputError("dsp.self", member=provider)
    member = control.members.member(provider)
    wanted = offered(policy, offer, dataset)
    if not (wanted.get("permission") or wanted.get("prohibition")):
        raise InputError("dsp.policy", dataset=dataset)
    if replaces and control.contracts.agreement(replaces).provider != provider:
        raise NotFoundError("exchange.agreement", id=replaces)
    talk = Talk(
        kind="negotiation",
        id=control.name(),
        role="consumer",
        peer=provider,
        callback=f"{member.address.rstrip('/')}{PATH}",
        dataset=dataset,
        replaces=replaces,
        by=by,
    )
    content = {"offer": wanted} | ({"replaces": replaces} if replaces else {})
    facts = {"act": "request", "dataset": dataset, "person": by, "policy": digest(rules(wanted)), "provider": provider}
    return begin(control, talk, content, (Act("decision", facts | {"negotiation": talk.id}, control.now()),))


def accept(control: Control, id: str, by: str) -> Talk:
    """Agree to what the other end has put on the table. ConflictError "dsp.transition" where nothing is."""
    talk, at = control.talks.talk("negotiation", id), control.now()
    step = Step(acts=(_act(talk, "accept", by, at),))
    if talk.role == "consumer":
        return say(control, "negotiation", id, "accepted", {}, by, step)
    return say(control, "negotiation", id, "agreement", {"agreement": terms(control, talk, at)}, by, step)


def refuse(control: Control, id: str, by: str, why: str) -> Talk:
    """Say no; the other end is told why, and who said so."""
    reasons: list[object] = [{"message": why, "changeable_by": control.members.me}] if why else []
    return end(control, "negotiation", id, "contract.refused", reasons, by)


def counter(control: Control, id: str, policy: Mapping[str, object], by: str) -> Talk:
    """Answer with other terms."""
    talk = control.talks.talk("negotiation", id)
    name = "request" if talk.role == "consumer" else "offer"
    content = {"offer": offered(policy, _id(talk.offer), talk.dataset)}
    return say(control, "negotiation", id, name, content, by, Step(acts=(_act(talk, "counter", by, control.now()),)))


def _act(talk: Talk, act: str, by: str, at: int) -> Act:
    facts = {"act": act, "dataset": talk.dataset, "negotiation": talk.id, "peer": talk.peer, "person": by}
    return Act("decision", facts, at)


def renew(control: Control, agreement: str, by: str, policy: Mapping[str, object] | None = None) -> Talk:
    """Ask for an agreement in place of one that is there, with its terms or with others."""
    old = control.contracts.agreement(agreement)
    if old.consumer != control.members.me:
        raise RefusedError("dsp.not_consumer", id=agreement, consumer=old.consumer)
    if old.state not in (AgreementState.ACTIVE, AgreementState.EXPIRED):
        raise ConflictError("exchange.agreement_state", id=agreement, state=old.state.value)
    found = control.talks.talks("negotiation", agreement=agreement, limit=1)
    offer = _id(found[0].offer) if found else agreement
    return request(control, old.provider, old.dataset, offer, policy or old.policy, by, agreement)
