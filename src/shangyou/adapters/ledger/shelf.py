"""What a node keeps beside its log, each in a small file that is there whole or not at all.

`checkpoint`, `sealed`: our newest; `cosigned/`: what we cosigned of others, by log; `openings/`: how logs that follow
another began; `alarms/`: what cannot be, with its evidence; `salt`: of the hashes that stand for personal data.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shangyou.adapters import private_file
from shangyou.core.errors import UnavailableError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.ledger.checkpoint import place_of
from shangyou.exchange.ledger.log import Alarm, Kept
from shangyou.exchange.ledger.note import Note, parse_note


class FileShelf:
    """See `ledger.log.Shelf`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cosigned, self._alarms, self._openings = path / "cosigned", path / "alarms", path / "openings"
        for folder in (path, self._cosigned, self._alarms, self._openings):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._witnessing = threading.Lock()
        self.salt = self._salt()

    def _salt(self) -> bytes:
        """Made once, and never handed out."""
        file = self._path / "salt"
        if not file.exists():
            replace_file(file, secrets.token_bytes(32))
        return file.read_bytes()

    def checkpoint(self) -> Kept | None:
        """See Shelf."""
        return self._kept("checkpoint")

    def put_checkpoint(self, kept: Kept) -> None:
        """See Shelf."""
        self._put("checkpoint", kept)

    def sealed(self) -> Kept | None:
        """See Shelf."""
        return self._kept("sealed")

    def put_sealed(self, kept: Kept) -> None:
        """See Shelf."""
        self._put("sealed", kept)

    def _kept(self, name: str) -> Kept | None:
        told = _read(self._path / name)
        return None if told is None else Kept(parse_note(told["note"].encode()), int(told["at"]))

    def _put(self, name: str, kept: Kept) -> None:
        told = {"at": kept.at, "note": kept.note.bytes().decode()}
        replace_file(self._path / name, json.dumps(told, ensure_ascii=False).encode())

    def cosigned(self, origin: str) -> Note | None:
        """See Shelf."""
        file = self._cosigned / place_of(origin)
        return parse_note(file.read_bytes()) if file.exists() else None

    def put_cosigned(self, origin: str, note: Note) -> None:
        """See Shelf."""
        replace_file(self._cosigned / place_of(origin), note.bytes())

    def all_cosigned(self) -> list[Note]:
        """See Shelf."""
        return [parse_note(file.read_bytes()) for file in sorted(self._cosigned.glob("[0-9a-f]*"))]

    @contextlib.contextmanager
    def witnessing(self) -> Iterator[None]:
        """See Shelf."""
        with self._witnessing:
            yield

    def openings(self) -> Mapping[str, str]:
        """See Shelf."""
        told = [found for file in sorted(self._openings.glob("*.json")) if (found := _read(file)) is not None]
        return {each["log"]: each["proof"] for each in told}

    def put_opening(self, origin: str, proof: str) -> None:
        """See Shelf."""
        told = {"log": origin, "proof": proof}
        replace_file(self._openings / f"{place_of(origin)}.json", json.dumps(told, ensure_ascii=False).encode())

    def put_alarm(self, alarm: Alarm) -> bool:
        """See Shelf. One with the same code, facts and evidence is known already, whenever it was."""
        told = {"code": alarm.code, "facts": dict(alarm.facts), "evidence": list(alarm.evidence)}
        file = self._alarms / f"{hashlib.sha256(canonical(told)).hexdigest()[:32]}.json"
        if file.exists():
            return False
        replace_file(file, json.dumps({**told, "at": alarm.at}, ensure_ascii=False).encode())
        return True

    def alarms(self) -> list[Alarm]:
        """See Shelf."""
        told = [found for file in self._alarms.glob("*.json") if (found := _read(file)) is not None]
        found = [Alarm(each["code"], each["facts"], each["evidence"], each["at"]) for each in told]
        return sorted(found, key=lambda alarm: alarm.at)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnavailableError("ledger.damaged", path=str(path), entry="–") from error


def replace_file(path: Path, data: bytes) -> None:
    """Write a private file that is there whole and on disk, or not at all. UnavailableError "ledger.write"."""
    try:
        private_file.write_whole(path, data)
    except OSError as error:
        raise UnavailableError("ledger.write", path=str(path), detail=error.strerror or str(error)) from error
