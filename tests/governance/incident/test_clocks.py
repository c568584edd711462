"""The statutory clocks: their terms, and what ends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shangyou.governance.incident.clocks import MINUTE, Clock, clocks
from tests.governance.incident.rooms import OPENING, RULES, START, Stage

NOTICED = START - 10 * MINUTE
assert OPENING["noticed"] == NOTICED


def by_duty(stage: Stage, grade: str, minutes: float) -> dict[str, Clock]:
    return {each.duty: each for each in clocks(stage.room(), grade, RULES, START + round(minutes * MINUTE))}


@pytest.mark.parametrize("case", RULES.cases, ids=lambda case: case["name"])
def test_the_rules_give_the_terms_of_their_cases(case: Mapping[str, Any]) -> None:
    clock = by_duty(Stage(), case["grade"], 0)[case["duty"]]
    assert clock.due == (None if case["minutes"] is None else NOTICED + case["minutes"] * MINUTE)


def test_a_grave_incident_goes_to_four_addresses_and_its_neighbour() -> None:
    found = by_duty(Stage(), "II", 0)
    assert list(found) == ["own_government", "province", "ministry", "province_to_ministry", "neighbour"]
    assert found["neighbour"].to == "chongqing"
    assert found["province_to_ministry"].state == "waiting"


def test_a_clock_runs_until_it_is_late_and_counts_on() -> None:
    stage = Stage()
    assert (by_duty(stage, "II", 110)["ministry"].state, by_duty(stage, "II", 110)["ministry"].left) == ("running", 0)
    over = by_duty(stage, "II", 111)["ministry"]
    assert (over.state, over.left) == ("late", -MINUTE)


def test_a_report_ends_the_clocks_that_it_names_and_no_other() -> None:
    stage = Stage()
    stage.say("sichuan", "report", 60, type="initial", duties=["own_government", "province"], sent=START + 50 * MINUTE)
    found = by_duty(stage, "II", 61)
    assert [found[duty].state for duty in ("own_government", "province", "ministry")] == ["done", "done", "running"]
    verify = found["province_to_ministry"]
    assert (verify.start, verify.due) == (START + 50 * MINUTE, START + 110 * MINUTE)
    assert verify.unverified


def test_a_report_after_the_term_is_done_late() -> None:
    stage = Stage()
    stage.say("sichuan", "report", 200, type="initial", duties=["ministry"], sent=START + 180 * MINUTE)
    assert by_duty(stage, "II", 300)["ministry"].state == "done_late"


def test_a_neighbour_is_told_when_the_report_went_to_that_neighbour() -> None:
    stage = Stage()
    stage.say("sichuan", "report", 5, type="initial", duties=["neighbour"], to=["yunnan"], sent=START)
    assert by_duty(stage, "III", 6)["neighbour"].state == "running"
    stage.say("sichuan", "report", 7, type="initial", duties=["neighbour"], to=["chongqing"], sent=START + MINUTE)
    assert by_duty(stage, "III", 8)["neighbour"].state == "done"


def test_a_grade_raised_to_ii_starts_the_two_hours_then() -> None:
    stage = Stage()
    stage.say("sichuan", "grade", 30, grade="III", proposed="III")
    assert by_duty(stage, "III", 31)["own_government"].due == NOTICED + 240 * MINUTE
    stage.say("sichuan", "grade", 100, grade="II", proposed="II")
    assert by_duty(stage, "II", 101)["ministry"].due == START + 220 * MINUTE
