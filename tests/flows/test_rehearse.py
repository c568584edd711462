"""Detection on a simulated river with faults, a falsified monitor and one spill."""

from __future__ import annotations

from shangyou.flows.rehearse import rehearse
from shangyou.governance.detection.alarm import Rule
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
