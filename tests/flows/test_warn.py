"""Warnings between members: sent once, recomputed by who is on the way, escalated where nobody acknowledges."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from shangyou.basin.course import Course
from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.transport.values import ArrivalTable
from shangyou.core.errors import ConflictError, InputError
from shangyou.flows import warn
from shangyou.flows.arrivals import affected, amount_of, by_transport, by_travel, flows, reached
from shangyou.flows.learned import Learned
from shangyou.flows.saying import Together
from shangyou.governance.warning.read import content, table
from shangyou.governance.warning.values import Content, Traced
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


class Beside:
    """Calls at once what the product calls in a process beside."""

    def run(
        self, function: Callable[..., Any], *arguments: Any, tell: Callable[[float], None] | None = None, **named: Any
    ) -> Any:
        return in_hours(named["limit"], arguments[0])


def in_hours(limit: float | None, river: Course) -> ArrivalTable:
    """A table in the form of the transport's, for the places of a course: an hour later at each."""
    hours = 3600.0 * np.arange(1, len(river.places) + 1)[:, None]
    spread = np.array([0.8, 0.9, 1.0, 1.1, np.inf])
    size = np.ones((len(river.places), 5))
    at = np.array([place.at for place in river.places])
    names = tuple(place.id for place in river.places)
    first, peak, end = (factor * hours * spread for factor in (1.0, 1.2, 1.5))
    return ArrivalTable(names, at, limit or np.nan, 9, 1e6, size[:, 0], first, size, peak, size, end)


def test_bands_of_the_ensemble_go_into_the_table_and_what_does_not_come_is_left_out() -> None:
    known = content({**BODY, "amount": 2e6, "limit": 0.01})
    told = table({"arrivals": by_transport(NETWORK, known, [("50.朱沱", 9000.0)], NOW, Beside())}, "sichuan", "e")
    assert told is not None
    first = told.arrivals[0]
    assert first.first_early is not None
    assert first.first is not None
    assert first.first_early < first.first
    assert (first.first_late, first.concentration) == (None, 1.0)  # beyond the horizon
    assert (first.until_early, first.until, first.until_late) == (NOW + 4_320_000, NOW + 5_400_000, None)
    assert {each.place for each in told.arrivals} >= set(DOWN)
    assert "1 处实测流量" in told.method
    nothing = table({"arrivals": by_transport(NETWORK, content(BODY), [], NOW, Beside())}, "sichuan", "e")
    assert nothing is not None
    assert nothing.arrivals[0].concentration is None  # the amount is not known; the times hold all the same


def test_what_a_tracing_learned_goes_along_and_the_next_member_reckons_with_it_beside_its_own() -> None:
    known, beside = content({**BODY, "amount": 2e6}), Beside()
    own = Learned(velocity=1.1, velocity_sd=0.03, dispersion=0.8, dispersion_sd=0.15)
    body = by_transport(NETWORK, known, [], NOW, beside, own)
    said = table({"arrivals": body}, "sichuan", "e")
    assert said is not None
    assert said.traced == Traced(1.1, 0.03, 0.8, 0.15)
    assert said.as_told is None
    told = table({"arrivals": by_transport(NETWORK, known, [], NOW, beside, told=("sichuan", said.traced))}, "cq", "e")
    assert told is not None
    assert told.as_told is not None
    assert told.traced is None  # it has traced nothing itself
    assert "溯源" not in told.method
    assert (told.by, told.as_told.by) == ("cq", "sichuan")
    assert "按 sichuan 的溯源" in told.as_told.method
    assert [each.place for each in told.as_told.arrivals] == [each.place for each in told.arrivals]
    plain = table({"arrivals": by_transport(NETWORK, known, [], NOW, beside)}, "cq", "e")
    assert plain is not None
    assert (plain.arrivals, plain.method) == (told.arrivals, told.method)  # its own answer is its own


def test_only_the_word_of_those_in_charge_is_reckoned_with() -> None:
    three = Three()
    id = three.send()
    traced = {"velocity": 1.1, "velocity_sd": 0.03, "dispersion": 0.8, "dispersion_sd": 0.15}
    body = {"at": NOW, "rows": [{"place": DOWN[0], "first": NOW}], "traced": traced}
    assert warn.traced_by(warn.look(three.at("chongqing"), id), "chongqing") is None
    warn.tell(three.at("chongqing"), id, "information", {"arrivals": body}, "")
    three.desk.deliver()
    assert warn.traced_by(warn.look(three.at("sichuan"), id), "sichuan") is None  # it is downstream
    warn.tell(three.at("sichuan"), id, "information", {"arrivals": body}, "")
    three.desk.deliver()
    assert warn.traced_by(warn.look(three.at("chongqing"), id), "chongqing") == ("sichuan", Traced(**traced))
    assert warn.traced_by(warn.look(three.at("sichuan"), id), "sichuan") is None  # it knows that itself


def test_bounds_of_an_amount_are_those_of_ninety_per_cent() -> None:
    assert amount_of(content(BODY)) == (None, 0.0)
    assert amount_of(content({**BODY, "amount": 5.0})) == (5.0, 0.0)
    middle, spread = amount_of(content({**BODY, "amount_least": 1e6, "amount_most": 4e6}))
    assert middle == pytest.approx(2e6)
    assert spread == pytest.approx(0.4214, abs=1e-4)
    assert math.exp(math.log(2e6) + 1.645 * spread) == pytest.approx(4e6)


def test_a_coarse_table_is_refined_once_and_not_for_what_is_no_longer_known() -> None:
    three = Three()
    id = three.send()
    three.attend("chongqing")

    def better(known: Content, now: int) -> Mapping[str, object]:
        return by_transport(NETWORK, known, [], now, Beside())

    def overtaken(known: Content, now: int) -> Mapping[str, object]:
        warn.tell(three.at("sichuan"), id, "update", {"changes": {"amount": 1.0}}, "")
        three.desk.deliver()
        return better(known, now)

    here = three.at("chongqing")
    assert not warn.refine(here, id, overtaken)
    assert warn.refine(here, id, better)
    assert not warn.refine(here, id, better)
    assert not warn.coarse(warn.look(here, id), "chongqing")
    assert not warn.refine(three.at("sichuan"), id, better)  # it has said none
