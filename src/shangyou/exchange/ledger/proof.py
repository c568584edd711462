"""A proof that needs nobody (C2SP tlog-proof): an entry, its path to a root, and the checkpoint with its cosignatures.

The entry itself stands in the line `extra`, so one file is all that a verifier needs besides whom it trusts.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.ledger.checkpoint import DECIMAL, Checkpoint, hash_of, parse_checkpoint
from shangyou.exchange.ledger.merkle import HASHES, PROOF_MOST, includes, leaf_hash
from shangyou.exchange.ledger.note import Note, parse_note, unbase64
from shangyou.exchange.ledger.trusting import Trust, Trusted, trusted
from shangyou.exchange.ledger.witness import hash_line

HEAD: Final = "c2sp.org/tlog-proof@v1"
PROOF_BYTES: Final = 4 << 20  # an entry of 2 MB is far more than any act takes


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry with the way from it to a signed checkpoint."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    note: Note  # the checkpoint

    def text(self) -> str:
        """As a file, *.tlog-proof."""
        path = [base64.b64encode(each).decode() for each in self.path]
        head = [HEAD, f"extra {base64.b64encode(self.entry).decode()}", f"index {self.index}", *path, "", ""]
        return "\n".join(head) + self.note.bytes().decode()

    @property
    def checkpoint(self) -> Checkpoint:
        """Which tree it is in."""
        return parse_checkpoint(self.note.text)


def parse_proof(data: bytes) -> Proof:
    """A proof from its file. InputError "ledger.proof" and those of its parts."""
    if len(data) > PROOF_BYTES:
        raise InputError("ledger.proof", detail=f"> {PROOF_BYTES} bytes")
    head, found, rest = data.partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    if not found or len(lines) < 3 or lines[0] != HEAD:
        raise InputError("ledger.proof", detail=HEAD)
    entry = unbase64(lines[1].removeprefix("extra "))
    if not lines[1].startswith("extra ") or entry is None:
        raise InputError("ledger.proof", detail="extra")
    index = lines[2].removeprefix("index ")
    if not lines[2].startswith("index ") or not DECIMAL.fullmatch(index):
        raise InputError("ledger.proof", detail="index")
    if len(lines) - 3 > PROOF_MOST:
        raise InputError("ledger.proof", detail=f"> {PROOF_MOST} hashes")
    note = parse_note(rest)
    parse_checkpoint(note.text)
    return Proof(entry, int(index), tuple(map(hash_line, lines[3:])), note)


def prove(proof: Proof, trust: Trust) -> Trusted:
    """Who vouches that the entry is in the log. RefusedError "ledger.not_included" and those of `trusted`."""
    checkpoint = proof.checkpoint
    found = trusted(proof.note, trust)
    if checkpoint.origin not in found.logs:
        raise RefusedError("ledger.unsigned", name=checkpoint.origin)
    hash = HASHES[hash_of(checkpoint.origin)]
    leaf = leaf_hash(hash, proof.entry)
    if not includes(hash, leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise RefusedError("ledger.not_included", index=proof.index, size=checkpoint.size)
    return found
