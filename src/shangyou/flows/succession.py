"""The way out for a node whose log is behind what its witnesses hold: its log goes on under a new name, openly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.ledger.checkpoint import (
    EPOCHS,
    Checkpoint,
    epoch_of,
    hash_of,
    member_of,
    origin_of,
    parse_checkpoint,
)
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.exchange.ledger.log import Alarm, Kept, Log, Shelf
from shangyou.exchange.ledger.merkle import HASHES, includes, leaf_hash
from shangyou.exchange.ledger.note import Note, sign, signers
from shangyou.exchange.ledger.proof import Proof, parse_proof
from shangyou.exchange.ledger.succession import OPENING_MOST, REASONS, Opening, epoch, parse_opening
from shangyou.exchange.ledger.witness import quorum
from shangyou.exchange.member import Member, Standing
from shangyou.exchange.ports import Members, Peers, Signer
from shangyou.flows.ledger import own_key, raise_alarm, witnesses
from shangyou.flows.told import Told, View, ask_checkpoints, by_keys, log_keys


def reopen(
    log: Log, shelf: Shelf, members: Members, peers: Peers, signer: Signer, reason: str, by: str, now: int
) -> Opening:
    """Go on under a new name, after whatever the witnesses hold of the old one.

    More than half of the witnesses must answer, so that one of them has cosigned the newest sealed checkpoint. The
    entries that are left stay where they are, so that they are found and proved as before.

    Args:
        reason: one of succession.REASONS.
        by: who declares it, as a pseudonym.

    Raises:
        InputError: "ledger.reason".
        ConflictError: "ledger.whole": our log holds all that anybody has seen of it; "ledger.epochs".
        UnavailableError: "ledger.reopen_away"; "ledger.write".
    """
    if reason not in REASONS:
        raise InputError("ledger.reason", reason=reason[:40], allowed=", ".join(REASONS))
    last = _last(log, shelf, members, _seen(members, peers))
    number = max(epoch_of(last.checkpoint.origin), epoch(shelf.openings(), members.me)) + 1
    if number > EPOCHS:
        raise ConflictError("ledger.epochs", count=EPOCHS)
    origin = origin_of(members.me, log.hash, number)
    found = Opening(origin, last.note, _kept(log, shelf, last.checkpoint), reason, by)
    index = log.append([found.entry(now).bytes()]).start
    text = Checkpoint(origin, index + 1, log.root(index + 1)).text()
    kept = Kept(Note(text, (sign(text, own_key(members, signer, origin), signer.sign),)), now)
    [leaf] = log.entries(index, index + 1)
    shelf.put_opening(origin, Proof(leaf, index, tuple(log.inclusion(index, index + 1)), kept.note).text())
    shelf.put_checkpoint(kept)
    raise_alarm(log, shelf, Alarm(REASONS[reason], found.facts(), (found.last.bytes().decode(),), now))
    return found


def _seen(members: Members, peers: Peers) -> list[View]:
    """All checkpoints of our logs that others hold. UnavailableError "ledger.reopen_away"."""
    others = [each for each in members.members() if each.id != members.me and each.standing is Standing.ACTIVE]
    if not others:
        return []
    with ThreadPoolExecutor(len(others), "reopen") as pool:
        told = list(pool.map(lambda other: _asked(members, peers, other), others))
    listed = {member.id for member in witnesses(members)}
    answered = sum(found is not None and other.id in listed for other, found in zip(others, told, strict=True))
    if answered < quorum(len(listed)):
        raise UnavailableError("ledger.reopen_away", answered=answered, needed=quorum(len(listed)))
    views = [view for found in told if found is not None for view in found.views]
    return [view for view in views if member_of(view.checkpoint.origin) == members.me]


def _asked(members: Members, peers: Peers, other: Member) -> Told | None:
    try:
        return ask_checkpoints(members, peers, other.id)
    except ShangyouError:
        return None


def _last(log: Log, shelf: Shelf, members: Members, seen: list[View]) -> View:
    """The newest checkpoint of ours that others hold, if our log is behind it. ConflictError "ledger.whole"."""
    ours = epoch(shelf.openings(), members.me)
    for view in sorted(seen, key=lambda each: (epoch_of(each.checkpoint.origin), each.checkpoint.size), reverse=True):
        head = view.checkpoint
        if epoch_of(head.origin) > ours:
            return view
        if epoch_of(head.origin) == ours and (head.size > log.size() or log.root(head.size) != head.root):
            return max((each for each in seen if epoch_of(each.checkpoint.origin) == ours), key=_size)
    raise ConflictError("ledger.whole", size=log.size())


def _size(view: View) -> int:
    return view.checkpoint.size


def _kept(log: Log, shelf: Shelf, last: Checkpoint) -> int:
    """Entries that a quorum has seen as they stand here."""
    sealed = shelf.sealed()
    if sealed is None:
        return 0
    head = parse_checkpoint(sealed.note.text)
    return head.size if head.size <= min(log.size(), last.size) and log.root(head.size) == head.root else 0


def hear_opening(log: Log, shelf: Shelf, members: Members, text: str, now: int) -> Alarm | None:
    """Take in how another member's log goes on, and raise alarm so that people see it; None if it is known.

    From then on the old log is closed here, and the new one must hold what it began with.

    Raises InputError "ledger.opening" and those of a proof; NotFoundError "ledger.origin"; RefusedError
    "ledger.unsigned", "ledger.signature", "ledger.not_included"; ConflictError "ledger.opened" for another beginning of
    a log that has begun, or one before a later one.
    """
    if len(text) > OPENING_MOST:
        raise InputError("ledger.opening", detail=f"> {OPENING_MOST} bytes")
    proof = parse_proof(text.encode("utf-8", "replace"))
    opening, head = parse_opening(parse_entry(proof.entry)), proof.checkpoint
    owner = member_of(opening.log)
    if head.origin != opening.log or owner == members.me or owner not in {each.id for each in members.members()}:
        raise NotFoundError("ledger.origin", name=head.origin[:100])
    for note in (proof.note, opening.last):
        origin = parse_checkpoint(note.text).origin
        keys = log_keys(members, origin)
        if not signers(by_keys(note, keys), keys):
            raise RefusedError("ledger.unsigned", name=origin)
    hash = HASHES[hash_of(head.origin)]
    if not includes(hash, leaf_hash(hash, proof.entry), proof.index, head.size, proof.path, head.root):
        raise RefusedError("ledger.not_included", index=proof.index, size=head.size)
    return _take(log, shelf, members, opening, proof, now)


def _take(log: Log, shelf: Shelf, members: Members, opening: Opening, proof: Proof, now: int) -> Alarm | None:
    with shelf.witnessing():
        known = shelf.openings()
        told = parse_proof(known[opening.log].encode()) if opening.log in known else None
        if told is not None and (told.entry, told.index) == (proof.entry, proof.index):
            return None
        if epoch_of(opening.log) <= epoch(known, member_of(opening.log)):
            raise ConflictError("ledger.opened", name=opening.log)
        seen = shelf.cosigned(opening.before.origin)
        shelf.put_cosigned(opening.log, by_keys(proof.note, log_keys(members, opening.log)))
        shelf.put_opening(opening.log, proof.text())
    facts = opening.facts() | {"seen": parse_checkpoint(seen.text).size if seen else 0}
    alarm = Alarm(REASONS[opening.reason], facts, (proof.text(), opening.last.bytes().decode()), now)
    raise_alarm(log, shelf, alarm)
    return alarm
