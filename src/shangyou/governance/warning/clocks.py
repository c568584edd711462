"""Who owes a word on which message by when, and who is to be called next while nobody has given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shangyou.governance.warning.read import minutes
from shangyou.governance.warning.values import Message, Situation
from shangyou.standards.library import Edition

MINUTE: Final = 60_000  # ms


@dataclass(frozen=True, slots=True)
class Clock:
    """One member and one message."""

    member: str
    message: str  # entry
    kind: str  # of the message
    start: int  # ms since 1970 UTC
    due: int
    done: int | None
    role: str  # who acknowledged; "" = nobody yet
    state: str  # running, late, done, done_late, over (an all-clear came before a word was given)
    left: int | None  # ms until it is due, negative when it is over; of a clock that runs
    step: str  # who is called now: an id of the edition's steps; "" once it is done
    next: int | None  # when the next step begins


def clocks(situation: Situation, rules: Edition, now: int) -> tuple[Clock, ...]:
    """The clocks of all messages to which a word is owed, in the order of the messages, then of the members.

    Args:
        rules: an edition of the family warning_clocks.
        now: [ms since 1970 UTC].
    """
    return tuple(
        _clock(situation, message, member, limit, rules, now)
        for message in situation.messages
        if (limit := minutes(rules.body, message.kind)) is not None
        for member in _owing(situation, message)
    )


def _owing(situation: Situation, message: Message) -> list[str]:
    """Who owes a word: of whom it is asked; or else every member but its author."""
    asked = message.to or tuple(situation.members)
    return [member for member in sorted(asked) if member != message.by and member in situation.members]


def _clock(situation: Situation, message: Message, member: str, limit: float, rules: Edition, now: int) -> Clock:
    start = max(message.at, situation.members[member])
    due, taken = start + round(limit * MINUTE), situation.taken.get((message.entry, member))

    def clock(state: str, **more: Any) -> Clock:
        rest = {"done": None, "role": "", "left": None, "step": "", "next": None} | more
        return Clock(member, message.entry, message.kind, start, due, state=state, **rest)

    if taken is not None:
        return clock("done" if taken.at <= due else "done_late", done=taken.at, role=taken.role)
    if situation.ended is not None and message.kind != "clear" and message.at <= situation.ended:
        return clock("over")
    step, then = _step(rules, start, now)
    return clock("running" if now <= due else "late", left=due - now, step=step, next=then)


def _step(rules: Edition, start: int, now: int) -> tuple[str, int | None]:
    """Who is called now, and when the next is."""
    step = ""
    for each in rules.body["steps"]:
        begins = start + round(each["after"] * MINUTE)
        if begins > now and step:
            return step, begins
        step = each["id"]
    return step, None


def open_clocks(found: Sequence[Clock]) -> list[Clock]:
    """Of each member the clock that matters now: the first that runs out among those that run."""
    first: dict[str, Clock] = {}
    for clock in found:
        if clock.state in ("running", "late") and (clock.member not in first or clock.due < first[clock.member].due):
            first[clock.member] = clock
    return [first[member] for member in sorted(first)]
