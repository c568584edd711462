"""A journal in a list, which can be told to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Entry, Raw


class FakeJournal:
    """core.journal.Journal, in memory."""

    def __init__(self) -> None:
        self.raws: list[Raw] = []
        self.full = False  # the disk has no room

    def append(self, raws: Sequence[Raw]) -> range:
        if self.full:
            raise UnavailableError("journal.full", path="memory")
        start = len(self.raws)
        self.raws += raws
        return range(start, len(self.raws))

    def read(self, start: int, stop: int | None = None) -> Iterator[Entry]:
        for id, raw in enumerate(self.raws[start:stop], start):
            yield Entry(id, raw)

    def end(self) -> int:
        return len(self.raws)
