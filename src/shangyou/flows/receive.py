"""Take a file or page in: make it durable, once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import InputError
from shangyou.core.journal import Journal, Raw
from shangyou.core.ports import BatchState, ObservationStore
from shangyou.flows.notes import FileNote, declared

TABLE = "table"  # kind of files that are read by a column map
LARGEST = 256 << 20  # one entry of the journal, held in memory a few times over; larger tables come in parts


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is safe on disk."""

    batch: int  # id of its journal entry, which is that of its batch
    before: BatchState | None  # the same bytes were taken in before, as this batch, and nothing was done


def fingerprint(kind: str, note: str, body: bytes) -> str:
    """SHA-256 over what decides the outcome: the bytes, and how they are to be read.

    What was inferred from the bytes adds nothing; so the same file is known again though a later edition of the
    programme would infer another map.
    """
    digest = hashlib.sha256(f"{kind}\n{declared(note)}\n".encode())
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
    raw = Raw(kind, sound, to_ms(clock.now()), body, _settled(kind, sound, body, note))
    return Received(journal.append([raw]).start, None)


def _settled(kind: str, name: str, body: bytes, note: str) -> str:
    """The note of a table with the map that is inferred now, unless one was declared or none can be."""
    if kind != TABLE:
        return note
    from shangyou.ingest.tables import mapfile  # with the vocabulary of headers: only who takes a table in pays
    from shangyou.ingest.tables.infer import infer

    try:
        told = FileNote.of(note)
        if told.map or told.inferred:
            return note
        return replace(told, inferred=mapfile.save(infer(body, name).map)).text()
    except InputError:  # the reader finds the same fault, and keeps it as a refusal
        return note
