"""A feed that a person holds and lets go on; a pull that goes to its end by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import ConflictError, UnavailableError
from shangyou.core.ports import Batch, Selection
from shangyou.core.registry import Section
from shangyou.faces.api import passages
from shangyou.faces.api.desk import Desk
from shangyou.flows import subscribe
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import PARAMETERS, SITES, observed
from tests.fakes.exchange_whole import Whole, sites_of

PROVIDER, CONSUMER = "sichuan", "chongqing"
MOMENT = len(SITES) * len(PARAMETERS)  # rows of a moment


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with basin(tmp_path, (PROVIDER, CONSUMER), threshold=2) as found:
        two = Whole(found)
        two.publish(PROVIDER)
        sections = [Section(id=site, name_zh=site) for site in sites_of(PROVIDER)]
        found[PROVIDER].node.registry.meet(sections, two.now())
        fill(two, 1, 3)
        yield two


def fill(whole: Whole, number: int, times: int, start: int = 0) -> None:
    batch = Batch(number, "table", f"{number}", whole.now())
    whole.basin[PROVIDER].node.store.append(batch, observed(times, start, sites=sites_of(PROVIDER)))


def held(whole: Whole, id: str) -> int:
    return int(whole.basin[id].node.store.select(Selection(sites=sites_of(PROVIDER))).num_rows)


def desk(whole: Whole, id: str) -> Desk:
    return Desk(whole.basin[id].node, by="li")


@pytest.mark.parametrize("side", [CONSUMER, PROVIDER])
def test_a_feed_that_is_held_moves_nothing_and_misses_nothing_when_it_goes_on(whole: Whole, side: str) -> None:
    agreement = whole.agree(CONSUMER, PROVIDER)
    id = str(passages.add_feed(desk(whole, CONSUMER), agreement)["id"])
    whole.run()
    taking = whole.plane(CONSUMER).taking
    while subscribe.turn(taking, taking.meters.passage(id)).more:
        pass
    other = taking.meters.passage(id).other
    mine = id if side == CONSUMER else other
    passages.pause_feed(desk(whole, side), mine)
    whole.run()
    talks = [whole.control(CONSUMER).talks.talk("transfer", id), whole.control(PROVIDER).talks.talk("transfer", other)]
    assert [(talk.state, talk.code) for talk in talks] == [("SUSPENDED", "feed.paused")] * 2
    ends = [taking.meters.passage(id).state, whole.plane(PROVIDER).providing.meters.passage(other).state]
    assert ends == ["paused", "paused"]
    fill(whole, 2, 2, start=10)
    with pytest.raises(UnavailableError, match=r"transfer\.waiting"):
        subscribe.turn(taking, taking.meters.passage(id))
    assert held(whole, CONSUMER) == 3 * MOMENT
    passages.resume_feed(desk(whole, side), mine)
    whole.run()
    while subscribe.turn(taking, taking.meters.passage(id)).more:
        pass
    assert held(whole, CONSUMER) == held(whole, PROVIDER) == 5 * MOMENT
    with pytest.raises(ConflictError):
        passages.resume_feed(desk(whole, side), mine)


def test_a_pull_that_starts_by_itself_comes_to_its_end_at_both_ends(whole: Whole) -> None:
    agreement = whole.agree(CONSUMER, PROVIDER)
    plane = whole.plane(CONSUMER)
    plane.by_itself = True
    id = whole.start(CONSUMER, agreement)
    talk = whole.control(CONSUMER).talks.talk("transfer", id)
    there = whole.control(PROVIDER).talks.talk("transfer", talk.other)
    assert (talk.state, there.state) == ("COMPLETED", "COMPLETED")
    assert held(whole, CONSUMER) == 3 * MOMENT
    passages_there = whole.plane(PROVIDER).providing.meters.passage(talk.other)
    assert (plane.taking.meters.passage(id).state, passages_there.state) == ("complete", "complete")
    assert plane.providing.meters.count(agreement, "consumer", None, None)[0] == 3 * MOMENT
