"""Members that answer questions to the basin from small stores, without a wire between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from shangyou.core.errors import NotFoundError, ShangyouError, UnavailableError
from shangyou.core.ports import Batch, ObservationStore
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.core.registry import Device, River, Section
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.ports import Answer
from shangyou.exchange.question import parsed
from shangyou.exchange.reply import packed
from shangyou.faces.api.problem import problem
from shangyou.flows.allow import Provider
from shangyou.flows.answer import Own, answer_member
from shangyou.flows.ground import Waters
from tests.fakes.exchange_catalogue import FewMembers
from tests.fakes.observations import FakeObservations

HOUR = 3_600_000
APRIL = 1_617_206_400_000  # 2021-04-01 00:00 legal time
MAY = APRIL + 30 * 24 * HOUR
NOW = MAY + 12 * HOUR
FREE: Mapping[str, object] = {"permission": [{"action": "use"}]}
Row = tuple[str, str, int, float]  # section, parameter, hours since APRIL, value


def flagged(rows: Sequence[Row], flag: Flag = Flag.GOOD) -> Flagged:
    """Hourly values."""
    o = Observations.build([(SeriesKey(s, p, "hour"), APRIL + h * HOUR, v, 0, 1) for s, p, h, v in rows])
    nothing = np.zeros(len(o), np.uint32)
    return Flagged(o, np.full(len(o), flag, np.uint8), nothing, nothing)


def give(
    store: ObservationStore,
    rows: Sequence[Row],
    kind: str = "table",
    flag: Flag = Flag.GOOD,
    received: int = NOW - HOUR,
) -> None:
    """Put rows into a store, as one batch."""
    if rows:
        number = 1 + max((state.batch.id for state in store.batches()), default=0)
        store.append(Batch(number, kind, "test", received), flagged(rows, flag))


def a_section(id: str, river: str = "长江", **more: Any) -> Section:
    """A section whose province is told by its id."""
    return Section(id, id[3:], province={"51": "四川省", "50": "重庆市"}.get(id[:2], "贵州省"), river=river, **more)


class FewSections:
    """flows.ground.Waters: what a registry of some sections tells."""

    def __init__(
        self, sections: Sequence[Section], devices: Sequence[Device] = (), merged: Sequence[Section] = ()
    ) -> None:
        self._sections = {each.id: each for each in sections}
        self._devices, self._merged = list(devices), {each.id: each.merged_into for each in merged}

    def rivers(self) -> list[River]:
        return [River("changjiang", "长江", "Yangtze")]

    def sections(self) -> list[Section]:
        return list(self._sections.values())

    def section(self, id: str) -> Section:
        root = self._merged.get(id, id)
        if root not in self._sections:
            raise NotFoundError("registry.section", id=id)
        return self._sections[root]

    def sites_of(self, id: str) -> tuple[str, ...]:
        root = self.section(id).id
        return (root, *(d.mn for d in self._devices if d.section == root))

    def devices(self) -> list[Device]:
        return self._devices


def constraint(operand: str, operator: str, value: object) -> dict[str, object]:
    """One of ODRL."""
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def may(*constraints: Mapping[str, object], action: str = "use") -> dict[str, object]:
    """A policy with one permission."""
    return {"permission": [{"action": action, "constraint": list(constraints)}]}


def agreed(provider: str, consumer: str, policy: Mapping[str, object] = FREE, number: int = 1) -> Agreement:
    """An agreement in force."""
    id = f"urn:uuid:{provider}-{consumer}-{number}"
    whole = {"@id": id, "@type": "Agreement", "target": f"{provider}/all", "assigner": provider, "assignee": consumer}
    return Agreement(id, provider, consumer, f"{provider}/all", {**whole, **policy}, 1)


def everything(owner: str, **query: Any) -> Dataset:
    """A dataset of all that its owner has, or of what is named."""
    return Dataset(f"{owner}/all", owner, "全部", "All", DatasetQuery(**query), (Offer("o", FREE),))


class FewContracts:
    """exchange.ports.Contracts."""

    def __init__(self, *agreements: Agreement) -> None:
        self._all = {each.id: each for each in agreements}

    def put(self, agreement: Agreement) -> None:
        self._all[agreement.id] = agreement

    def agreement(self, id: str) -> Agreement:
        return self._all[id]

    def agreements(self, peer: str = "", dataset: str = "", active: bool = False) -> list[Agreement]:
        found = [each for each in self._all.values() if not peer or peer in (each.provider, each.consumer)]
        found = [each for each in found if not dataset or each.dataset == dataset]
        return [each for each in found if not active or each.state == "active"]


class Respondents:
    """Members that answer `asker`, each from its own store. `spoil` may change or hold up an answer."""

    def __init__(self, asker: str, registry: Waters, *names: str) -> None:
        self.me, self._registry = asker, registry
        self.members = FewMembers(asker, *names)
        self.owns = {name: Own(name, FakeObservations(), registry) for name in (asker, *names)}
        self.contracts = {name: FewContracts(agreed(name, asker)) for name in names}
        self.datasets = {name: everything(name) for name in names}
        self.down: set[str] = set()
        self.spoil: Callable[[str, Answer], Answer] = lambda _, answer: answer
        self.now = NOW

    @property
    def own(self) -> Own:
        """What the asker holds itself."""
        return self.owns[self.me]

    def store(self, name: str) -> ObservationStore:
        """What a member holds."""
        return self.owns[name].store

    def swap(self, name: str, store: ObservationStore) -> None:
        """Give a member another store."""
        self.owns[name] = replace(self.owns[name], store=store)

    def provider(self, name: str) -> Provider:
        """A member's agreements and dataset."""

        def dataset(id: str) -> Dataset:
            if id != self.datasets[name].id:
                raise NotFoundError("catalogue.dataset", id=id)
            return self.datasets[name]

        return Provider(self.contracts[name], dataset)

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
        """See Peers."""
        if member in self.down:
            raise UnavailableError("peer.unreachable", member=member, address="", reason="port", detail="")
        try:
            asker = self.members.member(self.me)
            header, table = answer_member(self.owns[member], self.provider(member), asker, parsed(body), self.now)
            return self.spoil(member, Answer(200, "", packed(table, header)))
        except ShangyouError as error:
            told = problem(error, "en")
            return self.spoil(member, Answer(error.status, "", bytes(told.body)))

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """See Peers; nothing streams here."""
        raise UnavailableError("peer.unreachable", member=member)
