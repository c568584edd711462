"""A whole node dies at any request of a contract, a transfer and a seal, and starts again from what is on its disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from shangyou import wiring
from shangyou.core.errors import ShangyouError
from shangyou.core.ports import Batch
from shangyou.core.registry import Section
from shangyou.settings import Settings
from tests.fakes.exchange_basin import basin, join_network
from tests.fakes.exchange_lots import PARAMETERS, SITES, observed
from tests.fakes.exchange_peers import Fate, Journey
from tests.fakes.exchange_whole import Whole, sites_of

PROVIDER, CONSUMER = "sichuan", "chongqing"
ROWS = 3 * len(SITES) * len(PARAMETERS)
MOMENTS = range(1, 12)  # requests of the life below: letters, blocks, receipt, seals


class DeathError(Exception):
    """The process is gone."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with basin(tmp_path_factory.mktemp("restart"), (PROVIDER, CONSUMER), threshold=2) as found:
        two = Whole(found)
        two.publish(PROVIDER)
        node, sites = found[PROVIDER].node, sites_of(PROVIDER)
        node.registry.meet([Section(id=site, name_zh=site) for site in sites], two.now())
        node.store.append(Batch(1, "table", "a", two.now()), observed(3, sites=sites))
        yield two


class Death:
    """Comes to a node at the n-th request: before it arrives, or when it has been worked on."""

    def __init__(self, whole: Whole, victim: str, moment: int, late: bool) -> None:
        self.whole, self.victim, self.left, self.late, self.came = whole, victim, moment, late, False

    def __call__(self, journey: Journey) -> Fate:
        if self.came:
            return Fate.LOSE_REQUEST
        self.left -= 1
        if self.left:
            return Fate.DELIVER
        self.came = True
        if journey.source == self.victim and not self.late:
            raise DeathError
        return Fate.LOSE_ANSWER if self.late else Fate.LOSE_REQUEST

    def during(self, act: Callable[[], object]) -> None:
        """Do something; whoever died of it starts again, and both make up for what was lost."""
        with suppress(DeathError, ShangyouError):
            act()
        if self.came:
            restart(self.whole, self.victim)
            self.came, self.left = False, -1
        self.whole.basin.clock.advance(seconds=61)
        self.whole.reconcile()


def asked(whole: Whole) -> None:
    whole.ask(CONSUMER, PROVIDER)
    whole.run()


def restart(whole: Whole, id: str) -> None:
    """What the node had only in mind is gone; it is built from its home once more."""
    whole.posts[id].forget()
    old = whole.basin[id].node
    old.close()
    node = wiring.build(Settings(home=old.settings.home, memory="64MB", threads=1), whole.basin.clocks[id])
    whole.basin.exchanges[id] = join_network(node, whole.basin.network)
    whole.adopt(id)


@pytest.mark.parametrize("victim", [PROVIDER, CONSUMER])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_contract_its_data_and_its_proof_come_to_the_same_though_a_node_dies(
    whole: Whole, victim: str, moment: int
) -> None:
    death = Death(whole, victim, moment, late=moment % 2 == 0)
    whole.basin.network.fate = death
    before = set(whole.agreements(CONSUMER, PROVIDER))
    death.during(lambda: asked(whole))
    [agreement] = set(whole.agreements(CONSUMER, PROVIDER)) - before
    known = {each.id for each in whole.control(CONSUMER).talks.talks("transfer", limit=10_000)}
    death.during(lambda: whole.start(CONSUMER, agreement))
    [talk] = [each for each in whole.control(CONSUMER).talks.talks("transfer", limit=10_000) if each.id not in known]
    death.during(lambda: whole.move(CONSUMER, talk.id))
    whole.move(CONSUMER, talk.id)  # as a serving node does after its start
    whole.reconcile()
    death.during(lambda: whole.seal(PROVIDER))
    death.during(lambda: whole.revoke(PROVIDER, agreement))
    whole.basin.network.heal()
    passages = [whole.plane(CONSUMER).taking.meters.passage(talk.id)]
    passages.append(whole.plane(PROVIDER).providing.meters.passage(passages[0].other))
    assert [(each.state, each.passed.rows) for each in passages] == [("complete", ROWS)] * 2
    assert whole.agreements(CONSUMER, PROVIDER)[agreement] == "revoked"
    assert whole.held(CONSUMER, PROVIDER) == whole.held(PROVIDER, CONSUMER)
    for id in (PROVIDER, CONSUMER):
        assert whole.seal(id).sealed
    for one, other in ((PROVIDER, CONSUMER), (CONSUMER, PROVIDER)):
        assert whole.disagreements(one, other, agreement) == []
        assert whole.keeping(one).compare(whole.now()) == []
    assert whole.alarms() == {}


def test_a_request_that_was_heard_before_a_death_is_not_heard_again_after_it(whole: Whole) -> None:
    network = whole.basin.network
    asked(whole)
    heard = [each for each in network.sent if each.target == PROVIDER]
    assert heard
    restart(whole, PROVIDER)
    for journey in heard[-3:]:
        answer = network.carry(journey)
        assert (answer.status, answer.headers["x-shangyou-code"]) == (401, "token.replayed")
