"""What a node does about the logs of others: it cosigns them, compares what they tell, and raises alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Final
from urllib.parse import quote

from shangyou.core.errors import RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.ledger.agreeing import SHARED, Difference, differences, names
from shangyou.exchange.ledger.checkpoint import (
    Checkpoint,
    epoch_of,
    hash_of,
    member_of,
    parse_checkpoint,
    read_checkpoint,
    witness_key,
)
from shangyou.exchange.ledger.entry import Entry, parse_entry
from shangyou.exchange.ledger.log import Alarm, Log, Shelf
from shangyou.exchange.ledger.merkle import HASHES, grew, includes, leaf_hash
from shangyou.exchange.ledger.note import Note, Signature, cosign
from shangyou.exchange.ledger.succession import epoch
from shangyou.exchange.ledger.witness import Request, Verdict, decide
from shangyou.exchange.member import Standing
from shangyou.exchange.ports import Members, Peers, Signer
from shangyou.flows.ledger import raise_alarm
from shangyou.flows.succession import hear_opening
from shangyou.flows.told import SECONDS, Told, View, ask_checkpoints, by_keys, hashes_of, json_of, lines, log_keys
from shangyou.flows.told import views as views_of

TOLD_MOST: Final = 10_000  # entries of one agreement that are told at a time, the newest


# ---- as a witness -----------------------------------------------------------------------------------------------


def witness(
    log: Log, shelf: Shelf, members: Members, signer: Signer, request: Request, asker: str, now: int
) -> tuple[Verdict, Signature | None]:
    """Cosign a checkpoint of another member's log, or say why not. What is cosigned is durable before it is answered.

    Two views of one size, both signed, are an alarm; so is a log that cannot prove itself, if it is the log that asks:
    anyone else could have made the proof up.
    """
    origin = request.checkpoint.origin
    owner = member_of(origin)
    listed = owner != members.me and any(
        each.id == owner and each.standing is Standing.ACTIVE for each in members.members()
    )
    today = epoch(shelf.openings(), owner)
    if listed and epoch_of(origin) != today:  # it has ended, or its member has not told yet how it began
        return Verdict(404, "ledger.closed" if epoch_of(origin) < today else "ledger.origin"), None
    keys = log_keys(members, origin, now) if listed else []
    with shelf.witnessing():
        known = shelf.cosigned(origin)
        verdict = decide(request, parse_checkpoint(known.text) if known else None, keys)
        if verdict.status == 200:
            shelf.put_cosigned(origin, by_keys(request.note, keys))
    if verdict.status == 200:
        key = next(key for key in members.member(members.me).keys if key.kid == signer.kid)
        mine = witness_key(members.me, key.suite, key.public)
        return verdict, cosign(request.note.text, mine, signer.sign, now // 1000)
    if known is not None and (verdict.proven or (verdict.status == 422 and asker == owner)):
        evidence = [known, by_keys(request.note, keys)]
        raise_alarm(log, shelf, _alarm(verdict.code, origin, parse_checkpoint(known.text).size, evidence, now))
    return verdict, None


def _alarm(code: str, origin: str, size: int, notes: Sequence[Note], at: int, **facts: object) -> Alarm:
    told = sorted(note.bytes().decode() for note in notes)
    return Alarm(code, {"name": origin, "size": size, **facts}, tuple(told), at)


# ---- comparing what is told -------------------------------------------------------------------------------------


def compare(log: Log, shelf: Shelf, members: Members, peers: Peers, now: int) -> list[Alarm]:
    """Ask every member which checkpoints it has; raise alarm where a log told different people different things.

    Returns the alarms that are new. A member that does not answer is passed over; another day it will be asked again.
    """
    cosigned = shelf.all_cosigned()  # before anyone is asked: what they tell then is no older
    remembered = {head.origin: head for head in (parse_checkpoint(note.text) for note in cosigned)}
    mine = shelf.checkpoint()
    ours = [*cosigned, mine.note] if mine else cosigned
    views = [view for note in ours for view in _view(members, note, members.me)]
    others = [each.id for each in members.members() if each.id != members.me and each.standing is Standing.ACTIVE]
    opened: list[Alarm] = []
    if others:
        with ThreadPoolExecutor(len(others), "compare") as pool:  # one that hangs holds up nobody
            told = list(pool.map(lambda other: _told(members, peers, other), others))
        views += chain.from_iterable(each.views for each in told)
        opened = [alarm for each in told for alarm in _heard(log, shelf, members, each.opening, now)]
    found: list[Alarm] = []
    for origin in sorted({view.checkpoint.origin for view in views}):
        of_one = [view for view in views if view.checkpoint.origin == origin]
        closed = epoch_of(origin) < epoch(shelf.openings(), member_of(origin))
        found += _judge(members, peers, of_one, remembered.get(origin), closed, now)
    return opened + [alarm for alarm in found if raise_alarm(log, shelf, alarm)]


def _heard(log: Log, shelf: Shelf, members: Members, opening: str, now: int) -> list[Alarm]:
    """What is new of how a log goes on; what cannot be verified is passed over."""
    try:
        alarm = hear_opening(log, shelf, members, opening, now) if opening else None
    except ShangyouError:
        return []
    return [alarm] if alarm else []


def _told(members: Members, peers: Peers, member: str) -> Told:
    """What a member knows; nothing of one that does not answer."""
    try:
        return ask_checkpoints(members, peers, member)
    except ShangyouError:
        return Told()


def _view(members: Members, note: Note, teller: str) -> list[View]:
    return views_of(members, note, parse_checkpoint(note.text), teller, own=False)


def _judge(
    members: Members, peers: Peers, views: Sequence[View], remembered: Checkpoint | None, closed: bool, now: int
) -> list[Alarm]:
    """Alarms about one log. One that is closed has told that it can no longer prove itself."""
    by_size: dict[int, View] = {}
    found: list[Alarm] = []
    for view in views:
        head = view.checkpoint
        first = by_size.setdefault(head.size, view)
        if first.checkpoint.root != head.root:
            return [_alarm("ledger.split", head.origin, head.size, [first.note, view.note], now)]
    for view in views:
        if view.own and remembered is not None and view.checkpoint.size < remembered.size:
            evidence = [view.note, by_size[remembered.size].note]
            size = view.checkpoint.size
            found.append(_alarm("ledger.rollback", remembered.origin, remembered.size, evidence, now, now=size))
    if not found and not closed:
        for old, new in pairwise(by_size[size] for size in sorted(by_size)):
            if member_of(old.checkpoint.origin) != members.me and not _consistent(peers, old, new):
                evidence = [old.note, new.note]
                found.append(_alarm("ledger.inconsistent", old.checkpoint.origin, old.checkpoint.size, evidence, now))
    return found


def _consistent(peers: Peers, old: View, new: View) -> bool:
    """Does the log prove that it only grew from one to the other? One that does not answer is not accused."""
    a, b = old.checkpoint, new.checkpoint
    member = member_of(a.origin)
    try:
        path = f"/witness/log/consistency?old={a.size}&new={b.size}"
        answer = peers.call(member, "GET", path, seconds=SECONDS)
        if answer.status >= 500:
            return True
        proof = hashes_of(json_of(answer, member).get("proof"), member)
    except UnavailableError:
        return True
    except ShangyouError:
        return False
    return grew(HASHES[hash_of(a.origin)], a.size, b.size, proof, a.root, b.root)


# ---- two logs about one agreement -------------------------------------------------------------------------------


def tell_entries(log: Log, shelf: Shelf, asker: str, agreement: str) -> dict[str, object]:
    """The entries about an agreement for its other party, each with its proof. RefusedError "ledger.party"."""
    kept = shelf.checkpoint()
    size = parse_checkpoint(kept.note.text).size if kept else 0
    found = [(index, log.entries(index, index + 1)[0]) for index in log.find(agreement) if index < size]
    entries = [(index, leaf, parse_entry(leaf)) for index, leaf in found]
    about = [each for each in entries if each[2].kind in SHARED and each[2].facts.get("agreement") == agreement]
    if not any(names(entry.facts, asker) for _, _, entry in about):
        raise RefusedError("ledger.party", agreement=agreement)
    told = [
        {"index": index, "entry": leaf.decode(), "proof": lines(log.inclusion(index, size))}
        for index, leaf, _ in about[-TOLD_MOST:]
    ]
    return {"checkpoint": kept.note.bytes().decode() if kept else "", "entries": told}


def cross_check(
    log: Log, shelf: Shelf, members: Members, peers: Peers, peer: str, agreement: str, now: int
) -> list[Difference]:
    """Compare our log with that of the other party about one agreement; what differs is an alarm.

    Raises as `crossed`.
    """
    found = crossed(log, members, peers, peer, agreement, now)
    accuse(log, shelf, peer, agreement, found, now)
    return found


def crossed(log: Log, members: Members, peers: Peers, peer: str, agreement: str, now: int) -> list[Difference]:
    """Where our log and that of the other party differ about one agreement.

    Raises UnavailableError "peer.unreachable", "ledger.peer" if nothing can be said.
    """
    ours = [
        entry
        for entry in (parse_entry(log.entries(index, index + 1)[0]) for index in log.find(agreement))
        if entry.facts.get("agreement") == agreement
    ]
    theirs = _testimony(members, peers, peer, agreement)
    return differences(ours, theirs, now, most=TOLD_MOST)


def accuse(log: Log, shelf: Shelf, peer: str, agreement: str, found: Sequence[Difference], now: int) -> None:
    """Raise alarm about what differs."""
    for each in found:
        facts: dict[str, object] = {"agreement": agreement, "name": peer, "kind": each.kind}
        facts |= {"transaction": each.transaction, "ours": each.ours, "theirs": each.theirs}
        raise_alarm(log, shelf, Alarm("ledger.disagree", facts, (), now))


def _testimony(members: Members, peers: Peers, peer: str, agreement: str) -> list[Entry]:
    """What a peer's log holds about an agreement, each entry proved to be in it."""
    path = f"/witness/log/entries?agreement={quote(agreement, safe='')}"
    answer = peers.call(peer, "GET", path, seconds=SECONDS)
    if answer.status == 403 and answer.headers.get("x-shangyou-code") == "ledger.party":
        return []  # its log knows nothing of us in this agreement
    told = json_of(answer, peer)
    entries = told.get("entries")
    if not isinstance(entries, list) or len(entries) > TOLD_MOST:
        raise UnavailableError("ledger.peer", name=peer, detail="entries")
    if not entries:
        return []
    try:
        note, head = read_checkpoint(str(told.get("checkpoint")).encode())
    except ShangyouError as error:
        raise UnavailableError("ledger.peer", name=peer, detail=error.code) from error
    if not any(view.own for view in views_of(members, note, head, peer, own=True)):
        raise UnavailableError("ledger.peer", name=peer, detail="checkpoint")
    return [_proved(each, head, peer) for each in entries]


def _proved(told: object, head: Checkpoint, peer: str) -> Entry:
    if not isinstance(told, Mapping) or not isinstance(told.get("entry"), str) or type(told.get("index")) is not int:
        raise UnavailableError("ledger.peer", name=peer, detail="entry")
    leaf, hash = told["entry"].encode(), HASHES[hash_of(head.origin)]
    path = hashes_of(told.get("proof"), peer)
    if not includes(hash, leaf_hash(hash, leaf), told["index"], head.size, path, head.root):
        raise UnavailableError("ledger.peer", name=peer, detail=f"proof of entry {told['index']}")
    try:
        return parse_entry(leaf)
    except ShangyouError as error:
        raise UnavailableError("ledger.peer", name=peer, detail=error.code) from error


def tell_consistency(log: Log, old: int, new: int) -> dict[str, object]:
    """That the log only grew between two sizes. ConflictError "ledger.index"."""
    return {"proof": lines(log.consistency(old, new))}
