"""The raw journal in files: segments of framed records, one sync for all that waits.

A record is `length u32 | crc32 u32 | msgpack of Raw`, little endian. A segment is named by the id of its first entry.
A torn tail (power lost in the middle of a write) was never acknowledged; it is set aside, not thrown away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import threading
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.core.journal import Entry, Raw

HEAD: Final = struct.Struct("<II")
SEGMENT_BYTES: Final = 64 << 20  # small enough to back up and to scan in 0.1 s, large enough to be few
STRIDE: Final = 1024  # one remembered offset for so many entries: 16 bytes per 1,024 entries of memory

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, str, int, bytes, str]).decode


def decode(id: int, body: bytes) -> Entry:
    """An entry from the body of its record."""
    return Entry(id, Raw(*_decode(body)))


class FileJournal:
    """Append-only, durable, numbered; safe for one writer process and any number of threads."""

    def __init__(self, path: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._path = path
        self._limit = segment_bytes
        self._lock = threading.Lock()
        path.mkdir(parents=True, exist_ok=True)
        self._firsts = sorted(int(p.stem) for p in path.glob("*.log"))
        self._marks: dict[int, list[int]] = {}  # first id of a segment: offsets of every STRIDE-th entry
        if not self._firsts:
            _sync_folder(path.parent)
            os.close(self._create(0))
        self._open_last()

    def _file(self, first: int) -> Path:
        return self._path / f"{first:016d}.log"

    def _create(self, first: int) -> int:
        """A new last segment; its descriptor. Nothing here changes unless it is whole and durable."""
        path = self._file(first)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _sync_folder(self._path)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        self._firsts.append(first)
        self._marks[first] = []
        return fd

    def _open_last(self) -> None:
        """Find the end of the last segment; set a torn tail aside; "journal.damaged", if it is none."""
        first = self._firsts[-1]
        path = self._file(first)
        self._marks[first] = []
        count, end = 0, 0
        for offset, length in _frames(path):
            if count % STRIDE == 0:
                self._marks[first].append(offset)
            count, end = count + 1, offset + HEAD.size + length
        self._next, self._size = first + count, end
        if path.stat().st_size > end:
            if _goes_on(path, end):  # whole records follow: not a write that was cut short, but damage
                raise UnavailableError("journal.damaged", path=str(path), entry=self._next)
            self._set_aside(path, end)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.fsync(self._fd)

    def _set_aside(self, path: Path, end: int) -> None:
        """Keep what a power cut left of a write in a file of its own."""
        number = len(list(self._path.glob(f"{path.stem}.torn-*")))
        with path.open("rb") as file, (self._path / f"{path.stem}.torn-{number}").open("wb") as torn:
            file.seek(end)
            torn.write(file.read())
            torn.flush()
            os.fsync(torn.fileno())
        os.truncate(path, end)

    def append(self, raws: Sequence[Raw]) -> range:
        """Make them durable with one sync; return their ids. See core.journal.Journal."""
        parts: list[bytes] = []
        for raw in raws:
            body = _encode((raw.kind, raw.source, raw.received, raw.body, raw.note))
            parts += (HEAD.pack(len(body), zlib.crc32(body)), body)
        data = b"".join(parts)
        with self._lock:
            if self._size and self._size + len(data) > self._limit:
                self._roll()
            self._write(data)
            start = self._next
            first, offset = self._firsts[-1], self._size
            for i in range(len(raws)):
                if (start + i - first) % STRIDE == 0:
                    self._marks[first].append(offset)
                offset += len(parts[2 * i]) + len(parts[2 * i + 1])
            self._next, self._size = start + len(raws), offset
            return range(start, self._next)

    def _write(self, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fdatasync(self._fd)
        except OSError as error:
            # after a failed write or sync the kernel's word on this write is void: go back to what was durable
            self._back_to_durable()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise UnavailableError("journal.full" if full else "journal.write", path=str(self._path)) from error

    def _back_to_durable(self) -> None:
        with contextlib.suppress(OSError):  # what cannot be cut off now is cut off at the next opening
            os.ftruncate(self._fd, self._size)

    def _roll(self) -> None:
        try:
            fd = self._create(self._next)
        except OSError as error:
            raise UnavailableError("journal.full", path=str(self._path)) from error
        os.close(self._fd)
        self._fd, self._size = fd, 0

    def end(self) -> int:
        """Id that the next entry will have."""
        return self._next

    def size(self) -> int:
        """Bytes of all segments on disk."""
        return sum(self._file(first).stat().st_size for first in list(self._firsts))

    def files(self) -> list[tuple[Path, int]]:
        """Every segment with its durable length, in order, as of now."""
        with self._lock:
            earlier = [(self._file(first), self._file(first).stat().st_size) for first in self._firsts[:-1]]
            return [*earlier, (self._file(self._firsts[-1]), self._size)]

    def read(self, start: int, stop: int | None = None) -> Iterator[Entry]:
        """Entries from `start` up to, not including, `stop` (or the end as of now)."""
        stop = self._next if stop is None else min(stop, self._next)
        place = max(bisect_right(self._firsts, start) - 1, 0)
        while start < stop:
            first = self._firsts[place]
            until = self._firsts[place + 1] if place + 1 < len(self._firsts) else self._next
            for number, body in self._segment(first, start, min(stop, until)):
                yield decode(number, body)
                start = number + 1
            if start < min(stop, until):
                raise UnavailableError("journal.damaged", path=str(self._file(first)), entry=start)
            place += 1

    def _segment(self, first: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        if first not in self._marks:
            self._marks[first] = [at for i, (at, _) in enumerate(_frames(self._file(first))) if i % STRIDE == 0]
        marks = self._marks[first]
        step = (start - first) // STRIDE
        if step >= len(marks):
            return
        with self._file(first).open("rb", buffering=1 << 20) as file:
            file.seek(marks[step])
            for number in range(first + step * STRIDE, stop):
                head = file.read(HEAD.size)
                if len(head) < HEAD.size:
                    return
                length, check = HEAD.unpack(head)
                if number < start:
                    file.seek(length, os.SEEK_CUR)
                    continue
                body = file.read(length)
                if zlib.crc32(body) != check:
                    return
                yield number, body

    def get(self, id: int) -> Entry:
        """One entry; NotFoundError "journal.entry"."""
        if 0 <= id < self._next:
            for entry in self.read(id, id + 1):
                return entry
        raise NotFoundError("journal.entry", id=id)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _frames(path: Path, start: int = 0) -> Iterator[tuple[int, int]]:
    """(offset, length) of the whole, undamaged records of a segment, up to the first that is not."""
    size = path.stat().st_size
    with path.open("rb", buffering=1 << 20) as file:
        file.seek(start)
        offset = start
        while len(head := file.read(HEAD.size)) == HEAD.size:
            length, check = HEAD.unpack(head)
            # no record is empty: zeros, which some file systems leave behind after a power cut, are none
            if not 0 < length <= size - offset - HEAD.size or zlib.crc32(file.read(length)) != check:
                return
            yield offset, length
            offset += HEAD.size + length


def _goes_on(path: Path, bad: int) -> bool:
    """Does a whole record follow the bad one, at the place that its own head names?"""
    with path.open("rb") as file:
        file.seek(bad)
        head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return False
    length, _ = HEAD.unpack(head)
    return length > 0 and next(_frames(path, bad + HEAD.size + length), None) is not None


def _sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
