"""Ask the policies: may these data leave under this agreement now, and may this policy become an agreement?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from shangyou.core.records import SeriesKey
from shangyou.core.registry import Section
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dataset import Dataset, Sharing
from shangyou.exchange.dsp.judge import Verdict as Answer
from shangyou.exchange.member import Member
from shangyou.exchange.policy.compile import Places
from shangyou.exchange.policy.decide import decide
from shangyou.exchange.policy.decision import Decision, Facts, Request, refusal
from shangyou.exchange.policy.judge import Excess, Judgement, Verdict, judge
from shangyou.exchange.policy.policy import Atom, Policy, atoms
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.terms import METERS, OPERANDS, Who
from shangyou.exchange.policy.windows import window
from shangyou.exchange.scope import Scope

Count = Callable[[int | None, int | None], tuple[int, int, int]]  # rows, bytes, requests from a time up to another


@dataclass(frozen=True, slots=True)
class Known:
    """What a node's store and registry know: the names that "all but" is counted from, and where sections lie."""

    places: Places = field(default_factory=Places)
    parameters: frozenset[str] = frozenset()
    cadences: frozenset[str] = frozenset()
    statistics: frozenset[str] = frozenset()


def known(sections: Collection[Section], series: Collection[SeriesKey], waters: Sequence[Sequence[str]] = ()) -> Known:
    """From the registry's sections and the store's series; waters: section ids of a river each, in order of flow."""
    return Known(
        Places({section.id: section.river for section in sections}, tuple(tuple(water) for water in waters)),
        frozenset(key.parameter for key in series),
        frozenset(key.cadence for key in series),
        frozenset(key.statistic for key in series),
    )


def used(policy: Policy, count: Count, at: int, offset: int) -> dict[str, int]:
    """The meters that a policy looks at, each in its window. `count` is only asked for those."""
    rules = (*policy.permissions, *policy.prohibitions)
    named = {a.operand for rule in rules for a in atoms(rule.condition) if isinstance(a, Atom)}
    found: dict[str, int] = {}
    for meter in METERS:
        if meter in named:
            rows, bytes, requests = count(*window(meter, at, offset))
            found[meter] = requests if meter == "rate" else rows if meter.startswith("rows") else bytes
    return found


def limits_of(dataset: Dataset) -> Scope:
    """The rows of a dataset."""
    query = dataset.query
    return Scope(
        sections=frozenset(query.sections) or None,
        parameters=frozenset(query.parameters) or None,
        cadences=frozenset(query.cadences) or None,
        statistics=frozenset(query.statistics) or None,
        start=query.start,
        stop=query.stop,
        review=query.review,
    )


def decide_for(
    agreement: Agreement,
    dataset: Dataset,
    consumer: Member,
    known: Known,
    count: Count,
    at: int,
    *,
    purpose: str = "",
    action: str = "read",
    resolution: str | None = None,
    wanted: Scope | None = None,
    offset: int = 8 * 3_600_000,
) -> Decision:
    """May the consumer have this now under the agreement, and how far?

    count: what has left under the agreement so far, by the provider's meter. Ask again at `until`, and whenever a
    scope has given as much as it may.
    """
    if agreement.state is not AgreementState.ACTIVE:
        return refusal("policy.agreement", AgreementState.ACTIVE.value, agreement.state.value, Who.STEWARD)
    if dataset.sharing is Sharing.NONE:
        return refusal("policy.not_shared", "", dataset.sharing.value, Who.STEWARD)
    policy = read(agreement.policy)
    facts = Facts(
        provider=agreement.provider,
        dataset=dataset.id,
        places=known.places,
        parameters=known.parameters,
        cadences=known.cadences,
        statistics=known.statistics,
        limits=limits_of(dataset),
        used=used(policy, count, at, offset),
        standing=consumer.standing,
        offset=offset,
    )
    if agreement.dataset != dataset.id or agreement.consumer != consumer.id:
        return refusal("policy.party", agreement.dataset, dataset.id, Who.STEWARD, "agreement")
    request = Request(consumer.id, consumer.level, purpose, action, resolution, wanted or Scope())
    return decide(policy, request, facts, at)


def answer(
    asked: Mapping[str, object], dataset: Dataset, consumer: Member, at: int, places: Places | None = None
) -> Answer:
    """What a provider answers to an asked policy by itself. The offer that it names decides; one that names none of the
    dataset's (an agreement's renewal, say) gets the best of what all of them allow.

    Within an offer: agree, or wait for a person where the offer says so. Wider: the counter-offer nearest to it.
    What cannot be understood is refused; what cannot be compared waits for a person.
    """
    if dataset.sharing is Sharing.NONE:
        return Answer("refuse", code="policy.not_shared", whom=Who.STEWARD.value)
    if not dataset.offers:
        return Answer("refuse", code="policy.no_offer", whom=Who.STEWARD.value)
    faults = read({**asked, "@type": "Offer"}).faults
    if faults:
        return Answer("refuse", code=faults[0].code, rule=faults[0].path, whom=Who.CONSUMER.value)
    as_offer = {**asked, "@type": "Offer"}
    named = [offer for offer in dataset.offers if offer.id == asked.get("@id")]
    found = [
        (offer, judge(as_offer, {**offer.policy, "@type": "Offer"}, dataset, consumer, at, places))
        for offer in named or dataset.offers
    ]
    within = [offer for offer, judged in found if judged.verdict is Verdict.WITHIN]
    if any(offer.automatic for offer in within):
        return Answer("agree")
    if within:
        return Answer("wait", code="policy.awaits", whom=Who.STEWARD.value)
    counters = [judged for _, judged in found if judged.counter is not None]
    if counters:
        best = min(counters, key=lambda judged: len(judged.excess))
        return _said("counter", best, best.counter)
    unsure = [judged for _, judged in found if judged.verdict is Verdict.PERSON]
    return _said("wait", unsure[0]) if unsure else _said("refuse", found[0][1])


def _said(act: str, judged: Judgement, counter: Mapping[str, object] | None = None) -> Answer:
    first = judged.excess[0] if judged.excess else Excess("policy.wider", "")
    who = OPERANDS[first.operand].who if first.operand in OPERANDS else Who.STEWARD
    if act == "counter":
        who = Who.CONSUMER
    rule = f"{first.path} {first.operand}".strip()
    return Answer(act, counter, first.code, rule, (first.offered, first.asked), who.value)
