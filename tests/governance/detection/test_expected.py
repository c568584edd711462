"""What a member upstream has warned of speaks for an alarm: there, then, of that substance, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.governance.detection.alarm import Alarm, Rule
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.plan import Plan
from shangyou.governance.detection.readings import Doubt, Expected
from tests.governance.detection.river import LINE, PLAN, T0, WAVE, River

HOUR = 3_600_000
AT = 240
WEAK = [0.05, 0.07, 0.08, 0.08, 0.07, 0.05]  # a wave that is hardly seen: less than anybody would act on


def due(first: int = AT - 4, last: int = AT + 12, section: str = "a", parameter: str = "ammonia_nitrogen") -> Expected:
    return Expected("urn:uuid:w", "sichuan", section, parameter, T0 + first * HOUR, T0 + last * HOUR)


def alarms(river: River, *expected: Expected, plan: Plan = PLAN) -> tuple[Alarm, ...]:
    return detect(State(), river.readings(), plan, LINE, expected).state.alarms


def weak() -> River:
    return River().add("a", "ammonia_nitrogen", AT, WEAK)


def test_a_weak_wave_that_was_warned_of_is_an_alarm_and_says_whose_warning_it_was() -> None:
    assert alarms(weak()) == ()
    (alarm,) = alarms(weak(), due())
    seen = alarm.seen[0]
    assert Rule.WARNED in seen.rules
    (sign,) = (sign for sign in seen.signs if sign.how == "warned.due")
    assert (sign.facts["warning"], sign.facts["member"]) == ("urn:uuid:w", "sichuan")
    assert sign.facts["from"] == float(due().first)
    assert seen.excluded  # and whatever else it might be was tried all the same


def test_a_wave_that_is_plain_anyway_is_the_same_one_alarm_with_one_reason_more() -> None:
    plain = River().add("a", "ammonia_nitrogen", AT, WAVE)
    (without,), (alarm,) = alarms(plain), alarms(plain, due())
    assert (alarm.id, alarm.raised, alarm.sections) == (without.id, without.raised, without.sections)
    assert set(alarm.seen[0].rules) == set(without.seen[0].rules) | {Rule.WARNED}


@pytest.mark.parametrize(
    "other",
    [
        due(first=AT - 40, last=AT - 1),  # it was to be here before
        due(first=AT + 6, last=AT + 40),  # or later
        due(section="b"),  # elsewhere
        due(parameter="total_phosphorus"),  # or of something else
    ],
)
def test_what_was_not_expected_here_and_now_is_judged_as_ever(other: Expected) -> None:
    assert alarms(weak(), other) == ()


def test_a_part_of_what_was_warned_of_counts_as_well() -> None:
    assert alarms(weak(), due(parameter="total_nitrogen")) != ()


def test_expecting_alone_raises_nothing() -> None:
    assert alarms(River("abc"), due(0, 300), due(0, 300, parameter="total_phosphorus")) == ()


@pytest.mark.parametrize("values", [[0.4], [0.2, 0.0, 0.2]])
def test_a_single_reading_is_no_alarm_even_where_it_is_expected(values: list[float]) -> None:
    assert alarms(River().add("a", "ammonia_nitrogen", AT, values), due()) == ()


@pytest.mark.parametrize("doubt", [Doubt.FAULT, Doubt.SERVICE])
def test_readings_that_are_not_believed_are_no_more_believed_for_a_warning(doubt: Doubt) -> None:
    river = River().add("a", "ammonia_nitrogen", AT, WAVE, alone=True)
    assert alarms(river.mark("a", "ammonia_nitrogen", AT, len(WAVE), doubt), due()) == ()


def test_a_value_that_stands_still_is_a_sensor_even_where_it_is_expected() -> None:
    river = River()
    river.value[AT : AT + 12, river.column("a", "ammonia_nitrogen")] = 0.9
    assert alarms(river, due()) == ()


def test_a_little_mud_no_longer_explains_phosphorus_that_was_warned_of_and_a_flood_still_does() -> None:
    rise = [0.1, 0.14, 0.16, 0.15, 0.12]
    expected = due(parameter="total_phosphorus")

    def river(mud: float) -> River:
        return River().add("a", "total_phosphorus", AT, rise).add("a", "turbidity", AT - 3, [mud] * 12)

    assert alarms(river(20.0)) == ()
    assert [alarm.parameter for alarm in alarms(river(20.0), expected)] == ["total_phosphorus"]
    assert alarms(river(120.0), expected) == ()


def test_what_was_seen_upstream_and_warned_of_is_one_event() -> None:
    river = River("ab").add("a", "ammonia_nitrogen", 200, WAVE).add("b", "ammonia_nitrogen", 220, WEAK)
    (alarm,) = alarms(river, due(210, 240, section="b"))
    assert alarm.sections == ("a", "b")


def test_as_soon_as_a_warning_is_due_it_counts_and_not_before() -> None:
    (alarm,) = alarms(weak(), due(first=AT + 2))
    assert alarm.since == T0 + (AT + 2) * HOUR


windows = st.builds(
    lambda section, parameter, first, long: due(first, first + long, section, parameter),
    st.sampled_from("abz"),
    st.sampled_from(["ammonia_nitrogen", "total_phosphorus", "water_benzene"]),
    st.integers(-100, 400),
    st.integers(0, 60),
)


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.lists(windows, max_size=3), st.floats(0, 2), st.integers(150, 270))
def test_outside_of_its_window_a_warning_changes_nothing(
    seed: int, expected: list[Expected], size: float, hour: int
) -> None:
    river = River("ab", seed=seed).add("a", "ammonia_nitrogen", hour, [size * value for value in WAVE])
    elsewhere = [replace(each, section="z") for each in expected]
    past = [replace(each, first=0, last=T0 - HOUR) for each in expected]
    later = [replace(each, first=T0 + 9_000 * HOUR, last=T0 + 9_100 * HOUR) for each in expected]
    assert alarms(river, *elsewhere, *past, *later) == alarms(river)


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.lists(windows, max_size=3), st.floats(0, 2), st.integers(150, 270))
def test_no_warning_silences_an_alarm(seed: int, expected: list[Expected], size: float, hour: int) -> None:
    river = River("ab", seed=seed).add("a", "ammonia_nitrogen", hour, [size * value for value in WAVE])
    series = {(s.section, s.parameter) for alarm in alarms(river) for s in alarm.seen}
    assert series <= {(s.section, s.parameter) for alarm in alarms(river, *expected) for s in alarm.seen}


@settings(max_examples=10)
@given(st.integers(0, 2**16), windows)
def test_in_quiet_water_a_warning_of_what_never_comes_raises_nothing(seed: int, expected: Expected) -> None:
    assert alarms(River("ab", seed=seed), expected) == ()
