"""A difference between two statements is named: which line, which figure, whose data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from shangyou.governance.compensation.compare import Cause, Comparison, compare
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.figures import Exemption, Figure, Place
from shangyou.governance.compensation.read import parse
from shangyou.governance.compensation.statement import statement_of
from tests.governance.compensation.conftest import figure
from tests.governance.compensation.test_compute import COMPACT, TEXT, measured, told

MARCH = Place("s1", "ammonia_nitrogen", "2020-03")
BUILT = {"built": True}


def against(other: list[Figure], declared: Any = BUILT, exempt: Any = (), version: str = "1") -> Comparison:
    ours = compute(COMPACT, "2020", Given(told(), BUILT, (), "1"))
    return compare(COMPACT, ours, compute(COMPACT, "2020", Given(other, declared, exempt, version)))


def changed(**more: Any) -> list[Figure]:
    return [replace(each, **more) if each.place == MARCH else each for each in told()]


def test_equal_figures_make_equal_statements_whoever_reckons() -> None:
    assert against(told()) == Comparison(True, (), ())


def test_another_mean_is_named_with_its_section_month_and_source() -> None:
    found = against(changed(mean="0.900000", digest="other"))
    assert [each.key.text for each in found.lines] == ["border|s1|2020-03|", "border|s1|2020-04|"]
    cause = Cause("mean", MARCH, "", "0.100000", "0.900000", ("cnemc",))
    assert found.lines[0].causes == (cause,)
    assert found.figures == (cause,)
    assert not found.equal


def test_a_value_more_is_told_before_the_mean_that_it_changes() -> None:
    [first, *_] = against(changed(mean="0.900000", count=181)).lines
    assert [(cause.kind, cause.ours, cause.theirs) for cause in first.causes] == [("count", "180", "181")]


def test_a_month_that_one_side_lacks_is_named() -> None:
    [first, *_] = against([each for each in told() if each.place != MARCH]).lines
    assert (first.theirs and first.theirs.outcome, first.causes[0].kind) == ("open", "missing")
    assert (first.causes[0].ours, first.causes[0].theirs) == ("0.100000", "")


def test_figures_may_differ_without_moving_money_and_are_told_all_the_same() -> None:
    found = against(changed(count=179, digest="other"))
    assert (found.equal, found.lines) == (True, ())
    assert [cause.kind for cause in found.figures] == ["count"]


def test_a_fact_that_only_one_side_states_is_named() -> None:
    found = against(told(), {})
    assert [(each.key.rule, each.causes) for each in found.lines] == [
        ("bonus", (Cause("declared", None, "built", "true", ""),))
    ]


def test_force_majeure_that_only_one_side_accepts_is_named() -> None:
    [first, *_] = against(told(), BUILT, [Exemption("s1", "2020-03", "flood")]).lines
    assert Cause("exemption", None, "s1 2020-03", "", "flood") in first.causes


def test_a_deduction_that_differs_because_of_another_rule_says_so() -> None:
    bad = [figure(*each.place, 0.8) for each in told()]
    ours = compute(COMPACT, "2020", Given(bad, BUILT, (), "1"))
    other = parse(TEXT.replace("{upstream: 2, purse: 1}", "upstream").replace("1000000.01", "700000.00").encode())
    theirs = replace(compute(other, "2020", Given(bad, BUILT, (), "1")), terms=COMPACT.digest)
    causes = {each.key.rule: [cause.kind for cause in each.causes] for each in compare(COMPACT, ours, theirs).lines}
    assert causes == {"again": ["follows"], "cut": ["follows"], "fund": ["reckoning"]}


def test_another_text_of_the_compact_is_the_first_thing_to_say() -> None:
    ours = compute(COMPACT, "2020", Given(told(), BUILT))
    other = parse(TEXT.replace("{upstream: 2, purse: 1}", "upstream").replace("1000000.01", "700000.00").encode())
    found = compare(COMPACT, ours, compute(other, "2020", Given(told(), BUILT)))
    assert {cause.kind for each in found.lines for cause in each.causes} == {"terms"}


def test_a_line_that_was_reckoned_by_another_programme_says_which() -> None:
    ours = compute(COMPACT, "2020", Given(told(), BUILT, (), "1"))
    document = compute(COMPACT, "2020", Given(told(), BUILT, (), "2")).document
    bonus = next(line for line in document["lines"] if line["key"][0] == "bonus")
    bonus["postings"] = {"purse": "-900.01", "up": "900.01"}
    [found] = compare(COMPACT, ours, statement_of(document)).lines
    assert found.causes == (Cause("version", None, "", "1", "2"),)


@settings(max_examples=20, deadline=None)
@given(measured(), measured())
def test_every_line_that_differs_has_a_cause_and_both_sides_see_the_same(one: Given, other: Given) -> None:
    ours, theirs = compute(COMPACT, "2020", one), compute(COMPACT, "2020", other)
    found, mirrored = compare(COMPACT, ours, theirs), compare(COMPACT, theirs, ours)
    assert found.equal == mirrored.equal == (not found.lines)
    assert all(each.causes for each in found.lines)
    assert [(each.key, len(each.causes)) for each in found.lines] == [
        (each.key, len(each.causes)) for each in mirrored.lines
    ]
    assert compare(COMPACT, ours, ours).equal
