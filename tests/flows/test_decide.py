"""What a provider decides by its policies: egress under agreements, answers to asked policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shangyou.core.records import SeriesKey
from shangyou.core.registry import Section
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer, Sharing
from shangyou.exchange.member import Level, Member, Standing
from shangyou.exchange.policy.decision import Permitted, Refused
from shangyou.exchange.policy.read import read
from shangyou.exchange.scope import Scope
from shangyou.flows.decide import answer, decide_for, known, used

AT = 1_617_206_400_000  # 2021-04-01 00:00 in China
DAY = 86_400_000
SICHUAN = Member("sichuan", "四川", "Sichuan", Level.PROVINCIAL, "510000", "https://sichuan", ())
KNOWN = known(
    [Section("51.a", "甲", river="长江"), Section("51.b", "乙", river="嘉陵江")],
    [SeriesKey("51.a", "ph", "4h"), SeriesKey("51.b", "ammonia_nitrogen", "4h")],
)
QUOTA: dict[str, Any] = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {"leftOperand": "river", "operator": "eq", "rightOperand": "长江"},
                {"leftOperand": "rowsPerDay", "operator": "lteq", "rightOperand": "100"},
            ],
        }
    ]
}
USE: dict[str, Any] = {"permission": [{"action": "use"}]}
FOR_GUIZHOU: dict[str, Any] = {
    "permission": [
        {
            "action": "use",
            "constraint": [{"leftOperand": "recipient", "operator": "eq", "rightOperand": "guizhou"}],
        }
    ]
}
DATA = Dataset("ministry/all", "ministry", "全部", "All", DatasetQuery(), (Offer("o", QUOTA),))
AGREED = Agreement(
    "urn:uuid:1",
    "ministry",
    "sichuan",
    "ministry/all",
    {"@id": "urn:uuid:1", "@type": "Agreement", "target": DATA.id, "assigner": "ministry", "assignee": "sichuan"}
    | QUOTA,
    AT,
)


def nothing_left(start: int | None, stop: int | None) -> tuple[int, int, int]:
    return 0, 0, 0


def test_an_agreement_lets_out_its_rows_up_to_what_the_meter_of_the_day_leaves() -> None:
    def count(start: int | None, stop: int | None) -> tuple[int, int, int]:
        assert (start, stop) == (AT, AT + DAY)
        return 40, 4_000, 1

    found = decide_for(AGREED, DATA, SICHUAN, KNOWN, count, AT + 5)
    assert isinstance(found, Permitted)
    assert found.scopes == (Scope(sections=frozenset({"51.a"}), rows=60, until=AT + DAY),)
    assert found.until == AT + DAY


def test_a_quota_that_is_used_up_says_so_and_when_it_begins_anew() -> None:
    found = decide_for(AGREED, DATA, SICHUAN, KNOWN, lambda start, stop: (100, 0, 0), AT)
    assert isinstance(found, Refused)
    (reason,) = found.reasons
    assert (reason.code, reason.wanted, reason.found) == ("policy.not.rowsPerDay", "100", "100")
    assert (reason.path, reason.who, reason.when) == ("permission[0].constraint[1]", "time", AT + DAY)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"state": AgreementState.REVOKED}, "policy.agreement"),
        ({"consumer": "qinghai"}, "policy.party"),
        ({"policy": {**AGREED.policy, "assignee": "qinghai"}}, "policy.party"),
        ({"policy": {**AGREED.policy, "target": "ministry/other"}}, "policy.party"),
        ({"policy": {}}, "policy.none"),
    ],
)
def test_what_is_not_an_active_agreement_of_these_two_on_this_dataset_is_refused(
    changed: dict[str, Any], code: str
) -> None:
    found = decide_for(replace(AGREED, **changed), DATA, SICHUAN, KNOWN, nothing_left, AT)
    assert isinstance(found, Refused)
    assert code in {reason.code for reason in found.reasons}


def test_a_suspended_member_and_a_dataset_that_is_not_shared_are_refused() -> None:
    away = replace(SICHUAN, standing=Standing.SUSPENDED)
    found = decide_for(AGREED, DATA, away, KNOWN, nothing_left, AT)
    assert isinstance(found, Refused)
    assert found.reasons[0].code == "policy.standing"
    assert isinstance(
        decide_for(AGREED, replace(DATA, sharing=Sharing.NONE), SICHUAN, KNOWN, nothing_left, AT), Refused
    )


def test_only_the_meters_that_a_policy_names_are_read() -> None:
    asked: list[tuple[int | None, int | None]] = []

    def count(start: int | None, stop: int | None) -> tuple[int, int, int]:
        asked.append((start, stop))
        return 1, 2, 3

    assert used(read(AGREED.policy), count, AT, 8 * 3_600_000) == {"rowsPerDay": 1}
    assert asked == [(AT, AT + DAY)]


def test_the_dataset_itself_limits_what_leaves() -> None:
    other = replace(DATA, query=DatasetQuery(sections=("51.b",), review=1))
    found = decide_for(AGREED, other, SICHUAN, KNOWN, nothing_left, AT)
    assert isinstance(found, Refused)
    assert {reason.code for reason in found.reasons} == {"policy.outside"}


ASKED: dict[str, Any] = {"@id": "urn:uuid:2", "@type": "Offer", "target": DATA.id, **QUOTA}


def test_a_provider_agrees_to_its_own_offer_and_waits_where_a_person_decides() -> None:
    assert answer(ASKED, DATA, SICHUAN, AT).act == "agree"
    asks = replace(DATA, offers=(Offer("o", QUOTA, automatic=False),))
    assert answer(ASKED, asks, SICHUAN, AT).act == "wait"


def test_a_provider_counters_what_is_wider_and_says_where() -> None:
    wide = {"leftOperand": "rowsPerDay", "operator": "lteq", "rightOperand": "500"}
    asked = {**ASKED, "permission": [{"action": "use", "constraint": [QUOTA["permission"][0]["constraint"][0], wide]}]}
    found = answer(asked, DATA, SICHUAN, AT, KNOWN.places)
    assert (found.act, found.code, found.operands) == ("counter", "policy.wider", ("lteq 100", "lteq 500"))
    again = {"@id": "urn:uuid:3", "@type": "Offer", **(found.policy or {})}
    assert answer(again, DATA, SICHUAN, AT, KNOWN.places).act == "agree"


def test_what_is_not_understood_or_not_shared_is_refused_with_the_place() -> None:
    found = answer({**ASKED, "permission": [{"action": "sell"}]}, DATA, SICHUAN, AT)
    assert (found.act, found.code, found.rule) == ("refuse", "policy.action", "permission[0].action")
    assert answer(ASKED, replace(DATA, sharing=Sharing.NONE), SICHUAN, AT).code == "policy.not_shared"
    assert answer(ASKED, replace(DATA, offers=()), SICHUAN, AT).code == "policy.no_offer"


@pytest.mark.parametrize("policy", [USE, FOR_GUIZHOU], ids=["other terms", "as it stands"])
def test_an_offer_meant_for_somebody_else_is_refused_at_once_though_another_would_fit(policy: dict[str, Any]) -> None:
    offers = (Offer("mine", QUOTA), Offer("theirs", FOR_GUIZHOU))
    found = answer({"@id": "theirs", **policy}, replace(DATA, offers=offers), SICHUAN, AT)
    assert (found.act, found.policy) == ("refuse", None)
    assert found.code.startswith("policy.")


def test_the_offer_that_a_request_names_decides_whether_a_person_does() -> None:
    asks = replace(DATA, offers=(Offer("asks", QUOTA, automatic=False), Offer("open", QUOTA)))
    acts = [answer({"@id": id, **QUOTA}, asks, SICHUAN, AT).act for id in ("asks", "open", "urn:uuid:old")]
    assert acts == ["wait", "agree", "agree"]
