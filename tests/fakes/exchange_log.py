"""Trees, keys and checkpoints in memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.keys import kid
from shangyou.exchange.ledger.checkpoint import Checkpoint, hash_of, log_key, origin_of
from shangyou.exchange.ledger.entry import subjects
from shangyou.exchange.ledger.log import Alarm, Kept
from shangyou.exchange.ledger.merkle import HASHES, Read, consistency, fold, inclusion, leaf_hash, root
from shangyou.exchange.ledger.note import Note, NoteKey, sign


class FakeSigner:
    """An Ed25519 key made from a number."""

    def __init__(self, seed: int = 1) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
        self.public = self._key.public_key().public_bytes_raw()
        self.suite = "std"
        self.kid = kid(self.suite, self.public)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def entries(count: int, tag: str = "") -> list[bytes]:
    """As many different ones."""
    return [f"{tag}{number}".encode() for number in range(count)]


def reading(leaves: Sequence[bytes], hash: str = "sha256") -> Read:
    """A tree over entries in memory."""
    hashes = [leaf_hash(HASHES[hash], leaf) for leaf in leaves]
    return lambda level, index: fold(HASHES[hash], hashes[index << level : (index + 1) << level])


def checkpoint(leaves: Sequence[bytes], origin: str) -> Checkpoint:
    """The head of the tree over these entries."""
    hash = hash_of(origin)
    return Checkpoint(origin, len(leaves), root(HASHES[hash], reading(leaves, hash), len(leaves)))


def key_of(member: str, signer: FakeSigner, hash: str = "sha256") -> NoteKey:
    return log_key(member, signer.suite, signer.public, hash)


def signed(leaves: Sequence[bytes], member: str, signer: FakeSigner, hash: str = "sha256") -> Note:
    """A member's checkpoint on these entries."""
    text = checkpoint(leaves, origin_of(member, hash)).text()
    return Note(text, (sign(text, key_of(member, signer, hash), signer.sign),))


class FakeShelf:
    """ledger.log.Shelf in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._cosigned: dict[str, Note] = {}
        self._alarms: list[Alarm] = []
        self._openings: dict[str, str] = {}
        self._lock = threading.Lock()
        self.salt = b"salt"

    def checkpoint(self) -> Kept | None:
        return self._kept.get("checkpoint")

    def put_checkpoint(self, kept: Kept) -> None:
        self._kept["checkpoint"] = kept

    def sealed(self) -> Kept | None:
        return self._kept.get("sealed")

    def put_sealed(self, kept: Kept) -> None:
        self._kept["sealed"] = kept

    def cosigned(self, origin: str) -> Note | None:
        return self._cosigned.get(origin)

    def put_cosigned(self, origin: str, note: Note) -> None:
        self._cosigned[origin] = note

    def all_cosigned(self) -> list[Note]:
        return list(self._cosigned.values())

    @contextlib.contextmanager
    def witnessing(self) -> Iterator[None]:
        with self._lock:
            yield

    def openings(self) -> Mapping[str, str]:
        return dict(self._openings)

    def put_opening(self, origin: str, proof: str) -> None:
        self._openings[origin] = proof

    def put_alarm(self, alarm: Alarm) -> bool:
        known = any((a.code, a.facts, a.evidence) == (alarm.code, alarm.facts, alarm.evidence) for a in self._alarms)
        if not known:
            self._alarms.append(alarm)
        return not known

    def alarms(self) -> list[Alarm]:
        return sorted(self._alarms, key=lambda alarm: alarm.at)


class FakeLog:
    """ledger.log.Log in memory."""

    def __init__(self, hash: str = "sha256") -> None:
        self.hash = hash
        self.shelf = FakeShelf()
        self._entries: list[bytes] = []

    def append(self, entries: Sequence[bytes]) -> range:
        if not all(entries):
            raise InputError("ledger.entry", detail="empty")
        start = len(self._entries)
        self._entries += entries
        return range(start, len(self._entries))

    def size(self) -> int:
        return len(self._entries)

    def entries(self, start: int, stop: int) -> list[bytes]:
        return self._entries[start:stop]

    def root(self, size: int) -> bytes:
        return root(HASHES[self.hash], reading(self._entries, self.hash), self._within(size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        if not 0 <= index < self._within(size):
            raise NotFoundError("ledger.index", index=index, size=size)
        return inclusion(HASHES[self.hash], reading(self._entries, self.hash), index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        if not 0 <= old <= self._within(new):
            raise ConflictError("ledger.index", index=old, size=new)
        return consistency(HASHES[self.hash], reading(self._entries, self.hash), old, new)

    def _within(self, size: int) -> int:
        if not 0 <= size <= len(self._entries):
            raise ConflictError("ledger.index", index=size, size=len(self._entries))
        return size

    def find(self, subject: str) -> list[int]:
        return [i for i, entry in enumerate(self._entries) if subject.encode() in subjects(entry)]

    def close(self) -> None:
        """Nothing is open."""
