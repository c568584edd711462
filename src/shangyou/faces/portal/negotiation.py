"""One negotiation: its terms in words, how they differ from what was offered, and the answer of a person."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.exchange.catalogue.offers import in_words
from shangyou.exchange.dsp.talk import Facts, Talk
from shangyou.exchange.policy.judge import Excess, Judgement, Verdict, judge
from shangyou.exchange.policy.terms import PURPOSES
from shangyou.faces.api.acts import perform
from shangyou.faces.policies import word
from shangyou.faces.portal.desk import Desk, desk, waits_of
from shangyou.faces.portal.limits import CHOICES, Base, bare, policy_of
from shangyou.faces.portal.parties import desk_of, need_joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence

ANSWER = "contracts/answer"  # the deed


@dataclass(frozen=True, slots=True)
class Compared:
    """What is on the table, held against other terms."""

    name: str
    verdict: str  # within, wider, person; "" where nothing was judged
    excess: list[Sentence]
    more: list[str]  # lines that only what is on the table has
    fewer: list[str]  # lines that only the other terms have
    automatic: bool = False


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The page, and after a fault in its form what is wrong."""
    at = desk(visit, need_joined(visit))
    id = visit.form.get("id") or visit.request.path_params["id"]
    talk = at.control.talks.talk("negotiation", id)
    letter, judged = at.control.talks.letter(talk.id), _judged(at, talk)
    return visit.page(
        "negotiation.html",
        status=error.status if error else 200,
        matter=at.matter(talk),
        talk=talk,
        table=in_words(talk.offer or {}, visit.t.language),
        compared=[_compared(at, talk, name, policy, auto, found) for name, policy, auto, found in judged]
        or _theirs(at, talk),
        said=said(at, talk),
        letter=letter,
        answers=waits_of(talk) == "us" and visit.may("contract.ask"),
        bases=bases(at, talk, judged),
        choices=CHOICES,
        purposes=tuple(PURPOSES),
        given=visit.form,
        text=visit.form.get("policy") or "",
        start=bare(talk.offer),
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
    )


Judged = list[tuple[str, Facts, bool, Judgement]]


def _judged(at: Desk, talk: Talk) -> Judged:
    """What this node would say of what is on the table, offer by offer; only the provider has offers."""
    if talk.role != "provider" or talk.offer is None:
        return []
    try:
        dataset = at.found.catalogue.dataset(talk.dataset)
        consumer = at.found.members.member(talk.peer)
    except NotFoundError:
        return []
    asked = {**talk.offer, "@type": "Offer"}
    return [
        (
            offer.id,
            offer.policy,
            offer.automatic,
            judge(asked, {**offer.policy, "@type": "Offer"}, dataset, consumer, at.visit.now),
        )
        for offer in dataset.offers
    ]


def _compared(at: Desk, talk: Talk, name: str, policy: Facts, automatic: bool, found: Judgement) -> Compared:
    more, fewer = _lines(talk.offer, policy, at.visit.t.language)
    excess = (
        [_excess(each, at.visit.t.language) for each in found.excess] if found.verdict is not Verdict.WITHIN else []
    )
    return Compared(name, found.verdict.value, excess, more, fewer, automatic)


def _theirs(at: Desk, talk: Talk) -> list[Compared]:
    """At the consumer: the provider's terms against what was asked for."""
    if talk.role != "consumer" or talk.asked is None or talk.offer is None or talk.asked == talk.offer:
        return []
    more, fewer = _lines(talk.offer, talk.asked, at.visit.t.language)
    return [Compared("", "", [], more, fewer)] if more or fewer else []


def _lines(table: Facts | None, other: Facts, language: str) -> tuple[list[str], list[str]]:
    here, there = in_words(table or {}, language), in_words(other, language)
    return [line for line in here if line not in there], [line for line in there if line not in here]


def _excess(each: Excess, language: str) -> Sentence:
    facts = {"operand": word(each.operand, language), "asked": each.asked or "*", "offered": each.offered or "*"}
    return sentence(each.code, {**facts, "path": each.path, "wanted": each.offered, "found": each.asked}, language)


def bases(at: Desk, talk: Talk, judged: Judged) -> list[Base]:
    """Terms that a counter-offer may begin with, the nearest first."""
    t = at.visit.t
    near = [j.counter for _, _, _, j in judged if j.counter is not None]
    found = [Base("nearest", t("contracts.base_nearest"), near[0])] if near else []
    found += [
        Base(f"offer {n}", t("contracts.base_offer", id=name.rpartition(":")[2][:24]), policy)
        for n, (name, policy, _, _) in enumerate(judged)
    ]
    if talk.offer is not None:
        found.append(Base("table", t("contracts.base_table"), talk.offer))
    if talk.role == "consumer" and talk.asked is not None:
        found.append(Base("asked", t("contracts.base_asked"), talk.asked))
    return found


def said(at: Desk, talk: Talk) -> list[list[tuple[str, str]]]:
    """The reasons of an end, as the other side or this one gave them: facts by name."""
    t, found = at.visit.t, []
    for each in talk.reasons:
        if not isinstance(each, dict):
            found.append([("", str(each)[:500])])
            continue
        facts = {str(key): str(value)[:500] for key, value in each.items()}
        who = facts.get("changeable_by", "")
        if who:
            known = word(who, t.language)
            facts["changeable_by"] = at.parties.name(who) if known == who else known
        found.append([(t.known(f"contracts.reason_{key}", key), value) for key, value in facts.items()])
    return found


def answer(visit: Visit) -> Response:
    """Accept, refuse or counter; with a fault, the page again with what is wrong."""
    by, id, action = visit.need("contract.ask"), visit.form.get("id", ""), visit.form.get("action", "")
    at = desk(visit, need_joined(visit))
    talk = at.control.talks.talk("negotiation", id)
    try:
        policy = policy_of(visit.form, bases(at, talk, _judged(at, talk))) if action == "counter" else ""
        why = visit.form.get("why", "").strip()[:1000]
        perform(desk_of(visit, by), ANSWER, id=id, action=action, why=why, policy=policy)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/contracts/negotiations/{id}?done={action}")
