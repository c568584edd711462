"""What a backup of a node says of itself, and when it is whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from shangyou.core.errors import InputError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"  # the last member: by then every file has been read once and its digest is known
ALLOWED: Final = re.compile(
    r"node\.toml|workdays\.toml|state\.sqlite|observations\.duckdb(\.wal)?|journal/[0-9]{16}\.log"
    r"|network/revisions\.jsonl|standards/[A-Za-z0-9_-]+\.yaml"
    r"|ledger/((cosigned|alarms|keys)/)?[A-Za-z0-9_-]+(\.[A-Za-z0-9]+)?"
    r"|federation/me\.json|federation/(lists|drafts|signed|invitations|requests)/[a-z0-9-]+\.json"
    r"|federation/(keys|anchors)/[A-Za-z0-9_-]{43}\.key|federation/tokens/used-[01]"
)
SETTINGS: Final = "node.toml"
STEP: Final = 1 << 20

Tell = Callable[[int, int], None]  # hears (bytes done, bytes in all)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a backup."""

    bytes: int
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    version: str  # of the programme that made it
    made: int  # ms since 1970 UTC
    entries: int  # of the raw journal
    digested: int  # of these, in the observation store; the others are digested again after a restore
    state: bool  # is the state in it? it is, but for backups that older editions made of a state on PostgreSQL
    files: dict[str, Piece]
    format: int = FORMAT

    def text(self) -> bytes:
        """As it stands in the backup."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def read_manifest(text: bytes | None) -> Manifest:
    """The manifest of a backup; InputError "backup.manifest" or "backup.format"."""
    if text is None:
        raise InputError("backup.manifest")
    try:
        found = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError("backup.manifest") from error
    if found.format != FORMAT:
        raise InputError("backup.format", found=found.format, known=FORMAT)
    return found


def check(manifest: Manifest, found: dict[str, Piece]) -> None:
    """Is every file there, as it was written, and none besides? InputError "backup.damaged" names those that differ."""
    wrong = {name for name in manifest.files.keys() | found.keys() if manifest.files.get(name) != found.get(name)}
    if wrong or SETTINGS not in found:
        raise InputError("backup.damaged", files=sorted(wrong) or [SETTINGS])
