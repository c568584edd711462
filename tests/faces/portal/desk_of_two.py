"""Two members with a dataset that a person grants and one that is granted by rule, and people at both desks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.ports import Person
from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.dsp.talk import Talk
from shangyou.exchange.metering import Block, Passage, Receipt
from shangyou.exchange.policy.write import Terms, written
from shangyou.faces.contracting import PLANE, contracting
from shangyou.flows import negotiate
from shangyou.flows.converse import Control
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_talks import FakePlane

WORD = "right horse battery"
ASKED = written(Terms(purposes=("warning", "assessment"), delay="P1D", rows_day=1000), "sichuan/asked#1")
OPEN = written(Terms(rows_day=1000, cite="四川省生态环境厅"), "sichuan/open#1")


class Desks:
    """The federation, and how far its members have come."""

    def __init__(self, found: Basin) -> None:
        self.basin, self.clock = found, found.clock
        for id in found:
            node = found[id].node
            node.made[PLANE] = FakePlane()
            for name, role in (("li", "operator"), ("guest", "viewer")):
                node.people.put_person(Person(name, role, "李工", "zh"), WORD)
        for name, policy, automatic in (("asked", ASKED, False), ("open", OPEN, True)):
            offer = Offer(str(policy["@id"]), policy, automatic)
            made = Dataset(f"sichuan/{name}", "sichuan", "沱江水质", "Tuo", DatasetQuery(), (offer,), simulated=True)
            found["sichuan"].catalogue.put(made)
        for work in found["chongqing"].crawls(found.clock.ms()):
            work()

    def control(self, id: str) -> Control:
        return contracting(self.basin[id]).control

    def settle(self, ask: Callable[[], bool]) -> None:
        """Let both make up for what was lost until it is as asked; the letters themselves go at once."""
        pause = threading.Event()
        for _ in range(300):
            if ask():
                return
            for id in self.basin:
                contracting(self.basin[id]).turn()
            pause.wait(0.02)
        raise AssertionError("it did not come to that")

    def request(self, dataset: str, policy: dict[str, object] | None = None, replaces: str = "") -> Talk:
        control = self.control("chongqing")
        [offer] = negotiate.offers(control, dataset)
        return negotiate.request(control, "sichuan", dataset, str(offer["@id"]), policy or offer, "li", replaces)

    def waits(self, id: str) -> Talk:
        """What waits for an answer at a desk."""
        found: list[Talk] = []

        def there() -> bool:
            found[:] = [t for t in self.control(id).talks.talks("negotiation", active=True) if t.waits]
            return bool(found)

        self.settle(there)
        return found[0]

    def agree(self) -> str:
        """An agreement by rule."""
        before = {a.id for a in self.control("chongqing").contracts.agreements()}
        self.request("sichuan/open")

        def new() -> list[str]:
            ends = [
                {a.id for a in self.control(id).contracts.agreements() if a.state is AgreementState.ACTIVE}
                for id in self.basin
            ]
            return sorted(set.intersection(*ends) - before)

        self.settle(lambda: bool(new()))
        return new()[0]

    def meters(self, id: str) -> SqlMeters:
        return SqlMeters(self.basin[id].node.database)

    def passed(self, id: str, agreement: str, rows: int, name: str = "urn:uuid:t", **more: str) -> None:
        """Rows that an end has counted."""
        role, peer = ("provider", "chongqing") if id == "sichuan" else ("consumer", "sichuan")
        given = {"format": "Arrow-PULL", "state": "started"} | more
        at, meters = self.clock.ms(), self.meters(id)
        meters.put(Passage(name, role, peer, "", agreement, "sichuan/open", opened=at, changed=at, **given))  # type: ignore[arg-type]
        number = str(meters.passage(name).blocks)
        meters.enter(name, number, at, lambda count: Block(number, rows, 8 * rows, "d"))

    def receipt(self, id: str, agreement: str, rows: int, theirs: int) -> None:
        own = {"agreement": agreement, "blocks": 1, "bytes": 8 * rows, "dataset": "sichuan/open", "rows": rows}
        differ = ({"what": "rows", "own": rows, "theirs": theirs},) if rows != theirs else ()
        peer = "chongqing" if id == "sichuan" else "sichuan"
        sealed = {"document": own, "signatures": [{}, {}]}
        self.meters(id).put_receipt(Receipt("urn:uuid:t", agreement, peer, self.clock.ms(), own, sealed, differ))

    def reader(self, id: str, name: str = "li") -> Reader:
        return Reader(cast(FakeNode, self.basin[id].node)).sign_in(name, WORD)


@contextlib.contextmanager
def desks(folder: Path) -> Iterator[Desks]:
    with basin(folder, ("sichuan", "chongqing"), threshold=1) as found:
        yield Desks(found)
