"""The node's network at work: which sections a reach of a policy covers, and what an editor changes in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

from shangyou.adapters.networks import FILE, FOLDER, NetworkFile
from shangyou.basin.network.facts import upper_yangtze, upper_yangtze_draft
from shangyou.basin.network.network import build
from shangyou.basin.network.values import Draft, Kind, Place
from shangyou.basin.network.way import flow_now, travel
from shangyou.core.records import Flag, SeriesKey
from shangyou.exchange.policy.decision import Decision, Permitted, Refused
from shangyou.exchange.scope import Scope
from shangyou.flows.decide import Known, decide_for, known
from shangyou.flows.network import Rivers, gauged, waters
from shangyou.standards.facts import sections
from tests.basin.network.made import drafts
from tests.flows.test_decide import AGREED, AT, DATA, SICHUAN, nothing_left


def reach_of(start: str, stop: str, rule: str = "permission") -> dict[str, Any]:
    """A policy on a reach, with everything permitted beside where it prohibits."""
    ends = {key: id for key, id in (("from", start), ("to", stop)) if id}
    on = {"action": "use", "constraint": [{"leftOperand": "reach", "operator": "isPartOf", "rightOperand": ends}]}
    return {rule: [on]} if rule == "permission" else {"permission": [{"action": "use"}], rule: [on]}


def decided(policy: dict[str, Any], by: Known, wanted: str = "") -> Decision:
    """What comes of a request for a section, or for all."""
    agreed = {key: value for key, value in AGREED.policy.items() if key != "permission"} | policy
    scope = Scope(sections=frozenset({wanted})) if wanted else None
    return decide_for(replace(AGREED, policy=agreed), DATA, SICHUAN, by, nothing_left, AT, wanted=scope)


def covered(policy: dict[str, Any], by: Known) -> set[str]:
    """Sections that may leave."""
    found = decided(policy, by)
    assert isinstance(found, Permitted)
    return {section for scope in found.scopes for section in scope.sections or ()}


HOUR = 3_600_000
NOW = AT
REGISTRY = list(sections())
SERIES = [SeriesKey(section.id, "ph", "4h") for section in REGISTRY]
KNOWN = known(REGISTRY, SERIES, waters(upper_yangtze()))
BLIND = known(REGISTRY, SERIES)


def test_a_reach_permits_the_sections_that_water_passes_between_its_ends() -> None:
    assert covered(reach_of("50.朱沱", "50.寸滩"), KNOWN) == {
        *("50.朱沱", "50.江津大桥", "50.丰收坝", "50.和尚山", "50.寸滩"),
    }
    assert covered(reach_of("51.凉姜沟", "51.手爬岩"), KNOWN) == {"51.凉姜沟", "51.纳溪大渡口", "51.手爬岩"}


def test_a_reach_with_one_end_goes_to_the_mouth_or_comes_from_the_source() -> None:
    assert covered(reach_of("50.白帝城", ""), KNOWN) == {"50.白帝城", "50.培石", "湖北省.巫峡口"}
    assert covered(reach_of("", "51.倮果"), KNOWN) == {
        *("63.直门达", "54.岗托", "53.贺龙桥", "51.龙洞", "51.倮果"),
    }


def test_nothing_leaves_for_a_reach_that_is_upside_down_or_whose_waters_nobody_knows() -> None:
    for policy, by in ((reach_of("50.寸滩", "50.朱沱"), KNOWN), (reach_of("50.朱沱", "50.寸滩"), BLIND)):
        assert isinstance(decided(policy, by), Refused)


def test_a_prohibited_reach_keeps_its_sections_in_and_lets_others_out() -> None:
    policy = reach_of("50.朱沱", "50.寸滩", "prohibition")
    assert isinstance(decided(policy, KNOWN, "50.江津大桥"), Refused)
    assert isinstance(decided(policy, KNOWN, "50.清溪场"), Permitted)
    assert isinstance(decided(policy, BLIND, "50.清溪场"), Refused)  # in doubt it is prohibited


@settings(max_examples=30)
@given(drafts())
def test_waters_list_sections_in_order_of_flow_and_none_is_left_out(draft: Draft) -> None:
    network = build(draft)
    lists = waters(network)
    assert {id for each in lists for id in each} == {p.id for p in draft.places if p.kind is Kind.SECTION}
    for water in lists:
        for upper, lower in pairwise(water):
            one, other = network.index(upper), network.index(lower)
            same_point = network.reach_of[one] == network.reach_of[other] and network.at[one] == network.at[other]
            assert same_point or network.is_upstream(upper, lower)


def test_an_edited_network_changes_what_a_reach_covers(tmp_path: Path) -> None:
    own = Rivers(upper_yangtze_draft, NetworkFile(tmp_path))
    before = own.waters()
    section = Place("50.新断面", Kind.SECTION, "新断面", river="changjiang", above=700_000.0)
    own.change({("place", section.id): section}, "ann", "a new section", 1)
    after = known(REGISTRY, [*SERIES, SeriesKey(section.id, "ph", "4h")], own.waters())
    assert own.waters() != before
    assert section.id in covered(reach_of("50.朱沱", "50.寸滩"), after)


def test_a_network_that_cannot_be_read_denies_reaches_and_breaks_nothing_else(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_bytes(b"nonsense\n")
    own = Rivers(upper_yangtze_draft, NetworkFile(tmp_path))
    assert own.waters() == ()


@pytest.mark.parametrize("id", ["50.朱沱", "51.凉姜沟", "52.鲢鱼溪"])
def test_every_section_of_the_demo_has_its_water(id: str) -> None:
    assert any(id in water for water in waters(upper_yangtze(simulated=True)))


def test_what_is_gauged_is_the_newest_usable_flow_of_a_day_at_places_of_the_network() -> None:
    rows = [
        ("50.寸滩", "flow", NOW - HOUR, 25_000.0, Flag.GOOD),
        ("50.朱沱", "flow", NOW - 30 * HOUR, 9_000.0, Flag.GOOD),  # too old
        ("50.北温泉", "flow", NOW - HOUR, 9.0, Flag.FAIL),
        ("50.清溪场", "ph", NOW - HOUR, 8.0, Flag.GOOD),
        ("50.培石", "flow", NOW + HOUR, 1.0, Flag.GOOD),  # not yet
        ("nowhere", "flow", NOW - HOUR, 5.0, Flag.GOOD),
    ]
    columns = zip(*rows, strict=True)
    table = pa.table(dict(zip(("site", "parameter", "time", "value", "flag"), map(list, columns), strict=True)))
    latest = table.set_column(2, "time", table["time"].cast(pa.timestamp("ms", "UTC")))
    network = upper_yangtze()
    found = gauged(network, latest, NOW)
    assert found == {"50.寸滩": 25_000.0}
    usual, flood = travel(network), travel(network, flow_now(network, found))
    one, other = usual.hours("50.朱沱", "50.寸滩"), flood.hours("50.朱沱", "50.寸滩")
    assert one is not None
    assert other is not None
    assert other < one
