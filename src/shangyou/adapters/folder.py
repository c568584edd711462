"""Watch a folder: hand over complete new files once, in the order in which they were written.

Files are polled: notices of the kernel do not come from network drives, where most deliveries arrive. A file is
complete when its size and time have not changed for a while; who writes under another name and renames needs no wait.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shangyou.core.errors import UnavailableError
from shangyou.core.records import Refusal

_LONGEST: Final = 3600.0  # seconds between two tries of a file that nobody takes in


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """How a folder is watched. Each figure with its reason."""

    path: Path
    every: float = 10.0  # seconds between looks: a delivery a day or an hour needs no faster eye
    stable: float = 5.0  # seconds without change until a file counts as complete: copies over slow lines pause
    largest: int = 256 << 20  # bytes: a file is handed over whole; larger ones are taken in block by block by hand
    hidden: tuple[str, ...] = (".part", ".tmp", ".crdownload", ".filepart")  # names that writers give unfinished files


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A complete new file."""

    name: str  # path from the watched folder on, with "/"; it may hold the year
    body: bytes
    digest: str  # sha256 of the body, hex


@dataclass(frozen=True, slots=True)
class _Seen:
    size: int
    changed: int  # ns
    since: float  # time at which it was first seen like this


@dataclass(frozen=True, slots=True)
class _Try:
    seen: _Seen
    count: int
    after: float  # time before which it is not handed over again


class FolderWatch:
    """Remembers what it saw between looks; what has been taken in is asked of `known`, so that a restart loses nothing.

    A file that was handed over and not taken in (`known` does not say so) is handed over again, each time after
    twice the wait.
    """

    def __init__(self, settings: FolderSettings, known: Callable[[FoundFile], bool]) -> None:
        """`known` says of a file whether its content has been taken in before, or refused for good."""
        self._settings, self._known = settings, known
        self._seen: dict[Path, _Seen] = {}
        self._done: dict[Path, _Seen] = {}  # handed over or known, and unchanged since: not read again
        self._tries: dict[Path, _Try] = {}
        self._told: set[tuple[Path, str]] = set()
        self._refused = list[Refusal]()

    def look(self, now: float) -> Iterator[FoundFile]:
        """Complete new files, oldest first.

        Args:
            now: seconds of a clock that only goes forward; the watch itself reads none.

        Raises:
            UnavailableError: "folder.missing".
        """
        found = self._files()
        self._seen = {path: self._since(path, seen, now) for path, seen in found.items()}
        self._done = {path: seen for path, seen in self._done.items() if path in found}
        self._tries = {path: tried for path, tried in self._tries.items() if path in found}
        for path, seen in sorted(self._seen.items(), key=lambda item: (item[1].changed, item[0])):
            if now - seen.since < self._settings.stable or not self._due(path, seen, now):
                continue
            file = self._read(path, seen)
            if file is None:
                continue
            if not self._known(file):
                yield file
            if self._known(file):
                self._done[path] = seen
            else:
                before = self._tries.get(path)
                count = before.count + 1 if before is not None and self._same(before.seen, seen) else 1
                self._tries[path] = _Try(seen, count, now + min(self._settings.every * 2.0 ** min(count, 20), _LONGEST))

    def refused(self) -> list[Refusal]:
        """Files that could not be handed over, each told once; the list is empty after the call."""
        told, self._refused = self._refused, []
        return told

    def _files(self) -> dict[Path, _Seen]:
        root, out = self._settings.path, dict[Path, _Seen]()
        try:
            if not root.is_dir():
                raise FileNotFoundError(root)
            for path in root.rglob("*"):
                parts = path.relative_to(root).parts
                hidden = any(p.startswith((".", "~")) for p in parts) or path.name.endswith(self._settings.hidden)
                if hidden or path.is_symlink() or not path.is_file():  # a link may lead out of the folder
                    continue
                state = path.stat()
                out[path] = _Seen(state.st_size, state.st_mtime_ns, 0.0)
        except OSError as error:
            raise UnavailableError("folder.missing", path=str(root), reason=type(error).__name__) from None
        return out

    def _since(self, path: Path, seen: _Seen, now: float) -> _Seen:
        before = self._seen.get(path)
        return before if before is not None and self._same(before, seen) else _Seen(seen.size, seen.changed, now)

    def _due(self, path: Path, seen: _Seen, now: float) -> bool:
        tried = self._tries.get(path)
        waits = tried is not None and self._same(tried.seen, seen) and now < tried.after
        return not waits and not self._same(self._done.get(path), seen)

    @staticmethod
    def _same(one: _Seen | None, other: _Seen) -> bool:
        return one is not None and (one.size, one.changed) == (other.size, other.changed)

    def _read(self, path: Path, seen: _Seen) -> FoundFile | None:
        """The file, if it is still as it was seen; None and a refusal, or nothing, if not."""
        if seen.size > self._settings.largest:
            self._refuse(path, "folder.too_large", size=seen.size, limit=self._settings.largest)
            return None
        try:  # whoever may write here may have put a link or a pipe in its place meanwhile
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                body = file.read(seen.size + 1) or b""
        except OSError as error:
            self._refuse(path, "folder.file", reason=type(error).__name__)
            return None
        if len(body) != seen.size:  # it grew or shrank between the look and the reading
            return None
        name = path.relative_to(self._settings.path).as_posix()
        return FoundFile(name, body, hashlib.sha256(body).hexdigest())

    def _refuse(self, path: Path, code: str, **facts: object) -> None:
        if (path, code) not in self._told:
            self._told.add((path, code))
            self._refused.append(Refusal(code, {"path": str(path), **facts}))
