"""Members in one process that talk by the Dataspace Protocol over a network which can lose, double and delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.messages import PATH, encoded
from shangyou.exchange.dsp.talk import Act, Facts, Letter
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from shangyou.faces.between.dsp import notice, respond
from shangyou.flows import negotiate
from shangyou.flows.agreements import NOTICES
from shangyou.flows.converse import Control, deliver
from tests.fakes.exchange_talks import FakeContracts, FakePlane

DAY = 86_400_000
USE: Mapping[str, object] = {"permission": [{"action": "use"}]}
DATASET = "sichuan/tuojiang"
OFFER = "sichuan/tuojiang#open"


def member(id: str) -> Member:
    return Member(id, id, id, Level.PROVINCIAL, "510000", f"https://{id}.example", ())


class FakeMembers:
    """exchange.ports.Members of a fixed list."""

    def __init__(self, me: str, ids: tuple[str, ...]) -> None:
        self._me, self._members = me, {id: member(id) for id in ids}

    @property
    def me(self) -> str:
        return self._me

    def member(self, id: str) -> Member:
        if id not in self._members:
            raise NotFoundError("federation.member", id=id)
        return self._members[id]

    def members(self) -> list[Member]:
        return list(self._members.values())


class FakeDatasets:
    """exchange.ports.Datasets, in memory."""

    def __init__(self) -> None:
        self._datasets: dict[str, Dataset] = {}

    def put(self, dataset: Dataset) -> None:
        self._datasets[dataset.id] = dataset

    def remove(self, id: str, at: int) -> None:
        self._datasets.pop(id, None)

    def dataset(self, id: str) -> Dataset:
        if id not in self._datasets:
            raise NotFoundError("catalogue.dataset", id=id)
        return self._datasets[id]

    def datasets(self) -> list[Dataset]:
        return list(self._datasets.values())


class FakeJudge:
    """Gives the verdict that a test has set."""

    def __init__(self) -> None:
        self.verdict = Verdict("agree")

    def __call__(self, offered: Facts, dataset: Dataset, consumer: Member, at: int) -> Verdict:
        return self.verdict


Fate = Callable[[str], str]  # of each request: pass, lost (never arrives), unheard (its answer is lost), twice


class World:
    """Two members, one clock, one network."""

    def __init__(self, ids: tuple[str, ...] = ("sichuan", "chongqing")) -> None:
        self.at = 1_770_000_000_000
        self.fate: Fate = lambda path: "pass"
        self.kept: list[Callable[[], Answer]] = []  # requests that come again, late
        self.count = 0
        self.nodes = {id: NodeAt(self, id, ids) for id in ids}

    def now(self) -> int:
        return self.at

    def name(self) -> str:
        self.count += 1
        return f"urn:uuid:00000000-0000-4000-8000-{self.count:012x}"

    def carry(self, source: str, target: str, method: str, path: str, body: bytes) -> Answer:
        node = self.nodes[target]

        def arrive() -> Answer:
            return node.answer(source, method, path, body)

        fate = self.fate(path)
        if fate == "lost":
            raise UnavailableError("peer.unreachable", member=target)
        if fate == "late":
            self.kept.append(arrive)
            raise UnavailableError("peer.unreachable", member=target)
        if fate in ("twice", "again_late"):
            arrive()
        if fate == "again_late":
            self.kept.append(arrive)
        answer = arrive()
        if fate == "unheard":
            raise UnavailableError("peer.unreachable", member=target)
        return answer

    def settle(self, turns: int = 60) -> None:
        """Deliver what is due again and again, with time going on, until nothing is under way."""
        from shangyou.flows import reconcile

        for _ in range(turns):
            for node in self.nodes.values():
                node.send_all()
                reconcile.expiries(node.control)
                reconcile.turn(node.control)
            self.at += 40_000


@dataclass
class NodeAt:
    """One member of a world."""

    world: World
    id: str
    ids: tuple[str, ...]
    judge: FakeJudge = field(default_factory=FakeJudge)
    plane: FakePlane = field(default_factory=FakePlane)
    contracts: FakeContracts = field(default_factory=FakeContracts)
    waiting: list[Letter] = field(default_factory=list)
    ledger: list[Act] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        datasets = FakeDatasets()
        datasets.put(Dataset(DATASET, "sichuan", "沱江", "Tuo", DatasetQuery(), (Offer(OFFER, USE),)))
        self.control = Control(
            members=FakeMembers(self.id, self.ids),
            talks=self.contracts,
            contracts=self.contracts,
            datasets=datasets,
            peers=self,
            plane=self.plane,
            judge=self.judge,
            now=self.world.now,
            name=self.world.name,
            send=self.waiting.append,
            decide=negotiate.decide,
            admit=negotiate.admit,
            record=self.ledger.extend,
            deadline=lambda talk, at: at + 10 * DAY,
            expires=lambda agreement: self.ends.get(agreement.id),
            seal=lambda document: {"document": document, "by": self.id},
            verified=_verified,
        )

    def answer(self, source: str, method: str, path: str, body: bytes) -> Answer:
        asker = member(source)
        if path == NOTICES:
            status, told = notice(self.control, asker, body)
        else:
            assert path.startswith(PATH)
            status, told = respond(self.control, asker, method, path.removeprefix(PATH), body)
        return Answer(status, "application/json", encoded(told))

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
        return self.world.carry(self.id, member, method, path, body)

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        raise UnavailableError("peer.unreachable", member=member)

    def send_one(self) -> None:
        if self.waiting:
            deliver(self.control, self.waiting.pop(0))

    def send_all(self) -> None:
        while self.waiting:
            self.send_one()

    def crash(self) -> None:
        """Everything that was not written down is gone."""
        self.waiting.clear()

    def agreement(self) -> Agreement | None:
        found = self.contracts.agreements()
        return found[0] if found else None


def _verified(sealed: Facts, member: Member, at: int) -> Facts:
    from shangyou.core.errors import RefusedError

    document = sealed.get("document")
    if sealed.get("by") != member.id or not isinstance(document, dict):
        raise RefusedError("keys.signature")
    return document
