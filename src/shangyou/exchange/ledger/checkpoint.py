"""Checkpoints (C2SP tlog-checkpoint): what a log says that its tree is, at one size."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.ledger.merkle import HASH_BYTES
from shangyou.exchange.ledger.note import Note, NoteKey, Use, parse_note, unbase64

DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")  # no leading zeroes
SUFFIX: Final = {"sha256": "", "sm3": "-sm3"}  # of an origin: a log that hashes otherwise is another log
EPOCHS: Final = 99  # logs that a member may have one after the other: what others keep of them is bounded
_ORIGIN: Final = re.compile(r"(?P<member>.+?)\.shangyou/ledger(?:/(?P<epoch>[2-9]|[1-9][0-9]))?(?P<suffix>-sm3)?")


def origin_of(member: str, hash: str = "sha256", epoch: int = 1) -> str:
    """The name of a member's log on every checkpoint; `epoch` counts its logs, see succession."""
    return f"{member}.shangyou/ledger{f'/{epoch}' if epoch > 1 else ''}{SUFFIX[hash]}"


def witness_of(member: str) -> str:
    """The name of a member as a witness."""
    return f"{member}.shangyou/witness"


def hash_of(origin: str) -> str:
    """The hash of a log: sha256 or sm3."""
    return "sm3" if origin.endswith(SUFFIX["sm3"]) else "sha256"


def member_of(origin: str) -> str:
    """Whose log it is; "" for a name that is none of ours."""
    found = _ORIGIN.fullmatch(origin)
    return found["member"] if found else ""


def epoch_of(origin: str) -> int:
    """Which of its member's logs it is: 1 is the first; 0 for a name that is none of ours."""
    found = _ORIGIN.fullmatch(origin)
    return int(found["epoch"] or 1) if found else 0


def log_key(member: str, suite: str, public: bytes, hash: str = "sha256", epoch: int = 1) -> NoteKey:
    """A member's key as that of its log."""
    return NoteKey(origin_of(member, hash, epoch), suite, Use.LOG, public)


def witness_key(member: str, suite: str, public: bytes) -> NoteKey:
    """A member's key as that of a witness."""
    return NoteKey(witness_of(member), suite, Use.COSIGNATURE, public)


def place_of(origin: str) -> str:
    """The name of a log in the address of a witness: SHA-256 of its origin, hex."""
    return hashlib.sha256(origin.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a tree."""

    origin: str
    size: int  # leaves
    root: bytes  # (32,)

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from the text of its note. InputError "ledger.checkpoint" with what is wrong.

    Lines behind the root, which the format allows and advises against, are refused: witnesses would vouch for them
    without knowing what they say.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise InputError("ledger.checkpoint", detail="three lines")
    origin, size, root = lines[0], lines[1], unbase64(lines[2])
    if not origin:
        raise InputError("ledger.checkpoint", detail="origin")
    if not DECIMAL.fullmatch(size):
        raise InputError("ledger.checkpoint", detail=f"size {size[:30]!r}")
    if root is None or len(root) != HASH_BYTES:
        raise InputError("ledger.checkpoint", detail="root")
    return Checkpoint(origin, int(size), root)


def read_checkpoint(data: bytes) -> tuple[Note, Checkpoint]:
    """A signed checkpoint from its bytes; nothing is verified. InputError "ledger.note", "ledger.checkpoint"."""
    note = parse_note(data)
    return note, parse_checkpoint(note.text)
