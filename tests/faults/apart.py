"""Nodes of a federation as real processes, with a proxy before each: started, killed, asked, compared."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shangyou import wiring
from shangyou.adapters.node_client import NodeClient
from shangyou.adapters.serving import find_serving
from shangyou.adapters.trust import TrustFolder
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Batch
from shangyou.core.registry import Device, Section
from shangyou.exchange.ledger.agreeing import differences
from shangyou.exchange.ledger.entry import Entry
from shangyou.flows.federation import make_federation
from shangyou.ingest.hj212.frame import frame
from shangyou.settings import Settings
from tests.faces.processes import Served, served, wait_until
from tests.fakes.exchange_basin import facts
from tests.faults.lots import hours
from tests.faults.proxy import Proxy, proxy

Row = dict[str, Any]
PROVIDER, CONSUMER = "sichuan", "chongqing"
MN, SITE = "A510000_0001", "51.甲"
OVER = ("FINALIZED", "TERMINATED", "COMPLETED")
LONG = 10**9  # ms after which nothing is on its way any more


@dataclass
class Seat:
    """One node and its proxy."""

    id: str
    home: Path
    proxy: Proxy
    hj212: int = 0
    host: str = "127.0.0.1"
    inside: tuple[str, ...] = ()  # the command that leads to where it runs
    more: Mapping[str, str] = field(default_factory=dict)  # environment
    held: ExitStack = field(default_factory=ExitStack)
    served: Served | None = None
    client: NodeClient | None = None

    def start(self) -> None:
        given = {"SHANGYOU_HJ212_PORT": str(self.hj212), **self.more}
        self.served = self.held.enter_context(served(self.home, inside=self.inside, **given))
        place = urlsplit(self.served.places["http"])
        serving = find_serving(self.home)
        assert serving is not None
        self.client = self.held.enter_context(NodeClient(serving, "test", "en"))
        self.proxy.target = ("127.0.0.1", int(place.port or 0))

    def kill(self) -> None:
        """SIGKILL: nothing is closed, nothing is told."""
        self.proxy.target = None
        assert self.served is not None
        self.served.process.kill()
        self.held.close()
        self.served = self.client = None

    def ask(self, question: str, **given: object) -> list[Row]:
        assert self.client is not None
        _, batches = self.client.ask(question, **given)
        return [row for batch in batches for row in batch.to_pylist()]

    def do(self, deed: str, **given: object) -> Row:
        assert self.client is not None
        return self.client.do(deed, **given)

    def send(self, number: int) -> None:
        """A packet of its monitor, acknowledged; each second has its own."""
        moment = time.strftime("%Y%m%d%H%M%S", time.gmtime(1_788_220_800 + number))
        area = f"DataTime={moment};w01010-Rtd={number / 1000:.3f},w01010-Flag=N"
        with socket.create_connection((self.host, self.hj212), 10) as line:
            line.sendall(frame(f"QN={moment}000;ST=21;CN=2011;PW=123456;MN={MN};Flag=5;CP=&&{area}&&".encode()))
            assert b"9014" in line.recv(4096)


@dataclass
class Apart:
    """All nodes."""

    seats: Mapping[str, Seat]

    def __getitem__(self, id: str) -> Seat:
        return self.seats[id]

    def request(self, dataset: str) -> str:
        """Ask for an agreement; the negotiation's id at the consumer."""
        return str(self._again(lambda: self[CONSUMER].do("contracts/request", dataset=dataset))["id"])

    def agreed(self, id: str) -> str:
        """Wait until a negotiation is over; the agreement."""
        [row] = wait_until(lambda: [r for r in self._look("contracts") if r["id"] == id and r["state"] in OVER])
        assert row["state"] == "FINALIZED", row
        return str(row["agreement"])

    def moved(self, id: str) -> Row:
        """Wait until a transfer is over."""
        found = wait_until(lambda: [r for r in self._look("transfers") if r["id"] == id and r["state"] in OVER])
        return dict(found[0])

    def _look(self, question: str) -> list[Row]:
        """What the consumer answers; nothing while it is not there."""
        with suppress(UnavailableError, AssertionError):
            return self[CONSUMER].ask(question)
        return []

    def _again(self, act: Any) -> Row:
        """A person whose request did not come through tries once more."""

        def tried() -> Row | None:
            with suppress(UnavailableError):
                return dict(act())
            return None

        return dict(wait_until(tried))

    def start(self, agreement: str, format: str = "Arrow-PULL") -> str:
        return str(self[CONSUMER].do("transfers/start", agreement=agreement, format=format)["id"])

    def series(self, id: str, site: str) -> list[tuple[object, ...]]:
        rows = self[id].ask("observations", site=[site])
        return sorted((r["time"], r["parameter"], r["cadence"], r["value"]) for r in rows)

    def same(self, site: str) -> bool:
        """Do both hold the same observations of a section?"""
        return self.series(PROVIDER, site) == self.series(CONSUMER, site) != []

    def agree(self, agreement: str) -> bool:
        """Do both ends say the same of all that they talked about, and both logs of an agreement?"""
        for question in ("contracts", "transfers"):
            ends = [
                {frozenset((r["id"], r["other"])): (r["state"], r["agreement"]) for r in self[id].ask(question)}
                for id in (PROVIDER, CONSUMER)
            ]
            if ends[0] != ends[1]:
                return False
        states = [{r["id"]: r["state"] for r in self[id].ask("contracts/agreements")} for id in self.seats]
        logs = [
            [
                Entry(r["kind"], told, int(r["at"].timestamp() * 1000))
                for r in self[id].ask("ledger", about=agreement, limit=1000)
                if (told := json.loads(r["facts"])).get("agreement") == agreement
            ]
            for id in (PROVIDER, CONSUMER)
        ]
        told = [any(entry.kind == "agreement" for entry in log) for log in logs]
        differing = differences(logs[0], logs[1], time.time_ns() // 10**6 + LONG)
        return states[0] == states[1] and not differing and all(told)


def free() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def make_homes(seats: Mapping[str, Seat], addresses: Mapping[str, Mapping[str, Any]]) -> None:
    """Homes of one federation, each known by what `addresses` says of it; the provider has data and a monitor."""
    now = time.time_ns() // 10**6
    for seat in seats.values():
        wiring.make_home(Settings(home=seat.home, name_zh=seat.id, hj212_port=0, memory="64MB", threads=1))
    told = [(TrustFolder(s.home), replace(facts(s.id, n), **addresses[s.id])) for n, s in enumerate(seats.values())]
    make_federation(told, now, threshold=2)
    node = wiring.build(Settings(home=seats[PROVIDER].home, memory="64MB", threads=1))
    node.registry.meet([Section(SITE, "甲"), Section("51.s0", "s0")], now)
    node.registry.put_device(Device(MN, "站", SITE), "123456", "test", now)
    node.store.append(Batch(-7, "table", "a", now), hours(0, 3000))
    node.close()


@contextmanager
def apart(folder: Path) -> Iterator[Apart]:
    """A provider with 300,000 rows, and a consumer; both serve."""
    with ExitStack() as opened:
        ids = (PROVIDER, CONSUMER)
        seats = {id: Seat(id, folder / id, opened.enter_context(proxy())) for id in ids}
        seats[PROVIDER].hj212 = free()
        make_homes(seats, {id: {"address": seat.proxy.address} for id, seat in seats.items()})
        for seat in seats.values():
            opened.callback(seat.held.close)
            seat.start()
        yield Apart(seats)
