"""The statutory clocks of an incident: who must report to whom by when, and whether it was done in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shangyou.governance.incident.grading import GRAVE
from shangyou.governance.incident.room import Report, Room
from shangyou.standards.library import UNVERIFIED, Edition

MINUTE: Final = 60_000  # ms


@dataclass(frozen=True, slots=True)
class Clock:
    """One duty to report."""

    duty: str  # id in the rules
    to: str  # member, where the duty is owed to each of several; else ""
    start: int  # ms since 1970 UTC
    due: int | None  # None = promptly: the rules name no number
    done: int | None  # when the first report that fulfils it went out
    report: str  # entry of that report; "" = none
    state: str  # running, late, done, done_late, waiting (for the duty before it)
    left: int | None  # ms until it is due, negative when it is over; of a clock that runs
    unverified: bool  # nobody has checked its number in the text
    earlier: int | None = None  # when it was reported under a lower grade; the clock is for the follow-up that is due


def clocks(room: Room, grade: str, rules: Edition, now: int) -> tuple[Clock, ...]:
    """The clocks of the duties that a grade brings, in the order of the rules.

    Args:
        room: what is known.
        grade: the confirmed grade, or the proposed one while nobody has confirmed any: clocks do not wait for that.
        rules: an edition of the family incident_reporting.
        now: [ms since 1970 UTC].

    A clock starts when the incident was found or learned of; where the grade was raised to I or II later, the shorter
    term starts then, and what went out before counts as told under the lower grade: a follow-up is due within that term
    (see the edition's `raised`, which nobody has checked in the text).
    """
    made: list[Clock] = []
    for duty in rules.body["duties"]:
        if grade in duty["minutes"]:
            made += _of(duty, room, grade, rules, made, now)
    return tuple(made)


def _of(
    duty: Mapping[str, Any], room: Room, grade: str, rules: Edition, before: list[Clock], now: int
) -> Iterator[Clock]:
    minutes, start = duty["minutes"][grade], room.opening.noticed
    raised = room.raised if grade in GRAVE and minutes is not None and rules.body["raised"]["anew"] else None
    doubtful = duty.get("status") == UNVERIFIED or (raised is not None and rules.body["raised"]["status"] == UNVERIFIED)
    if "after" in duty:
        first = next((each for each in before if each.duty == duty["after"]), None)
        if first is None:
            return
        if first.done is None:
            yield Clock(duty["id"], "", start, None, None, "", "waiting", None, doubtful)
            return
        start = first.done
    elif raised is not None:
        start = raised
    each_of = room.opening.affected if duty.get("each") == "affected" else ("",)
    for to in each_of:
        if to in room.opening.in_charge:
            continue
        earlier = _first(room, duty["id"], to, 0)
        report = earlier if raised is None else _first(room, duty["id"], to, raised)
        due = None if minutes is None else start + minutes * MINUTE
        done = report.sent if report is not None else None
        state, left = _state(due, done, now)
        told = earlier.sent if earlier is not None and earlier is not report else None
        yield Clock(duty["id"], to, start, due, done, report.entry if report else "", state, left, doubtful, told)


def _first(room: Room, duty: str, to: str, since: int) -> Report | None:
    """The first report since a moment that fulfils a duty."""
    found = [each for each in room.reports if duty in each.duties and (not to or to in each.to) and each.sent >= since]
    return min(found, key=lambda each: (each.sent, each.entry), default=None)


def _state(due: int | None, done: int | None, now: int) -> tuple[str, int | None]:
    if done is not None:
        return ("done" if due is None or done <= due else "done_late"), None
    if due is None:
        return "running", None
    return ("running" if now <= due else "late"), due - now
