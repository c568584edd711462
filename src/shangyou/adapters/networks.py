"""Revisions of the network in a file of the home: one JSON object a line, appended and synced, never rewritten."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, Final

from shangyou.basin.network.revision import WHATS, Change, Revision, as_item, written
from shangyou.core.errors import ConflictError, InputError, ShangyouError, UnavailableError

FOLDER: Final = "network"
FILE: Final = "revisions.jsonl"


class NetworkFile:
    """flows.network.Kept over such a file. One process has a home at a time, so its threads share this lock alone."""

    def __init__(self, home: Path) -> None:
        self._path = home / FOLDER / FILE
        self._lock = threading.Lock()

    def revisions(self) -> list[Revision]:
        """All of them, in order. A last line without its end is one that was never acknowledged, and is left out.

        InputError "network.damaged" with the line.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnavailableError("network.write", detail=error.strerror or str(error)) from error
        lines = data.split(b"\n")[:-1]
        return [_read(line, number) for number, line in enumerate(lines, 1)]

    def append(self, revision: Revision) -> None:
        """Keep one more; durable when it returns.

        Raises ConflictError "network.conflict" if another of its number is there; UnavailableError "network.write".
        """
        with self._lock:
            known = self.revisions()
            if len(known) + 1 != revision.number:
                last = known[-1]
                raise ConflictError("network.conflict", id=FILE, revision=last.number, by=last.by)
            try:
                self._write(revision)
            except OSError as error:
                raise UnavailableError("network.write", detail=error.strerror or str(error)) from error

    def _write(self, revision: Revision) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            whole = file.read()
            file.truncate(whole.rfind(b"\n") + 1)  # a line that a crash cut off was never acknowledged
            file.seek(0, os.SEEK_END)
            file.write(_written(revision))
            file.flush()
            os.fsync(file.fileno())


def _written(revision: Revision) -> bytes:
    changes = [
        {"what": c.what, "id": c.id, "before": written(c.before), "after": written(c.after)} for c in revision.changes
    ]
    whole = {"number": revision.number, "at": revision.at, "by": revision.by, "why": revision.why, "changes": changes}
    if revision.undoes:
        whole["undoes"] = revision.undoes
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _read(line: bytes, number: int) -> Revision:
    try:
        found: dict[str, Any] = json.loads(line)
        changes = tuple(
            Change(
                each["what"], each["id"], as_item(each["what"], each["before"]), as_item(each["what"], each["after"])
            )
            for each in found["changes"]
        )
        revision = Revision(
            found["number"], found["at"], str(found["by"]), str(found["why"]), changes, found.get("undoes", 0)
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ShangyouError) as error:
        raise InputError("network.damaged", line=number) from error
    if revision.number != number or any(change.what not in WHATS for change in changes):
        raise InputError("network.damaged", line=number)
    return revision
