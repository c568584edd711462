"""The log in files: entries as they were appended, and what follows from them.

`entries` is the log itself, framed as `length u32 | crc32 u32 | entry`, little endian, and synced once for all that
waits. `offsets`, `hashes.*` and `subjects` follow from it; they are synced at a mark, and what a crash left behind the
mark is dropped and made anew from the entries. A torn tail was never acknowledged; it is set aside, not thrown away.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from shangyou.adapters.ledger.levels import FILES, Levels, _write
from shangyou.adapters.ledger.shelf import FileShelf, replace_file
from shangyou.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from shangyou.exchange.ledger import merkle
from shangyou.exchange.ledger.checkpoint import parse_checkpoint
from shangyou.exchange.ledger.entry import ENTRY_MOST, subjects

FRAME: Final = struct.Struct("<II")
OFFSET: Final = struct.Struct("<Q")
SUBJECT: Final = np.dtype([("subject", "<u8"), ("index", "<u8")])
MARK_EVERY: Final = 1 << 16  # entries that a start after a crash reads again at most, beside one batch
PIECE: Final = 4096  # entries that are read at a time,
PIECE_BYTES: Final = 4 << 20  # or fewer, if they are long


class FileLedger:
    """Append-only, durable, with its Merkle tree; one writer process, any number of threads. See ledger.log.Log."""

    def __init__(self, path: Path, hash: str = "sha256") -> None:
        """`hash` counts for a log that is begun now. UnavailableError "ledger.damaged"."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path, self._lock, self._syncing = path, threading.Lock(), threading.Lock()
        self.shelf = FileShelf(path)
        marked, found, self._hash_name = self._head(hash)
        self._hash = merkle.HASHES[self._hash_name]
        self._files = {name: _open(path / name) for name in ("entries", "offsets", "subjects")}
        self._levels = Levels(path, self._hash, marked)
        self._cut_to(marked, found)
        self._recover()
        self._durable = self._next
        self._broken = ""
        self._hold_to_checkpoint()

    # ---- opening --------------------------------------------------------------------------------------------------

    def _head(self, hash: str) -> tuple[int, int, str]:
        """(entries, subjects) at the last mark, and the hash."""
        try:
            told = json.loads((self._path / "head.json").read_bytes())
            return int(told["entries"]), int(told["subjects"]), str(told["hash"])
        except FileNotFoundError:
            if (self._path / "entries").exists():
                raise UnavailableError("ledger.damaged", path=str(self._path / "head.json"), entry=0) from None
            self._write_head(0, 0, hash)
            return 0, 0, hash
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnavailableError("ledger.damaged", path=str(self._path / "head.json"), entry=0) from error

    def _write_head(self, entries: int, found: int, hash: str) -> None:
        told = {"entries": entries, "subjects": found, "hash": hash}
        replace_file(self._path / "head.json", json.dumps(told).encode())

    def _cut_to(self, marked: int, found: int) -> None:
        """What follows from the entries is trusted up to the mark only."""
        for name, size in (("offsets", marked * OFFSET.size), ("subjects", found * SUBJECT.itemsize)):
            if os.fstat(self._files[name]).st_size < size:
                raise self._damaged(marked)
            os.ftruncate(self._files[name], size)
        self._next, self._found, self._end = marked, found, 0
        if marked:
            last = self._offset(marked - 1)
            head = os.pread(self._files["entries"], FRAME.size, last)
            if len(head) < FRAME.size:
                raise self._damaged(marked)
            self._end = last + FRAME.size + FRAME.unpack(head)[0]
            if os.fstat(self._files["entries"]).st_size < self._end:
                raise self._damaged(marked)

    def _recover(self) -> None:
        """Take up the whole frames behind the mark; set a torn tail aside."""
        end = os.fstat(self._files["entries"]).st_size
        batch: list[bytes] = []
        offset = self._end
        while (entry := self._frame(offset, end)) is not None:
            batch.append(entry)
            offset += FRAME.size + len(entry)
            if len(batch) == PIECE or offset - self._end > PIECE_BYTES:
                self._follow(batch)
                self._end, batch = offset, []
        self._follow(batch)
        self._end = offset
        if end > offset:
            if self._goes_on(offset, end):  # whole frames follow: damage, and no write that was cut short
                raise self._damaged(self._next)
            self._set_aside(end)
        os.fsync(self._files["entries"])

    def _frame(self, offset: int, end: int) -> bytes | None:
        """The whole frame at an offset; None if there is none."""
        head = os.pread(self._files["entries"], FRAME.size, offset)
        if len(head) < FRAME.size:
            return None
        length, check = FRAME.unpack(head)
        if not 0 < length <= min(ENTRY_MOST, end - offset - FRAME.size):
            return None
        entry = os.pread(self._files["entries"], length, offset + FRAME.size)
        return entry if zlib.crc32(entry) == check else None

    def _goes_on(self, offset: int, end: int) -> bool:
        """Does a whole frame begin behind one that is none?"""
        head = os.pread(self._files["entries"], FRAME.size, offset)
        if len(head) < FRAME.size:
            return False
        length = FRAME.unpack(head)[0]
        following = offset + FRAME.size + length
        return 0 < length <= ENTRY_MOST and following < end and self._frame(following, end) is not None

    def _set_aside(self, end: int) -> None:
        torn = os.pread(self._files["entries"], end - self._end, self._end)
        number = len(list(self._path.glob("entries.torn-*")))
        replace_file(self._path / f"entries.torn-{number}", torn)
        os.ftruncate(self._files["entries"], self._end)

    def _hold_to_checkpoint(self) -> None:
        """What was signed must still be there: a root is never rewritten. UnavailableError "ledger.damaged"."""
        kept = self.shelf.checkpoint()
        if kept is not None:
            head = parse_checkpoint(kept.note.text)
            if head.size > self._next or self.root(head.size) != head.root:
                raise self._damaged(head.size)

    def _damaged(self, entry: int) -> UnavailableError:
        return UnavailableError("ledger.damaged", path=str(self._path), entry=entry)

    # ---- appending ------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[bytes]) -> range:
        """Their indices; durable when it returns, with one sync for all that wait.

        Raises InputError "ledger.entry" for an entry that is empty or above 1 MiB; UnavailableError "ledger.write".
        """
        if not all(0 < len(entry) <= ENTRY_MOST for entry in entries):
            raise InputError("ledger.entry", detail=f"1 … {ENTRY_MOST} bytes")
        with self._lock:
            if self._broken:
                raise UnavailableError("ledger.write", path=str(self._path), detail=self._broken)
            start, frames = self._next, b"".join(map(_framed, entries))
            try:
                _write(self._files["entries"], self._end, frames)
                self._follow(entries)
            except OSError as error:
                self._back(start)
                raise self._unwritten(error) from error
            self._end += len(frames)
            stop = self._next
        self._sync(stop)
        if stop // MARK_EVERY > start // MARK_EVERY:
            with contextlib.suppress(UnavailableError):  # the entries are durable; the next mark may succeed
                self.mark()
        return range(start, stop)

    def _follow(self, entries: Sequence[bytes]) -> None:
        """Write what follows from entries that begin at the present end. OSError leaves the counts as they were."""
        offsets, found, offset = bytearray(), bytearray(), self._end
        leaves = []
        for number, entry in enumerate(entries, self._next):
            offsets += OFFSET.pack(offset)
            offset += FRAME.size + len(entry)
            leaves.append(self._hash(b"\x00" + entry))
            for subject in subjects(entry):
                found += _subject(subject) + OFFSET.pack(number)
        _write(self._files["offsets"], self._next * OFFSET.size, bytes(offsets))
        _write(self._files["subjects"], self._found * SUBJECT.itemsize, bytes(found))
        self._levels.append(leaves)
        self._next += len(entries)
        self._found += len(found) // SUBJECT.itemsize

    def _back(self, start: int) -> None:
        """Nothing of a failed write stays; what cannot be cut off now is cut off at the next opening."""
        try:
            os.ftruncate(self._files["entries"], self._end)
            os.ftruncate(self._files["offsets"], start * OFFSET.size)
            os.ftruncate(self._files["subjects"], self._found * SUBJECT.itemsize)
        except OSError as error:
            self._broken = str(error)

    def _sync(self, stop: int) -> None:
        """Make entries durable up to `stop`, unless a sync for others has done so meanwhile."""
        with self._syncing:
            if self._durable >= stop:
                return
            reached = self._next
            try:
                os.fdatasync(self._files["entries"])
            except OSError as error:  # the kernel's word on what it wrote is void: nothing more until a new start
                self._broken = error.strerror or str(error)
                raise self._unwritten(error) from error
            self._durable = reached

    def _unwritten(self, error: OSError) -> UnavailableError:
        return UnavailableError("ledger.write", path=str(self._path), detail=error.strerror or str(error))

    def mark(self) -> None:
        """Make what follows from the entries durable too, so that the next start need not make it anew."""
        with self._lock:
            try:
                self._levels.sync()
                for fd in self._files.values():
                    os.fdatasync(fd)
                self._write_head(self._next, self._found, self._hash_name)
            except OSError as error:
                raise self._unwritten(error) from error

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def hash(self) -> str:
        """See Log."""
        return self._hash_name

    def size(self) -> int:
        """Entries that are durable."""
        return self._durable

    def stored(self) -> int:
        """Bytes of all files on disk."""
        return sum(os.fstat(fd).st_size for fd in self._files.values()) + self._levels.size * merkle.HASH_BYTES

    def _offset(self, index: int) -> int:
        found: int = OFFSET.unpack(os.pread(self._files["offsets"], OFFSET.size, index * OFFSET.size))[0]
        return found

    def entries(self, start: int, stop: int) -> list[bytes]:
        """Of these places; as many as there are. UnavailableError "ledger.damaged"."""
        return list(self._entries(max(start, 0), min(stop, self._durable)))

    def _entries(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            count = min(PIECE, stop - start)
            with self._lock:  # the end belongs to the last offset
                raw = os.pread(self._files["offsets"], (count + 1) * OFFSET.size, start * OFFSET.size)
                offsets = [*(each[0] for each in OFFSET.iter_unpack(raw)), self._end][: count + 1]
            while count > 1 and offsets[count] - offsets[0] > PIECE_BYTES:
                count //= 2
            data = os.pread(self._files["entries"], offsets[count] - offsets[0], offsets[0])
            for number in range(count):
                frame = data[offsets[number] - offsets[0] : offsets[number + 1] - offsets[0]]
                entry = frame[FRAME.size :]
                if frame[: FRAME.size] != FRAME.pack(len(entry), zlib.crc32(entry)):
                    raise self._damaged(start + number)
                yield entry
            start += count

    def root(self, size: int) -> bytes:
        """See Log."""
        return merkle.root(self._hash, self._levels.read, self._within(size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """See Log. NotFoundError "ledger.index"."""
        if not 0 <= index < self._within(size):
            raise NotFoundError("ledger.index", index=index, size=size)
        return merkle.inclusion(self._hash, self._levels.read, index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """See Log. ConflictError "ledger.index"."""
        if not 0 <= old <= self._within(new):
            raise ConflictError("ledger.index", index=old, size=new)
        return merkle.consistency(self._hash, self._levels.read, old, new)

    def _within(self, size: int) -> int:
        if not 0 <= size <= self._next:
            raise ConflictError("ledger.index", index=size, size=self._next)
        return size

    def find(self, subject: str) -> list[int]:
        """See Log."""
        if not self._found:
            return []
        rows = np.memmap(self._path / "subjects", SUBJECT, "r", shape=(self._found,))
        wanted = OFFSET.unpack(_subject(subject.encode()))[0]
        return [int(index) for index in rows["index"][rows["subject"] == wanted] if index < self._durable]

    def parts(self, folder: Path) -> list[tuple[str, Path, int]]:
        """What a backup takes: (name, file, bytes). Small files are replaced, so they are copied into `folder` now.

        The small ones come first and the lengths of the others are taken after them: so the entries hold whatever a
        checkpoint in the backup speaks of.
        """
        self.mark()
        copied = [path for path in sorted(self._path.rglob("*")) if path.is_file() and self._is_small(path)]
        small: list[tuple[str, Path, int]] = []
        for number, path in enumerate(copied):
            target = folder / f"ledger-{number}"
            target.write_bytes(path.read_bytes())
            small.append((path.relative_to(self._path).as_posix(), target, target.stat().st_size))
        with self._lock:
            names = [*self._files, *(f"hashes.{number}" for number in range(FILES))]
            return small + [(name, self._path / name, (self._path / name).stat().st_size) for name in names]

    def _is_small(self, path: Path) -> bool:
        return not path.name.startswith(("hashes.", "entries", ".")) and path.name not in self._files

    def check(self) -> int | None:
        """Read everything again: the first entry that is not as it was when it was appended; None if all are."""
        size, number = self._durable, 0
        try:
            for number, entry in enumerate(self._entries(0, size)):
                if self._hash(b"\x00" + entry) != self._levels.read(0, number):
                    return number
        except UnavailableError as error:
            return int(str(error.facts["entry"]))
        whole = merkle.root_of(self._hash, (self._levels.read(0, number) for number in range(size)))
        return None if whole == self.root(size) else size

    def close(self) -> None:
        """Let go of the files."""
        if not self._broken:
            self.mark()
        self._levels.close()
        for fd in self._files.values():
            os.close(fd)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _framed(entry: bytes) -> bytes:
    return FRAME.pack(len(entry), zlib.crc32(entry)) + entry


def _subject(subject: bytes) -> bytes:
    """Eight bytes for a subject: two subjects that share them give entries too many, never too few."""
    return hashlib.blake2b(subject, digest_size=8).digest()
