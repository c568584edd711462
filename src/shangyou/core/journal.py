"""The raw journal: what arrived, exactly as it arrived, in the order in which it became durable.

It is written and synced before anything is acknowledged; all that is behind it can be rebuilt by replay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Raw:
    """Something that arrived."""

    kind: str  # which reader understands it: hj212, table, cnemc-csv, cnemc-json, cnemc-page ...
    source: str  # who sent it: an MN, a file name, an address
    received: int  # ms since 1970 UTC by the node's own clock
    body: bytes
    note: str = ""  # what the reader must know beside the bytes: a column map id, a year, a profile


@dataclass(frozen=True, slots=True)
class Entry:
    """A raw thing with its place in the journal."""

    id: int  # 0, 1, 2 ... without gaps
    raw: Raw


class Journal(Protocol):
    """Append-only, durable, numbered."""

    def append(self, raws: Sequence[Raw]) -> range:
        """Make them durable (one sync for all) and return their ids.

        Raises UnavailableError "journal.full" or "journal.write"; then none of them counts as kept.
        """
        ...

    def read(self, start: int, stop: int | None = None) -> Iterator[Entry]:
        """Entries from `start` up to, not including, `stop` (or the end as of now)."""
        ...

    def end(self) -> int:
        """Id that the next entry will have."""
        ...
