"""The nodes of the tree in files: one file for every eighth level.

`hashes.0` holds the leaf hashes, `hashes.1` the roots of full subtrees of 256 leaves, and so on. The levels between are
reckoned from at most 256 hashes when they are asked for. All of it follows from the entries and is made anew from them
where a crash left it short.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shangyou.core.errors import UnavailableError
from shangyou.exchange.ledger.merkle import HASH_BYTES, Hash, fold

STEP: Final = 8  # levels from file to file
WIDTH: Final = 1 << STEP
FILES: Final = 5  # 2^40 leaves


class Levels:
    """Append-only; `read` is a `merkle.Read` of everything appended."""

    def __init__(self, path: Path, hash: Hash, size: int) -> None:
        """Take up the first `size` leaves and drop whatever is behind them. UnavailableError "ledger.damaged"."""
        self._hash = hash
        self._paths = [path / f"hashes.{number}" for number in range(FILES)]
        self._fds = [os.open(each, os.O_RDWR | os.O_CREAT, 0o600) for each in self._paths]
        self._counts = [size >> STEP * number for number in range(FILES)]
        self._tails: list[list[bytes]] = []  # of each file what no full node above covers yet
        for fd, file, count in zip(self._fds, self._paths, self._counts, strict=True):
            if os.fstat(fd).st_size < count * HASH_BYTES:
                raise UnavailableError("ledger.damaged", path=str(file), entry=size)
            os.ftruncate(fd, count * HASH_BYTES)
            self._tails.append(_cut(_read(fd, count - count % WIDTH, count % WIDTH)))

    @property
    def size(self) -> int:
        """Leaves."""
        return self._counts[0]

    def append(self, leaves: Sequence[bytes]) -> None:
        """Leaf hashes; OSError if they cannot be written, and then nothing has changed."""
        counts, tails = list(self._counts), list(self._tails)
        try:
            new = list(leaves)
            for number in range(FILES):
                if not new:
                    break
                _write(self._fds[number], counts[number] * HASH_BYTES, b"".join(new))
                counts[number] += len(new)
                nodes = tails[number] + new
                full = len(nodes) - len(nodes) % WIDTH
                new = [fold(self._hash, nodes[at : at + WIDTH]) for at in range(0, full, WIDTH)]
                tails[number] = nodes[full:]
        except OSError:
            for fd, count in zip(self._fds, self._counts, strict=True):
                os.ftruncate(fd, count * HASH_BYTES)
            raise
        self._counts, self._tails = counts, tails

    def read(self, level: int, index: int) -> bytes:
        """The root of the full subtree of 2^level leaves at a place."""
        number, rest = divmod(level, STEP)
        return fold(self._hash, _cut(_read(self._fds[number], index << rest, 1 << rest)))

    def cut(self, size: int) -> None:
        """Forget what was appended behind `size`, which was never durable."""
        for number, fd in enumerate(self._fds):
            count = self._counts[number] = size >> STEP * number
            os.ftruncate(fd, count * HASH_BYTES)
            self._tails[number] = _cut(_read(fd, count - count % WIDTH, count % WIDTH))

    def sync(self) -> None:
        """Make everything durable."""
        for fd in self._fds:
            os.fdatasync(fd)

    def close(self) -> None:
        """Let go of the files."""
        for fd in self._fds:
            os.close(fd)


def _read(fd: int, first: int, count: int) -> bytes:
    data = os.pread(fd, count * HASH_BYTES, first * HASH_BYTES)
    if len(data) != count * HASH_BYTES:
        raise UnavailableError("ledger.damaged", path="hashes", entry=first)
    return data


def _cut(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _write(fd: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done
