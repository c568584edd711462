"""A journal that another process writes, read from where the last reading stopped."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from shangyou.adapters.journal import HEAD, decode
from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Entry


class JournalView:
    """Reads entries that the writer has said to be durable; it neither locks nor mends anything."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0  # id of the entry at `_offset` of the segment `_first`
        self._first, self._offset = -1, 0

    def read(self, start: int, stop: int | None = None) -> Iterator[Entry]:
        """Entries from `start` up to, not including, `stop`, which must all be durable.

        Raises UnavailableError "journal.damaged".
        """
        if stop is None:
            raise UnavailableError("journal.damaged", path=str(self._path), entry=start)
        while start < stop:
            self._find(start)
            before = start
            for entry in self._segment(stop):
                if entry.id >= start:
                    start = entry.id + 1
                    yield entry
            if start == before:
                raise UnavailableError("journal.damaged", path=str(self._path), entry=start)

    def _find(self, start: int) -> None:
        """Stand at an entry at or before `start`, as near as is known."""
        firsts = sorted(int(path.stem) for path in self._path.glob("*.log"))
        first = firsts[max(bisect_right(firsts, start) - 1, 0)] if firsts else -1
        if first != self._first or start < self._next:
            self._first, self._next, self._offset = first, first, 0

    def _segment(self, stop: int) -> Iterator[Entry]:
        """Entries from where this stands, up to `stop` or the end of the segment."""
        try:
            file = (self._path / f"{self._first:016d}.log").open("rb", buffering=1 << 20)
        except OSError as error:
            raise UnavailableError("journal.damaged", path=str(self._path), entry=self._next) from error
        with file:
            file.seek(self._offset)
            while self._next < stop and len(head := file.read(HEAD.size)) == HEAD.size:
                length, check = HEAD.unpack(head)
                body = file.read(length)
                if len(body) < length or zlib.crc32(body) != check:
                    return
                entry = decode(self._next, body)
                self._next, self._offset = self._next + 1, self._offset + HEAD.size + length
                yield entry
