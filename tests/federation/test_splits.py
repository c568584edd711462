"""Seven nodes, cut in two in all 63 ways: each side goes on, what crosses waits, and after healing all are equal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from shangyou.flows import federation
from tests.fakes.exchange_basin import SEVEN, basin
from tests.fakes.exchange_lots import PARAMETERS, SITES, observed
from tests.fakes.exchange_whole import Whole, sites_of

SPLITS = [
    tuple(id for id in SEVEN if id not in away) for count in (1, 2, 3) for away in itertools.combinations(SEVEN, count)
]
assert len(SPLITS) == 63
ANCHORS, THRESHOLD = SEVEN[:5], 3
QUORUM = 4  # of the six other members
TIMES = 3
ROWS = TIMES * len(SITES) * len(PARAMETERS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Seven whole nodes with data and a dataset each; every test heals the network before it ends."""
    from shangyou.core.ports import Batch
    from shangyou.core.registry import Section

    with basin(tmp_path_factory.mktemp("seven")) as found:
        seven = Whole(found)
        for id in SEVEN:
            node = found[id].node
            sites = sites_of(id)
            node.registry.meet([Section(id=site, name_zh=site) for site in sites], seven.now())
            node.store.append(Batch(1, "table", id, seven.now()), observed(TIMES, sites=sites))
            seven.publish(id)
        seven.crawl()
        yield seven


@dataclass(frozen=True)
class Bond:
    """An agreement and a transfer under it, between two members."""

    consumer: str
    provider: str
    agreement: str
    transfer: str


def bind(whole: Whole, consumer: str, provider: str) -> Bond:
    agreement = whole.agree(consumer, provider)
    return Bond(consumer, provider, agreement, whole.start(consumer, agreement))


def moved(whole: Whole, bond: Bond) -> None:
    """All rows arrive, and both ends count the same."""
    passage = whole.move(bond.consumer, bond.transfer)
    other = whole.plane(bond.provider).providing.meters.passage(passage.other)
    assert (passage.state, passage.passed.rows, other.passed.rows) == ("complete", ROWS, ROWS)


def renewed(whole: Whole, side: Sequence[str]) -> int:
    """The side signs the next trust list, as far as it has the anchors; how many signatures are lacking."""
    outcome = None
    for id in (id for id in side if id in ANCHORS):
        joined = whole.basin[id]
        if outcome is None:
            outcome = federation.renew(joined.trust, whole.now())
        elif outcome.lacking:
            outcome = federation.sign(joined.trust, outcome.digest[:12], whole.now())
        joined.hand_on(outcome)
    return outcome.lacking if outcome is not None else THRESHOLD


def agree_on_all(whole: Whole, bonds: Sequence[Bond]) -> None:
    """Both ends of each bond hold the same, and their logs agree."""
    pairs = {(bond.consumer, bond.provider) for bond in bonds}
    for id in {id for pair in pairs for id in pair}:
        whole.sign(id)
    for a, b in pairs:
        assert whole.held(a, b) == whole.held(b, a)
    for bond in bonds:
        for one, other in ((bond.consumer, bond.provider), (bond.provider, bond.consumer)):
            assert whole.disagreements(one, other, bond.agreement) == []
    assert whole.alarms() == {}


@pytest.mark.parametrize("one", SPLITS, ids=lambda side: f"{len(side)}-" + "-".join(id[:2] for id in side))
def test_after_any_split_all_that_was_begun_on_either_side_and_across_is_the_same_at_both_ends(
    whole: Whole, one: tuple[str, ...]
) -> None:
    number = SPLITS.index(one)
    two = tuple(id for id in SEVEN if id not in one)
    turn = number % len(one)
    one = (*one[turn:], *one[:turn])  # everybody is first in its turn
    standing = bind(whole, one[0], two[0])

    whole.basin.network.cut(frozenset(one), frozenset(two))
    within = [bind(whole, side[1], side[0]) for side in (one, two) if len(side) > 1]
    moved(whole, within[number % len(within)])
    waiting = whole.ask(two[0], one[0])
    whole.revoke(two[0], standing.agreement)
    title = f"水质 {number}"
    for side in (one, two):
        whole.publish(side[0], title)
    sealed = [whole.seal(side[0]).sealed for side in (one, two)]

    assert sealed == [len(side) - 1 >= QUORUM for side in (one, two)]
    for bond in within:
        assert whole.held(bond.consumer, bond.provider) == whole.held(bond.provider, bond.consumer)
    assert whole.agreements(two[0], one[0])[standing.agreement] == "revoked"
    assert whole.agreements(one[0], two[0])[standing.agreement] == "active"  # it has not heard of it
    assert whole.control(two[0]).talks.talk("negotiation", waiting.id).state == "REQUESTED"

    whole.basin.network.heal()
    whole.basin.clock.advance(minutes=5)
    whole.reconcile()
    done = whole.control(two[0]).talks.talk("negotiation", waiting.id)
    assert done.state == "FINALIZED"
    assert whole.agreements(one[0], two[0])[standing.agreement] == "revoked"
    for reader, owner in ((one[-1], two[0]), (two[-1], one[0])):
        whole.crawl([reader], [owner])
        assert whole.catalogue(reader, owner) == {f"{owner}/water": title}
    agree_on_all(whole, [standing, *within, Bond(two[0], one[0], done.agreement, "")])


@pytest.mark.parametrize("away", [1, 2, 3])
def test_the_side_with_enough_anchors_changes_the_list_and_the_other_follows_after_healing(
    whole: Whole, away: int
) -> None:
    one, two = SEVEN[away:], SEVEN[:away]
    before = whole.list_version(one[0])[0]
    whole.basin.network.cut(frozenset(one), frozenset(two))
    lacking = [renewed(whole, side) for side in (one, two)]
    assert lacking == [max(0, THRESHOLD - sum(id in ANCHORS for id in side)) for side in (one, two)]
    assert [whole.list_version(side[0])[0] - before for side in (one, two)] == [not each for each in lacking]
    whole.basin.network.heal()
    whole.basin.clock.advance(minutes=5)
    whole.pulse()
    assert len({whole.list_version(id) for id in SEVEN}) == 1
    assert whole.list_version(two[0])[0] == before + 1
    whole.pulse()
    assert [code for id in SEVEN for code in {pulse.code for pulse in whole.basin[id].health.values()}] == [""] * 7


def test_after_all_splits_every_node_holds_the_same_and_every_pair_of_logs_agrees(whole: Whole) -> None:
    whole.basin.clock.advance(hours=1)
    whole.crawl()
    for id in SEVEN:
        assert whole.seal(id).cosigned == 6
    for a, b in itertools.combinations(SEVEN, 2):
        assert whole.held(a, b) == whole.held(b, a)
        assert whole.catalogue(a, b) == whole.catalogue(b, b)
        assert whole.catalogue(b, a) == whole.catalogue(a, a)
        for agreement in whole.agreements(a, b):
            assert whole.disagreements(a, b, agreement) == []
    for id in SEVEN:
        assert whole.keeping(id).compare(whole.now()) == []
    assert whole.alarms() == {}
