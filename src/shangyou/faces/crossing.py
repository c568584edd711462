"""Comparing this node's log with those of the other parties of its agreements: hourly, and once more after the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from shangyou.core.errors import ShangyouError
from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.ledger.agreeing import GRACE
from shangyou.flows.witness import accuse, crossed

if TYPE_CHECKING:
    from shangyou.exchange.agreement import Agreement
    from shangyou.exchange.ledger.agreeing import Difference
    from shangyou.exchange.ports import Contracts
    from shangyou.wiring_exchange import Exchange

MADE: Final = "crossing"
LOOK: Final = 60_000  # ms between two looks at which agreements are due
EVERY: Final = 3_600_000  # ms between two comparings of an agreement
AGAIN: Final = 600_000  # ms after which a difference is looked for again, or a peer that was away is asked again
ENDED: Final = 30 * 86_400_000  # ms after its end until which an agreement is still compared
MOST: Final = 20  # agreements at a look: each may wait for a peer

Key = tuple[str, str]


@dataclass(slots=True)
class Crossed:
    """How one agreement stands."""

    tried: int = 0  # ms since 1970 UTC
    agreed: int = 0  # when both logs were last the same, or their difference was alarmed; 0 = never
    doubts: frozenset[Key] = frozenset()  # kind and transaction of what differed the last time


@dataclass(eq=False, slots=True)
class Crossing:
    """When which agreement is compared, and what is made of a difference.

    A letter may be on its way for as long as the line is down, and its act is in one log only until it has arrived. So
    a difference is an alarm only if it is still there when both ends have been in touch for longer than any letter
    waits for its next attempt.
    """

    joined: Exchange
    contracts: Contracts
    known: dict[str, Crossed] = field(default_factory=dict)  # by agreement id
    looked: int = 0

    def due(self, at: int) -> list[Callable[[], None]]:
        """Agreements to compare now, who waited longest first."""
        if self.looked <= at < self.looked + LOOK:
            return []
        self.looked = at
        listed = {each.id: each for each in self.contracts.agreements()}
        self.known = {id: self.known.get(id, Crossed()) for id in listed}
        waiting = [each for each in listed.values() if self._due(each, at)]
        waiting.sort(key=lambda each: self.known[each.id].tried)
        return [partial(self.compare, each, at) for each in waiting[:MOST]]

    def _due(self, agreement: Agreement, at: int) -> bool:
        known = self.known[agreement.id]
        if known.tried <= at < known.tried + AGAIN:
            return False
        if agreement.state is AgreementState.ACTIVE:
            return not known.agreed <= at < known.agreed + EVERY
        whole = agreement.changed + GRACE  # by then both ends have written down all of it
        return known.agreed < whole <= at < whole + ENDED

    def compare(self, agreement: Agreement, at: int) -> None:
        """Compare one. Raises as `flows.witness.crossed` when nothing can be said."""
        known, ledger = self.known[agreement.id], self.joined.node.ledger
        known.tried = at
        peer = agreement.consumer if agreement.provider == self.joined.me else agreement.provider
        try:
            found = crossed(ledger, self.joined.members, self.joined.peers, peer, agreement.id, at)
        except ShangyouError:
            known.doubts = frozenset()  # the line may have been down for all of the time
            raise
        lasting = [each for each in found if _key(each) in known.doubts]
        accuse(ledger, ledger.shelf, peer, agreement.id, lasting, at)
        known.doubts = frozenset(map(_key, found))
        if len(lasting) == len(found):
            known.agreed = at


def _key(difference: Difference) -> Key:
    return difference.kind, difference.transaction


def crossing(joined: Exchange) -> Crossing:
    """The node's, made once."""

    def make() -> Crossing:
        from shangyou.adapters.state.contracts import SqlContracts

        return Crossing(joined, SqlContracts(joined.node.database))

    return joined.node.made.once(MADE, make)
