"""The ledger of a node at work: who signs its checkpoints, whom it asks, and what is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from shangyou.core.clock import to_ms
from shangyou.exchange.ledger.log import Alarm
from shangyou.flows.ledger import Keeper
from shangyou.flows.witness import compare
from shangyou.wiring_exchange import exchange

if TYPE_CHECKING:
    from shangyou.adapters.ledger import FileLedger
    from shangyou.exchange.ports import Members, Peers, Signer
    from shangyou.wiring import Node

MADE: Final = "ledger"
COMPARE_EVERY: Final = 60_000  # ms between two rounds of comparing what the others tell


@dataclass(eq=False, slots=True)
class Keeping:
    """A node's log with those around it."""

    ledger: FileLedger
    members: Members
    peers: Peers
    keeper: Keeper
    joined: bool  # in a federation?
    compared: int = 0  # ms since 1970 UTC of the last round

    def due(self, at: int) -> list[Callable[[], None]]:
        """What is due now: a checkpoint with its seal, a round of comparing."""
        work: list[Callable[[], None]] = []
        if self.keeper.due(at):
            work.append(partial(self._seal, at))
        if self.joined and not self.compared <= at < self.compared + COMPARE_EVERY:
            work.append(partial(self._compare, at))
        return work

    def _seal(self, at: int) -> None:
        self.keeper.turn(at)

    def _compare(self, at: int) -> None:
        self.compare(at)

    def compare(self, at: int) -> list[Alarm]:
        """Compare what all members tell of each other's logs; the new alarms."""
        self.compared = at
        return compare(self.ledger, self.ledger.shelf, self.members, self.peers, at)


def keeping(node: Node) -> Keeping:
    """The node's log with its signer and peers, made once; anew when the node has joined a federation."""
    joined = exchange(node)
    found = node.made.get(MADE)
    if isinstance(found, Keeping) and found.joined == (joined is not None):
        return found
    ledger = node.ledger
    signer: Callable[[], Signer]
    if joined is not None:
        members: Members = joined.members
        peers: Peers = joined.peers
        signer = lambda: joined.signer  # noqa: E731  the key of that moment
    else:
        from shangyou.adapters.ledger.lone import LoneMembers, NoPeers

        alone = LoneMembers(node.settings.home / "ledger")
        members, peers, signer = alone, NoPeers(), lambda: alone.signer
    made = Keeping(ledger, members, peers, Keeper(ledger, ledger.shelf, members, peers, signer), joined is not None)
    node.made[MADE] = made
    return made


def turn(node: Node) -> None:
    """Do what is due of the ledger now; for the thread of a serving node."""
    at = to_ms(node.clock.now())
    for work in keeping(node).due(at):
        work()
