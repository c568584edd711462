"""Take a file or page in: make it durable, once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import InputError
from shangyou.core.journal import Journal, Raw
from shangyou.core.ports import BatchState, ObservationStore

LARGEST = 256 << 20  # one entry of the journal, held in memory a few times over; larger tables come in parts


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is safe on disk."""

    batch: int  # id of its journal entry, which is that of its batch
    before: BatchState | None  # the same bytes were taken in before, as this batch, and nothing was done


def fingerprint(kind: str, note: str, body: bytes) -> str:
    """SHA-256 over what decides the outcome: the bytes, and how they are read."""
    digest = hashlib.sha256(f"{kind}\n{note}\n".encode())
    digest.update(body)
    return digest.hexdigest()


def receive(
    journal: Journal, store: ObservationStore, clock: Clock, name: str, body: bytes, kind: str, note: str = ""
) -> Received:
    """Keep a file in the raw journal unless the same bytes, read the same way, are in force already.

    Raises InputError "receive.empty", "receive.large"; UnavailableError of the journal.
    """
    if not body:
        raise InputError("receive.empty", name=name)
    if len(body) > LARGEST:
        raise InputError("receive.large", name=name, bytes=len(body), largest=LARGEST)
    known = store.batches(1, digest=fingerprint(kind, note, body))
    if known:
        return Received(known[0].batch.id, known[0])
    sound = name.encode("utf-8", "backslashreplace").decode()  # file names can hold half characters
    raw = Raw(kind, sound, to_ms(clock.now()), body, note)
    return Received(journal.append([raw]).start, None)
