"""Members that keep dossiers over a network which can lose, double and delay; every database is a real one.

world = Circle(("sc", "cq", "gz"))
dossier = world.at("sc").open("warning", ["cq"], {}).dossier
world.run()                                   # what waits is handed over as far as fate lets it
world.settle()                                # time goes on, all compare with all, until nothing is left
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import msgspec

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.dossiers import SqlDossiers
from shangyou.core.errors import NotFoundError, ShangyouError, UnavailableError
from shangyou.exchange.member import Member
from shangyou.exchange.ports import Answer
from shangyou.flows import dossier
from shangyou.flows.dossier import Casebook, Keeping
from tests.exchange import signers

ANSWERERS: Mapping[str, Callable[[Keeping, str, bytes], Mapping[str, object]]] = {
    dossier.ENTRIES: dossier.take,
    dossier.COMPARE: dossier.compared,
    dossier.LACKING: dossier.lacking,
}


TABLES = ("dossier", "dossier_entry", "dossier_reception", "act")
_idle: list[StateDatabase] = []  # emptied, to be used again: making one takes a second


def database() -> StateDatabase:
    """A state database in memory that is empty."""
    return _idle.pop() if _idle else StateDatabase("")


def empty(database: StateDatabase) -> None:
    """Take everything about dossiers out of it."""
    with database.plain_writing() as connection:
        for table in TABLES:
            connection.change(f"delete from {table}", {})


class Roll:
    """exchange.ports.Members of a fixed list; each has one key of its own name."""

    def __init__(self, me: str, listed: Mapping[str, Member]) -> None:
        self._me, self._listed = me, listed

    @property
    def me(self) -> str:
        return self._me

    def member(self, id: str) -> Member:
        if id not in self._listed:
            raise NotFoundError("federation.member", id=id)
        return self._listed[id]

    def members(self) -> list[Member]:
        return list(self._listed.values())


class Circle:
    """Members, their dossiers, and what lies between them."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self.time = 1_800_000_000_000
        self.fate: Callable[[str, str, str], str] = lambda source, target, path: "pass"
        self.late: list[Callable[[], object]] = []
        self.sent: list[tuple[str, str, str, int]] = []  # from, to, path, bytes
        self.listed = {id: signers.member(id, signers.key(signers.std(id))) for id in ids}
        self._numbers = itertools.count()
        self.databases = {id: database() for id in ids}
        self.keepings: dict[str, Keeping] = {}
        self.waiting: dict[str, list[str]] = {}
        for id in ids:
            self.start(id)

    def start(self, id: str) -> None:
        """A member's process begins, again if it has died: what it had only in mind is gone."""
        self.waiting[id] = []
        self.keepings[id] = Keeping(
            members=Roll(id, self.listed),
            cabinet=SqlDossiers(self.databases[id]),
            peers=_Lines(self, id),
            signer=lambda: signers.std(id),
            now=lambda: self.time,
            nonce=lambda: f"nonce-{next(self._numbers)}",
            send=self.waiting[id].append,
            need_running=lambda: None,
        )

    def at(self, id: str) -> Casebook:
        return Casebook(self.keepings[id])

    def run(self) -> None:
        """What waits is handed over until nobody has more to say for now."""
        while any(self.waiting.values()):
            for id in self.keepings:
                self.run_one(id)

    def run_one(self, id: str) -> None:
        """One member hands over what waits there."""
        waiting = self.waiting[id]
        for member in dict.fromkeys(waiting[:]):
            while member in waiting:
                waiting.remove(member)
            dossier.deliver(self.keepings[id], member)

    def turn(self, id: str) -> None:
        """What a member's thread does from time to time."""
        keeping = self.keepings[id]
        for member in keeping.cabinet.waiting(self.time):
            dossier.deliver(keeping, member)

    def compare(self, id: str, other: str) -> bool:
        """One member compares with another; False too if it cannot be reached."""
        try:
            return dossier.compare(self.keepings[id], other)
        except UnavailableError:
            return False

    def settle(self, rounds: int = 6) -> None:
        """The network works again, time goes on, and everybody makes up for what was lost."""
        self.fate = lambda source, target, path: "pass"
        while self.late:
            self.late.pop(0)()
        for _ in range(rounds):
            self.time += dossier.LONGEST_MS + dossier.LEASE_MS
            for id, other in itertools.permutations(self.keepings, 2):
                self.turn(id)
                self.compare(id, other)
                self.run()

    def answer(self, source: str, target: str, path: str, body: bytes) -> Answer:
        """What a member answers another, as its border does."""
        try:
            told = ANSWERERS[path](self.keepings[target], source, body)
        except ShangyouError as error:
            return Answer(error.status, "application/problem+json", b"{}", {"x-shangyou-code": error.code})
        return Answer(200, "application/json", msgspec.json.encode(told))

    def close(self) -> None:
        for each in self.databases.values():
            empty(each)
            _idle.append(each)


class _Lines:
    """exchange.ports.Peers of one member."""

    def __init__(self, world: Circle, me: str) -> None:
        self._world, self._me = world, me

    def call(
        self,
        member: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        world, me = self._world, self._me
        world.sent.append((me, member, path, len(body)))
        fate = world.fate(me, member, path)
        if fate == "late":
            world.late.append(lambda: world.answer(me, member, path, body))
        if fate in ("lost", "late"):
            raise UnavailableError("peer.unreachable", member=member)
        answer = world.answer(me, member, path, body)
        if fate == "twice":
            world.answer(me, member, path, body)
        if fate == "unheard":
            raise UnavailableError("peer.unreachable", member=member)
        return answer

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        raise UnavailableError("peer.unreachable", member=member)
