"""A stretch of journal entries that has been read and tested, ready for the store; and who makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shangyou.core.journal import Entry
from shangyou.core.records import Flagged, Ints, Observations, Refusal

Earlier = Callable[[Observations], Flagged | None]  # what the store has of the series, shortly before these values


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What came of some packets."""

    stop: int  # id of the first entry that was not taken: a limit was reached, or it is no packet
    fresh: int  # how many of the entries were not read in an earlier life
    first: int  # id of the first of these
    at: int  # when the last of these came [ms since 1970 UTC]
    pending: int | None  # id of the oldest entry that waits for its other parts
    refused: Sequence[tuple[Entry, Refusal]]
    flagged: Flagged  # n new values
    received: Ints  # (n,) when the packet of each value came [ms since 1970 UTC]
    again: Flagged  # earlier values whose flags the new ones have changed


class Stretches(Protocol):
    """Reads packets in order and tests their values against those before, from call to call."""

    def take(
        self, start: int, stop: int, done: int, anew: bool, earlier: Earlier, give_way: Callable[[], None]
    ) -> Stretch:
        """Packets from entry `start` on, up to `stop`, to the first entry that is none, or to as many as one lot holds.

        done: entries before it were read in an earlier life; they are only remembered, and give nothing again.
        anew: the store may hold values that this has not seen; ask `earlier` for all series again.
        """
        ...
