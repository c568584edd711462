"""A node dies before or after each thing that it writes; whatever step it was, both ends come to the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shangyou.exchange.dsp.talk import Change
from shangyou.flows import agreements, negotiate, transfer
from tests.fakes.exchange_talks import FakeContracts
from tests.fakes.exchange_world import DATASET, OFFER, USE, World
from tests.federation.test_two_nodes import agree_on, healed

MOMENTS = range(1, 13)  # more than any end writes in the life that is led below


class DeathError(Exception):
    """The process is gone."""


class Mortal(FakeContracts):
    """Dies at the n-th thing that it writes, once."""

    def __init__(self, at: int, kept: bool) -> None:
        super().__init__()
        self.left, self.kept, self.died = at, kept, False

    def commit(self, change: Change) -> bool:
        return bool(self._written(lambda: super(Mortal, self).commit(change)))

    def recorded(self, numbers: Sequence[int]) -> None:
        self._written(lambda: super(Mortal, self).recorded(numbers))

    def delivered(self, id: str) -> None:
        self._written(lambda: super(Mortal, self).delivered(id))

    def _written(self, write: object) -> object:
        self.left -= 1
        dies = self.left == 0
        if dies and not self.kept:
            self.died = True
            raise DeathError
        done = write() if callable(write) else None
        if dies:
            self.died = True
            raise DeathError
        return done


def survived(world: World, act: object) -> None:
    """Do something; if a node dies of it, what it had only in mind is gone and it starts again."""
    try:
        if callable(act):
            act()
    except DeathError:
        for node in world.nodes.values():
            if isinstance(node.contracts, Mortal) and node.contracts.died:
                node.crash()


def settle(world: World) -> None:
    for _ in range(8):
        survived(world, lambda: world.settle(2))


@pytest.mark.parametrize("side", ["sichuan", "chongqing"])
@pytest.mark.parametrize("kept", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_contract_is_agreed_used_and_revoked_though_a_node_dies_at_any_step(
    side: str, kept: bool, moment: int
) -> None:
    world = World()
    mortal = Mortal(moment, kept)
    node = world.nodes[side]
    node.contracts = mortal
    object.__setattr__(node.control, "talks", mortal)
    object.__setattr__(node.control, "contracts", mortal)
    consumer, provider = world.nodes["chongqing"], world.nodes["sichuan"]
    survived(world, lambda: negotiate.request(consumer.control, "sichuan", DATASET, OFFER, USE, "li"))
    settle(world)
    if not consumer.contracts.talks("negotiation"):  # it died before it had asked: the person asks again
        negotiate.request(consumer.control, "sichuan", DATASET, OFFER, USE, "li")
        settle(world)
    [talk] = consumer.contracts.talks("negotiation")
    assert talk.state == "FINALIZED"
    survived(world, lambda: transfer.start(consumer.control, talk.agreement, "Arrow-PULL", "li"))
    settle(world)
    survived(world, lambda: agreements.revoke(provider.control, talk.agreement, "wang", "x"))
    if provider.contracts.agreement(talk.agreement).state == "active":  # not written: the person revokes again
        survived(world, lambda: agreements.revoke(provider.control, talk.agreement, "wang", "x"))
    settle(world)
    for each in world.nodes.values():
        survived(world, lambda each=each: restarted(world, each.id))
    settle(world)
    healed(world)
    agree_on(world)
    assert {each.contracts.agreement(talk.agreement).state for each in world.nodes.values()} == {"revoked"}
    assert all(t.state == "TERMINATED" for t in consumer.contracts.talks("transfer"))


def restarted(world: World, id: str) -> None:
    from shangyou.flows import reconcile

    reconcile.resume(world.nodes[id].control)
