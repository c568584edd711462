"""Signed notes (C2SP signed-note): a text and lines of signatures, each naming its key.

A key is written as a line, name+id+base64, as other tools for such logs write it. SM2 has no type byte of its own
there; it takes 0xff with a name of ours behind it, which the specification leaves for such use.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.keys import PUBLIC_BYTES, verify
from shangyou.exchange.member import MemberKey

DASH: Final = "— "
NOTE_MOST: Final = 64 << 10  # bytes of a note: a checkpoint with a hundred signatures has 15 kB
SIGNATURES_MOST: Final = 100  # the specification asks for 16 at least
ID_BYTES: Final = 4


class Use(Enum):
    """What a key signs in a note."""

    LOG = "log"  # the text itself
    COSIGNATURE = "cosignature"  # the text with a time before it, as a witness


TYPES: Final = {  # (suite, use): signature type, C2SP signed-note and tlog-cosignature
    ("std", Use.LOG): b"\x01",
    ("std", Use.COSIGNATURE): b"\x04",
    ("gm", Use.LOG): b"\xffshangyou/sm2",
    ("gm", Use.COSIGNATURE): b"\xffshangyou/sm2-cosignature",
}


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under the name that notes give it."""

    name: str
    suite: str  # std or gm
    use: Use
    public: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise InputError("ledger.key", detail=f"name {self.name[:80]!r}")
        if (self.suite, self.use) not in TYPES or len(self.public) != PUBLIC_BYTES[self.suite]:
            raise InputError("ledger.key", detail=f"suite {self.suite!r}, {len(self.public)} bytes")

    @property
    def id(self) -> bytes:
        """Four bytes: SHA-256 of name, newline, type and key."""
        return hashlib.sha256(self.name.encode() + b"\n" + TYPES[self.suite, self.use] + self.public).digest()[
            :ID_BYTES
        ]

    def line(self) -> str:
        """As a verifier key: name+id+base64(type and key)."""
        material = TYPES[self.suite, self.use] + self.public
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(material).decode()}"


def parse_key(line: str) -> NoteKey:
    """A verifier key. InputError "ledger.key"."""
    parts = line.split("+", 2)
    if len(parts) != 3:
        raise InputError("ledger.key", detail="name+id+key")
    material = unbase64(parts[2])
    if material is None:
        raise InputError("ledger.key", detail="base64")
    for (suite, use), kind in TYPES.items():
        if material.startswith(kind) and len(material) == len(kind) + PUBLIC_BYTES[suite]:
            key = NoteKey(parts[0], suite, use, material[len(kind) :])
            if key.id.hex() != parts[1]:
                raise InputError("ledger.key", detail=f"id {parts[1][:16]!r}")
            return key
    raise InputError("ledger.key", detail="type")


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of signature: which key, and what it made."""

    name: str
    id: bytes  # (4,)
    value: bytes

    def line(self) -> str:
        """As it stands in the note, with its newline."""
        return f"{DASH}{self.name} {base64.b64encode(self.id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]

    def bytes(self) -> bytes:
        """As it is sent and kept."""
        return (self.text + "\n" + "".join(each.line() for each in self.signatures)).encode()

    def also(self, signatures: Iterable[Signature]) -> Note:
        """With further signatures; of one key the newest stays."""
        joined = {(each.name, each.id): each for each in (*self.signatures, *signatures)}
        return Note(self.text, tuple(joined.values()))


def parse_note(data: bytes) -> Note:
    """A note from its bytes. InputError "ledger.note" with what is wrong."""
    if len(data) > NOTE_MOST:
        raise InputError("ledger.note", detail=f"> {NOTE_MOST} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise InputError("ledger.note", detail="UTF-8") from None
    if any(c < " " and c != "\n" for c in whole):
        raise InputError("ledger.note", detail="control character")
    place = whole.rfind("\n\n")
    if place < 1:  # the text itself ends in a newline and is not empty
        raise InputError("ledger.note", detail="no signatures")
    return Note(whole[: place + 1], parse_signatures(whole[place + 2 :]))


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Lines of signatures, at least one. InputError "ledger.note"."""
    if not text.endswith("\n"):
        raise InputError("ledger.note", detail="no newline at the end")
    lines = text[:-1].split("\n")
    if len(lines) > SIGNATURES_MOST:
        raise InputError("ledger.note", detail=f"> {SIGNATURES_MOST} signatures")
    return tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    value = unbase64(encoded)
    if not line.startswith(DASH) or not _is_name(name) or value is None or len(value) <= ID_BYTES:
        raise InputError("ledger.note", detail=f"signature {line[:80]!r}")
    return Signature(name, value[:ID_BYTES], value[ID_BYTES:])


def _is_name(text: str) -> bool:
    """No spaces of any script, no plus, no control characters, not empty."""
    return bool(text) and not any(c == "+" or c.isspace() or unicodedata.category(c) in ("Cc", "Zs") for c in text)


def unbase64(text: str) -> bytes | None:
    """Standard base64 in its one canonical form; None if it is not."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if base64.b64encode(found).decode() == text else None


def signers(note: Note, keys: Sequence[NoteKey]) -> list[tuple[NoteKey, int | None]]:
    """Which of the keys signed, each with the time that a witness gave [s since 1970 UTC], None for a log.

    Signatures of other keys are passed over. RefusedError "ledger.signature" if one of a known key is wrong.
    """
    known = {(key.name, key.id): key for key in keys}
    found: dict[tuple[str, bytes], tuple[NoteKey, int | None]] = {}
    for each in note.signatures:
        key = known.get((each.name, each.id))
        if key is None:
            continue
        time, value = None, each.value
        message = note.text.encode()
        if key.use is Use.COSIGNATURE:
            time, value = int.from_bytes(each.value[:8], "big"), each.value[8:]
            message = cosigned(note.text, time)
        if (time or 0) >= 1 << 63 or not verify(MemberKey("", key.suite, key.public, 0), message, value):
            raise RefusedError("ledger.signature", name=key.name)
        found[each.name, each.id] = (key, time)
    return list(found.values())


def cosigned(text: str, time: int) -> bytes:
    """What a witness signs of a checkpoint at a time [s since 1970 UTC]. C2SP tlog-cosignature, v1."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def sign(text: str, key: NoteKey, signing: Callable[[bytes], bytes]) -> Signature:
    """The signature of a log under a text."""
    return Signature(key.name, key.id, signing(text.encode()))


def cosign(text: str, key: NoteKey, signing: Callable[[bytes], bytes], time: int) -> Signature:
    """The signature of a witness under a checkpoint, at a time [s since 1970 UTC]."""
    return Signature(key.name, key.id, time.to_bytes(8, "big") + signing(cosigned(text, time)))
