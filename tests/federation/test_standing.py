"""Standing subscriptions between the levels: one command at each node, and everything comes, whatever happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from shangyou import wiring
from shangyou.core.errors import InputError, NotFoundError, RefusedError, UnavailableError
from shangyou.core.ports import Batch, Person, Selection
from shangyou.core.registry import Section
from shangyou.exchange.dataset import Offer
from shangyou.exchange.outlet import WIRE
from shangyou.faces.api import standing
from shangyou.faces.api.desk import Desk
from shangyou.faces.standing import EVERY, keeper
from shangyou.flows import negotiate, subscribe
from shangyou.settings import Settings
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import basin, join_network
from tests.fakes.exchange_lots import FROM, PARAMETERS, STEP, constrained, observed
from tests.fakes.exchange_whole import Whole, sites_of

MINISTRY, SICHUAN, YUNNAN = "ministry", "sichuan", "yunnan"
SAID = [name for name in WIRE.names if name != "received"]
ONCE = len(PARAMETERS)  # rows of a moment at one section


class Levels(Whole):
    """A ministry and two provinces; each holds the sections that it measures at itself."""

    count = 0

    def measure(self, id: str, times: int = 1, start: int = 0, site: str = "") -> None:
        """So many moments come in at a section of the member's own."""
        type(self).count += 1
        sites = (site or sites_of(id)[0],)
        observations = observed(times, start, sites=sites)
        self.basin[id].node.store.append(Batch(self.count, "table", f"{self.count}", self.now()), observations)

    def stand(self, id: str, **given: Any) -> dict[str, object]:
        """The command, and what follows from it."""
        done = standing.stand(Desk(self.basin[id].node, by="li"), **given)
        self.tend()
        return done

    def tend(self) -> None:
        """Serving nodes for a while."""
        for _ in range(4):
            self.basin.clock.advance(seconds=EVERY / 1000)
            for id in self.basin:
                keeper(self.basin[id]).turn()
            self.run()

    def stands(self, id: str) -> dict[str, dict[str, Any]]:
        rows = standing.stands(Desk(self.basin[id].node, language="en")).table().to_pylist()
        return {row["dataset"] or row["owner"]: row for row in rows}

    def states(self, id: str) -> dict[str, str]:
        return {name: row["state"] for name, row in self.stands(id).items()}

    def follow(self, id: str) -> None:
        """All feeds of a node until nothing more is there."""
        taking = self.plane(id).taking
        for passage in taking.meters.passages(active=True):
            while passage.role == "consumer" and subscribe.turn(taking, passage).more:
                pass

    def rows(self, id: str, owner: str, besides: tuple[str, ...] = ()) -> list[dict[str, object]]:
        chosen = Selection(sites=sites_of(owner), versions=True, besides=besides)
        table: Any = self.basin[id].node.store.select(chosen)
        return table.select(SAID).to_pylist()  # type: ignore[no-any-return]


@pytest.fixture
def levels(tmp_path: Path) -> Iterator[Levels]:
    with basin(tmp_path, (MINISTRY, SICHUAN, YUNNAN), threshold=2) as found:
        made = Levels(found)
        for id in (SICHUAN, YUNNAN):
            here = [Section(each, each, province={"sichuan": "四川省"}.get(id, "云南省")) for each in sites_of(id)]
            for holder in (id, MINISTRY):
                found[holder].node.registry.meet(here, found.clock.ms())
            made.measure(id, 3)
        yield made


def test_one_command_at_each_node_sets_both_directions_up(levels: Levels) -> None:
    levels.measure(MINISTRY, 2, site=sites_of(SICHUAN)[1])  # a national station in the province
    for id in (SICHUAN, YUNNAN, MINISTRY):
        levels.stand(id)
    levels.crawl([SICHUAN, YUNNAN], [MINISTRY])  # it published after they had read it
    levels.tend()
    for id in levels.basin:
        levels.follow(id)
    assert levels.states(MINISTRY) == {"sichuan/to-national": "following", "yunnan/to-national": "following"}
    assert levels.states(SICHUAN) == {"ministry/return-sichuan": "following"}
    assert levels.rows(MINISTRY, YUNNAN) == levels.rows(YUNNAN, YUNNAN)
    back = [row for row in levels.rows(SICHUAN, SICHUAN) if row["site"] == sites_of(SICHUAN)[1]]
    assert len(back) == 2 * ONCE
    assert len(levels.rows(MINISTRY, SICHUAN)) == 5 * ONCE
    assert len(levels.rows(SICHUAN, YUNNAN)) == 0  # what came to the ministry from Yunnan is Yunnan's to give


def test_running_it_again_asks_for_nothing_twice(levels: Levels) -> None:
    for _ in range(3):
        for id in (SICHUAN, MINISTRY):
            levels.stand(id)
    talks = levels.control(MINISTRY).talks
    assert len(talks.talks("negotiation")) == 1 + 1  # asked for one, and gave one
    assert len(talks.talks("transfer")) == 1 + 1
    assert [each.source for each in keeper(levels.basin[MINISTRY]).wishes.wishes()] == ["provincial"]


def test_what_comes_later_is_taken_up_by_itself(levels: Levels) -> None:
    levels.stand(MINISTRY)
    assert levels.states(MINISTRY) == {SICHUAN: "none", YUNNAN: "none"}
    levels.publish(SICHUAN)
    levels.crawl([MINISTRY], [SICHUAN])
    levels.tend()
    assert levels.states(MINISTRY) == {"sichuan/water": "backfill", YUNNAN: "none"}
    assert levels.stands(MINISTRY)[YUNNAN]["why"] == "yunnan offers this node no dataset yet."


def change(levels: Levels, **changed: object) -> None:
    """Sichuan publishes its dataset with other offers."""
    catalogue = levels.basin[SICHUAN].catalogue
    levels.publish(SICHUAN)
    dataset = catalogue.dataset("sichuan/water")
    offer = replace(dataset.offers[0], **changed)  # type: ignore[arg-type]
    catalogue.put(replace(dataset, offers=(offer,), changed=levels.now()))
    levels.crawl([MINISTRY], [SICHUAN])


def test_what_waits_for_a_person_says_whom_and_goes_on_once_decided(levels: Levels) -> None:
    change(levels, automatic=False)
    levels.stand(MINISTRY, source=[SICHUAN])
    row = levels.stands(MINISTRY)["sichuan/water"]
    assert (row["state"], row["waits"], row["person"], row["by_itself"]) == ("asked", SICHUAN, True, True)
    assert row["why"] == "Asked for; a person at sichuan decides."
    control = levels.control(SICHUAN)
    [talk] = control.talks.talks("negotiation")
    negotiate.counter(control, talk.id, constrained(("delay", "gteq", "P1D")), "wang")
    levels.tend()
    row = levels.stands(MINISTRY)["sichuan/water"]
    assert (row["state"], row["waits"], row["person"], row["by_itself"]) == ("countered", MINISTRY, True, False)
    negotiate.accept(levels.control(MINISTRY), row["negotiation"], "li")
    levels.run()
    levels.tend()
    assert levels.states(MINISTRY)["sichuan/water"] == "backfill"


def test_what_was_refused_is_asked_for_anew_only_when_the_offer_changes_or_a_person_wants_it(levels: Levels) -> None:
    change(levels, automatic=False)
    levels.stand(MINISTRY, source=[SICHUAN])
    for count in (1, 2):
        [talk] = levels.control(SICHUAN).talks.talks("negotiation", active=True)
        negotiate.refuse(levels.control(SICHUAN), talk.id, "wang", "not now")
        levels.run()
        levels.stand(MINISTRY, source=[SICHUAN])
        row = levels.stands(MINISTRY)["sichuan/water"]
        assert (row["state"], row["waits"], row["by_itself"]) == ("refused", SICHUAN, False)
        assert "not now" in row["why"] or "contract.refused" in row["code"]
        assert len(levels.control(SICHUAN).talks.talks("negotiation")) == count
        levels.stand(MINISTRY, source=[SICHUAN], again=count == 1)
    change(levels, policy=constrained(("delay", "gteq", "P1D")))
    levels.tend()
    assert levels.states(MINISTRY)["sichuan/water"] == "backfill"


def test_a_revoked_agreement_is_not_asked_for_again_by_itself(levels: Levels) -> None:
    levels.publish(SICHUAN)
    levels.stand(MINISTRY, source=[SICHUAN])
    agreement = levels.stands(MINISTRY)["sichuan/water"]["agreement"]
    levels.revoke(SICHUAN, agreement)
    levels.tend()
    row = levels.stands(MINISTRY)["sichuan/water"]
    assert (row["state"], row["waits"], row["code"]) == ("over", SICHUAN, "agreement.revoked")
    assert "pipeline works" in row["why"]
    levels.stand(MINISTRY, source=[SICHUAN], again=True)
    assert levels.states(MINISTRY)["sichuan/water"] == "backfill"


def test_an_agreement_whose_time_is_over_is_renewed_and_nothing_is_doubled(levels: Levels) -> None:
    change(levels, policy=constrained(("dateTime", "lt", "2026-11-23T00:00:00Z")))
    levels.stand(MINISTRY, source=[SICHUAN])
    levels.follow(MINISTRY)
    levels.basin.clock.advance(days=2)
    levels.reconcile()
    change(levels, policy=constrained(("dateTime", "lt", "2026-12-31T00:00:00Z")))
    levels.measure(SICHUAN, 1, start=9)
    levels.tend()
    levels.follow(MINISTRY)
    assert levels.states(MINISTRY)["sichuan/water"] == "following"
    assert levels.rows(MINISTRY, SICHUAN) == levels.rows(SICHUAN, SICHUAN)


def test_days_that_pass_while_the_ministry_is_away_are_caught_up_without_gap_or_double(levels: Levels) -> None:
    levels.publish(SICHUAN)
    levels.stand(MINISTRY)
    levels.follow(MINISTRY)
    others = frozenset(levels.basin) - {MINISTRY}
    levels.basin.network.cut(frozenset({MINISTRY}), others)
    for day in range(3):
        levels.basin.clock.advance(days=1)
        levels.measure(SICHUAN, 6, start=10 + 6 * day)
        levels.tend()
        with pytest.raises(UnavailableError):
            levels.follow(MINISTRY)
    restart(levels, MINISTRY)
    levels.basin.network.heal()
    levels.tend()
    for _ in range(2):
        levels.follow(MINISTRY)
    assert levels.states(MINISTRY)["sichuan/water"] == "following"
    assert levels.rows(MINISTRY, SICHUAN) == levels.rows(SICHUAN, SICHUAN)
    assert len(levels.rows(MINISTRY, SICHUAN)) == (3 + 18) * ONCE


def test_what_is_fresh_passes_before_what_was_missed_before_the_subscription(levels: Levels) -> None:
    levels.measure(SICHUAN, 30, start=10)
    levels.publish(SICHUAN)
    levels.stand(MINISTRY)
    taking = levels.plane(MINISTRY).taking
    [passage] = taking.meters.passages(active=True)
    subscribe.turn(taking, passage)
    levels.measure(SICHUAN, 1, start=100)
    subscribe.turn(taking, passage)
    times = {row["time"].timestamp() * 1000 for row in levels.rows(MINISTRY, SICHUAN)}  # type: ignore[attr-defined]
    assert times == {FROM + 100 * STEP}
    assert levels.states(MINISTRY)["sichuan/water"] == "backfill"


def test_a_feed_that_the_policy_stopped_says_why_and_begins_anew_when_wanted(levels: Levels) -> None:
    change(levels, policy=constrained(("purpose", "eq", "emergency")))
    levels.stand(MINISTRY, source=[SICHUAN])
    with pytest.raises(RefusedError):
        levels.follow(MINISTRY)
    levels.tend()
    row = levels.stands(MINISTRY)["sichuan/water"]
    assert (row["state"], row["person"], row["by_itself"]) == ("stopped", True, False)
    assert row["code"].startswith("policy.")
    levels.stand(MINISTRY, source=[SICHUAN], purpose="emergency", again=True)
    levels.follow(MINISTRY)
    assert levels.states(MINISTRY)["sichuan/water"] == "following"


def test_a_subscription_that_is_taken_back_ends_its_feeds_if_it_is_said(levels: Levels) -> None:
    levels.publish(SICHUAN)
    levels.stand(MINISTRY)
    node = Desk(levels.basin[MINISTRY].node, by="li")
    assert standing.unstand(node, "provincial", stop=True) == {"source": "provincial", "ended": 1}
    levels.tend()
    assert levels.states(MINISTRY) == {}
    assert levels.control(MINISTRY).talks.talks("transfer", active=True) == []
    with pytest.raises(NotFoundError, match=r"standing\.wish"):
        standing.unstand(node, "provincial")


def test_sources_and_purposes_that_nobody_knows_are_refused_before_anything_is_set_up(levels: Levels) -> None:
    with pytest.raises(NotFoundError):
        levels.stand(MINISTRY, source=["hubei"])
    with pytest.raises(InputError, match=r"transfer\.selection"):
        levels.stand(MINISTRY, purpose="curiosity")
    assert standing.wishes(Desk(levels.basin[MINISTRY].node)).table().to_pylist() == []


def test_an_offer_that_this_node_does_not_fulfil_is_not_asked_for(levels: Levels) -> None:
    change(levels, policy=constrained(("recipientLevel", "eq", "provincial")))
    levels.stand(MINISTRY, source=[SICHUAN])
    assert levels.states(MINISTRY) == {"sichuan/water": "none"}
    catalogue = levels.basin[SICHUAN].catalogue
    dataset = catalogue.dataset("sichuan/water")
    both = (*dataset.offers, Offer("sichuan/water#2", constrained(("recipientLevel", "eq", "national"))))
    catalogue.put(replace(dataset, offers=both))
    levels.crawl([MINISTRY], [SICHUAN])
    levels.tend()
    assert levels.states(MINISTRY) == {"sichuan/water": "backfill"}


def restart(levels: Levels, id: str) -> None:
    """The node ends and starts from what is on its disk."""
    levels.posts[id].forget()
    old = levels.basin[id].node
    old.close()
    node = wiring.build(Settings(home=old.settings.home, memory="64MB", threads=1), levels.basin.clocks[id])
    levels.basin.exchanges[id] = join_network(node, levels.basin.network)
    levels.adopt(id)


def test_the_page_of_transfers_shows_what_stands_and_what_it_waits_for(levels: Levels) -> None:
    node = levels.basin[MINISTRY].node
    node.people.put_person(Person("li", "operator", "李工", "zh"), "right horse battery")
    reader = Reader(cast(FakeNode, node)).sign_in("li", "right horse battery")
    assert "常设订阅" not in reader.get("/transfers").text
    levels.stand(SICHUAN)
    levels.stand(MINISTRY)
    levels.follow(MINISTRY)
    page = reader.get("/transfers").text
    [panel] = re.findall(r'<section class="panel" aria-labelledby="stands">.*?</section>', page, re.DOTALL)
    assert "sichuan/to-national" in panel
    assert "yunnan 尚未向本节点提供数据集。" in panel
