"""One event is one, whichever member tells of it: alarms beside warnings, and warnings beside each other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.detection.alarm import Alarm, Level, Rule, Seen
from shangyou.governance.warning.event import earlier, same, told
from shangyou.governance.warning.values import Situation
from tests.governance.warning.saying import NOW, Talk

HOUR = 3_600_000


def row(place: str, hours: float, **more: Any) -> dict[str, Any]:
    return {
        "place": place,
        "first": NOW + round(0.89 * hours * HOUR),
        "peak": NOW + round(hours * HOUR),
        "distance": hours * 3600,
        **more,
    }


TABLE = {"at": NOW, "method": "m", "rows": [row("50.b", 10), row("50.c", 24)]}


def warning(**changed: Any) -> Situation:
    """A spill of ammonia at 51.a, on its way to 50.b and 50.c."""
    given: dict[str, Any] = {"place": "51.a", "substance": "ammonia_nitrogen", "arrivals": TABLE}
    return Talk(**(given | changed)).seen()


def below() -> Situation:
    """What Chongqing warns of, eleven hours later at 50.b, without a word of the other."""
    made = warning(place="50.b", noticed=NOW + 11 * HOUR)
    return replace(made, messages=(replace(made.messages[0], by="cq"), *made.messages[1:]))


def alarm(section: str, hours: float, parameter: str = "ammonia_nitrogen", id: str = "a1") -> Alarm:
    """First odd so many hours after the warning's beginning."""
    at = NOW + round(hours * HOUR)
    seen = Seen(section, parameter, at, at + HOUR, at + 2 * HOUR, 2.0, 0.2, 2.0, at, 1.0, (Rule.RATE,), ())
    return Alarm(id, parameter, at, at + HOUR, Level.EXCEEDED, (seen,))


@pytest.mark.parametrize(
    ("section", "hours", "parameter", "fits"),
    [
        ("50.b", 10, "ammonia_nitrogen", True),
        ("50.b", 3, "ammonia_nitrogen", True),  # faster than computed
        ("50.b", 25, "ammonia_nitrogen", True),  # slower
        ("50.b", 10, "total_nitrogen", True),  # of which it is a part
        ("50.b", 10, "total_phosphorus", False),
        ("50.b", -30, "ammonia_nitrogen", False),  # before anything had happened
        ("50.b", 40, "ammonia_nitrogen", False),
        ("50.z", 10, "ammonia_nitrogen", False),  # no table names the place
        ("51.a", -2, "ammonia_nitrogen", True),  # at the place itself
        ("51.a", 30, "ammonia_nitrogen", False),
    ],
)
def test_an_alarm_is_of_a_warnings_event_where_place_time_and_substance_fit(
    section: str, hours: float, parameter: str, fits: bool
) -> None:
    found = told(alarm(section, hours, parameter), {"w": warning()}, "cq")
    assert [each.warning for each in found] == (["w"] if fits else [])


def test_benzene_in_the_river_is_what_a_warning_calls_benzene() -> None:
    assert told(alarm("50.b", 10, "water_benzene"), {"w": warning(substance="benzene")}, "cq")
    assert told(alarm("50.b", 10, "water_toluene"), {"w": warning(substance="benzene")}, "cq") == ()


def test_what_tells_of_an_alarm_names_who_warned_and_when_it_was_expected() -> None:
    [found] = told(alarm("50.b", 9), {"w": warning()}, "cq")
    assert (found.by, found.place, found.expected) == ("sc", "50.b", NOW + round(8.9 * HOUR))
    assert set(found.whom) == {"sc", "cq", "gz"}


def test_a_warning_that_grew_out_of_an_alarm_is_its_own_whatever_else_it_says() -> None:
    [found] = told(alarm("50.z", 900, "ph"), {"w": warning(alarm="a1")}, "sc")
    assert found.warning == "w"
    assert told(alarm("50.z", 900, "ph"), {"w": warning(alarm="a1")}, "cq") == ()  # anybody can write a name


def test_a_table_that_never_ends_does_not_take_up_all_that_comes() -> None:
    rows = [row("50.b", 10, until=NOW + 5_000 * 24 * HOUR)]
    assert told(alarm("50.b", 30 * 24), {"w": warning(arrivals={"at": NOW, "method": "m", "rows": rows})}, "cq") == ()


def test_an_exercise_is_no_event() -> None:
    assert told(alarm("50.b", 10), {"w": warning(exercise=True)}, "cq") == ()


def test_what_was_seen_upstream_is_of_the_warning_that_came_from_below() -> None:
    def hours(start: str, stop: str) -> float | None:
        return 10.0 if (start, stop) == ("51.up", "51.a") else None

    assert told(alarm("51.up", -9), {"w": warning()}, "cq", hours) != ()
    assert told(alarm("51.up", -90), {"w": warning()}, "cq", hours) == ()
    assert told(alarm("51.up", -9), {"w": warning()}, "cq") == ()


def test_a_table_without_times_says_nothing() -> None:
    empty = {"at": NOW, "method": "m", "rows": [{"place": "50.b"}]}
    assert told(alarm("50.b", 10), {"w": warning(arrivals=empty)}, "cq") == ()


def test_two_warnings_of_one_event_are_the_same_from_both_sides() -> None:
    one = warning()
    other = warning(place="50.b", noticed=NOW + 11 * HOUR, arrivals={})
    assert same(one, other)
    assert same(other, one)
    later = warning(place="50.b", noticed=NOW + 90 * HOUR, arrivals={})
    assert not same(one, later)
    assert not same(one, warning(place="50.b", noticed=NOW + 11 * HOUR, substance="benzene", arrivals={}))
    assert not same(one, warning(place="50.b", noticed=NOW + 11 * HOUR, exercise=True, arrivals={}))
    assert not same(one, warning(place="", noticed=NOW + 11 * HOUR, arrivals={}))


@given(st.permutations(range(3)))
def test_whatever_order_they_came_in_the_later_ones_refer_to_the_earliest(order: list[int]) -> None:
    made = [("a", warning()), ("b", below()), ("z", warning(substance="ph"))]
    assert earlier(dict(made[place] for place in order)) == {"b": "a"}


def test_two_warnings_of_one_member_are_two_because_it_knows_of_both() -> None:
    assert earlier({"a": warning(), "b": warning(place="50.b", noticed=NOW + 11 * HOUR)}) == {}


def test_of_warnings_that_were_opened_in_the_same_moment_the_first_by_name_leads() -> None:
    one, other = warning(), below()
    for pairs in itertools.permutations((("x", one), ("c", other))):
        assert earlier(dict(pairs)) == {"x": "c"}


def test_only_those_in_charge_say_which_earlier_warning_theirs_refers_to() -> None:
    talk = Talk()
    talk.say("cq", "information", text="同一事件", refers="urn:uuid:other")
    assert talk.seen().refers == ()
    talk.say("sc", "information", text="同一事件", refers="urn:uuid:first")
    assert talk.seen("cq").refers == ("urn:uuid:first",)
    talk.say("sc", "information", text="同一事件", refers=7)
    assert talk.seen().void[-1].code == "entry.field"
