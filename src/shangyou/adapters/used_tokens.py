"""Tokens that were used, on disk until they are too old: a node that dies and starts again takes none a second time.

Two files take turns, each for as long as a token can be good, so that the older one can be emptied without a look. They
are not synced with each request, for that would cost more than the request: what the kernel has survives the death of
the process, and a loss of power forgets the last seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shangyou.core.errors import UnavailableError
from shangyou.exchange.token import LEEWAY, LIFE

NAMES: Final = ("used-0", "used-1")
TURN: Final = 2 * (LIFE + LEEWAY) * 1000  # ms: also of a clock that is wrong by as much as is allowed


class UsedTokens:
    """The files in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = [folder / name for name in NAMES]
        self._lock = threading.Lock()
        self._at = max((0, 1), key=lambda n: _changed(self._paths[n]))
        self._file = _opened(self._paths[self._at])
        self._since: int | None = None  # ms since 1970 UTC, when this file's turn began; None = before our start

    def kept(self) -> Iterator[tuple[str, str, int]]:
        """Member, id and expiry [ms since 1970 UTC] of what was used. A line that was cut off by a death is none."""
        for path in self._paths:
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                for line in file:
                    with contextlib.suppress(ValueError, TypeError):
                        member, id, expires = json.loads(line)
                        yield str(member), str(id), int(expires)

    def keep(self, member: str, id: str, expires: int, at: int) -> None:
        """Write one down, before anything is done for it. UnavailableError "token.keep": the disk does not take it."""
        line = b"\n" + json.dumps([member, id, expires]).encode()  # so that one cut off does not spoil the next
        with self._lock:
            if self._since is None:
                self._since = at
            elif not self._since <= at < self._since + TURN:
                self._turn(at)
            try:
                os.write(self._file, line)
            except OSError as error:
                raise UnavailableError("token.keep", detail=error.strerror or str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            os.close(self._file)

    def _turn(self, at: int) -> None:
        os.close(self._file)
        self._at, self._since = 1 - self._at, at
        self._file = _opened(self._paths[self._at], os.O_TRUNC)


def _opened(path: Path, more: int = 0) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | more, 0o600)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
