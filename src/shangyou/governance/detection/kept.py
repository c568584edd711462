"""Alarms as a node keeps them, with what people made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from shangyou.core.errors import InputError
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.plan import HOUR

OUTCOMES: Final = ("event", "false", "known", "test")  # pollution; none; known and harmless; an exercise
SILENT: Final = 48 * HOUR  # no odd reading for so long, and no end seen: the stations have fallen silent


class Standing(StrEnum):
    """Where an alarm stands."""

    OPEN = "open"
    ENDED = "ended"  # the water is as usual again, nobody has closed it
    SILENT = "silent"  # nothing more was heard of it
    CLOSED = "closed"  # by a person


@dataclass(frozen=True, slots=True)
class Closing:
    """A person's word. InputError "alarm.outcome"."""

    at: int  # ms since 1970 UTC
    by: str
    outcome: str  # of OUTCOMES
    note: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise InputError("alarm.outcome", outcome=self.outcome, known=", ".join(OUTCOMES))


@dataclass(frozen=True, slots=True)
class Kept:
    """An alarm with what became of it."""

    alarm: Alarm
    last: int  # newest odd reading, ms since 1970 UTC
    closing: Closing | None = None

    def standing(self, now: int) -> Standing:
        """Where it stands at a time."""
        if self.closing is not None:
            return Standing.CLOSED
        if self.alarm.ended is not None:
            return Standing.ENDED
        return Standing.SILENT if now - self.last > SILENT else Standing.OPEN


class Alarms(Protocol):
    """A node's alarms."""

    def put(self, alarms: Sequence[Alarm], at: int) -> int:
        """Enter or bring up to date; a closing stays. Returns how many were new or other than before."""
        ...

    def alarms(self, open_since: int | None = None, limit: int = 200) -> list[Kept]:
        """The last raised first; with `open_since` only those not ended, not closed and odd at or after that time."""
        ...

    def alarm(self, id: str) -> Kept:
        """One, by the beginning of its id; NotFoundError "alarm.unknown" where none or several begin so."""
        ...

    def close(self, id: str, closing: Closing) -> Kept:
        """A person closes it. Raises as `alarm`; ConflictError "alarm.closed" if somebody has."""
        ...
