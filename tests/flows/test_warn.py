"""Warnings between members: sent once, recomputed by who is on the way, escalated where nobody acknowledges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.core.errors import ConflictError, InputError
from shangyou.flows import warn
from shangyou.flows.arrivals import affected, by_travel, flows, reached
from shangyou.flows.saying import Together
from shangyou.governance.warning.values import Content
from tests.fakes.dossiers import Desk
from tests.governance.warning.saying import FIRST, MINUTE, NOW

NETWORK = upper_yangtze()
BODY = {**FIRST, "place": "51.手爬岩", "place_zh": "手爬岩", "arrivals": None}
DOWN = ("50.朱沱", "50.寸滩")


class Three:
    """Sichuan, Chongqing and the ministry, on one desk."""

    def __init__(self) -> None:
        self.now = NOW
        self.acts: list[tuple[str, Mapping[str, object]]] = []
        self.desk = Desk(lambda: self.now)
        self.done: dict[str, set[str]] = {}

    def at(self, member: str) -> Together:
        return Together(
            self.desk.at(member), member, lambda: self.now, lambda kind, facts: self.acts.append((kind, facts))
        )

    def send(self, **changed: Any) -> str:
        body = {name: value for name, value in {**BODY, **changed}.items() if value is not None}
        id = warn.send(self.at("sichuan"), ["chongqing"], body, "hash")
        self.desk.deliver()
        return id

    def attend(self, member: str, gauged: tuple[tuple[str, float], ...] = (), ministry: str = "ministry") -> int:
        def compute(content: Content, now: int) -> Mapping[str, object]:
            return by_travel(NETWORK, content, gauged, now)

        done, here = self.done.setdefault(member, set()), self.at(member)
        said = sum(warn.attend(here, each, compute, ministry, done) for each in warn.warnings(here))
        self.desk.deliver()
        return said


def test_a_warning_reaches_who_is_named_and_stands_in_the_ledger() -> None:
    three = Three()
    id = three.send()
    seen = warn.look(three.at("chongqing"), id)
    assert seen.situation.content.place == "51.手爬岩"
    assert [each.member for each in seen.open()] == ["chongqing"]
    assert warn.look(three.at("sichuan"), id).received("chongqing") == (0, NOW)
    assert [facts["said"] for _, facts in three.acts] == ["dossier.open"]


def test_nobody_is_warned_by_a_message_to_nobody_or_without_what_it_must_say() -> None:
    three = Three()
    with pytest.raises(InputError, match=r"warning\.nobody"):
        warn.send(three.at("sichuan"), ["sichuan"], BODY, "")
    with pytest.raises(InputError, match=r"warning\.required"):
        warn.send(three.at("sichuan"), ["chongqing"], {"noticed": NOW, "title_zh": "x"}, "")
    assert three.desk.letters == []


def test_pressing_acknowledge_twice_says_it_once() -> None:
    three = Three()
    id = three.send()
    assert warn.acknowledge(three.at("chongqing"), id, "duty", "") is not None
    assert warn.acknowledge(three.at("chongqing"), id, "duty", "") is None
    three.desk.deliver()
    assert warn.look(three.at("sichuan"), id).open() == []


def test_who_may_not_update_is_told_so_and_nothing_is_said() -> None:
    three = Three()
    id = three.send()
    with pytest.raises(ConflictError, match=r"warning\.not_in_charge"):
        warn.tell(three.at("chongqing"), id, "update", {"changes": {"amount": 1.0}}, "")
    assert len(three.desk.at("chongqing").entries(id)) == 1


def test_a_member_on_the_way_computes_arrivals_with_the_flow_that_it_knows_and_the_difference_is_shown() -> None:
    three = Three()
    id = three.send()
    assert three.attend("sichuan") == 1
    assert three.attend("chongqing", (("50.朱沱", 20_000.0),)) == 1  # twice the typical flow and more
    assert three.attend("chongqing") == three.attend("sichuan") == 0  # once for what is known
    seen = warn.look(three.at("sichuan"), id)
    found = {each.place: each for each in seen.beside("sichuan", "chongqing")}
    assert set(DOWN) <= set(found)
    assert all((found[place].peak or 0) < 0 for place in DOWN)  # faster water comes earlier
    assert any(each.apart for each in found.values())
    warn.tell(three.at("sichuan"), id, "update", {"changes": {"place": "50.朱沱", "place_zh": "朱沱"}}, "")
    three.desk.deliver()
    assert three.attend("chongqing") == 1  # what is known has changed


def test_a_member_that_starts_anew_does_not_say_again_what_it_had_said() -> None:
    three = Three()
    three.send()
    assert three.attend("chongqing") == 1
    three.done.clear()
    assert three.attend("chongqing") == 0


def test_who_is_not_on_the_way_computes_nothing_for_others() -> None:
    three = Three()
    id = three.send()
    warn.invite(three.at("sichuan"), id, ["guizhou"], "")
    three.desk.deliver()
    assert three.attend("guizhou") == 0


def test_the_ministry_is_asked_in_where_nobody_acknowledges_for_half_an_hour_by_those_in_charge_alone() -> None:
    three = Three()
    id = three.send()
    three.attend("sichuan")
    three.now += 29 * MINUTE
    assert three.attend("sichuan") == 0
    three.now += MINUTE
    assert three.attend("chongqing") == 1  # its own table, and no invitation
    assert three.attend("sichuan") == 1
    assert three.attend("sichuan") == 0
    assert "ministry" in warn.look(three.at("ministry"), id).situation.members


def test_a_federation_without_a_ministry_goes_on_without() -> None:
    three = Three()
    three.send()
    three.attend("sichuan", ministry="")
    three.now += 60 * MINUTE
    assert three.attend("sichuan", ministry="") == 0


def test_a_cleared_warning_is_left_alone() -> None:
    three = Three()
    id = three.send()
    warn.tell(three.at("sichuan"), id, "clear", {"text": "达标"}, "")
    three.desk.deliver()
    assert three.attend("chongqing") == three.attend("sichuan") == 0


def test_those_downstream_are_in_order_of_the_water_and_both_banks_count() -> None:
    found = affected(NETWORK, "51.手爬岩")
    assert list(found)[:2] == ["sichuan", "chongqing"]
    assert found["sichuan"] == 0.0
    assert found["chongqing"] > 0
    assert [each.distance for each in reached(NETWORK, "51.手爬岩")] == sorted(
        each.distance for each in reached(NETWORK, "51.手爬岩")
    )
    border = next(reach for reach in NETWORK.reaches if len(reach.owner.split()) == 2)
    on = [place for place in NETWORK.places if NETWORK.reaches[NETWORK.reach(border.id)].id == place.reach]
    if on:
        assert set(border.owner.split()) <= set(affected(NETWORK, on[0].id))


def test_what_cannot_be_a_flow_is_left_out() -> None:
    assert flows(NETWORK, [("50.朱沱", -1.0), ("nowhere", 5.0), ("50.朱沱", float("nan"))]) == (None, 0)
    flow, count = flows(NETWORK, [("50.朱沱", 9000.0)])
    assert count == 1
    assert flow is not None


def test_a_place_that_is_not_on_the_network_gives_no_table_and_the_warning_goes_out_all_the_same() -> None:
    three = Three()
    id = three.send(place="")
    assert three.attend("sichuan") == three.attend("chongqing") == 0
    assert warn.look(three.at("chongqing"), id).situation.state == "open"
