"""Keep dossiers with other members: say something, hand it over, take what they say, make up for what was lost.

Entries go straight from their author to every other member. Whoever was away is handed them again until it has
confirmed them; and every pair of members compares from time to time what they hold, so that a third hands on what two
cannot tell each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange import keys
from shangyou.exchange.canonical import digest
from shangyou.exchange.dossier import border
from shangyou.exchange.dossier.cabinet import Cabinet, Kept, Signed, Top
from shangyou.exchange.dossier.entry import OPEN, Entry
from shangyou.exchange.dossier.port import Heading, Reception
from shangyou.exchange.dossier.roll import INVITE, beyond, named, naming, opening
from shangyou.exchange.ports import Members, Peers, Signer
from shangyou.exchange.wire import MOST_BYTES, parsed_object

ENTRIES: Final = "/dossiers/entries"
COMPARE: Final = "/dossiers/compare"
LACKING: Final = "/dossiers/lacking"
RECEPTION: Final = "dossier.reception"
BATCH: Final = 32  # entries in one request
BATCH_BYTES: Final = 700_000  # of them; more than two of the largest, and well below what a request may have
LEASE_MS: Final = 15_000  # nobody else hands over what we have taken
FIRST_MS: Final = 250  # until an entry is handed over again; then twice as long, and so on
LONGEST_MS: Final = 60_000  # a warning must not wait long for who comes back
SECONDS: Final = 5.0  # for an answer
BUCKETS: Final = 64  # into which dossiers are sorted to be compared
COMPARED: Final = 2_000  # dossiers told of in one answer


@dataclass(frozen=True, slots=True, eq=False)
class Keeping:
    """What a node keeps dossiers with."""

    members: Members
    cabinet: Cabinet
    peers: Peers
    signer: Callable[[], Signer]
    now: Callable[[], int]  # ms since 1970 UTC
    nonce: Callable[[], str]  # a text that nobody has used
    send: Callable[[str], None]  # have what waits for a member handed over; returns at once
    need_running: Callable[[], None]  # may this node speak among others? raises
    heard: Callable[[Sequence[Signed]], None] = lambda fresh: None  # others have said something new


# ---- speaking ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Casebook:
    """The dossiers of this node; see `exchange.dossier.port.Dossiers`."""

    keeping: Keeping

    def open(self, subject: str, members: Sequence[str], body: Mapping[str, object]) -> Entry:
        """See Dossiers. NotFoundError "federation.member" for somebody who is none."""
        keeping = self.keeping
        me, at = keeping.members.me, keeping.now()
        self._need_members(members)
        told = opening(subject, {me, *members}, {**body, "nonce": keeping.nonce()})
        told = json.loads(json.dumps(told))  # as it will be read: the name is made of it
        entry = Entry(border.dossier_id(me, at, told), OPEN, me, at, 1, (), told)
        return self._say(entry.dossier, lambda top: entry)

    def add(self, dossier: str, kind: str, body: Mapping[str, object]) -> Entry:
        """See Dossiers."""
        me, at = self.keeping.members.me, self.keeping.now()

        def make(top: Top | None) -> Entry:
            if top is None or me not in top.members:
                raise NotFoundError("dossier.unknown", id=dossier[:80])
            if top.entries >= border.MOST_ENTRIES:
                raise ConflictError("dossier.full", id=dossier, most=border.MOST_ENTRIES)
            return border.next_entry(top, kind, me, at, body)

        return self._say(dossier, make)

    def invite(self, dossier: str, members: Sequence[str]) -> Entry:
        """See Dossiers."""
        self._need_members(members)
        return self.add(dossier, INVITE, naming(members))

    def entries(self, dossier: str) -> list[Entry]:
        """See Dossiers."""
        return [each.entry for each in self.keeping.cabinet.entries(dossier)]

    def headings(self, subject: str = "", limit: int = 200) -> list[Heading]:
        """See Dossiers."""
        return self.keeping.cabinet.headings(subject, limit)

    def receptions(self, dossier: str) -> list[Reception]:
        """See Dossiers."""
        return self.keeping.cabinet.receptions(dossier)

    def _say(self, dossier: str, make: Callable[[Top | None], Entry]) -> Entry:
        keeping = self.keeping
        keeping.need_running()
        signer, me = keeping.signer(), keeping.members.me
        said = keeping.cabinet.say(dossier, lambda top: border.sign(make(top), signer), me, keeping.now())
        for member in keeping.cabinet.waiting(keeping.now()):
            keeping.send(member)
        return said.entry

    def _need_members(self, members: Iterable[str]) -> None:
        for each in members:
            self.keeping.members.member(each)


# ---- handing over -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Told:
    """What a member said of the entries that it was handed."""

    received: dict[str, tuple[int, str]] = field(default_factory=dict)  # by id: when, and its signed word
    lacking: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def deliver(keeping: Keeping, member: str) -> int:
    """Hand a member what waits for it; returns how much it has confirmed. Never raises for what the other does."""
    gone = 0
    while True:
        now = keeping.now()
        queued = keeping.cabinet.take(member, now, now + LEASE_MS, BATCH)
        if not queued:
            return gone
        batch, told, trouble = [each.signed for each in queued], _Told(), ""
        try:
            _hand(keeping, member, batch, told)
        except ShangyouError as error:
            trouble = error.code
        late = [each.id for each in batch if each.id not in told.received]
        gone += len(batch) - len(late)
        if late:
            pause = min(LONGEST_MS, FIRST_MS << min(16, max(each.attempts for each in queued)))
            for id in late:
                code = told.refused.get(id) or trouble or "dossier.lacking"
                keeping.cabinet.failed(member, [id], keeping.now() + pause, code)
            return gone


def _hand(keeping: Keeping, member: str, batch: Sequence[Signed], told: _Told) -> None:
    """Offer entries, then what the member lacks of those that they follow."""
    for part in _parts(batch):
        _offer(keeping, member, part, told)
    for dossier, heads in list(told.lacking.items()):
        for part in _parts(_beyond(keeping.cabinet.entries(dossier), heads)):
            _offer(keeping, member, part, told)


def _beyond(said: Sequence[Signed], heads: Iterable[str]) -> list[Signed]:
    by_id = {each.id: each for each in said}
    return [by_id[entry.id] for entry in beyond([each.entry for each in said], heads)]


def _parts(signed: Iterable[Signed]) -> Iterator[list[Signed]]:
    """In pieces that a request may have."""
    part, size = list[Signed](), 0
    for each in signed:
        more = len(each.sealed.encode())
        if part and (size + more > BATCH_BYTES or len(part) == BATCH):
            yield part
            part, size = [], 0
        part.append(each)
        size += more
    if part:
        yield part


def _offer(keeping: Keeping, member: str, part: Sequence[Signed], told: _Told) -> None:
    """One request, and what the member signed for."""
    whole = [*part, *_passes(keeping, member, part)]
    body = b'{"entries":[' + b",".join(each.sealed.encode() for each in whole) + b"]}"
    sealed = _asked(keeping, member, ENTRIES, body)
    document = keys.verified(sealed, keeping.members.member(member).keys, keeping.now())
    if document.get("type") != RECEPTION or document.get("to") != keeping.members.me:
        raise UnavailableError("dossier.reception", member=member)
    at, given = document.get("at"), document.get("received")
    received = {str(id) for id in given} if isinstance(given, list) else set()
    if type(at) is not int:
        raise UnavailableError("dossier.reception", member=member)
    there = [each for each in whole if each.id in received]
    receipt = json.dumps(sealed, ensure_ascii=False, separators=(",", ":"))
    keeping.cabinet.confirmed(member, there, at, receipt)
    told.received |= {each.id: (at, receipt) for each in there}
    told.lacking |= {id: heads for id, heads in _heads(document.get("lacking")).items() if id not in told.lacking}
    refused = document.get("refused")
    if isinstance(refused, Mapping):
        told.refused |= {str(id)[:64]: str(code)[:80] for id, code in refused.items()}


def _passes(keeping: Keeping, member: str, part: Sequence[Signed]) -> list[Signed]:
    """Who was not there from the beginning is shown who invited it: else it would not know why it gets this."""
    opened = [each for each in part if each.entry.kind == OPEN and member not in named(each.entry)]
    if not opened:
        return []
    said = keeping.cabinet.entries(opened[0].entry.dossier)
    invitations = [each for each in said if each.entry.kind == INVITE and member in named(each.entry)]
    return [each for each in invitations[:1] if each.id not in {one.id for one in part}]


def _heads(value: object) -> dict[str, list[str]]:
    """Heads by dossier, as another member tells them; what is no such thing is nothing."""
    if not isinstance(value, Mapping):
        return {}
    found = {str(id): heads for id, heads in value.items() if isinstance(heads, list)}
    return {id: [each for each in heads if isinstance(each, str)] for id, heads in found.items()}


def _asked(keeping: Keeping, member: str, path: str, body: bytes) -> dict[str, Any]:
    """The answer of a member. UnavailableError "peer.unreachable" or the code of what it said."""
    answer = keeping.peers.call(member, "POST", path, body, seconds=SECONDS)
    if answer.status != 200:
        raise UnavailableError(answer.headers.get("x-shangyou-code", "") or f"http.{answer.status}", member=member)
    try:
        return parsed_object(answer.body, MOST_BYTES)
    except InputError as error:
        raise UnavailableError(error.code, **error.facts) from error


# ---- hearing ----------------------------------------------------------------------------------------------------


def take(keeping: Keeping, member: str, body: bytes) -> dict[str, object]:
    """Entries that a member hands over; the answer is our signed word on which of them we hold now.

    Forged, foreign, oversized and ill-formed ones are refused each by itself, with a code. InputError
    "dossier.batch", "wire.*" if there are none to be read.
    """
    given = parsed_object(body, MOST_BYTES).get("entries")
    if not isinstance(given, list) or not 1 <= len(given) <= 2 * BATCH:
        raise InputError("dossier.batch", most=2 * BATCH)
    kept = _kept(keeping, given)
    keeping.heard(kept.fresh)
    if keeping.cabinet.hasten(member, keeping.now()):  # it is back
        keeping.send(member)
    document = {
        "type": RECEPTION,
        "member": keeping.members.me,
        "to": member,
        "at": keeping.now(),
        "received": sorted(set(kept.received)),
        "lacking": kept.lacking,
        "refused": kept.refused,
    }
    return keys.seal(document, keeping.signer())


def _kept(keeping: Keeping, given: Sequence[object]) -> Kept:
    now, believed, refused = keeping.now(), list[Signed](), dict[str, str]()
    for place, sealed in enumerate(given):
        try:
            believed.append(border.believed(sealed, keeping.members, now))
        except (InputError, RefusedError) as error:
            refused[_name(sealed, place)] = error.code
    kept = keeping.cabinet.keep(believed, keeping.members.me, now)
    kept.refused |= refused
    return kept


def _name(sealed: object, place: int) -> str:
    """What to call an entry that is not believed: its digest, or where it stood."""
    document = sealed.get("document") if isinstance(sealed, Mapping) else None
    try:
        return digest(document) if isinstance(document, Mapping) else str(place)
    except (ValueError, TypeError, RecursionError):
        return str(place)


# ---- comparing --------------------------------------------------------------------------------------------------


def compare(keeping: Keeping, member: str) -> bool:
    """Compare with a member what both hold, and let each have what it lacks. Was all the same?

    Raises UnavailableError, RefusedError as the request does.
    """
    tops = {top.dossier: top for top in keeping.cabinet.tops(member)}
    body = json.dumps({"sums": _sums(tops.values())}).encode()
    told = _asked(keeping, member, COMPARE, body)
    differs, theirs = told.get("differs"), _heads(told.get("dossiers"))
    buckets = {each for each in differs if type(each) is int} if isinstance(differs, list) else set()
    for dossier, heads in theirs.items():
        _fetch(keeping, member, dossier, heads)
    late = 0
    for dossier in [id for id in tops if _bucket(id) in buckets]:
        lacks = _beyond(keeping.cabinet.entries(dossier), theirs.get(dossier, []))
        late += keeping.cabinet.queue(member, lacks, keeping.now())
    if late:
        keeping.send(member)
    return not buckets


def compared(keeping: Keeping, member: str, body: bytes) -> dict[str, object]:
    """Where what we hold differs from what a member holds. InputError "dossier.sums"."""
    sums = parsed_object(body, MOST_BYTES).get("sums")
    if not isinstance(sums, list) or len(sums) != BUCKETS:
        raise InputError("dossier.sums", buckets=BUCKETS)
    tops = keeping.cabinet.tops(member)
    differs, told = list[int](), dict[str, list[str]]()
    for number, (mine, its) in enumerate(zip(_sums(tops), sums, strict=True)):
        found = (
            {top.dossier: sorted(top.heads) for top in tops if _bucket(top.dossier) == number} if mine != its else {}
        )
        if mine != its and len(told) + len(found) <= COMPARED:
            differs.append(number)
            told |= found
    if keeping.cabinet.hasten(member, keeping.now()):  # it is back
        keeping.send(member)
    return {"differs": differs, "dossiers": told}


def lacking(keeping: Keeping, member: str, body: bytes) -> dict[str, object]:
    """What a member does not hold yet of a dossier. InputError "dossier.heads"; NotFoundError "dossier.unknown"."""
    given = parsed_object(body, MOST_BYTES)
    dossier, heads = given.get("dossier"), given.get("heads")
    if not isinstance(dossier, str) or not isinstance(heads, list):
        raise InputError("dossier.heads")
    if not any(top.dossier == dossier for top in keeping.cabinet.tops(member)):
        raise NotFoundError("dossier.unknown", id=dossier[:80])
    found = _beyond(keeping.cabinet.entries(dossier), [each for each in heads if isinstance(each, str)])
    part = next(_parts(found), [])
    told = [*part, *_passes(keeping, member, part)]
    return {"entries": [json.loads(each.sealed) for each in told], "more": len(part) < len(found)}


def _fetch(keeping: Keeping, member: str, dossier: str, heads: Iterable[str]) -> None:
    """Ask for what we lack of a dossier."""
    more = True
    while more:
        mine = {top.dossier: top for top in keeping.cabinet.tops(member)}.get(dossier)
        held = {each.id for each in keeping.cabinet.entries(dossier)} if mine is not None else set()
        if set(heads) <= held:
            return
        body = json.dumps({"dossier": dossier, "heads": sorted(mine.heads) if mine is not None else []}).encode()
        told = _asked(keeping, member, LACKING, body)
        given = told.get("entries")
        kept = _kept(keeping, given[: 2 * BATCH] if isinstance(given, list) else [])
        keeping.heard(kept.fresh)
        more = bool(told.get("more")) and bool(kept.fresh)


def _bucket(dossier: str) -> int:
    return hashlib.sha256(dossier.encode()).digest()[0] % BUCKETS


def _sums(tops: Iterable[Top]) -> list[str]:
    """One digest for each bucket of dossiers: equal where both hold the same."""
    lines: list[list[str]] = [[] for _ in range(BUCKETS)]
    for top in tops:
        lines[_bucket(top.dossier)].append(" ".join((top.dossier, *sorted(top.heads))))
    return [hashlib.sha256("\n".join(sorted(each)).encode()).hexdigest()[:32] if each else "" for each in lines]
