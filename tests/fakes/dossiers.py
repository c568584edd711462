"""Dossiers in memory: a desk at which several members sit, and whose letters go when a test lets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.dossier.entry import MOST_BYTES, OPEN, Entry, entry_of, following, ordered
from shangyou.exchange.dossier.port import Heading, Reception
from shangyou.exchange.dossier.roll import INVITE, naming, opening, subject_of, taking_part


@dataclass(eq=False)
class Desk:
    """Several members' dossiers, joined by letters of one entry each.

    desk = Desk(lambda: clock); desk.at("sc").open(..); desk.deliver()
    """

    now: Callable[[], int]  # ms since 1970 UTC, of every member
    letters: list[tuple[Entry, str]] = field(default_factory=list)  # what waits, and for whom; a test may reorder it
    away: set[str] = field(default_factory=set)  # nothing reaches these
    _seats: dict[str, FakeDossiers] = field(default_factory=dict)
    _opened: int = 0

    def at(self, member: str) -> FakeDossiers:
        """What a member holds; implements `exchange.dossier.port.Dossiers`."""
        if member not in self._seats:
            self._seats[member] = FakeDossiers(self, member)
        return self._seats[member]

    def deliver(self, choose: Callable[[int], int] = lambda count: 0, doubled: bool = False) -> int:
        """Let everything go that can, in the order that `choose` gives (place of the next among so many)."""
        gone = 0
        while ready := [place for place, (entry, to) in enumerate(self.letters) if not self.away & {to, entry.author}]:
            entry, to = self.letters.pop(ready[choose(len(ready))])
            for _ in range(2 if doubled else 1):
                self.at(to).take(entry)
            gone += 1
        return gone

    def new_id(self) -> str:
        """The next dossier's."""
        self._opened += 1
        return f"urn:uuid:00000000-0000-4000-8000-{self._opened:012d}"


class FakeDossiers:
    """See `exchange.dossier.port.Dossiers`."""

    def __init__(self, desk: Desk, me: str) -> None:
        self._desk, self.me = desk, me
        self._held: dict[str, dict[str, Entry]] = {}  # by dossier, by id
        self._early: dict[str, Entry] = {}  # came before what they follow
        self._changed: dict[str, int] = {}
        self._receptions: dict[tuple[str, str], Reception] = {}

    def open(self, subject: str, members: Sequence[str], body: Mapping[str, object]) -> Entry:
        """See Dossiers."""
        told = opening(subject, {self.me, *members}, body)
        return self._said(Entry(self._desk.new_id(), OPEN, self.me, self._desk.now(), 1, (), told))

    def add(self, dossier: str, kind: str, body: Mapping[str, object]) -> Entry:
        """See Dossiers."""
        held = self.entries(dossier)
        at = max(self._desk.now(), *(entry.at for entry in held))
        return self._said(following(held, kind, self.me, at, body))

    def invite(self, dossier: str, members: Sequence[str]) -> Entry:
        """See Dossiers."""
        return self.add(dossier, INVITE, naming(members))

    def entries(self, dossier: str) -> list[Entry]:
        """See Dossiers."""
        if dossier not in self._held:
            raise NotFoundError("dossier.unknown", id=dossier)
        return ordered(self._held[dossier].values())

    def headings(self, subject: str = "", limit: int = 200) -> list[Heading]:
        """See Dossiers."""
        found = [self._heading(id) for id in self._held]
        kept = [each for each in found if subject in ("", each.subject)]
        return sorted(kept, key=lambda each: (-each.changed, each.id))[:limit]

    def receptions(self, dossier: str) -> list[Reception]:
        """See Dossiers."""
        own = self._held[dossier]
        return [each for (entry, _), each in self._receptions.items() if entry in own]

    def take(self, entry: Entry) -> None:
        """An entry arrives; it counts when all that it follows is there."""
        self._early[entry.id] = entry
        while ready := [e for e in self._early.values() if set(e.after) <= set(self._held.get(e.dossier, ()))]:
            for each in ready:
                del self._early[each.id]
                self._hold(each)

    def confirmed(self, entry: Entry, member: str) -> None:
        """A member has it."""
        self._receptions[entry.id, member] = Reception(entry.id, member, self._desk.now(), 1, "")

    def _said(self, entry: Entry) -> Entry:
        text = canonical(entry.document)
        if len(text) > MOST_BYTES:
            raise InputError("dossier.size", bytes=len(text), most=MOST_BYTES)
        entry = entry_of(json.loads(text))  # as it is when it comes back from a store or over a line
        self._hold(entry)
        self._send(entry, taking_part(self._held[entry.dossier].values()))
        if entry.kind == INVITE:  # who is new gets all that was said before
            for each in self.entries(entry.dossier):
                self._send(each, taking_part([entry]))
        return entry

    def _send(self, entry: Entry, members: Sequence[str]) -> None:
        for member in members:
            if member != self.me and (entry.id, member) not in self._receptions:
                self._receptions[entry.id, member] = Reception(entry.id, member, None, 0, "")
                self._desk.letters.append((entry, member))

    def _hold(self, entry: Entry) -> None:
        held = self._held.setdefault(entry.dossier, {})
        if entry.id not in held:
            held[entry.id] = entry
            self._changed[entry.dossier] = self._desk.now()
        if entry.author != self.me:
            self._desk.at(entry.author).confirmed(entry, self.me)

    def _heading(self, id: str) -> Heading:
        held = self.entries(id)
        opened = held[0]
        return Heading(id, subject_of(opened), taking_part(held), opened.at, self._changed[id], len(held))
