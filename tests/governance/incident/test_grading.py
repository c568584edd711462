"""Grades by the plan of 2014: its own cases, and what must hold of any facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.governance.incident.grading import Value, fact, gravity, propose, weight
from tests.governance.incident.rooms import GUIDANCE, PLAN

FACTS = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.integers(0, 200_000) for key in ("deaths", "injured", "evacuated")},
        "loss": st.floats(0, 1e10),
        **{
            k: st.sampled_from(list(PLAN.body["facts"][k]["words"]))
            for k in ("ecology", "species", "intake", "crossing")
        },
    },
)


@pytest.mark.parametrize("case", PLAN.cases, ids=lambda case: case["name"])
def test_the_plan_gives_the_grades_of_its_cases(case: Mapping[str, Any]) -> None:
    proposal = propose(case["facts"], PLAN)
    assert proposal.grade == case["grade"]
    assert proposal.unverified == case.get("unverified", False)


@given(FACTS, FACTS)
def test_graver_facts_never_make_a_milder_grade(one: dict[str, Value], other: dict[str, Value]) -> None:
    graver = one | {
        key: value
        for key, value in other.items()
        if key not in one or gravity(value, key, PLAN) > gravity(one[key], key, PLAN)
    }
    assert weight(propose(graver, PLAN).grade) >= weight(propose(one, PLAN).grade)


@given(FACTS)
def test_a_proposal_names_what_decided_and_what_is_not_known(facts: dict[str, Value]) -> None:
    proposal = propose(facts, PLAN)
    assert proposal.decided_by
    assert all(each.grade == proposal.grade for each in proposal.decided_by)
    assert set(proposal.unknown) == set(PLAN.body["facts"]) - set(facts)


def test_several_criteria_of_one_grade_are_all_named() -> None:
    proposal = propose({"crossing": "province", "deaths": 12, "intake": "township"}, PLAN)
    assert [each.fact for each in proposal.decided_by] == ["deaths", "crossing"]
    assert [each.grade for each in proposal.met] == ["II", "II", "III"]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("deaths", -1, "entry.field"),
        ("deaths", 1.5, "entry.field"),
        ("deaths", True, "entry.field"),
        ("loss", float("nan"), "entry.field"),
        ("intake", "village", "entry.field"),
        ("weather", "bad", "incident.fact"),
    ],
)
def test_a_fact_that_is_none_is_refused_by_name(key: str, value: object, code: str) -> None:
    with pytest.raises(InputError) as caught:
        fact({key: value}, key, PLAN)
    assert caught.value.code == code
    assert key in caught.value.facts.values()


def test_the_guidance_has_as_many_tasks_as_it_says() -> None:
    [case] = GUIDANCE.cases
    assert len({each["id"] for each in GUIDANCE.body["tasks"]}) == case["count"]
