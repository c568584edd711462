"""A basin whose letters and data go when the test says so: whole nodes, nothing in threads, no waiting.

whole = Whole(basin)
talk = whole.ask("chongqing", "sichuan")       # the letter lies in the post
whole.run()                                    # the post goes round until nothing is left of it
whole.reconcile()                              # time goes on, and what was lost is made up for
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.dsp.talk import Letter, Talk
from shangyou.exchange.ledger.log import Alarm
from shangyou.exchange.metering import Passage
from shangyou.faces.contracting import Contracting, contracting
from shangyou.faces.keeping import Keeping, keeping
from shangyou.faces.moving import Moving, moving
from shangyou.flows import agreements, ledger, negotiate, reconcile, transfer
from shangyou.flows.converse import Control, deliver
from shangyou.flows.crawl import crawl
from shangyou.flows.witness import cross_check
from tests.fakes.exchange_basin import Basin
from tests.fakes.exchange_lots import SITES

USE: Mapping[str, Any] = {"permission": [{"action": "use"}]}
FORMAT = "Arrow-PULL"


def sites_of(id: str) -> tuple[str, ...]:
    """The sections of a member."""
    return tuple(f"{id}.{site}" for site in SITES)


class Post(ThreadPoolExecutor):
    """Work that is done when the test says so, in the order in which it came."""

    def __init__(self) -> None:
        super().__init__(1)
        self._waiting: deque[Callable[[], object]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep it for `run`; nobody may wait for what it gives."""
        self._waiting.append(partial(fn, *args, **kwargs))
        return Future()

    def run(self) -> int:
        """Do what waits; how much that was."""
        count = len(self._waiting)
        for _ in range(count):
            self._waiting.popleft()()
        return count

    def forget(self) -> None:
        """The process has died: what it had only in mind is gone."""
        self._waiting.clear()


class Whole:
    """Members of a basin with all that a serving node does for them, turned by hand."""

    def __init__(self, basin: Basin) -> None:
        self.basin = basin
        self.posts: dict[str, Post] = {}
        for id in basin:
            self.adopt(id)

    def adopt(self, id: str) -> None:
        """Turn a member by hand from now on, as after its start."""
        joined, post = self.basin[id], Post()
        made = contracting(joined)
        made.pool = post
        object.__setattr__(made.control, "send", partial(_put, post, made))
        plane = moving(joined)
        plane.by_itself, plane.pool = False, post
        self.posts[id] = post

    def control(self, id: str) -> Control:
        return contracting(self.basin[id]).control

    def plane(self, id: str) -> Moving:
        return moving(self.basin[id])

    def keeping(self, id: str) -> Keeping:
        return keeping(self.basin[id].node)

    def now(self) -> int:
        return self.basin.clock.ms()

    # ---- what people do ---------------------------------------------------------------------------------------

    def publish(self, id: str, title: str = "水质") -> str:
        """The member's one dataset, its own sections, which everybody may use; published again with another title."""
        name, sections = f"{id}/water", sites_of(id)
        offer = Offer(f"{name}#1", USE)
        dataset = Dataset(name, id, title, title, DatasetQuery(sections), (offer,), changed=self.now(), simulated=True)
        self.basin[id].catalogue.put(dataset)
        return name

    def ask(self, consumer: str, provider: str) -> Talk:
        name = f"{provider}/water"
        return negotiate.request(self.control(consumer), provider, name, f"{name}#1", USE, "li")

    def agree(self, consumer: str, provider: str) -> str:
        """Negotiate to the end; the agreement's id."""
        talk = self.ask(consumer, provider)
        self.run()
        found = self.control(consumer).talks.talk("negotiation", talk.id)
        assert found.state == "FINALIZED", found
        return found.agreement

    def start(self, consumer: str, agreement: str) -> str:
        """Ask for the data; the transfer's id at the consumer."""
        talk = transfer.start(self.control(consumer), agreement, FORMAT, "li")
        self.run()
        return talk.id

    def move(self, consumer: str, id: str) -> Passage:
        """Fetch all of a transfer's data, and say so."""
        passage = self.plane(consumer).move(id)
        self.run()
        return passage

    def revoke(self, id: str, agreement: str) -> None:
        agreements.revoke(self.control(id), agreement, "wang", "pipeline works")
        self.run()

    # ---- what nodes do by themselves --------------------------------------------------------------------------

    def run(self, ids: Iterable[str] = ()) -> None:
        """The post goes round until nothing is left."""
        chosen = [self.posts[id] for id in ids or self.posts]
        while sum(post.run() for post in chosen):
            pass

    def reconcile(self, rounds: int = 40) -> None:
        """Time goes on, and every node makes up for what was lost, until nothing is under way."""
        for _ in range(rounds):
            for id in self.basin:
                contracting(self.basin[id]).turn()
            self.run()
            if not any(self.under_way(id) for id in self.basin):
                return
            self.basin.clock.advance(seconds=61)
        raise AssertionError({id: self.under_way(id) for id in self.basin})

    def under_way(self, id: str) -> list[object]:
        """Letters that the node has not brought to their peers, acts that are not in its ledger."""
        talks = self.control(id).talks
        letters = talks.take(self.now() + 10**10, self.now())  # held until now: the next look finds them again
        return [*letters, *talks.acts()]

    def pulse(self) -> None:
        """Everybody asks everybody how it is, and lists go where they are missing."""
        for id in self.basin:
            for work in self.basin[id].due(self.now()):
                work()

    def crawl(self, readers: Iterable[str] = (), owners: Iterable[str] = ()) -> None:
        """These read the catalogues of these owners; without names everybody reads all that are due."""
        for id in readers or self.basin:
            joined = self.basin[id]
            for owner in owners:
                crawl(owner, joined.peers, joined.catalogue, joined.now)
            for work in () if owners else joined.crawls(self.now()):
                work()

    def sign(self, id: str) -> None:
        """The node's checkpoint of this moment with all that was done, cosigned by nobody yet."""
        reconcile.records(self.control(id))
        log = self.basin[id].node.ledger
        ledger.checkpoint(log, log.shelf, self.basin[id].members, self.basin[id].signer, self.now())

    def seal(self, id: str) -> ledger.Sealing:
        """The same, cosigned by whom it reaches."""
        reconcile.records(self.control(id))
        found = self.keeping(id).keeper.now(self.now())
        assert found is not None
        return found

    # ---- what both ends must hold -----------------------------------------------------------------------------

    def talks(self, id: str, peer: str, kind: str) -> dict[frozenset[str], tuple[str, str]]:
        """State and agreement of each talk with a peer, by the pids of both ends."""
        found = self.control(id).talks.talks(kind, limit=100_000)
        return {frozenset((t.id, t.other)): (t.state, t.agreement) for t in found if t.peer == peer}

    def agreements(self, id: str, peer: str) -> dict[str, str]:
        found = self.control(id).contracts.agreements(peer=peer)
        return {each.id: each.state.value for each in found}

    def held(self, id: str, peer: str) -> dict[str, object]:
        """All that a node and a peer must hold alike."""
        kinds = {kind: self.talks(id, peer, kind) for kind in ("negotiation", "transfer")}
        return {**kinds, "agreements": self.agreements(id, peer)}

    def catalogue(self, id: str, owner: str) -> dict[str, str]:
        """Titles by dataset as a node knows them of an owner, which may be itself."""
        catalogue = self.basin[id].catalogue
        if id == owner:
            return {each.id: each.title_zh for each in catalogue.datasets()}
        return {each.dataset.id: each.dataset.title_zh for each in catalogue.entries(owner)}

    def list_version(self, id: str) -> tuple[int, str]:
        accepted = self.basin[id].trust.accepted
        return accepted.trusted.version, accepted.digest

    def disagreements(self, id: str, peer: str, agreement: str) -> list[object]:
        """What the two logs tell differently, long after all was written."""
        found, around = self.keeping(id), self.basin[id]
        log, later = found.ledger, self.now() + 10**6
        return list(cross_check(log, log.shelf, around.members, around.peers, peer, agreement, later))

    def alarms(self) -> dict[str, list[Alarm]]:
        """By member, of those that have any."""
        found = {id: self.basin[id].node.ledger.shelf.alarms() for id in self.basin}
        return {id: alarms for id, alarms in found.items() if alarms}


def _put(post: Post, made: Contracting, letter: Letter) -> None:
    post.submit(_deliver, made.control, letter)


def _deliver(control: Control, letter: Letter) -> None:
    deliver(control, letter)
