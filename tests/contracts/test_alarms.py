"""What every store of alarms promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.alarms import SqlAlarms
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.governance.detection.alarm import Alarm, Cause, Excluded, Level, Rule, Seen
from shangyou.governance.detection.kept import SILENT, Closing, Standing

DAY = 24 * 3_600_000
EXCLUDED = (Excluded(Cause.SPIKE, "spike.several", {"readings": 2}),)


def alarm(id: str = "ab12", raised: int = DAY, ended: int | None = None) -> Alarm:
    seen = Seen(
        *("51.a", "ammonia_nitrogen", raised - 1, raised, raised, 1.4, 0.2, 2.2, raised, 1.0),
        (Rule.LIMIT, Rule.RATE),
        EXCLUDED,
    )
    return Alarm(id, "ammonia_nitrogen", raised - 1, raised, Level.SERIOUS, (seen,), ended)


def test_an_alarm_is_kept_as_it_is_and_the_same_again_changes_nothing(state_database: StateDatabase) -> None:
    alarms = SqlAlarms(state_database)
    assert alarms.put([alarm()], 5) == 1
    assert alarms.put([alarm()], 6) == 0
    assert alarms.alarm("ab12").alarm == alarm()
    assert alarms.alarm("a").alarm.excluded == EXCLUDED


def test_the_last_raised_come_first_and_open_ones_alone_can_be_asked_for(state_database: StateDatabase) -> None:
    alarms = SqlAlarms(state_database)
    alarms.put([alarm("a"), alarm("b", 2 * DAY), alarm("c", 3 * DAY, ended=3 * DAY + 1)], 0)
    assert [kept.alarm.id for kept in alarms.alarms()] == ["c", "b", "a"]
    assert [kept.alarm.id for kept in alarms.alarms(limit=1)] == ["c"]
    assert [kept.alarm.id for kept in alarms.alarms(open_since=2 * DAY)] == ["b"]


def test_a_closing_stays_when_the_water_says_more(state_database: StateDatabase) -> None:
    alarms = SqlAlarms(state_database)
    alarms.put([alarm()], 0)
    closing = Closing(9, "duty", "false", "probe was calibrated")
    assert alarms.close("ab", closing).closing == closing
    alarms.put([replace(alarm(), ended=2 * DAY)], 10)
    kept = alarms.alarm("ab12")
    assert (kept.closing, kept.alarm.ended) == (closing, 2 * DAY)
    assert kept.standing(0) is Standing.CLOSED
    with pytest.raises(ConflictError, match=r"alarm\.closed"):
        alarms.close("ab12", closing)
    assert alarms.alarms(open_since=0) == []


def test_an_id_that_begins_several_alarms_or_none_is_refused(state_database: StateDatabase) -> None:
    alarms = SqlAlarms(state_database)
    alarms.put([alarm("ab1"), alarm("ab2")], 0)
    for id, found in (("ab", 2), ("x", 0), ("", 0), ("%", 0)):
        with pytest.raises(NotFoundError) as caught:
            alarms.alarm(id)
        assert (caught.value.code, caught.value.facts["found"]) == ("alarm.unknown", found)


def test_an_outcome_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match=r"alarm\.outcome"):
        Closing(0, "duty", "perhaps")


def test_an_alarm_of_which_nothing_more_is_heard_falls_silent(state_database: StateDatabase) -> None:
    alarms = SqlAlarms(state_database)
    alarms.put([alarm()], 0)
    kept = alarms.alarm("ab12")
    assert kept.standing(DAY + SILENT) is Standing.OPEN
    assert kept.standing(DAY + SILENT + 1) is Standing.SILENT
