"""Alarms from live series: what raises one, what keeps it back, and how one event stays one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.records import Check, Flag, Mark
from shangyou.governance.detection.alarm import Alarm, Cause, Level, Rule, as_json, of_json
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.plan import HOUR
from shangyou.governance.detection.readings import NOWHERE, Doubt, Waters, doubts
from tests.governance.detection.river import LINE, PLAN, T0, WAVE, River

AT = 240


def one(alarms: tuple[Alarm, ...]) -> Alarm:
    assert len(alarms) == 1, [(a.parameter, a.sections, a.seen[0].rules) for a in alarms]
    return alarms[0]


def test_a_quiet_river_raises_nothing() -> None:
    assert River("abc").alarms(LINE) == ()


def test_a_wave_beyond_the_limit_is_one_alarm_with_its_value_limit_and_beginning() -> None:
    alarm = one(River().add("a", "ammonia_nitrogen", AT, WAVE).alarms())
    seen = alarm.seen[0]
    assert (alarm.sections, alarm.parameter, alarm.since) == (("a",), "ammonia_nitrogen", T0 + AT * HOUR)
    assert alarm.raised == T0 + (AT + 1) * HOUR  # the second odd reading
    assert set(seen.rules) >= {Rule.LIMIT, Rule.RATE}
    assert alarm.limit == 1.0
    assert alarm.value == pytest.approx(1.4, abs=0.05)
    assert seen.peak == pytest.approx(2.2, abs=0.05)
    assert alarm.level is Level.SERIOUS  # more than class V
    assert alarm.ended is not None


def test_an_alarm_names_every_cause_that_was_tried_and_why_it_does_not_hold() -> None:
    alarm = one(River().add("a", "ammonia_nitrogen", AT, WAVE).alarms())
    assert [tried.cause for tried in alarm.excluded] == list(Cause)
    how = {tried.cause: tried.how for tried in alarm.excluded}
    assert how[Cause.SPIKE] == "spike.several"
    assert how[Cause.SAMPLING] == "sampling.steady"
    assert how[Cause.NEIGHBOURS] == "neighbours.none"


@pytest.mark.parametrize("size", [3.0, 30.0])
def test_a_single_reading_is_no_alarm_however_high(size: float) -> None:
    assert River().add("a", "ammonia_nitrogen", AT, [size]).alarms() == ()


@pytest.mark.parametrize("doubt", [Doubt.SERVICE, Doubt.FAULT])
def test_what_follows_a_service_or_a_fault_at_once_is_no_alarm(doubt: Doubt) -> None:
    river = River().add("a", "ammonia_nitrogen", AT + 2, WAVE[1:3], alone=True)
    assert river.mark("a", "ammonia_nitrogen", AT, 2, doubt).alarms() == ()


def test_what_goes_on_long_after_a_service_is_an_alarm() -> None:
    river = River().add("a", "ammonia_nitrogen", AT + 2, [2.0, 2.1, 1.9, 1.8, 2.2, 2.0, 1.7])
    for parameter in ("ammonia_nitrogen", "total_nitrogen"):
        river.mark("a", parameter, AT, 2, Doubt.SERVICE)
    alarm = one(river.alarms())
    assert next(tried for tried in alarm.excluded if tried.cause is Cause.MARK).how == "mark.before"


def test_readings_that_are_not_believed_never_count() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE, alone=True)
    assert river.mark("a", "ammonia_nitrogen", AT, len(WAVE), Doubt.FAULT).alarms() == ()


@pytest.mark.parametrize(("parameter", "value"), [("dissolved_oxygen", 0.0), ("ammonia_nitrogen", 3.0)])
def test_a_value_that_stands_still_is_a_sensor(parameter: str, value: float) -> None:
    river = River()
    river.value[AT : AT + 30, river.column("a", parameter)] = value
    assert river.alarms() == ()


def test_a_wave_that_an_instrument_cuts_off_at_the_top_of_its_range_is_an_alarm() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, [0.9, 1.9, 1.9, 1.9, 1.9, 1.9, 0.8])
    column = river.column("a", "ammonia_nitrogen")
    river.value[:, column] = np.minimum(river.value[:, column], 2.0)
    assert one(river.alarms()).seen[0].peak == 2.0


def test_a_sample_whose_temperature_jumps_too_is_bad() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE)
    assert river.add("a", "water_temperature", AT, [6.0] * len(WAVE)).alarms() == ()


def test_phosphorus_that_rises_with_turbidity_is_the_rain_unless_it_is_far_too_much() -> None:
    rise = [0.1, 0.14, 0.16, 0.15, 0.12]
    assert one(River().add("a", "total_phosphorus", AT, rise).alarms()).parameter == "total_phosphorus"
    flood = River().add("a", "total_phosphorus", AT, rise).add("a", "turbidity", AT - 3, [60.0] * 12)
    assert flood.alarms() == ()
    spill = River().add("a", "total_phosphorus", AT, [x * 6 for x in rise]).add("a", "turbidity", AT - 3, [60.0] * 12)
    assert one(spill.alarms()).level is Level.SERIOUS


def test_ammonia_is_not_explained_by_rain() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE).add("a", "turbidity", AT - 3, [60.0] * 12)
    assert one(river.alarms()).parameter == "ammonia_nitrogen"


def test_water_that_is_always_beyond_the_limit_raises_nothing() -> None:
    river = River()
    river.value[:, river.column("a", "ammonia_nitrogen")] += 1.5
    assert river.alarms() == ()


def test_oxygen_is_watched_downwards() -> None:
    assert River().add("a", "dissolved_oxygen", AT, [4.0] * 6).alarms() == ()
    assert one(River().add("a", "dissolved_oxygen", AT, [-3.0, -4.0, -5.0, -4.5, -3.0]).alarms()).seen[0].peak < 4


def test_a_slow_rise_is_foreseen_before_the_limit() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, [0.07 * hour for hour in range(1, 14)])
    alarm = one(river.alarms(plan=replace(PLAN, sudden=1000.0)))  # by the forecast alone
    assert alarm.seen[0].rules == (Rule.FORECAST,)
    assert alarm.value < 1.0


def test_several_parameters_of_one_place_are_one_alarm() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE).add("a", "dissolved_oxygen", AT, [-3.0, -4.0, -4.0, -3.0])
    alarm = one(river.alarms())
    assert {seen.parameter for seen in alarm.seen} == {"ammonia_nitrogen", "total_nitrogen", "dissolved_oxygen"}
    assert any(Rule.JOINT in seen.rules for seen in alarm.seen)


def test_a_wave_that_passes_three_stations_is_one_alarm() -> None:
    river = River("abc")
    for n, section in enumerate("abc"):
        river.add(section, "ammonia_nitrogen", 200 + 20 * n, [x * 0.7**n for x in WAVE])
    alarm = one(river.alarms(LINE))
    assert alarm.sections == ("a", "b", "c")
    second = next(seen for seen in alarm.seen if seen.section == "b")
    assert Rule.NEIGHBOUR in second.rules
    assert next(tried for tried in second.excluded if tried.cause is Cause.NEIGHBOURS).how == "neighbours.agree"
    assert alarm.ended is not None


def test_waves_at_stations_that_do_not_lie_on_one_water_are_two_alarms() -> None:
    river = River("ad").add("a", "ammonia_nitrogen", 200, WAVE).add("d", "ammonia_nitrogen", 210, WAVE)
    assert len(river.alarms(Waters.of("ad", lambda one, other: None))) == 2


def test_a_second_wave_days_later_is_another_alarm() -> None:
    river = River(hours=400).add("a", "ammonia_nitrogen", 220, WAVE).add("a", "ammonia_nitrogen", 340, WAVE)
    assert len(river.alarms()) == 2


def test_a_wave_that_falters_is_one_alarm() -> None:
    rise = [1.0, 1.4, 0.1, 1.3, 0.6, 0.1, 0.5, 1.2, 0.8]
    assert len(River().add("a", "ammonia_nitrogen", AT, rise).alarms()) == 1


def test_the_station_below_that_stays_quiet_tells_of_a_sensor() -> None:
    drift = [min(0.02 * hour, 2.0) for hour in range(1, 100)]
    plan = replace(PLAN, forget_hours=1000.0)
    river = River("ab").add("a", "ammonia_nitrogen", 150, drift)
    alarms = river.alarms(LINE, replace(plan, need=60, need_alone=60))
    assert alarms == ()
    assert river.alarms(NOWHERE, replace(plan, need=60, need_alone=60)) != ()


@settings(max_examples=6)
@given(st.lists(st.integers(1, 287), max_size=6, unique=True))
def test_however_the_stream_is_cut_the_alarms_are_the_same(cuts: list[int]) -> None:
    river = River("abc")
    for n, section in enumerate("abc"):
        river.add(section, "ammonia_nitrogen", 200 + 20 * n, [x * 0.7**n for x in WAVE])
    state = State()
    edges = [0, *sorted(cuts), river.hours]
    told: dict[str, Alarm] = {}
    for first, stop in pairwise(edges):
        found = detect(state, river.readings(first, stop), PLAN, LINE)
        state = found.state
        told |= {alarm.id: alarm for alarm in found.alarms}
    assert state.alarms == river.alarms(LINE)
    assert {id: alarm.sections for id, alarm in told.items()} == {a.id: a.sections for a in state.alarms}


def test_what_comes_late_or_twice_changes_nothing() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE)
    state = detect(State(), river.readings(), PLAN).state
    again = detect(state, river.readings(200, 260), PLAN)
    assert again.alarms == ()
    assert again.state.alarms == state.alarms


def test_a_state_given_is_not_changed() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE)
    state = detect(State(), river.readings(0, AT), PLAN).state
    before = state.memory.value.copy()
    detect(state, river.readings(AT), PLAN)
    np.testing.assert_array_equal(state.memory.value, before)
    assert state.alarms == ()


def test_a_state_built_again_from_the_last_days_names_the_same_alarm() -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE)
    whole = one(river.alarms())
    rebuilt = one(detect(State(), river.readings(24 * 3), PLAN).state.alarms)
    assert rebuilt.id == whole.id


def test_an_alarm_survives_being_written() -> None:
    alarm = one(River().add("a", "ammonia_nitrogen", AT, WAVE).alarms())
    assert of_json(json.loads(json.dumps(as_json(alarm)))) == alarm


def test_marks_and_checks_are_doubts_but_a_sudden_change_is_none() -> None:
    def doubt(mark: Mark = Mark.NORMAL, suspect: int = 0, fail: int = 0, value: float = 1.0) -> Doubt:
        found = doubts(
            np.array([value]),
            np.array([mark], np.uint8),
            np.array([Flag.GOOD], np.uint8),
            np.array([suspect], np.uint32),
            np.array([fail], np.uint32),
        )
        return Doubt(int(found[0]))

    assert doubt() is Doubt.NONE
    assert doubt(Mark.CALIBRATION) is Doubt.SERVICE
    assert doubt(Mark.FAULT) is Doubt.FAULT
    assert doubt(Mark.OVER_RANGE) is Doubt.NONE  # beyond the range is no reason not to believe it
    assert doubt(suspect=Check.SPIKE | Check.RATE | Check.RANGE_SITE | Check.CROSS) is Doubt.NONE
    assert doubt(fail=Check.SPIKE) is Doubt.NONE
    assert doubt(suspect=Check.FLAT_LINE) is Doubt.FLAT
    assert doubt(fail=Check.RANGE_PHYSICAL) is Doubt.IMPOSSIBLE
    assert doubt(suspect=Check.RANGE_PHYSICAL) is Doubt.NONE
    assert doubt(value=float("nan")) is Doubt.NO_VALUE
