"""Asking a device: who may be asked what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shangyou.core.clock import to_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.core.registry import Device
from shangyou.flows.command import ask, ask_history, asked, outcome
from tests.fakes.clock import FakeClock
from tests.fakes.state import FakeIntake, FakeRegistry

CLOCK = FakeClock()


def registry() -> FakeRegistry:
    found = FakeRegistry()
    for device in (Device("A", "", ""), Device("B", "", "", status="blocked")):
        found.put_device(device, "123456", "test", 0)
    return found


def test_a_request_is_queued_with_who_asked_when() -> None:
    intake = FakeIntake()
    command = ask(intake, registry(), CLOCK, "A", "1062", {"RtdInterval": "60"}, "operator")
    assert asked(intake) == [command]
    assert (command.id, command.state, command.by, command.asked) == (1, "queued", "operator", to_ms(CLOCK.now()))
    assert outcome(command, "zh") == ""


def test_requests_are_listed_newest_first_and_by_device() -> None:
    intake, known = FakeIntake(), registry()
    known.put_device(Device("C", "", ""), "1", "test", 0)
    for mn in ("A", "C", "A"):
        ask(intake, known, CLOCK, mn, "1011", {}, "operator")
    assert [command.id for command in asked(intake)] == [3, 2, 1]
    assert [command.id for command in asked(intake, "A")] == [3, 1]


def test_history_is_asked_for_in_legal_time() -> None:
    begin, end = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 1, 16, tzinfo=UTC)
    command = ask_history(FakeIntake(), registry(), CLOCK, "A", "hour", begin, end, "operator")
    assert command.code == "2061"
    assert command.arguments == {"BeginTime": "20260801080000", "EndTime": "20260802000000"}


def test_nothing_is_asked_of_a_device_that_is_not_registered_or_not_active() -> None:
    intake = FakeIntake()
    with pytest.raises(NotFoundError, match=r"command\.device"):
        ask(intake, registry(), CLOCK, "nobody", "1011", {}, "operator")
    with pytest.raises(ConflictError, match=r"command\.blocked"):
        ask(intake, registry(), CLOCK, "B", "1011", {}, "operator")
    assert asked(intake) == []


def test_wrong_arguments_and_cadences_are_not_queued() -> None:
    intake, now = FakeIntake(), CLOCK.now()
    with pytest.raises(InputError, match=r"command\.argument"):
        ask(intake, registry(), CLOCK, "A", "1062", {"RtdInterval": "1"}, "operator")
    with pytest.raises(InputError, match=r"command\.argument"):
        ask_history(intake, registry(), CLOCK, "A", "week", now, now, "operator")
    assert asked(intake) == []
