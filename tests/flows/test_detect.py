"""Alarms of a node: from the versions in its store to what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state.alarms import SqlAlarms
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.registry import SqlRegistry
from shangyou.core.clock import from_ms
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Batch
from shangyou.core.records import Array, Flag, Flagged, Observations, SeriesKey
from shangyou.core.registry import Device, Section, WaterKind
from shangyou.flows.detect import Watching, plan_for
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.kept import Alarms
from tests.governance.detection.river import DAYS, T0, WAVE, River

HOUR = 3_600_000
NOW = T0 + DAYS * 24 * HOUR
WATERS = {("51.a", "51.b"): 20.0}


class Now:
    """A clock that stands still."""

    def now(self) -> datetime:
        return from_ms(NOW)


class Once(SqlAlarms):
    """A store without room for the first alarm that it is given."""

    def __init__(self, database: StateDatabase) -> None:
        super().__init__(database)
        self.full = True

    def put(self, alarms: Sequence[Alarm], at: int) -> int:
        if self.full:
            self.full = False
            raise UnavailableError("state.write", place="full")
        return super().put(alarms, at)


class Node:
    """A store with hourly readings of devices at two sections."""

    def __init__(self) -> None:
        self.store, self.database = DuckStore(":memory:"), StateDatabase("")
        self.registry, self.alarms = SqlRegistry(self.database), SqlAlarms(self.database)
        self.registry.meet([Section(f"51.{name}", name, province="四川省", river="长江") for name in "ab"], 0)
        for name in "ab":
            self.registry.put_device(Device(f"MN{name}", name, f"51.{name}"), None, "test", 0)
        self.batches = 0

    def watching(self, alarms: Alarms | None = None) -> Watching:
        def hours(start: str, stop: str) -> float | None:
            return WATERS.get((start, stop))

        return Watching(self.store, self.registry, alarms or self.alarms, lambda: hours, Now())

    def tell(self, river: River, first: int = 0, stop: int | None = None, cadence: str = "hour") -> None:
        told = river.readings(first, stop)
        keys = tuple(SeriesKey(f"MN{section}", parameter, cadence, "mean") for section, parameter in told.keys)
        n = len(told.series)
        zero, good = np.zeros(n, np.uint8), np.full(n, Flag.GOOD, np.uint8)
        rows = Observations(keys, told.series.astype(np.int32), told.time, told.value, zero, zero)
        self.batches += 1
        nothing = np.zeros(n, np.uint32)
        self.store.append(Batch(self.batches, "hj212", "hj212", NOW), Flagged(rows, good, nothing, nothing))

    def kept(self) -> list[Alarm]:
        return [kept.alarm for kept in self.alarms.alarms()]


def spilled() -> River:
    river = River("ab").add("a", "ammonia_nitrogen", 230, WAVE)
    return river.add("b", "ammonia_nitrogen", 250, [0.7 * value for value in WAVE])


def test_what_devices_report_becomes_one_alarm_over_the_sections_where_they_stand() -> None:
    node = Node()
    node.tell(spilled())
    assert node.watching().turn() == 1
    (alarm,) = node.kept()
    assert alarm.sections == ("51.a", "51.b")
    assert alarm.limit == 1.0  # class III of GB 3838


def test_hour_by_hour_the_same_comes_out_as_at_once() -> None:
    node, other = Node(), Node()
    other.tell(spilled())
    other.watching().turn()
    watching, river = node.watching(), spilled()
    for first in range(0, river.hours, 48):
        node.tell(river, first, first + 48)
        watching.turn()
    assert node.kept() == other.kept()
    assert watching.turn() == 0


def test_after_a_start_the_state_is_built_again_and_no_alarm_is_doubled() -> None:
    node, river = Node(), spilled()
    node.tell(river, 0, 240)
    node.watching().turn()
    assert len(node.kept()) == 1
    node.tell(river, 240)
    node.watching().turn()  # another process
    (alarm,) = node.kept()
    assert alarm.sections == ("51.a", "51.b")


def test_an_alarm_that_could_not_be_kept_is_raised_again_by_the_next_turn() -> None:
    node = Node()
    node.tell(spilled())
    watching = node.watching(Once(node.database))
    with pytest.raises(UnavailableError):
        watching.turn()
    assert node.kept() == []
    assert watching.turn() == 1
    assert len(node.kept()) == 1


def test_values_of_minutes_are_left_to_the_means_of_hours() -> None:
    node = Node()
    node.tell(spilled(), cadence="minute")
    assert node.watching().turn() == 0


def test_limits_are_those_of_the_kind_of_water_and_the_day() -> None:
    plan = plan_for([("r", WaterKind.RIVER), ("l", WaterKind.LAKE)], date(2026, 11, 1))
    assert plan.limits["r", "total_phosphorus"] == 0.2
    assert plan.limits["l", "total_phosphorus"] == 0.05
    assert plan.limits["r", "dissolved_oxygen"] == 5.0
    assert ("r", "total_nitrogen") not in plan.limits
    assert plan.limits["l", "total_nitrogen"] == 1.0
    assert plan.worst["ammonia_nitrogen"] == 2.0
    assert plan.limits["r", "water_benzene"] == 0.01  # of drinking-water sources: there is no class of it
    assert plan.limits["r", "copper"] == 1.0


def test_a_spill_of_what_is_never_there_otherwise_is_seen() -> None:
    node = Node()
    usual = {"water_benzene": (0.0, 0.0), "water_temperature": (18.0, 0.2)}
    river = River("a", usual=usual).add("a", "water_benzene", 230, [0.004, 0.02, 0.05, 0.04, 0.02, 0.01])
    node.tell(river)
    node.watching().turn()
    (alarm,) = node.kept()
    assert (alarm.parameter, alarm.limit) == ("water_benzene", 0.01)


def values(alarm: Alarm) -> Array:
    return np.array([seen.peak for seen in alarm.seen if seen.parameter == "ammonia_nitrogen"])


def test_peaks_are_those_of_each_section() -> None:
    node = Node()
    node.tell(spilled())
    node.watching().turn()
    np.testing.assert_allclose(values(node.kept()[0]), [2.2, 1.6], atol=0.1)
