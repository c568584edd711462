"""Is an asked policy within an offer? Conservative, and the counter-offer is within."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from shangyou.exchange.dataset import Dataset, DatasetQuery
from shangyou.exchange.member import Level, Member
from shangyou.exchange.policy.compile import Places
from shangyou.exchange.policy.decision import Permitted
from shangyou.exchange.policy.judge import Judgement, Verdict, judge
from shangyou.exchange.policy.read import checked
from tests.exchange.policy.lots import RIVERS, START, WATERS, constraint, decided, egress, lot, policy
from tests.exchange.policy.test_read import atom, offer, use

SICHUAN = Member("sichuan", "四川", "Sichuan", Level.PROVINCIAL, "510000", "https://sichuan", ())
DATA = Dataset("ministry/all", "ministry", "全部", "All", DatasetQuery(), ())
PLACES = Places(RIVERS, WATERS)
DAILY = offer(use(atom("resolution", "gteq", "day"), atom("rows", "lteq", "1000")))


def judged(asked: dict[str, Any], offered: dict[str, Any], at: int = START) -> Judgement:
    return judge(asked, offered, DATA, SICHUAN, at, PLACES)


def whole(counter: object) -> dict[str, Any]:
    assert isinstance(counter, dict)
    return {"@id": "urn:uuid:2", "@type": "Offer", **counter}


def test_an_offer_taken_as_it_is_is_within_whatever_its_id_and_parties() -> None:
    asked = {**DAILY, "@id": "urn:uuid:9", "target": "ministry/all", "assignee": "sichuan"}
    assert judged(asked, DAILY) == Judgement(Verdict.WITHIN)


def test_the_consumer_need_not_repeat_what_it_is() -> None:
    offered = offer(use(atom("recipientLevel", "eq", "provincial"), atom("parameter", "eq", "ph")))
    assert judged(offer(use(atom("parameter", "eq", "ph"))), offered).verdict is Verdict.WITHIN


def test_narrower_in_every_way_is_within() -> None:
    asked = offer(use(atom("resolution", "eq", "month"), atom("rows", "lteq", "10"), atom("river", "eq", "jinsha")))
    assert judged(asked, DAILY).verdict is Verdict.WITHIN


def test_what_is_wider_is_named_with_both_values_and_the_counter_is_what_both_allow() -> None:
    asked = offer(use(atom("resolution", "gteq", "hour"), atom("rows", "lteq", "10")))
    found = judged(asked, DAILY)
    assert found.verdict is Verdict.WIDER
    assert {(e.operand, e.asked, e.offered) for e in found.excess} == {("resolution", "gteq hour", "gteq day")}
    assert found.counter == {
        "permission": [use(atom("resolution", "gteq", "day"), atom("rows", "lteq", "10"))],
    }
    assert judged(whole(found.counter), DAILY).verdict is Verdict.WITHIN


def test_duties_and_the_ban_on_passing_on_must_be_taken_over() -> None:
    duty = {"action": "delete", "constraint": [atom("elapsedTime", "lteq", "P90D")]}
    offered = {**DAILY, "obligation": [duty], "prohibition": [{"action": "distribute"}]}
    found = judged(DAILY, offered)
    assert sorted(e.operand for e in found.excess) == ["delete", "notDistribute"]
    assert judged(whole(found.counter), offered).verdict is Verdict.WITHIN
    sooner = {"action": "delete", "constraint": [atom("elapsedTime", "lteq", "P30D")]}
    assert judged({**offered, "obligation": [sooner]}, offered).verdict is Verdict.WITHIN
    later = {"action": "delete", "constraint": [atom("elapsedTime", "lteq", "P91D")]}
    assert judged({**offered, "obligation": [later]}, offered).verdict is Verdict.WIDER


def test_an_offer_for_others_has_no_counter() -> None:
    found = judged(DAILY, offer(use(atom("recipient", "eq", "qinghai"))))
    assert (found.verdict, found.counter) == (Verdict.WIDER, None)
    assert "policy.not_for" in {excess.code for excess in found.excess}


def test_an_offer_whose_time_is_over_is_for_nobody() -> None:
    over = offer(use(atom("dateTime", "lt", "2021-03-01T00:00:00Z")))
    assert judged(over, over).verdict is Verdict.WIDER
    assert judged(over, over, at=0).verdict is Verdict.WITHIN


def test_what_is_not_understood_needs_a_person() -> None:
    strange = offer(use(atom("weather", "eq", "fine")))
    assert judged(strange, DAILY).verdict is Verdict.PERSON
    assert judged(strange, strange).verdict is Verdict.PERSON


@given(st.integers(0, 2**40))
@example(4259)  # the offer asks for any purpose, as long as one is named: that cannot be written, and was left out
@example(1019)  # what both let out takes more rules than a policy may have
def test_what_leaves_under_a_policy_within_an_offer_leaves_under_the_offer_too(seed: int) -> None:
    chance = random.Random(seed)
    lots = lot(chance, 12)
    ask = replace(lots.ask, recipient="sichuan", level="provincial", purpose=lots.ask.purpose or "research")
    offered = lots.policy
    asked = policy(chance)
    if chance.random() < 0.7:  # near to the offer, so that it is often within
        asked = {**offered, "permission": [dict(rule) for rule in offered["permission"]]}
        for rule in asked["permission"]:
            rule["constraint"] = [*rule["constraint"][chance.choice((0, 0, 1)) :], constraint(chance, True, 1)]
    found = judge(asked, offered, DATA, SICHUAN, ask.at, PLACES)
    narrow = {"within": asked}.get(found.verdict.value)
    if found.counter is not None:
        narrow = whole(found.counter)
        checked(narrow)
        assert judge(narrow, offered, DATA, SICHUAN, ask.at, PLACES).verdict is Verdict.WITHIN
    if narrow is None:
        return
    out = [decided(each, ask) for each in (narrow, offered)]
    less, more = (egress(d.scopes, lots.rows, ask.at) if isinstance(d, Permitted) else [0] * 12 for d in out)
    assert all(a <= b for a, b in zip(less, more, strict=True)), narrow
