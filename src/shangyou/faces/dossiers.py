"""The dossiers of a node at work: who hands entries over, and when members compare; joined when first asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from shangyou.adapters.state.dossiers import SqlDossiers
from shangyou.core.errors import RefusedError, ShangyouError
from shangyou.exchange.dossier.cabinet import Signed
from shangyou.exchange.member import Standing
from shangyou.flows import dossier
from shangyou.flows.dossier import Casebook, Keeping
from shangyou.wiring_exchange import Exchange

log = logging.getLogger("shangyou.dossiers")

MADE: Final = "dossiers"
SENDERS: Final = 8  # members that are handed something at once
EVERY_MS: Final = 30_000  # between two comparisons with a member that answers
SLOWEST_MS: Final = 240_000  # and with one that has been away for long
Heard = Callable[[Sequence[Signed]], None]


@dataclass(slots=True)
class _Meeting:
    """When a member was compared with, and how that went."""

    tried: int = 0
    failures: int = 0

    def due(self, at: int) -> bool:
        """Is it time again? A clock that was set back does not wait."""
        return not self.tried <= at < self.tried + min(SLOWEST_MS, EVERY_MS << min(self.failures, 4))


@dataclass(eq=False, slots=True)
class Dossiering:
    """A node's dossiers with those who deliver for them."""

    joined: Exchange
    keeping: Keeping
    casebook: Casebook
    pool: ThreadPoolExecutor
    hearers: list[Heard]
    met: dict[str, _Meeting] = field(default_factory=dict)
    busy: dict[str, bool] = field(default_factory=dict)  # members that are being handed something: and then again?
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, member: str) -> None:
        """Have a member handed what waits for it, by one thread at a time."""
        with self.lock:
            if member in self.busy:
                self.busy[member] = True
                return
            self.busy[member] = False
        with suppress(RuntimeError):  # the node ends: after its next start what waits is found again
            self.pool.submit(self._sent, member)

    def _sent(self, member: str) -> None:
        try:
            dossier.deliver(self.keeping, member)
        except ShangyouError as error:
            log.warning("%s: %s", member, error)
        except Exception:
            log.exception("%s: a fault of the programme", member)
        finally:
            with self.lock:
                again = self.busy.pop(member)
        if again:
            self.send(member)

    def turn(self) -> None:
        """Do what is due now, for the thread of a serving node."""
        at = self.joined.now()
        for member in self.keeping.cabinet.waiting(at):
            self.send(member)
        for other in self.joined.members.members():
            meeting = self.met.setdefault(other.id, _Meeting())
            if other.id == self.joined.me or other.standing is not Standing.ACTIVE or not meeting.due(at):
                continue
            if self.keeping.cabinet.tops(other.id):
                meeting.tried = at
                self.pool.submit(self.compare, other.id)

    def compare(self, member: str) -> None:
        """Compare with a member; one that does not answer is asked less often."""
        meeting = self.met.setdefault(member, _Meeting())
        try:
            dossier.compare(self.keeping, member)
            meeting.failures = 0
        except ShangyouError as error:
            meeting.failures += 1
            log.info("%s: %s", member, error)
        except Exception:
            log.exception("%s: a fault of the programme", member)


def dossiers(joined: Exchange) -> Dossiering:
    """The node's dossiers, made once."""
    return joined.node.made.once(
        MADE, lambda: _made(joined), lambda made: made.pool.shutdown(wait=True, cancel_futures=True)
    )


def _made(joined: Exchange) -> Dossiering:
    hearers: list[Heard] = []

    def send(member: str) -> None:
        made.send(member)

    def heard(fresh: Sequence[Signed]) -> None:
        for hear in hearers if fresh else ():
            hear(fresh)

    def need_running() -> None:
        me = joined.members.member(joined.me)
        if me.standing is not Standing.ACTIVE:
            raise RefusedError("peer.standing", member=me.id, standing=str(me.standing), reason=me.reason)

    keeping = Keeping(
        members=joined.members,
        cabinet=SqlDossiers(joined.node.database),
        peers=joined.peers,
        signer=lambda: joined.signer,
        now=joined.now,
        nonce=joined.new_id,
        send=send,
        need_running=need_running,
        heard=heard,
    )
    pool = ThreadPoolExecutor(SENDERS, "dossiers")
    made = Dossiering(joined, keeping, Casebook(keeping), pool, hearers)
    return made
