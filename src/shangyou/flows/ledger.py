"""The node's own log: acts go in, checkpoints are signed, the other members cosign them, proofs come out.

    record(node.ledger, "agreement", {"agreement": id, "provider": .., "consumer": .., "transaction": hash}, at)

Acts that both ends of an agreement record (kinds agreement, transfer, receipt) carry the same `transaction`, a hash of
what was done, or else the same facts altogether; so the two logs can be compared. Names of people go in as
`pseudonym(salt, name)` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import ConflictError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.ledger.checkpoint import (
    Checkpoint,
    epoch_of,
    hash_of,
    log_key,
    member_of,
    parse_checkpoint,
    witness_key,
)
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.log import Alarm, Kept, Log, Shelf
from shangyou.exchange.ledger.note import Note, NoteKey, Signature, parse_signatures, sign, signers
from shangyou.exchange.ledger.proof import Proof
from shangyou.exchange.ledger.succession import newest_origin
from shangyou.exchange.ledger.trusting import Trust, majority
from shangyou.exchange.ledger.witness import SIZE_KIND, Request, quorum
from shangyou.exchange.member import Member, Role, Standing
from shangyou.exchange.ports import Answer, Ledger, Members, Peers, Signer

EVERY: Final = 10_000  # ms from the first act that no checkpoint holds to the checkpoint that does
LEAVES: Final = 1_000  # acts that no checkpoint holds after which one is signed at once
AGAIN: Final = 10_000  # ms until a witness that has not cosigned is asked again
SECONDS: Final = 5.0  # that a witness may take
TEXT_KIND: Final = "text/plain; charset=utf-8"
ANSWER_MOST: Final = 64 << 10  # bytes of a witness's answer
TRIES: Final = 3  # from the size that the witness has, and after telling it how our log began
BEHIND: Final = ("ledger.rollback", "ledger.inconsistent")  # our log is not what the witness has seen of it


def record(ledger: Ledger, kind: str, facts: Mapping[str, object], at: int) -> int:
    """Write an act down; its place in the log. Durable when it returns.

    Raises InputError "ledger.entry"; UnavailableError "ledger.write", and then the act must not be done.
    """
    return ledger.append([Entry(kind, facts, at).bytes()]).start


def record_all(ledger: Ledger, entries: Sequence[Entry]) -> range:
    """Write many acts down with one sync. Raises as `record`."""
    return ledger.append([entry.bytes() for entry in entries])


# ---- checkpoints ------------------------------------------------------------------------------------------------


def checkpoint(log: Log, shelf: Shelf, members: Members, signer: Signer, now: int) -> Kept | None:
    """Sign the log as it stands; None if it has not grown since the last checkpoint.

    Raises UnavailableError "ledger.damaged" if the log no longer holds what was signed before: it must never sign
    two views.
    """
    size, last = log.size(), shelf.checkpoint()
    head = parse_checkpoint(last.note.text) if last else None
    origin = newest_origin(shelf, members.me, log.hash)
    if head is not None:
        if head.size > size or log.root(head.size) != head.root:
            raise UnavailableError("ledger.damaged", path=head.origin, entry=head.size)
        if head.size == size and head.origin == origin:
            return None
    text = Checkpoint(origin, size, log.root(size)).text()
    kept = Kept(Note(text, (sign(text, own_key(members, signer, origin), signer.sign),)), now)
    shelf.put_checkpoint(kept)
    return kept


def own_key(members: Members, signer: Signer, origin: str) -> NoteKey:
    """Our present key as that of our log. NotFoundError "keys.none"."""
    keys = members.member(members.me).keys
    public = next((key.public for key in keys if key.kid == signer.kid), None)
    if public is None:
        raise NotFoundError("keys.none", folder="", listed=[key.kid[:8] for key in keys])
    return log_key(members.me, signer.suite, public, hash_of(origin), epoch_of(origin))


# ---- witnesses --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What one witness did with our newest checkpoint."""

    member: str
    time: int = 0  # s since 1970 UTC of its cosignature; 0 = none
    code: str = ""  # why not
    facts: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Sealing:
    """How far a checkpoint is cosigned."""

    checkpoint: Checkpoint
    at: int  # ms since 1970 UTC
    asked: tuple[Asked, ...]
    needed: int

    @property
    def cosigned(self) -> int:
        """By how many members."""
        return sum(bool(each.time) for each in self.asked)

    @property
    def sealed(self) -> bool:
        """By a quorum; with no witnesses every checkpoint is as good as it gets."""
        return self.cosigned >= self.needed


def witnesses(members: Members) -> list[Member]:
    """Who may cosign our checkpoints."""
    others = (member for member in members.members() if member.id != members.me)
    return [member for member in others if Role.WITNESS in member.roles and member.standing is Standing.ACTIVE]


def witness_keys(member: Member) -> list[NoteKey]:
    """A member's keys as those of a witness."""
    return [witness_key(member.id, key.suite, key.public) for key in member.keys]


def cosignatures(note: Note, members: Sequence[Member]) -> dict[str, int]:
    """Which members cosigned a checkpoint, and when [s since 1970 UTC]. A wrong signature counts as none."""
    found: dict[str, int] = {}
    for member in members:
        keys = {key.id: key for key in witness_keys(member)}
        for signature in note.signatures:
            if signature.id not in keys:
                continue
            try:
                right = signers(Note(note.text, (signature,)), [keys[signature.id]])
            except RefusedError:
                continue
            found.update((member.id, time) for _, time in right if time is not None)
    return found


def sealing(shelf: Shelf, members: Members) -> Sealing | None:
    """How our newest checkpoint stands; None before the first."""
    kept = shelf.checkpoint()
    if kept is None:
        return None
    listed = witnesses(members)
    found = cosignatures(kept.note, listed)
    asked = tuple(Asked(member.id, found.get(member.id, 0)) for member in listed)
    return Sealing(parse_checkpoint(kept.note.text), kept.at, asked, quorum(len(listed)))


def seal(
    log: Log, shelf: Shelf, members: Members, peers: Peers, now: int, sizes: dict[str, int] | None = None
) -> Sealing | None:
    """Ask every witness that has not cosigned our newest checkpoint, all at once; keep what they give.

    `sizes` remembers what each witness cosigned last; a witness that says otherwise is believed. None before the first
    checkpoint. Never raises for what a witness does.
    """
    kept, sizes = shelf.checkpoint(), {} if sizes is None else sizes
    if kept is None:
        return None
    listed = witnesses(members)
    done = cosignatures(kept.note, listed)
    left = [member for member in listed if member.id not in done]
    note = kept.note
    found: list[tuple[Asked, tuple[Signature, ...]]] = []
    if left:
        with ThreadPoolExecutor(len(left), "witness") as pool:
            found = list(pool.map(lambda member: _ask(log, shelf, note, peers, member, sizes), left))
    asked = {each.member: each for each, _ in found}
    kept = Kept(note.also(signature for _, signatures in found for signature in signatures), kept.at)
    if any(signatures for _, signatures in found):
        shelf.put_checkpoint(kept)
    told = tuple(asked.get(member.id) or Asked(member.id, done.get(member.id, 0)) for member in listed)
    result = Sealing(parse_checkpoint(kept.note.text), kept.at, told, quorum(len(listed)))
    if result.sealed:
        shelf.put_sealed(kept)
    for each in told:
        if each.code in BEHIND and each.facts is not None and "witness" in each.facts:
            raise_alarm(log, shelf, Alarm(each.code, each.facts, (kept.note.bytes().decode(),), now))
    return result


def _ask(
    log: Log, shelf: Shelf, note: Note, peers: Peers, member: Member, sizes: dict[str, int]
) -> tuple[Asked, tuple[Signature, ...]]:
    head = parse_checkpoint(note.text)
    try:
        old = min(sizes.get(member.id, 0), head.size)
        for _ in range(TRIES):
            answer = _send(log, note, head, peers, member, old)
            if answer.status == 409 and answer.kind.startswith(SIZE_KIND):
                told = answer.body[:30].decode("latin-1").strip()
                old = int(told) if told.isdigit() else 0
                if old > head.size:  # it has seen more of our log than there is: we are an old copy of ourselves
                    facts = {"name": head.origin, "size": old, "now": head.size, "witness": member.id}
                    return Asked(member.id, 0, "ledger.rollback", facts), ()
            elif answer.status != 404 or not _open_at(shelf, head.origin, peers, member):
                break
        if answer.status != 200:
            return _refusal(answer, head, member, old), ()
        signatures = _theirs(note, answer, member)
        sizes[member.id] = head.size
        time = cosignatures(Note(note.text, signatures), [member])[member.id]
        return Asked(member.id, time), signatures
    except ShangyouError as error:
        return Asked(member.id, 0, error.code, error.facts), ()


def _open_at(shelf: Shelf, origin: str, peers: Peers, member: Member) -> bool:
    """Tell a witness how our log began, if it follows another; did the witness take it in?"""
    opening = shelf.openings().get(origin)
    if opening is None:
        return False
    return peers.call(member.id, "POST", "/witness/opening", opening.encode(), TEXT_KIND, seconds=SECONDS).status == 200


def _refusal(answer: Answer, head: Checkpoint, member: Member, old: int) -> Asked:
    code = answer.headers.get("x-shangyou-code", "") or "ledger.peer"
    facts: dict[str, object] = {"name": member.id, "detail": str(answer.status), "size": old}
    if code in BEHIND:
        facts |= {"name": head.origin, "witness": member.id}
    return Asked(member.id, 0, code, facts)


def _send(log: Log, note: Note, head: Checkpoint, peers: Peers, member: Member, old: int) -> Answer:
    request = Request(old, tuple(log.consistency(old, head.size)), note, head)
    return peers.call(member.id, "POST", "/witness/add-checkpoint", request.bytes(), TEXT_KIND, seconds=SECONDS)


def _theirs(note: Note, answer: Answer, member: Member) -> tuple[Signature, ...]:
    """The right cosignatures of a member in its answer. UnavailableError "ledger.peer" if there is none."""
    if len(answer.body) > ANSWER_MOST:
        raise UnavailableError("ledger.peer", name=member.id, detail=f"{len(answer.body)} bytes")
    try:
        given = parse_signatures(answer.body.decode())
    except (UnicodeDecodeError, ShangyouError):
        raise UnavailableError("ledger.peer", name=member.id, detail="signatures") from None
    right = tuple(each for each in given if cosignatures(Note(note.text, (each,)), [member]))
    if not right:
        raise UnavailableError("ledger.peer", name=member.id, detail="no right cosignature")
    return right


class Keeper:
    """Signs and seals when it is time; the one thing it remembers is when it asked last."""

    def __init__(self, log: Log, shelf: Shelf, members: Members, peers: Peers, signer: Callable[[], Signer]) -> None:
        self._log, self._shelf, self._members, self._peers, self._signer = log, shelf, members, peers, signer
        self._sizes: dict[str, int] = {}
        self._asked = 0
        self._grew: int | None = None  # when acts were first seen that no checkpoint holds
        self.last: Sealing | None = None

    def due(self, now: int) -> bool:
        """Is there anything to sign or to ask for at this time [ms since 1970 UTC]?"""
        return self._unsigned(now) or self._unsealed(now)

    def _unsigned(self, now: int) -> bool:
        kept = self._shelf.checkpoint()
        grown = self._log.size() - (parse_checkpoint(kept.note.text).size if kept else 0)
        if grown <= 0:
            self._grew = None
            return False
        if self._grew is None or self._grew > now:
            self._grew = now
        return grown >= LEAVES or now - self._grew >= EVERY or kept is None

    def _unsealed(self, now: int) -> bool:
        done = self.last is not None and self.last.cosigned == len(self.last.asked)  # until the next is signed
        if done or 0 <= now - self._asked < AGAIN:
            return False
        found = sealing(self._shelf, self._members)
        return found is not None and found.cosigned < len(found.asked)

    def turn(self, now: int) -> Sealing | None:
        """Sign if it is time, and ask the witnesses that have not cosigned."""
        if self._unsigned(now):
            checkpoint(self._log, self._shelf, self._members, self._signer(), now)
            self._grew = None
        elif not self._unsealed(now):
            return None
        return self.seal(now)

    def now(self, now: int) -> Sealing | None:
        """Sign and ask at once, whether it is time or not."""
        checkpoint(self._log, self._shelf, self._members, self._signer(), now)
        return self.seal(now)

    def seal(self, now: int) -> Sealing | None:
        """Ask the witnesses that have not cosigned the newest checkpoint."""
        self._asked = now
        self.last = seal(self._log, self._shelf, self._members, self._peers, now, self._sizes)
        return self.last


# ---- proofs -----------------------------------------------------------------------------------------------------


def prove(log: Log, shelf: Shelf, index: int) -> Proof:
    """The proof of an entry, under the newest sealed checkpoint that holds it, else the newest of all.

    Raises NotFoundError "ledger.index"; ConflictError "ledger.pending" if no checkpoint holds it yet.
    """
    if not 0 <= index < log.size():
        raise NotFoundError("ledger.index", index=index, size=log.size())
    size = 0
    for kept in (shelf.sealed(), shelf.checkpoint()):
        size = parse_checkpoint(kept.note.text).size if kept else size
        if kept is not None and index < size:
            [entry] = log.entries(index, index + 1)
            return Proof(entry, index, tuple(log.inclusion(index, size)), kept.note)
    raise ConflictError("ledger.pending", index=index, size=size)


def policy(members: Members, origin: str) -> Trust:
    """Whom to trust for a log of a member: its own keys, and a quorum of the other members that witness.

    Witnesses that are suspended now stay: what they cosigned before holds.
    """
    owner, hash, number = members.member(member_of(origin) or origin), hash_of(origin), epoch_of(origin)
    logs = [log_key(owner.id, key.suite, key.public, hash, number) for key in owner.keys]
    others = [each for each in members.members() if each.id != owner.id and Role.WITNESS in each.roles]
    return majority(logs, [(each.id, witness_keys(each)) for each in others], quorum(len(others)))


def raise_alarm(log: Ledger, shelf: Shelf, alarm: Alarm) -> bool:
    """Keep an alarm with its evidence and write it down; False if it is known already.

    A log that is behind is told of once, and not again with each act that it writes: of that there would be no end.
    """
    told = _lasting(alarm)
    if alarm.code in BEHIND and any(each.code == alarm.code and _lasting(each) == told for each in shelf.alarms()):
        return False
    if not shelf.put_alarm(alarm):
        return False
    record(log, "alarm", {"code": alarm.code, "facts": dict(alarm.facts)}, alarm.at)
    return True


def _lasting(alarm: Alarm) -> dict[str, object]:
    return {name: value for name, value in alarm.facts.items() if name != "now"}
