"""What a statement comes to, whatever was measured: laws of a compact that uses every kind of rule."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.figures import Exemption, Figure, wanted
from shangyou.governance.compensation.money import CENT
from shangyou.governance.compensation.read import parse, read
from shangyou.governance.compensation.statement import POT, Statement, statement_of
from shangyou.standards.compacts import compact_text
from tests.governance.compensation.conftest import figure, figures

TEXT = """
id: every-kind
title_zh: 示例
title_en: An example with every kind of rule
source: made for this test
status: confirmed
valid_from: 2020-01-01
valid_to: 2021-06-30
parties:
  - {id: up, name_zh: 上, name_en: Upper, member: sichuan}
  - {id: down, name_zh: 下, name_en: Lower, member: chongqing}
  - {id: side, name_zh: 侧, name_en: Side, member: guizhou}
  - {id: purse, name_zh: 部, name_en: Ministry, funder: true}
sections:
  - {id: s1, name_zh: 一, name_en: One, goal: II, upstream: up, downstream: down}
  - {id: s2, name_zh: 二, name_en: Two, goal: III, upstream: side}
indicators: [ammonia_nitrogen, total_phosphorus]
indices:
  - {id: P, section: s1, k0: 0.9, weights: {ammonia_nitrogen: 0.4, total_phosphorus: 0.6},
     base: {ammonia_nitrogen: 0.5, total_phosphorus: 0.1}, decimals: 2}
declared:
  built: {zh: 已建, en: built}
missing: {values: 10, months: 8, then: open}
rules:
  - id: fund
    name_zh: 资金
    name_en: fund
    always: {pot: 1000000.01, pay_in: {percent: {up: 10, down: 50, side: 40}}, pay_out: {up: 3, down: 3, side: 1}}
  - id: border
    name_zh: 交界
    name_en: border
    at: each
    every: month
    filled_by: purse
    cap: 250000.00
    cases:
      - if: {all: [{class_at_most: goal}, {mean_at_most: 0.4, indicator: ammonia_nitrogen}]}
        then: {transfer: 100000.00, from: downstream, to: {upstream: 2, purse: 1}}
      - if: {any: [{against_last_year: worse, by: each}, {class_at_most: V}]}
        then: {transfer: 70000.07, from: upstream, to: downstream}
      - otherwise: nothing
  - id: cut
    name_zh: 扣减
    name_en: cut
    cases:
      - {if: {class_at_most: II, section: s1}, then: nothing}
      - otherwise: {deduct: 0.35, from: up, of: fund, to: {down: 1, side: 2}}
  - id: again
    name_zh: 再扣
    name_en: a part of the part
    cases:
      - {if: {not: {class_at_most: II, section: s1}}, then: {deduct: 0.5, from: side, of: cut, to: down}}
      - otherwise: nothing
  - id: steps
    name_zh: 分档
    name_en: steps
    steps:
      index: P
      list:
        - {at_most: 0.9, then: {transfer: 300.00, from: down, to: up}}
        - otherwise: {transfer: 500.00, from: up, to: down}
  - id: bonus
    name_zh: 奖励
    name_en: bonus
    cases:
      - {if: {declared: built}, then: {transfer: 900.01, from: purse, to: {up: 1, down: 1}}}
      - otherwise: nothing
"""
COMPACT = parse(TEXT.replace("to: {upstream: 2, purse: 1}", "to: upstream").encode())
ITEMS = ("ammonia_nitrogen", "total_phosphorus")


def told(mean: float = 0.1, of: Compact = COMPACT) -> list[Figure]:
    """The same mean for all that a compact asks for."""
    return [figure(*place, mean) for place in sorted(wanted(of, "2020"))]


def line(statement: Statement, *key: str) -> Any:
    """The one with this key."""
    return next(each for each in statement.lines if each.key[: len(key)] == key)


@st.composite
def measured(draw: st.DrawFn) -> Given:
    means = draw(st.lists(st.floats(0.001, 3.0), min_size=8, max_size=8))
    places = sorted(wanted(COMPACT, "2020"))
    gaps = draw(st.sets(st.sampled_from(places), max_size=6))
    found = [figure(*place, means[number * 7 % 8]) for number, place in enumerate(places) if place not in gaps]
    exempt = [Exemption("s1", f"2020-{month:02d}", "flood") for month in draw(st.sets(st.integers(1, 12), max_size=3))]
    return Given(found, draw(st.sampled_from([{}, {"built": True}, {"built": False}])), exempt, "1")


def turned(node: Any, random: Any) -> Any:
    """A document with every order in it changed that means nothing."""
    if isinstance(node, dict):
        items = [(key, value if key in ("cases", "list") else turned(value, random)) for key, value in node.items()]
        random.shuffle(items)
        return dict(items)
    if isinstance(node, list):
        found = [turned(each, random) for each in node]
        random.shuffle(found)
        return found
    return node


@settings(max_examples=30, deadline=None)
@given(measured(), st.randoms())
def test_no_order_of_parties_rules_shares_or_figures_changes_a_statement(what: Given, random: Any) -> None:
    document = turned(copy.deepcopy(dict(COMPACT.document)), random)
    figures_turned = list(what.figures)
    random.shuffle(figures_turned)
    other = Given(figures_turned, what.declared, list(what.exempt)[::-1], what.version)
    first, second = compute(COMPACT, "2020", what), compute(read(document), "2020", other)
    assert (first.result, first.terms) == (second.result, second.terms)  # it could be signed by both
    assert first.lines == second.lines
    assert (first.nets, first.payments, first.figures) == (second.nets, second.payments, second.figures)


def test_another_order_of_cases_is_another_compact() -> None:
    document = copy.deepcopy(dict(COMPACT.document))
    border = next(rule for rule in document["rules"] if rule["id"] == "border")
    border["cases"][:2] = border["cases"][1::-1]
    assert read(document).digest != COMPACT.digest


@settings(max_examples=30, deadline=None)
@given(measured())
def test_every_line_and_the_whole_add_up_to_nothing_in_whole_cents(what: Given) -> None:
    statement = compute(COMPACT, "2020", what)
    for each in statement.lines:
        assert sum((amount for _, amount in each.postings), Decimal(0)) == 0
        assert all(amount == amount.quantize(CENT) for _, amount in each.postings)
        assert each.outcome == "moved" or not each.postings
    assert sum(statement.nets.values(), Decimal(0)) == 0
    assert POT not in statement.nets
    assert sum(amount for *_, amount in statement.payments) == sum(n for n in statement.nets.values() if n > 0)


@settings(max_examples=20, deadline=None)
@given(measured())
def test_a_statement_comes_back_from_json_as_it_was(what: Given) -> None:
    statement = compute(COMPACT, "2020", what)
    again = statement_of(statement.document)
    assert again == statement
    assert again.result == statement.result


@settings(max_examples=30, deadline=None)
@given(measured())
def test_no_party_pays_more_than_the_cap_of_a_rule(what: Given) -> None:
    paid: dict[str, Decimal] = {}
    for each in compute(COMPACT, "2020", what).lines:
        for name, amount in each.postings if each.key.rule == "border" else ():
            paid[name] = paid.get(name, Decimal(0)) - min(amount, Decimal(0))
    assert all(amount <= Decimal("250000.00") for amount in paid.values())


def test_a_cap_is_used_up_in_the_order_of_time() -> None:
    lines = [each for each in compute(COMPACT, "2020", Given(told(), {})).lines if each.key[:2] == ("border", "s1")]
    amounts = [dict(each.postings).get("up", Decimal(0)) for each in lines]
    assert amounts == [Decimal(100000), Decimal(100000), Decimal(50000), *[Decimal(0)] * 9]
    assert [each.code for each in lines][1:4] == ["", *["compensation.capped"] * 2]


def test_deductions_go_on_from_rule_to_rule() -> None:
    statement = compute(COMPACT, "2020", Given(told(0.8), {}))
    fund = {name: amount for name, amount in line(statement, "fund", "", "2020", "out").postings if name != POT}
    assert fund == {"down": Decimal("428571.43"), "side": Decimal("142857.15"), "up": Decimal("428571.43")}
    cut = dict(line(statement, "cut").postings)
    assert cut == {"down": Decimal("50000.00"), "side": Decimal("100000.00"), "up": Decimal("-150000.00")}
    assert dict(line(statement, "again").postings) == {"down": Decimal("50000.00"), "side": Decimal("-50000.00")}


def test_an_index_is_rounded_before_it_is_compared() -> None:
    def index(phosphorus: float) -> tuple[str, int]:
        found = [f for f in told(0.5) if f.place.indicator != "total_phosphorus"]
        found += [figure(*place, phosphorus) for place in sorted(wanted(COMPACT, "2020")) if place[1] == ITEMS[1]]
        each = line(compute(COMPACT, "2020", Given(found, {})), "steps")
        return each.findings[0].found, each.case

    # 0.9 * (0.4 * 0.5/0.5 + 0.6 * C/0.1) = 0.36 + 5.4 C
    assert index(0.1) == ("0.90", 0)
    assert index(0.1009) == ("0.90", 0)  # 0.90486
    assert index(0.1010) == ("0.91", 1)  # 0.9054


def test_a_month_with_too_few_values_is_missing_and_the_rule_stays_open() -> None:
    found = [figure(*f.place, 0.1, 9 if f.place[:3:2] == ("s1", "2020-03") else 180) for f in told()]
    statement = compute(COMPACT, "2020", Given(found, {"built": True}))
    assert line(statement, "border", "s1", "2020-03").outcome == "open"
    assert line(statement, "border", "s1", "2020-03").code == "compensation.data_missing"
    assert statement.open == 1  # eleven months are enough for the year


@pytest.mark.parametrize(
    ("then", "outcome", "case"),
    [("none", "none", -1), ("met", "moved", 0), ("missed", "moved", 1), ("open", "open", -1)],
)
def test_what_missing_data_mean_is_said_by_the_compact(then: str, outcome: str, case: int) -> None:
    compact = parse(
        TEXT.replace("to: {upstream: 2, purse: 1}", "to: upstream").replace("then: open", f"then: {then}").encode()
    )
    found = [f for f in told() if f.place[:3:2] != ("s1", "2020-03")]
    each = line(compute(compact, "2020", Given(found, {})), "border", "s1", "2020-03")
    assert (each.outcome, each.case) == (outcome, case)
    assert any(finding.gap == "missing" for finding in each.findings)


def test_force_majeure_takes_a_month_out_and_moves_no_money() -> None:
    exempt = [Exemption("s1", "2020-07", "flood of the century")]
    bad = [figure(*f.place, 2.5 if f.place.month == "2020-07" else 0.1) for f in told()]
    without, with_it = (compute(COMPACT, "2020", Given(bad, {"built": False}, each)) for each in ((), exempt))
    assert line(without, "border", "s1", "2020-07").outcome == "moved"
    assert line(with_it, "border", "s1", "2020-07").outcome == "exempt"
    assert line(with_it, "border", "s2", "2020-07").outcome == "moved"
    assert (line(without, "cut").outcome, line(with_it, "cut").outcome) == ("moved", "nothing")
    assert line(with_it, "steps").findings[0].found < line(without, "steps").findings[0].found
    assert with_it.exemptions == tuple(exempt)


def test_a_fact_that_nobody_has_stated_leaves_its_rule_open() -> None:
    assert line(compute(COMPACT, "2020", Given(told(), {})), "bonus").code == "compensation.undeclared"
    assert line(compute(COMPACT, "2020", Given(told(), {"built": True})), "bonus").outcome == "moved"
    assert line(compute(COMPACT, "2020", Given(told(), {"built": False})), "bonus").outcome == "nothing"


def test_a_value_on_the_limit_is_met() -> None:
    each = line(
        compute(COMPACT, "2020", Given([figure(*f.place, 0.4 if "amm" in f.place[1] else 0.1) for f in told()], {})),
        "border",
    )
    assert (each.case, [f.found for f in each.findings]) == (0, ["Ⅱ", "0.400000"])


def test_months_after_the_end_of_a_compact_are_not_reckoned() -> None:
    lines = compute(COMPACT, "2021", Given([], {})).lines
    assert max(each.key.period for each in lines if each.key.rule == "border") == "2021-06"


@pytest.mark.parametrize(
    ("year", "declared", "exempt", "code"),
    [
        ("2022", {}, (), "compensation.period"),
        ("2020-01", {}, (), "compensation.period"),
        ("2020", {"war": True}, (), "compensation.undeclarable"),
        ("2020", {}, (Exemption("s9", "2020-01", "flood"),), "compensation.exemption"),
        ("2020", {}, (Exemption("s1", "2019-01", "flood"),), "compensation.exemption"),
        ("2020", {}, (Exemption("s1", "2020-01", " "),), "compensation.exemption"),
    ],
)
def test_what_a_compact_does_not_know_is_refused(year: str, declared: Any, exempt: Any, code: str) -> None:
    with pytest.raises(InputError) as refused:
        compute(COMPACT, year, Given((), declared, exempt))
    assert refused.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_statement_that_was_tampered_with_is_refused_or_another(data: st.DataObject) -> None:
    statement = compute(parse(compact_text("chishui-2018")), "2019", Given([], {}, (), "1"))
    document = copy.deepcopy(statement.document)
    node: Any = data.draw(st.sampled_from([document, *document["lines"], document["lines"][0]["postings"]]))
    key = data.draw(st.sampled_from(sorted(node)))
    node[key] = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3))
    try:
        again = statement_of(document)
    except InputError as error:
        again = None
        code = error.code
    assert code == "compensation.statement" if again is None else again is not None


def test_money_that_does_not_add_up_is_no_statement() -> None:
    document = copy.deepcopy(compute(COMPACT, "2020", Given(told(), {})).document)
    document["lines"][0]["postings"] = {"up": "1.00", "down": "-0.99"}
    with pytest.raises(InputError):
        statement_of(document)


def test_the_chishui_statement_reproduces_the_published_net_flows() -> None:
    compact = parse(compact_text("chishui-2018"))
    good = dict.fromkeys(compact.indicators, 0.1)
    statement = compute(compact, "2019", Given(figures(compact, "2019", {"52.清水铺": good, "52.鲢鱼溪": good}), {}))
    wan = Decimal(10000)
    assert {name: amount / wan for name, amount in statement.nets.items()} == {
        "yunnan": 4000,
        "guizhou": -2000,
        "sichuan": -2000,
    }
    assert statement.payments == (
        ("guizhou", "yunnan", Decimal("20000000.00")),
        ("sichuan", "yunnan", Decimal("20000000.00")),
    )
    assert statement.editions == ("GB 3838-2002", "环办〔2011〕22号")
