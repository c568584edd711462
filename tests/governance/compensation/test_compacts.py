"""Compacts that ship: each is sound, and its cases come out as they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.read import examine, parse
from shangyou.standards.compacts import compact_texts
from tests.governance.compensation.conftest import figures

CASES = [
    pytest.param(id, case, id=f"{id}: {case['name']}")
    for id, text in compact_texts().items()
    for case in parse(text).document["cases"]
]


def test_every_compact_that_ships_adds_up() -> None:
    assert {id: examine(text)[1] for id, text in compact_texts().items()} == dict.fromkeys(compact_texts(), ())
    assert [parse(text).id for text in compact_texts().values()] == list(compact_texts())


def test_what_the_sources_do_not_confirm_is_marked() -> None:
    marked = {id: parse(text).unverified for id, text in compact_texts().items()}
    assert marked["xinanjiang-2012"] == marked["xinanjiang-2015"] == marked["xinanjiang-2018"] == ("",)
    assert "rules[0]" not in marked["chishui-2018"]  # the fund and its shares are confirmed by three copies
    assert {"rules[1]", "rules[2]"} <= set(marked["chishui-2018"])
    assert "rules[0]" in marked["youshui-2019"]


@pytest.mark.parametrize(("id", "case"), CASES)
def test_a_case_of_a_compact_comes_out_as_it_says(id: str, case: dict[str, Any]) -> None:
    compact = parse(compact_texts()[id])
    given = Given(
        figures(compact, case["period"], case.get("data", {}), case.get("before")),
        case.get("declared", {}),
        version="1",
    )
    statement = compute(compact, case["period"], given)
    assert {name: str(amount) for name, amount in statement.nets.items()} == case["nets"]
    assert statement.open == case["open"]
    assert sum(statement.nets.values(), Decimal(0)) == 0
    if "payments" in case:
        assert [[a, b, str(amount)] for a, b, amount in statement.payments] == case["payments"]
    found = {finding.what: finding.found for line in statement.lines for finding in line.findings}
    assert found.items() >= case.get("index", {}).items()
