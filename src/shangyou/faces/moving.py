"""The data plane of a node at work: passages of data with other members, joined when first asked for."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import ConflictError, NotFoundError, ShangyouError, UnavailableError
from shangyou.exchange import keys
from shangyou.exchange.agreement import Transfer
from shangyou.exchange.block import form_of
from shangyou.exchange.metering import HOUR, Passage
from shangyou.faces.contracting import PLANE, contracting
from shangyou.flows import subscribe
from shangyou.flows import transfer as talks
from shangyou.flows.delete import delete_due
from shangyou.flows.deliver import Sink, StoreSink, Taking, fetch, open_passage, receipt, receipt_so_far
from shangyou.flows.passage import Providing, offer
from shangyou.flows.push import push
from shangyou.wiring import rivers
from shangyou.wiring_exchange import Exchange

log = logging.getLogger("shangyou.data")

FEEDS: Final = 64  # feeds that are followed at once
WAIT: Final = 3_000  # ms that a feed's request may wait for something new; a node that ends waits so long too
MOVERS: Final = 4  # passages of which data are fetched or pushed at once
LOOK: Final = 60_000  # ms until it is looked anew what has to be deleted


@dataclass(eq=False, slots=True)
class Moving:
    """See `exchange.ports.DataPlane`: told by the control plane, it moves data and says when that is over."""

    joined: Exchange
    providing: Providing
    taking: Taking
    pool: ThreadPoolExecutor
    feeds: ThreadPoolExecutor
    ending: bool = False
    halted: set[str] = field(default_factory=set)  # bodies that are on their way stop where they are
    busy: set[str] = field(default_factory=set)
    reached: dict[str, tuple[int, int]] = field(default_factory=dict)  # of pulls under way: blocks, of how many
    looked: int = 0  # ms: when it was last looked what has to be deleted
    by_itself: bool = True  # fetch and push as soon as a transfer starts
    lock: threading.Lock = field(default_factory=threading.Lock)
    deleting: threading.Lock = field(default_factory=threading.Lock)

    def offer(self, transfer: Transfer) -> Mapping[str, object]:
        """See DataPlane."""
        return offer(self.providing, transfer)

    def begin(self, transfer: Transfer) -> None:
        """See DataPlane."""
        self.halted.discard(transfer.id)
        if transfer.role == "provider":
            passage = self.providing.meters.passage(transfer.id)
            if passage.state in ("offered", "paused"):
                other = transfer.other_id or passage.other
                self._change(passage, state="started", other=other, code="", facts={}, reason="")
        else:
            open_passage(self.taking, transfer)
        if self.by_itself:
            self.go_on(transfer.id)

    def stop(self, transfer: Transfer) -> None:
        """See DataPlane. A transfer that is still called started is about to end: nothing moves from now on."""
        self.halted.add(transfer.id)
        with suppress(NotFoundError):
            passage = self.providing.meters.passage(transfer.id)
            state = {"COMPLETED": "complete", "TERMINATED": "stopped"}.get(transfer.state, "paused")
            if state == "complete":  # what has left may leave again, into a file
                self.halted.discard(transfer.id)
            if passage.state in ("stopped", "complete") or (passage.state, state) == ("paused", "paused"):
                return
            code = transfer.code or ("transfer.ended" if state == "stopped" else "")
            self._change(passage, state=state, code=code, facts=dict(transfer.facts), reason=transfer.reason)

    def _change(self, passage: Passage, **changed: object) -> None:
        meters = self.providing.meters
        meters.change(replace(passage, changed=self.joined.now(), **changed))  # type: ignore[arg-type]

    def go_on(self, id: str) -> None:
        """Move a passage on in a thread, where it is this end's turn and nobody does it yet."""
        with self.lock:
            if id in self.busy:
                return
            self.busy.add(id)
        _, way = form_of(self.taking.meters.passage(id).format)
        (self.feeds if way == "FEED" else self.pool).submit(self._moved, id)

    def _moved(self, id: str) -> None:
        try:
            self.move(id)
        except UnavailableError as error:
            log.info("%s goes on later: %s", id, error)
        except ShangyouError as error:
            log.warning("%s stopped: %s", id, error)
        except Exception:
            log.exception("%s: a fault of the programme", id)
        finally:
            with self.lock:
                self.busy.discard(id)

    def move(self, id: str) -> Passage:
        """Fetch what is left of a pull into the store, or follow a feed; raises as `fetch` and `subscribe.turn`."""
        passage = self.taking.meters.passage(id)
        _, way = form_of(passage.format)
        if (passage.state, passage.role, way) == ("complete", "consumer", "PULL"):  # it died before it could say so
            self.said(lambda: talks.complete(contracting(self.joined).control, id))
        if passage.state != "started" or (passage.role == "provider") is not (way == "PUSH"):
            return passage
        if way == "PUSH":
            if push(self.providing, self.joined.peers, passage, lambda: id in self.halted or self.ending):
                self.providing.meters.change(replace(self.providing.meters.passage(id), state="complete"))
                self.said(lambda: talks.complete(contracting(self.joined).control, id))
            return self.providing.meters.passage(id)
        if way == "FEED":
            return self._follow(passage)
        over = self.fetch(passage, StoreSink(self.taking.store, passage, self.joined.now))
        if over.state == "complete":
            self.said(lambda: talks.complete(contracting(self.joined).control, id))
        return over

    def _follow(self, passage: Passage) -> Passage:
        """Until it is stopped or the node ends; what came is signed by both ends every hour, and when it stops."""
        try:
            while passage.id not in self.halted and not self.ending:
                if not subscribe.turn(self.taking, passage, WAIT).more:
                    self._receipted_so_far(passage, HOUR)
        finally:
            if passage.id in self.halted or self.taking.meters.passage(passage.id).state != "started":
                self._receipted_so_far(passage, 0)
        return self.taking.meters.passage(passage.id)

    def _receipted_so_far(self, passage: Passage, every: int) -> None:
        try:
            receipt_so_far(self.taking, passage, every)
        except ShangyouError as error:  # the next hour's says it all
            log.info("%s has no receipt yet: %s", passage.id, error)

    def fetch(self, passage: Passage, sink: Sink, again: bool = False) -> Passage:
        """See `flows.deliver.fetch`; how far it is can be seen meanwhile."""
        id = passage.id

        def progress(done: int, count: int, rows: int) -> None:
            self.reached[id] = (done, count)

        def stopping() -> bool:
            return not again and (id in self.halted or self.ending)

        try:
            return fetch(self.taking, passage, sink, progress, again=again, stopping=stopping)
        finally:
            self.reached.pop(id, None)

    def receipted(self, id: str) -> None:
        """Sign what came by a push; where the provider is away, it is asked for again with `transfer receipts`."""
        with suppress(UnavailableError):
            receipt(self.taking, self.taking.meters.passage(id))

    def turn(self) -> None:
        """What was held up goes on; for the thread of a serving node."""
        for passage in self.taking.meters.passages(active=True):
            if passage.state == "started" and self.by_itself:
                self.go_on(passage.id)
        if not 0 <= self.joined.now() - self.looked < LOOK:
            self.looked = self.joined.now()
            self.pool.submit(self._delete)

    def _delete(self) -> None:
        """Delete what an agreement lets this node keep no longer; what fails is tried again a minute later."""
        if not self.deleting.acquire(blocking=False):  # much was due the minute before
            return
        try:
            delete_due(self.taking)
        except ShangyouError as error:
            log.warning("what is due was not deleted: %s", error)
        except Exception:
            log.exception("deleting what is due: a fault of the programme")
        finally:
            self.deleting.release()

    def close(self) -> None:
        """End what moves; all of it goes on after the next start."""
        self.ending = True
        for each in (self.pool, self.feeds):
            each.shutdown(wait=True, cancel_futures=True)

    def said(self, say: Callable[[], object]) -> None:
        """Something for the control plane; a transfer that it does not know, or that is over, needs nothing."""
        with suppress(NotFoundError, ConflictError):
            say()

    def stopped(self, passage: Passage) -> None:
        """The data plane itself has ended a passage: the control plane tells the other end."""
        self.halted.add(passage.id)
        control = contracting(self.joined).control
        reasons: list[object] = [each for each in (dict(passage.facts), passage.reason) if each]
        self.pool.submit(self.said, lambda: talks.stop(control, passage.id, passage.code, reasons))


def moving(joined: Exchange) -> Moving:
    """The node's data plane, made once."""
    return joined.node.made.once(PLANE, lambda: _made(joined), Moving.close)


def _made(joined: Exchange) -> Moving:
    node = joined.node
    meters, contracts = SqlMeters(node.database), SqlContracts(node.database)
    pool = ThreadPoolExecutor(MOVERS, "data")
    feeds = ThreadPoolExecutor(FEEDS, "feed")
    providing = Providing(
        members=joined.members,
        contracts=contracts,
        datasets=joined.catalogue,
        registry=node.registry,
        store=node.store,
        meters=meters,
        now=joined.now,
        name=lambda: secrets.token_urlsafe(24),
        seal=lambda document: keys.seal(document, joined.signer),
        record=joined.tell,
        stopped=lambda passage: made.stopped(passage),
        waters=rivers(node).waters,
    )
    taking = Taking(
        members=joined.members,
        contracts=contracts,
        peers=joined.peers,
        meters=meters,
        store=node.store,
        signer=lambda: joined.signer,
        now=joined.now,
        record=joined.tell,
    )
    made = Moving(joined, providing, taking, pool, feeds)
    return made


def turn(joined: Exchange) -> None:
    """What was held up goes on; for the thread of a serving node."""
    moving(joined).turn()
