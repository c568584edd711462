"""The upper Yangtze that ships: it hangs together, agrees with the demo and the registry, and says who says so."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.network.values import Kind
from shangyou.simulation.stretch import Station, branches, stations
from shangyou.standards.facts import rivers, sections

RIVERS = {
    "main": "changjiang",
    "min": "minjiang",
    "yongning": "yongninghe",
    "tuo": "tuojiang",
    "chishui": "chishuihe",
    "brook": "brook_demo",
    "qijiang": "qijianghe",
    "jialing": "jialingjiang",
    "wu": "wujiang",
    "tongtian": "tongtianhe",
    "jinsha": "jinshajiang",
    "heng": "hengjiang",
}
MOUTH_OF_MIN = 1044.0  # km above Yichang


def test_the_main_stem_leads_from_the_tuotuo_river_to_yichang() -> None:
    network = upper_yangtze()
    begin = next(r for r in network.reaches if r.river == "tuotuohe")
    seen = []
    i = network.reach(begin.id)
    while i >= 0:
        if network.reaches[i].river not in seen:
            seen.append(network.reaches[i].river)
        i = int(network.down[i])
    assert seen == ["tuotuohe", "tongtianhe", "jinshajiang", "changjiang"]
    assert float(network.to_end[network.reach(begin.id)]) == pytest.approx(4508e3)  # texts say 4504


@pytest.mark.parametrize("station", stations(), ids=lambda s: s.key)
def test_every_station_of_the_demo_is_a_place_on_its_own_river(station: Station) -> None:
    network = upper_yangtze(simulated=True)
    place = network.places[network.index(station.section.id)]
    assert place.kind is Kind.SECTION
    assert network.reaches[network.reach_of[network.index(place.id)]].river == RIVERS[station.branch]


def test_places_lie_as_far_apart_as_in_the_demo_wherever_the_demo_says_how_far() -> None:
    network = upper_yangtze(simulated=True)
    mouths = {branch.key: branch.mouth_km for branch in branches()}
    for station in stations():
        if station.branch in ("tongtian", "jinsha", "heng"):  # the demo has them by themselves, with no mouth
            continue
        km = MOUTH_OF_MIN - station.km if station.branch == "main" else station.km
        assert network.mileage(station.section.id) == pytest.approx(km * 1000)
        if station.branch != "main":
            head = max(mouths[station.branch], 0.0)
            peishi = network.distance(station.section.id, "50.培石")
            assert peishi == pytest.approx((929 - head + station.km) * 1000)


def test_the_invented_brook_is_there_only_where_everything_is_simulated() -> None:
    invented = {each.id for each in upper_yangtze(simulated=True).places if each.source == "simulated"}
    assert len(invented) == 7
    assert not any(upper_yangtze().has(id) for id in invented)


def test_every_section_of_the_registry_that_is_placed_keeps_its_river_and_names() -> None:
    known = {section.id: section for section in sections()}
    names = {river.id: river.name_zh for river in rivers()}
    network = upper_yangtze()
    placed = [p for p in network.places if p.kind is Kind.SECTION and p.id in known]
    assert len(placed) > 100
    for place in placed:
        section = known[place.id]
        assert place.name_zh == section.name_zh
        assert not section.river or names[place.river] == section.river


def test_every_row_says_whose_it_is_who_says_so_and_how_sure_it_is() -> None:
    network = upper_yangtze()
    for each in network.draft().items:
        assert each.owner
        assert each.source
        assert each.confidence
    assert all(each.beyond for each in network.places if each.kind is Kind.BORDER)


def test_where_an_owner_changes_along_a_river_there_is_a_border() -> None:
    network = upper_yangtze()
    borders = {(p.river, round(network.mileage(p.id))) for p in network.places if p.kind is Kind.BORDER}
    for river, on in network.rivers().items():
        for upper, lower in pairwise(on):
            if network.reaches[upper].owner != network.reaches[lower].owner:
                mouth = network.to_end[on[-1]] - network.length[on[-1]]
                at = float(network.to_end[lower] - mouth)
                assert any(abs(at - km) <= 200 for r, km in borders if r == river), (river, at)


def test_the_chief_tributaries_join_the_main_stem_in_their_order() -> None:
    network = upper_yangtze()
    order = ["yalongjiang", "hengjiang", "minjiang", "tuojiang", "chishuihe", "qijianghe", "jialingjiang", "wujiang"]
    last = {river: on[-1] for river, on in network.rivers().items()}
    mouths = [float(network.to_end[last[river]] - network.length[last[river]]) for river in order]
    assert mouths == sorted(mouths, reverse=True)
    for river, into in (("daduhe", "minjiang"), ("qingyijiang", "daduhe"), ("fujiang", "jialingjiang")):
        assert network.reaches[network.down[last[river]]].river == into


@pytest.mark.shared
def test_lengths_agree_with_the_published_ones(shared: Path) -> None:
    published = {}
    for row in csv.DictReader((shared / "reference/facts/river_km.csv").read_text("utf-8").splitlines()):
        published[row["point"]] = row["km"]
    network = upper_yangtze()
    lengths = {river: sum(network.length[i] for i in on) / 1000 for river, on in network.rivers().items()}
    assert lengths["jialingjiang"] == pytest.approx(float(published["嘉陵江干流"]))
    assert lengths["chishuihe"] == pytest.approx(float(published["赤水河"]))
    assert lengths["minjiang"] == pytest.approx(float(published["岷江"]))
    assert lengths["changjiang"] == pytest.approx(float(published["宜宾→宜昌 (航道, 1074-30)"]))
    upper = sum(lengths[river] for river in ("tuotuohe", "tongtianhe", "jinshajiang", "changjiang"))
    assert upper == pytest.approx(float(published["宜昌以上 (上游) 全长"]), rel=0.002)


@pytest.mark.shared
def test_mouths_and_dams_stand_at_the_mileage_of_the_waterway(shared: Path) -> None:
    rows = csv.DictReader((shared / "reference/facts/river_km.csv").read_text("utf-8").splitlines())
    mileage = {row["point"]: float(row["km"]) for row in rows if row["system"].startswith("航道里程")}
    network = upper_yangtze()
    ends = {river: network.reaches[on[-1]].end for river, on in network.rivers().items()}
    at = {each.end: float(network.to_end[i] - network.length[i]) / 1000 for i, each in enumerate(network.reaches)}
    for river, point in (
        ("minjiang", "宜宾合江门"),
        ("tuojiang", "泸州"),
        ("jialingjiang", "重庆朝天门"),
        ("wujiang", "涪陵"),
    ):
        assert at[ends[river]] == pytest.approx(mileage[point]), river
    assert network.mileage("dam.sanxia") / 1000 == pytest.approx(mileage["三斗坪(三峡坝址)"])
    assert network.mileage("50.晒网坝") / 1000 == pytest.approx(mileage["万州"])
    assert network.mileage("50.白帝城") / 1000 == pytest.approx(mileage["奉节"], abs=10)  # just below the town
