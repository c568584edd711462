"""The cases that a lawyer can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shangyou.exchange.member import Level
from shangyou.exchange.policy.compile import Places
from shangyou.exchange.policy.decide import decide
from shangyou.exchange.policy.decision import Facts, Permitted, Refused, Request
from shangyou.exchange.policy.read import checked, read
from shangyou.exchange.policy.terms import METERS
from shangyou.exchange.policy.values import time
from shangyou.exchange.policy.write import TEMPLATES, written
from shangyou.exchange.scope import Scope
from tests.exchange.policy.lots import egress

FILE = yaml.safe_load((Path(__file__).parents[2] / "cases/policies/sharing.yaml").read_text(encoding="utf-8"))
ROWS: dict[str, dict[str, Any]] = {
    name: {**row, "time": time(row["time"]), "cadence": "4h", "statistic": "value"}
    for name, row in FILE["observations"].items()
}


def policy_of(case: dict[str, Any]) -> dict[str, Any]:
    if "template" in case:
        return written(TEMPLATES[case["template"]], "urn:uuid:1")
    return {"@id": "urn:uuid:1", "@type": "Offer", **case["rules"]}


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["name"])
def test_case(case: dict[str, Any]) -> None:
    asked = case["request"]
    request = Request(
        asked["consumer"],
        Level(asked["level"]),
        asked.get("purpose", ""),
        resolution=asked.get("resolution"),
        wanted=Scope(sections=frozenset(asked["sections"]) if "sections" in asked else None),
    )
    facts = Facts(
        provider="sichuan",
        dataset="sichuan/all",
        places=Places({row["section"]: row["river"] for row in ROWS.values()}),
        parameters=frozenset(row["parameter"] for row in ROWS.values()),
        cadences=frozenset({"4h"}),
        statistics=frozenset({"value"}),
        used=dict.fromkeys(METERS, 0) | case.get("used", {}),
    )
    now = time(FILE["now"])
    assert now is not None
    found = decide(read(policy_of(case)), request, facts, now)
    if "leaves" in case:
        assert isinstance(found, Permitted)
        counts = egress(found.scopes, list(ROWS.values()), now)
        assert [name for name, count in zip(ROWS, counts, strict=True) if count] == case["leaves"]
        assert max(counts) == 1
        assert set(case.get("duties", [])) <= {duty.action for duty in found.duties}
        return
    assert isinstance(found, Refused)
    assert sorted({reason.code for reason in found.reasons}) == sorted(case["because"])
    if "when" in case:
        assert [reason.when for reason in found.reasons] == [time(case["when"])]
    if "who" in case:
        assert [reason.who for reason in found.reasons] == [case["who"]]


def test_all_cases_but_those_about_strange_words_are_policies_without_faults() -> None:
    for case in FILE["cases"]:
        if "weather" not in str(case):
            checked(policy_of(case))
