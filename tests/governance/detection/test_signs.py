"""What several parameters of one place say together: for an alarm, and against it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shangyou.governance.detection.alarm import Alarm, Cause, Rule
from shangyou.governance.detection.explain import TESTS
from tests.governance.detection.river import PLAN, T0, USUAL, WAVE, River

HOUR = 3_600_000
DAY = 24 * 10
WATER = USUAL | {"ph": (7.8, 0.03), "conductivity": (400.0, 4.0), "permanganate_index": (2.0, 0.08)}
LAKE = WATER | {"chlorophyll_a": (8.0, 0.8), "algal_density": (4e6, 3e5)}
LOW = replace(PLAN, worst=dict(PLAN.worst) | {"dissolved_oxygen": 2.0})


def legal(hour: float) -> int:
    """An hour of the tenth day, by the legal clock."""
    started = (T0 / HOUR + 8) % 24
    return DAY + int((hour - started) % 24)


def breathing(size: float, usual: dict[str, tuple[float, float]] = WATER) -> River:
    """A water in which plants raise oxygen and pH by day."""
    river = River(usual=usual)
    hours = (T0 / HOUR + np.arange(river.hours) + 8) % 24
    course = size * np.cos(2 * np.pi * (hours - 15) / 24)
    river.value[:, river.column("a", "dissolved_oxygen")] += course
    river.value[:, river.column("a", "ph")] += 0.1 * course
    return river


def signs(alarms: tuple[Alarm, ...]) -> set[str]:
    return {sign.how for alarm in alarms for seen in alarm.seen for sign in seen.signs}


def rules(alarms: tuple[Alarm, ...]) -> set[Rule]:
    return {rule for alarm in alarms for seen in alarm.seen for rule in seen.rules}


def test_ammonia_that_is_more_than_all_nitrogen_is_an_instrument() -> None:
    assert River().add("a", "ammonia_nitrogen", DAY, [2.2, 2.4, 2.3, 2.0], alone=True).alarms() == ()


def test_ammonia_that_is_more_than_all_nitrogen_is_believed_where_others_move_with_it() -> None:
    river = River(usual=WATER).add("a", "ammonia_nitrogen", DAY, [2.2, 2.4, 2.3, 2.0], alone=True)
    (alarm,) = river.add("a", "conductivity", DAY, [160.0, 180.0, 170.0, 160.0]).alarms()
    (tried,) = (each for each in alarm.seen[0].excluded if each.cause is Cause.PARTS)
    assert (tried.how, tried.facts["other"]) == ("parts.others", "conductivity")


def test_nitrogen_that_is_cut_off_at_the_top_of_its_range_does_not_silence_ammonia() -> None:
    river = River().add("a", "ammonia_nitrogen", DAY, [8.0, 9.0, 8.5, 8.2])
    column = river.column("a", "total_nitrogen")
    river.value[:, column] = np.minimum(river.value[:, column], 5.0)
    tried = {e.how for alarm in river.alarms() for seen in alarm.seen for e in seen.excluded}
    assert "parts.rises" in tried


def test_nitrogen_that_was_measured_long_before_says_nothing_of_this_water() -> None:
    river = River().add("a", "ammonia_nitrogen", DAY, WAVE, alone=True)
    river.doubt[DAY - 12 :, river.column("a", "total_nitrogen")] = 6  # no value any more
    (alarm,) = river.alarms()
    assert next(each for each in alarm.excluded if each.cause is Cause.PARTS).how == "parts.unknown"


def test_nitrogen_that_rises_by_what_the_ammonia_does_speaks_for_it() -> None:
    alarms = River().add("a", "ammonia_nitrogen", DAY, [0.6, 0.7, 0.65, 0.6]).alarms()
    assert "joint.whole" in signs(alarms)
    assert Rule.JOINT in rules(alarms)


def test_a_small_rise_of_part_and_whole_is_told_but_raises_nothing_by_itself() -> None:
    assert River().add("a", "ammonia_nitrogen", DAY, [0.12, 0.13, 0.12]).alarms() == ()


@pytest.mark.parametrize(
    ("chemical", "rise", "other", "change", "sign"),
    [
        ("ammonia_nitrogen", 0.3, "dissolved_oxygen", -2.6, "joint.sewage"),
        ("ammonia_nitrogen", 0.3, "conductivity", 180.0, "joint.effluent"),
        ("permanganate_index", 2.0, "dissolved_oxygen", -2.6, "joint.organic"),
    ],
)
def test_two_that_go_together_as_an_effluent_does_raise_an_alarm_within_the_limits(
    chemical: str, rise: float, other: str, change: float, sign: str
) -> None:
    plan = replace(PLAN, sudden=1000.0)

    def river() -> River:
        return River(usual=WATER)

    assert river().add("a", chemical, DAY, [rise] * 5, alone=True).alarms(plan=plan) == ()
    both = river().add("a", chemical, DAY, [rise, 1.1 * rise, rise, 0.9 * rise])
    alarms = both.add("a", other, DAY, [change, 1.05 * change, 0.98 * change, change]).alarms(plan=plan)
    assert sign in signs(alarms)


def test_organic_matter_that_eats_oxygen_in_rising_water_is_the_rain() -> None:
    river = River(usual=WATER).add("a", "permanganate_index", DAY, [2.0, 2.2, 2.1])
    river.add("a", "dissolved_oxygen", DAY, [-2.6, -2.8, -2.7]).add("a", "turbidity", DAY - 2, [80.0] * 8)
    assert "joint.organic" not in signs(river.alarms())


def test_phosphorus_that_comes_without_particles_did_not_come_with_the_river() -> None:
    def river() -> River:
        river = River(usual=USUAL | {"water_level": (180.0, 0.02)})
        return river.add("a", "total_phosphorus", DAY, [0.2, 0.24, 0.26, 0.22])

    risen = river().add("a", "water_level", DAY - 3, [100.0] * 12)
    (alarm,) = risen.alarms()
    assert next(each for each in alarm.excluded if each.cause is Cause.FLOW).facts == {"by": "turbidity"}
    assert river().add("a", "turbidity", DAY - 3, [80.0] * 12).alarms() == ()


def test_oxygen_that_fails_by_daylight_where_plants_make_it_is_a_contradiction() -> None:
    low = [-6.0, -6.2, -6.1, -6.3]
    alarms = breathing(0.8).add("a", "dissolved_oxygen", legal(12), low).alarms()
    assert "contradiction.day" in signs(alarms)
    still = River(usual=WATER).add("a", "dissolved_oxygen", legal(12), low).alarms()
    assert "contradiction.day" not in signs(still)  # no plants, no course of the day


def test_oxygen_and_acidity_that_fall_by_night_are_the_breath_of_a_living_water() -> None:
    low, acid = [-4.0, -4.2, -4.1, -4.0], [-0.4] * 4
    night = breathing(0.7).add("a", "dissolved_oxygen", legal(2), low).add("a", "ph", legal(2), acid)
    limit = replace(LOW, limits={("a", "dissolved_oxygen"): 5.0})
    assert night.alarms(plan=limit) == ()
    day = (
        breathing(0.7)
        .add("a", "dissolved_oxygen", legal(12), [-5.0, -5.1] * 2 + [-5.2])
        .add("a", "ph", legal(12), [-0.6] * 5)
    )
    assert [alarm.parameter for alarm in day.alarms(plan=limit)] == ["dissolved_oxygen"]
    worse = breathing(0.7).add("a", "dissolved_oxygen", legal(2), [-5.9, -5.8, -6.0]).add("a", "ph", legal(2), acid)
    assert worse.alarms(plan=limit) != ()  # fish die of it, whatever breathes


def test_a_ph_that_rises_with_oxygen_is_photosynthesis() -> None:
    plan = replace(PLAN, limits={("a", "ph"): 9.0})
    high = [1.5, 1.6, 1.7, 1.6]
    bloom = River(usual=WATER).add("a", "ph", DAY, high).add("a", "dissolved_oxygen", DAY, [2.0] * 4)
    assert bloom.alarms(plan=plan) == ()
    lye = River(usual=WATER).add("a", "ph", DAY, high).add("a", "conductivity", DAY, [120.0] * 4)
    alarms = lye.alarms(plan=plan)
    assert "contradiction.lye" in signs(alarms)
    assert Rule.CONTRADICTION in rules(alarms)


def test_an_acid_is_told_from_the_breath_of_the_night_by_its_oxygen_and_its_salt() -> None:
    sour = [-1.2, -1.4, -1.3, -1.2]
    plan = replace(PLAN, sudden=1000.0)
    assert River(usual=WATER).add("a", "ph", DAY, sour).alarms(plan=plan) == ()  # an electrode alone is no reason
    acid = River(usual=WATER).add("a", "ph", DAY, sour).add("a", "conductivity", DAY, [120.0] * 4)
    assert "contradiction.acid" in signs(acid.alarms(plan=plan))


def test_algae_that_one_sensor_alone_sees_are_its_window() -> None:
    rise = [30.0, 34.0, 33.0, 36.0]
    assert River(usual=LAKE).add("a", "chlorophyll_a", DAY, rise).alarms() == ()
    both = River(usual=LAKE).add("a", "chlorophyll_a", DAY, rise).add("a", "algal_density", DAY, [2e7, 2.2e7, 2.1e7])
    assert "biological.algae" in signs(both.alarms())
    alone = River(usual=WATER | {"chlorophyll_a": (8.0, 0.8)}).add("a", "chlorophyll_a", DAY, rise)
    assert rules(alone.alarms()) >= {Rule.BIOLOGICAL}  # nothing else at the place could tell


def test_explanations_are_tried_in_the_order_in_which_they_are_listed() -> None:
    assert len(TESTS) == len(Cause)
    (alarm,) = River().add("a", "dissolved_oxygen", DAY, [-3.0, -4.0, -5.0, -4.5]).alarms()
    assert [each.cause for each in alarm.excluded] == list(Cause)
