"""Facts that ship: complete, consistent with each other, and honest about what is not known."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

import pytest

from shangyou.core.registry import PROVINCES, Section, Status, WaterKind, section_id
from shangyou.standards.facts import APPROXIMATE, agencies, basemap, rivers, section_facts, sections, stations

Point = tuple[float, float]
BY_ID = {section.id: section for section in sections()}


def features(kind: str) -> list[dict[str, Any]]:
    found = json.loads(basemap())["features"]
    return [feature for feature in found if feature["properties"]["kind"] == kind]


def points(feature: dict[str, Any]) -> list[Point]:
    shape = feature["geometry"]
    line = shape["coordinates"][0] if shape["type"] == "Polygon" else shape["coordinates"]
    return [(x, y) for x, y in line]


def distance(place: Point, line: list[Point]) -> float:
    """Degrees from a place to the nearest point of a polyline."""
    return min(_to_piece(place, a, b) for a, b in pairwise(line))


def _to_piece(place: Point, a: Point, b: Point) -> float:
    along = (b[0] - a[0], b[1] - a[1])
    length = along[0] ** 2 + along[1] ** 2
    share = ((place[0] - a[0]) * along[0] + (place[1] - a[1]) * along[1]) / length
    share = min(1.0, max(0.0, share))
    return hypot(place[0] - a[0] - share * along[0], place[1] - a[1] - share * along[1])


def inside(place: Point, ring: list[Point]) -> bool:
    x, y = place
    crossings = [
        (a[0] - b[0]) * (y - b[1]) / (a[1] - b[1]) + b[0] > x for a, b in pairwise(ring) if (a[1] > y) != (b[1] > y)
    ]
    return sum(crossings) % 2 == 1


def placed() -> Iterator[tuple[Section, Point]]:
    for section in sections():
        if section.longitude is not None and section.latitude is not None:
            yield section, (section.longitude, section.latitude)


def test_seven_agencies_with_the_administrative_codes_of_their_provinces() -> None:
    national, *provincial = agencies()
    assert (national.level, national.adm_code) == ("national", "100000")
    assert [agency.adm_code for agency in provincial] == [code + "0000" for code in PROVINCES.values()]
    assert {agency.level for agency in provincial} == {"provincial"}
    assert all(agency.name_zh and agency.name_en for agency in agencies())


def test_every_river_flows_into_a_known_one_and_none_in_a_circle() -> None:
    into = {river.id: river.into for river in rivers()}
    assert len(into) == len(rivers()) > 100
    for river in rivers():
        assert river.name_zh
        assert river.name_en
        assert river.basin
        seen, at = {river.id}, river.into
        while at:
            assert at in into
            assert at not in seen
            seen.add(at)
            at = into[at]


def test_section_ids_and_station_codes_occur_once() -> None:
    assert len(BY_ID) == len(sections()) > 350
    codes = [fact.mn for fact in section_facts() if fact.mn]
    assert len(codes) == len(set(codes)) == len(stations()) == 59
    assert stations()["A500383_0001"] == "50.朱沱"


def test_every_section_has_both_names_a_source_and_a_confidence() -> None:
    for section in sections():
        assert section.id == section_id(section.province, section.name_zh)
        assert section.name_en.isascii()
        assert section.name_en
        assert " / " in section.source
        assert section.confidence


def test_only_what_the_national_pages_state_is_confirmed() -> None:
    confirmed = [section for section in sections() if section.status is Status.CONFIRMED]
    assert len(confirmed) > 300
    assert all(section.confidence.startswith("high") and section.river for section in confirmed)
    assert BY_ID["50.红岩"].status is Status.UNCONFIRMED


def test_an_older_name_leads_to_the_section_of_today() -> None:
    merged = [section for section in sections() if section.status is Status.MERGED]
    assert len(merged) == 10
    for section in merged:
        assert BY_ID[section.merged_into].status is not Status.MERGED
    assert BY_ID["51.文成镇"].merged_into == "51.清泉乡（文成镇）"


def test_missing_coordinates_stay_missing_and_typed_ones_say_so() -> None:
    missing = [section for section in sections() if section.longitude is None]
    assert len(missing) > 200
    assert all(section.latitude is None and "coordinates" not in section.confidence for section in missing)
    assert APPROXIMATE in BY_ID["50.寸滩"].confidence
    assert "single source" in BY_ID["50.朱沱"].confidence
    assert sum(1 for _ in placed()) == 115


def test_placed_sections_lie_in_their_province() -> None:
    outlines = {feature["properties"]["name_zh"]: points(feature) for feature in features("province")}
    assert set(outlines) == set(PROVINCES)
    for section, place in placed():
        if section.province in outlines:
            ring = outlines[section.province]
            assert inside(place, ring) or distance(place, ring) < 0.2, section.name_zh


def test_placed_sections_lie_at_their_river() -> None:
    lines = {feature["properties"]["name_zh"]: points(feature) for feature in features("river")}
    at_drawn = [(section, place) for section, place in placed() if section.river in lines]
    assert len(at_drawn) > 60
    for section, place in at_drawn:
        assert distance(place, lines[section.river]) < 0.1, section.name_zh


def test_lakes_and_reservoirs_are_known_as_such() -> None:
    lakes = {section.river for section in sections() if section.kind is WaterKind.LAKE}
    assert {"滇池", "洱海", "抚仙湖", "红枫湖", "万峰湖", "泸沽湖", "邛海", "玉滩水库"} <= lakes
    assert BY_ID["51.升钟水库铁炉寺"].kind is WaterKind.LAKE
    for name in ("大观河入湖口", "布哈河入青海湖口", "花山水库出水口"):
        found = [section for section in sections() if section.name_zh == name]
        assert [section.kind for section in found] == [WaterKind.RIVER]


@pytest.mark.shared
def test_every_section_of_the_national_lists_is_there(shared: Path) -> None:
    with (shared / "data" / "cnemc" / "six_province_sections_2025.csv").open(encoding="utf-8", newline="") as file:
        today = {section_id(row["省份"], row["断面"]): row for row in csv.DictReader(file)}
    with (shared / "reference" / "facts" / "sections_cnemc_auto.csv").open(encoding="utf-8", newline="") as file:
        earlier = {section_id(row["province"], row["section"]) for row in csv.DictReader(file)}
    assert set(today) | earlier <= set(BY_ID)
    for id, row in today.items():
        assert (BY_ID[id].city, BY_ID[id].basin) == (row["city"], row["流域"])


def test_the_base_map_is_small_complete_and_says_that_it_is_schematic() -> None:
    assert len(basemap()) < 150_000
    found = json.loads(basemap())["features"]
    assert {kind: len(features(kind)) for kind in ("province", "border", "lake", "river")} == {
        "province": 6,
        "border": 9,
        "lake": 8,
        "river": 40,
    }
    for feature in found:
        properties = feature["properties"]
        assert properties["schematic"] is True
        assert "not for measurement" in properties["source"]
        assert properties["name_zh"]
        assert properties["name_en"].isascii()
        assert all(78 < x < 112 and 21 < y < 40 for x, y in points(feature))


def test_rivers_and_lakes_of_the_map_are_those_of_the_list() -> None:
    names = {river.id: (river.name_zh, river.name_en) for river in rivers()}
    for feature in [*features("river"), *features("lake")]:
        assert names[feature["id"]] == (feature["properties"]["name_zh"], feature["properties"]["name_en"])
    assert all(feature["properties"]["order"] in {1, 2, 3} for feature in features("river"))


def test_outlines_close_and_tributaries_meet_the_rivers_that_take_them() -> None:
    for feature in [*features("province"), *features("lake")]:
        assert points(feature)[0] == points(feature)[-1]
    lines = {feature["id"]: points(feature) for feature in features("river")}
    into = {river.id: river.into for river in rivers()}
    joined = [(id, into[id]) for id in lines if into[id] in lines]
    assert len(joined) > 20
    for id, main in joined:
        assert distance(lines[id][-1], lines[main]) < 0.1, (id, main)
