"""Detection on a simulated river with faults, a falsified monitor and one spill."""

from __future__ import annotations

from shangyou.flows.rehearse import rehearse, warned
from shangyou.governance.detection.alarm import Rule
from shangyou.governance.detection.plan import LIVING
from tests.simulation.scenarios import scenario


def test_the_spill_is_one_alarm_over_all_stations_and_nothing_else_is_one() -> None:
    found = rehearse(scenario(days=20))
    (alarm,) = found.alarms
    assert (found.true, found.false) == (1, 0)
    assert alarm.parameter == "ammonia_nitrogen"
    assert alarm.sections[0] == "51.手爬岩"  # the first station below the place where it was let go
    assert found.stations_seen >= found.stations_known - 1 >= 7
    assert found.delay <= 3
    assert Rule.LIMIT in alarm.seen[0].rules


def test_a_substance_that_only_living_things_see_is_an_alarm_that_asks_for_a_sample() -> None:
    found = rehearse(scenario(days=20), with_living=True)
    assert (found.true, found.living, found.false) == (1, 1, 0)
    unknown = next(alarm for alarm in found.alarms if alarm.parameter in LIVING)
    assert unknown.sections[0] == "51.手爬岩"
    assert any(sign.how == "contradiction.biology" for seen in unknown.seen for sign in seen.signs)
    assert not {seen.parameter for seen in unknown.seen} - set(LIVING)


def test_a_warning_of_the_spill_makes_the_same_one_alarm_and_a_wrong_one_makes_none() -> None:
    of = scenario(days=20)
    plain, told, wrong = rehearse(of), rehearse(of, expected=warned(of)), rehearse(of, expected=warned(of, -6 * 24))
    assert (told.true, told.false) == (1, 0)
    assert told.stations_seen >= plain.stations_seen
    assert any(Rule.WARNED in seen.rules for seen in told.alarms[0].seen)
    assert wrong.alarms == plain.alarms
