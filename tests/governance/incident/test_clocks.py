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


def test_what_was_reported_before_the_grade_was_raised_needs_a_follow_up_within_the_new_term() -> None:
    stage = Stage()
    stage.say("sichuan", "grade", 10, grade="IV", proposed="IV")
    stage.say("sichuan", "report", 40, type="initial", duties=["own_government"], sent=START + 30 * MINUTE)
    stage.say("sichuan", "report", 41, type="initial", duties=["neighbour"], to=["chongqing"], sent=START)
    assert by_duty(stage, "IV", 50)["own_government"].state == "done"
    stage.say("sichuan", "grade", 60, grade="II", proposed="II")
    found = by_duty(stage, "II", 61)["own_government"]
    assert (found.state, found.start, found.due) == ("running", START + 60 * MINUTE, START + 180 * MINUTE)
    assert (found.earlier, found.unverified) == (START + 30 * MINUTE, True)
    assert by_duty(stage, "II", 181)["own_government"].state == "late"
    neighbour = by_duty(stage, "II", 61)["neighbour"]
    assert (neighbour.state, neighbour.earlier) == ("done", None)  # no number changes with the grade
    stage.say("sichuan", "report", 90, type="followup", duties=["own_government"], sent=START + 80 * MINUTE)
    found = by_duty(stage, "II", 91)["own_government"]
    assert (found.state, found.done, found.earlier) == ("done", START + 80 * MINUTE, START + 30 * MINUTE)


def test_a_report_that_is_entered_after_the_raise_but_went_out_before_it_was_under_the_lower_grade() -> None:
    stage = Stage()
    stage.say("sichuan", "grade", 10, grade="III", proposed="III")
    stage.say("sichuan", "grade", 60, grade="I", proposed="I")
    stage.say("sichuan", "report", 70, type="initial", duties=["ministry"], sent=START + 50 * MINUTE)
    found = by_duty(stage, "I", 71)["ministry"]
    assert (found.state, found.earlier) == ("running", START + 50 * MINUTE)


def test_facts_that_raise_the_proposed_grade_start_the_shorter_term_as_a_person_would() -> None:
    stage = Stage()
    stage.say("sichuan", "facts", 5, facts={"deaths": 0})
    stage.say("sichuan", "report", 20, type="initial", duties=["own_government"], sent=START + 20 * MINUTE)
    stage.desk.deliver()
    stage.say("chongqing", "facts", 90, facts={"crossing": "province"})
    stage.desk.deliver()
    found = by_duty(stage, "II", 91)
    assert found["ministry"].due == START + 210 * MINUTE
    assert found["own_government"].state == "running"


def test_the_first_that_is_known_raises_nothing_and_the_clocks_run_from_the_beginning() -> None:
    stage = Stage()
    stage.say("sichuan", "facts", 90, facts={"crossing": "province"})
    found = by_duty(stage, "II", 91)["ministry"]
    assert (found.due, found.unverified) == (NOTICED + 120 * MINUTE, False)
