"""Standing subscriptions of a node at work: tended by a command and by the loop of a serving node, one at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from shangyou.adapters.state.standing import SqlWishes
from shangyou.exchange.standing import Stand
from shangyou.faces.contracting import contracting
from shangyou.faces.moving import moving
from shangyou.flows.standing import Holding, look, tend
from shangyou.wiring_exchange import Exchange

MADE: Final = "standing"
EVERY: Final = 5_000  # ms between two looks at what has come: an agreement, a dataset, a member


@dataclass(eq=False, slots=True)
class Keeper:
    """Keeps the standing subscriptions of a node."""

    joined: Exchange
    holding: Holding
    wishes: SqlWishes
    tended: int = 0  # ms since 1970 UTC
    lock: threading.Lock = field(default_factory=threading.Lock)  # two that tend would ask for one thing twice

    def turn(self) -> None:
        """Tend them now and then, for the thread of a serving node."""
        at = self.joined.now()
        if not self.tended <= at < self.tended + EVERY:
            self.tended = at
            self.tend()

    def tend(self, again: bool = False) -> list[Stand]:
        """See `flows.standing.tend`."""
        with self.lock:
            wishes = self.wishes.wishes()
            return tend(self.holding, wishes, again) if wishes else []

    def look(self) -> list[Stand]:
        """See `flows.standing.look`."""
        return look(self.holding, self.wishes.wishes())


def keeper(joined: Exchange) -> Keeper:
    """The node's, made once."""
    plane, control = moving(joined), contracting(joined).control

    def make() -> Keeper:
        holding = Holding(control, joined.catalogue, plane.taking.meters, plane.taking.store)
        return Keeper(joined, holding, SqlWishes(joined.node.database))

    return joined.node.made.once(MADE, make)
