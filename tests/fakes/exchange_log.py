"""Trees, keys and checkpoints in memory."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shangyou.exchange.keys import kid
from shangyou.exchange.ledger.checkpoint import Checkpoint, hash_of, log_key, origin_of
from shangyou.exchange.ledger.merkle import HASHES, Read, fold, leaf_hash, root
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
