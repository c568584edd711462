"""What a witness does (C2SP tlog-witness): it cosigns a log's checkpoint if, and only if, the log has only grown.

Deciding is apart from remembering: the caller reads the state, decides and writes the state as one act.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.ledger.checkpoint import DECIMAL, Checkpoint, hash_of, parse_checkpoint
from shangyou.exchange.ledger.merkle import HASH_BYTES, HASHES, PROOF_MOST, grew
from shangyou.exchange.ledger.note import NOTE_MOST, Note, NoteKey, Use, parse_note, signers, unbase64

BODY_MOST: Final = NOTE_MOST + (PROOF_MOST + 2) * 46  # bytes of a request
SIZE_KIND: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks of a witness."""

    old: int  # size that the witness cosigned last, as the log believes
    proof: tuple[bytes, ...]  # that the tree only grew since then
    note: Note
    checkpoint: Checkpoint

    def bytes(self) -> bytes:
        """The body of POST add-checkpoint."""
        lines = [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.bytes()


def parse_request(body: bytes) -> Request:
    """The body of POST add-checkpoint. InputError "ledger.witness", "ledger.note", "ledger.checkpoint"."""
    if len(body) > BODY_MOST:
        raise InputError("ledger.witness", detail=f"> {BODY_MOST} bytes")
    head, found, rest = body.partition(b"\n\n")
    if not found:
        raise InputError("ledger.witness", detail="no empty line")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise InputError("ledger.witness", detail="ASCII") from None
    if not first.startswith("old ") or not DECIMAL.fullmatch(first[4:]):
        raise InputError("ledger.witness", detail=f"old size {first[:30]!r}")
    if len(lines) > PROOF_MOST:
        raise InputError("ledger.witness", detail=f"> {PROOF_MOST} hashes")
    note = parse_note(rest)
    return Request(int(first[4:]), tuple(map(hash_line, lines)), note, parse_checkpoint(note.text))


def hash_line(line: str) -> bytes:
    """A hash as proofs write it. InputError "ledger.witness"."""
    found = unbase64(line)
    if found is None or len(found) != HASH_BYTES:
        raise InputError("ledger.witness", detail=f"hash {line[:60]!r}")
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the witness answers, and whether it may cosign."""

    status: int  # 200 cosign; 400, 403, 404, 409, 422 as tlog-witness says
    code: str = ""  # why not
    size: int = 0  # of the checkpoint cosigned last, for 409
    proven: bool = False  # the log has signed two views that cannot both be true


def decide(request: Request, known: Checkpoint | None, keys: Sequence[NoteKey]) -> Verdict:
    """What to answer.

    Args:
        request: parsed; one that cannot be parsed is answered with 400.
        known: the checkpoint of this origin that was cosigned last; None if none was.
        keys: of the log by this origin, in force now; none if the witness does not know the log.

    Source: C2SP tlog-witness, add-checkpoint, in its order.
    """
    new = request.checkpoint
    keys = [key for key in keys if key.name == new.origin and key.use is Use.LOG]
    if not keys:
        return Verdict(404, "ledger.origin")
    try:
        if not signers(request.note, keys):
            return Verdict(403, "ledger.unsigned")
    except RefusedError:
        return Verdict(403, "ledger.signature")
    if request.old > new.size:
        return Verdict(400, "ledger.old_size")
    size = known.size if known else 0
    if known is not None and new.size == known.size and new.root != known.root:
        return Verdict(409, "ledger.split", size, proven=True)
    if request.old != size:
        return Verdict(409, "ledger.stale", size)
    hash = HASHES[hash_of(new.origin)]
    before = known.root if known else hash(b"")
    if not grew(hash, size, new.size, request.proof, before, new.root):
        return Verdict(422, "ledger.inconsistent", size)
    return Verdict(200)


def quorum(witnesses: int) -> int:
    """How many of the witnesses must cosign: four of six, three of five ...; more than half, and none of none."""
    return witnesses // 2 + 1 if witnesses else 0
