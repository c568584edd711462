"""Monitors of living things: what they raise, what keeps them silent, and what chemistry says to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.governance.detection.alarm import Alarm, Level, Rule
from shangyou.governance.detection.plan import LIVING, Plan
from shangyou.governance.detection.readings import Doubt
from tests.governance.detection.river import PLAN, T0, USUAL, WAVE, River

HOUR = 3_600_000
AT = 240
LIFE = {"bacterial_inhibition": (2.0, 3.0), "fish_activity": (100.0, 8.0), "daphnia_toxicity": (1.0, 0.7)}
WATER = USUAL | LIFE
PULSE = [12.0, 38.0, 55.0, 61.0, 52.0, 41.0, 33.0, 15.0]  # a substance that no analyser of the station measures


def told(alarms: tuple[Alarm, ...]) -> set[str]:
    return {sign.how for alarm in alarms for seen in alarm.seen for sign in seen.signs}


def toxic(usual: dict[str, tuple[float, float]] = WATER) -> River:
    return River(usual=usual).add("a", "bacterial_inhibition", AT, PULSE)


def test_bacteria_that_dim_while_chemistry_is_silent_are_a_contradiction_that_asks_for_a_sample() -> None:
    (alarm,) = toxic().alarms()
    seen = alarm.seen[0]
    assert (alarm.parameter, alarm.since, alarm.limit) == ("bacterial_inhibition", T0 + (AT + 1) * HOUR, 30.0)
    assert {Rule.BIOLOGICAL, Rule.CONTRADICTION} <= set(seen.rules)
    assert Rule.LIMIT not in seen.rules  # 30 % is no limit of the water
    (sign,) = (sign for sign in seen.signs if sign.how == "contradiction.biology")
    assert "ammonia_nitrogen" in str(sign.facts["others"]).split()
    assert alarm.raised == T0 + (AT + 3) * HOUR  # the third reading: nothing else agrees
    assert [tried.how for tried in seen.excluded if tried.cause == "flow"] == ["flow.steady"]


def test_fish_that_lie_still_and_daphnia_that_whirl_are_seen_too() -> None:
    fish = River(usual=WATER).add("a", "fish_activity", AT, [-60.0, -85.0, -90.0, -92.0, -88.0, -60.0])
    assert [alarm.parameter for alarm in fish.alarms()] == ["fish_activity"]
    fleas = River(usual=WATER).add("a", "daphnia_toxicity", AT, [4.0, 11.0, 14.0, 13.0, 12.0, 5.0])
    assert [alarm.parameter for alarm in fleas.alarms()] == ["daphnia_toxicity"]


def test_two_kinds_of_living_things_agree_sooner_and_are_one_alarm() -> None:
    (alarm,) = toxic().add("a", "daphnia_toxicity", AT, [4.0, 12.0, 14.0, 13.0, 12.0, 9.0]).alarms()
    assert alarm.raised == T0 + (AT + 2) * HOUR
    assert {seen.parameter for seen in alarm.seen} == {"bacterial_inhibition", "daphnia_toxicity"}
    assert "biological.organisms" in told((alarm,))


def test_chemistry_that_agrees_makes_one_surer_alarm_and_no_second() -> None:
    alone = River(usual=WATER).add("a", "ammonia_nitrogen", AT, WAVE).alarms()
    (alarm,) = toxic().add("a", "ammonia_nitrogen", AT, WAVE).alarms()
    assert alarm.id == alone[0].id
    assert {"biological.agrees", "biological.reacts"} & told((alarm,))
    assert "contradiction.biology" not in told((alarm,))
    assert {seen.parameter for seen in alarm.seen} == {"ammonia_nitrogen", "total_nitrogen", "bacterial_inhibition"}


def test_without_any_chemistry_beside_it_the_alarm_says_so() -> None:
    usual = {name: WATER[name] for name in ("bacterial_inhibition", "turbidity")}
    assert told(toxic(usual).alarms()) == {"biological.unmeasured"}


@pytest.mark.parametrize("values", [[40.0], [70.0, 1.0, 65.0]])
def test_a_single_sample_is_no_alarm(values: list[float]) -> None:
    assert River(usual=WATER).add("a", "bacterial_inhibition", AT, values).alarms() == ()


def test_less_than_the_alert_is_no_alarm_however_unusual() -> None:
    assert River(usual=WATER).add("a", "bacterial_inhibition", AT, [21.0, 22.0, 20.0, 22.0, 21.0]).alarms() == ()


def test_muddy_water_disturbs_a_monitor_and_is_no_alarm() -> None:
    assert toxic().add("a", "turbidity", AT - 3, [60.0] * 14).alarms() == ()


def test_where_nothing_tells_of_the_river_a_monitor_alone_is_no_alarm() -> None:
    usual = {name: level for name, level in WATER.items() if name != "turbidity"}
    assert toxic(usual).alarms() == ()
    (alarm,) = toxic(usual).add("a", "ammonia_nitrogen", AT, WAVE).alarms()
    how = {tried.how for seen in alarm.seen for tried in seen.excluded}
    assert "flow.chemistry" in how


def test_living_things_that_react_in_muddy_water_are_told_but_speak_for_nothing() -> None:
    river = toxic().add("a", "turbidity", AT - 3, [60.0] * 14).add("a", "ammonia_nitrogen", AT, [0.2, 0.22, 0.2, 0.2])
    assert all(Rule.BIOLOGICAL not in seen.rules for alarm in river.alarms() for seen in alarm.seen)


def test_fish_tire_by_night_where_the_oxygen_goes_with_the_plants() -> None:
    river = River(usual=WATER, hours=24 * 12)
    hours = (T0 / HOUR + np.arange(river.hours) + 8) % 24
    river.value[:, river.column("a", "dissolved_oxygen")] += 1.5 * np.cos(2 * np.pi * (hours - 15) / 24)
    night = AT + int((2 - (T0 / HOUR + AT + 8)) % 24)
    tired = river.add("a", "fish_activity", night, [-80.0, -85.0, -84.0, -82.0])
    assert tired.alarms() != ()  # it was a night as any other
    assert tired.add("a", "dissolved_oxygen", night - 3, [-1.0] * 9).alarms() == ()


@pytest.mark.parametrize("doubt", [Doubt.FAULT, Doubt.SERVICE, Doubt.IDLE, Doubt.NO_VALUE])
def test_a_monitor_that_is_serviced_broken_or_silent_is_no_alarm(doubt: Doubt) -> None:
    assert toxic().mark("a", "bacterial_inhibition", AT, len(PULSE), doubt).alarms() == ()


@pytest.mark.parametrize(("name", "value"), [("bacterial_inhibition", 100.0), ("fish_activity", 0.0)])
def test_a_monitor_that_stands_still_is_a_fault_and_no_alarm(name: str, value: float) -> None:
    river = River(usual=WATER)
    river.value[AT : AT + 30, river.column("a", name)] = value
    assert river.alarms() == ()


def test_how_grave_it_is_follows_from_the_alert() -> None:
    assert toxic().alarms()[0].level is Level.SERIOUS  # more than twice
    weak = River(usual=WATER).add("a", "bacterial_inhibition", AT, [35.0, 38.0, 36.0, 37.0]).alarms()
    assert weak[0].level is Level.EXCEEDED


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**16),
    chosen=st.sets(st.sampled_from(LIVING), min_size=1),
    size=st.floats(0, 3),
    hour=st.integers(200, 270),
)
def test_monitors_that_see_nothing_change_nothing(seed: int, chosen: set[str], size: float, hour: int) -> None:
    usual = USUAL | {name: LIFE[name] for name in sorted(chosen)}
    river = River(usual=usual, seed=seed).add("a", "ammonia_nitrogen", hour, [size * value for value in WAVE])
    without = River(usual=USUAL, seed=seed)
    without.value = river.value[:, : len(USUAL)].copy()  # the same water, without the monitors
    assert river.alarms() == without.alarms()


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16), chosen=st.sampled_from(LIVING), hours=st.integers(1, 60), level=st.floats(0, 100))
def test_a_flat_or_missing_signal_never_raises_an_alarm(seed: int, chosen: str, hours: int, level: float) -> None:
    river = River(usual=WATER, seed=seed)
    column = river.column("a", chosen)
    river.value[AT : AT + hours, column] = level
    assert river.alarms() == ()
    river.value[AT : AT + hours, column] = np.nan
    assert river.mark("a", chosen, AT, hours, Doubt.NO_VALUE).alarms() == ()


def test_every_monitor_of_living_things_has_an_alert_and_a_floor() -> None:
    watched = Plan().watched
    assert set(LIVING) == set(LIFE)
    for name in LIVING:
        watch = watched[name]
        assert watch.biological
        assert watch.runoff
        assert min(watch.floor, watch.least) > 0
    calm = replace(PLAN, need_alone=1, need=1)
    assert River(usual=WATER).alarms(plan=calm) == ()
