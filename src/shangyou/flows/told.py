"""What members tell of logs: checkpoints that count only as far as the logs themselves have signed them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.keys import counts
from shangyou.exchange.ledger.checkpoint import Checkpoint, epoch_of, hash_of, log_key, member_of, read_checkpoint
from shangyou.exchange.ledger.log import Shelf
from shangyou.exchange.ledger.merkle import PROOF_MOST
from shangyou.exchange.ledger.note import Note, NoteKey, signers
from shangyou.exchange.ledger.succession import newest_origin
from shangyou.exchange.ledger.witness import hash_line
from shangyou.exchange.ports import Answer, Members, Peers
from shangyou.exchange.wire import parsed_object

SECONDS: Final = 5.0  # that a member may take: a node that ends waits for it
ANSWER_MOST: Final = 16 << 20  # bytes of what a peer tells of its log
NOTES_MOST: Final = 2_000  # checkpoints that a member may tell of


def log_keys(members: Members, origin: str, at: int | None = None) -> list[NoteKey]:
    """The keys of a log by the trust list; at a time only those that count then. None for a log of no member."""
    known = {member.id: member for member in members.members()}.get(member_of(origin))
    if known is None:
        return []
    keys = [key for key in known.keys if at is None or counts(key, at)]
    return [log_key(known.id, key.suite, key.public, hash_of(origin), epoch_of(origin)) for key in keys]


def by_keys(note: Note, keys: Sequence[NoteKey]) -> Note:
    """The note with the signatures of these keys alone, so that nobody can fill our shelf with others."""
    known = {(key.name, key.id) for key in keys}
    return Note(note.text, tuple(each for each in note.signatures if (each.name, each.id) in known))


@dataclass(frozen=True, slots=True)
class View:
    """A checkpoint that a log has signed, and who told us of it."""

    note: Note
    checkpoint: Checkpoint
    teller: str  # member id
    own: bool  # told by the log itself, as its newest


def views(members: Members, note: Note, head: Checkpoint, teller: str, own: bool) -> list[View]:
    """The view, if the log itself has signed it; what anybody could have made up is no view."""
    keys = log_keys(members, head.origin)
    try:
        signed = bool(keys and signers(by_keys(note, keys), keys))
    except RefusedError:
        signed = False
    return [View(by_keys(note, keys), head, teller, own and member_of(head.origin) == teller)] if signed else []


def tell_checkpoints(shelf: Shelf, me: str, hash: str) -> dict[str, object]:
    """What we tell others: our newest checkpoint, how our log began if it follows another, what we cosigned last."""
    kept = shelf.checkpoint()
    return {
        "own": kept.note.bytes().decode() if kept else None,
        "opening": shelf.openings().get(newest_origin(shelf, me, hash)),
        "cosigned": [note.bytes().decode() for note in shelf.all_cosigned()],
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What a member told."""

    views: tuple[View, ...] = ()
    opening: str = ""  # proof of the entry with which its log of today began; "" = it follows none


def ask_checkpoints(members: Members, peers: Peers, member: str) -> Told:
    """Checkpoints that a member knows, as far as their logs have signed them.

    Raises UnavailableError "peer.unreachable", "ledger.peer"; RefusedError "ledger.peer".
    """
    told = json_of(peers.call(member, "GET", "/witness/checkpoints", seconds=SECONDS), member)
    cosigned, opening = told.get("cosigned"), told.get("opening")
    notes = [(told.get("own"), True), *((each, False) for each in (cosigned if isinstance(cosigned, list) else []))]
    found: list[View] = []
    for text, own in notes[:NOTES_MOST]:
        if isinstance(text, str):
            try:
                found += views(members, *read_checkpoint(text.encode()), member, own)
            except (ShangyouError, UnicodeEncodeError):
                continue
    return Told(tuple(found), opening if isinstance(opening, str) else "")


# ---- wire -------------------------------------------------------------------------------------------------------


def lines(hashes: Sequence[bytes]) -> list[str]:
    """Hashes as they are sent."""
    return [base64.b64encode(each).decode() for each in hashes]


def hashes_of(told: object, peer: str) -> list[bytes]:
    """Hashes as a peer sent them. UnavailableError "ledger.peer"."""
    if not isinstance(told, list) or len(told) > PROOF_MOST:
        raise UnavailableError("ledger.peer", name=peer, detail="proof")
    try:
        return [hash_line(str(line)) for line in told]
    except ShangyouError as error:
        raise UnavailableError("ledger.peer", name=peer, detail="proof") from error


def json_of(answer: Answer, peer: str) -> dict[str, object]:
    """What a peer told. RefusedError, UnavailableError "ledger.peer"."""
    if answer.status != 200:
        code = answer.headers.get("x-shangyou-code", "")
        if answer.status < 500:
            raise RefusedError("ledger.peer", name=peer, detail=f"{answer.status} {code}")
        raise UnavailableError("ledger.peer", name=peer, detail=f"{answer.status} {code}")
    try:
        return parsed_object(answer.body, ANSWER_MOST)
    except ShangyouError as error:
        raise UnavailableError("ledger.peer", name=peer, detail=error.code) from error


def as_json(told: Mapping[str, object]) -> bytes:
    """As it is sent."""
    return json.dumps(told, ensure_ascii=False).encode()
