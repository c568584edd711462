"""River or lake, and how we know."""

from __future__ import annotations

from shangyou.core.registry import Section, Status, WaterKind
from shangyou.standards.library import CONFIRMED, load
from shangyou.standards.waters import Ground, Water, is_lake_name, water_of


def section(
    name: str,
    river: str = "",
    province: str = "云南省",
    kind: WaterKind = WaterKind.RIVER,
    status: Status = Status.UNCONFIRMED,
    confidence: str = "",
) -> Section:
    return Section("53.x", name, province=province, river=river, kind=kind, status=status, confidence=confidence)


def test_what_a_confirmed_entry_says_counts_first() -> None:
    lake = section("桥", "清水江", kind=WaterKind.LAKE, status=Status.CONFIRMED)
    river = section("断桥", "滇池", status=Status.CONFIRMED)
    assert water_of(lake) == Water(WaterKind.LAKE, Ground.REGISTERED)
    assert water_of(river) == Water(WaterKind.RIVER, Ground.REGISTERED)


def test_what_a_reader_found_counts_before_the_name_of_the_section() -> None:
    assert water_of(section("孤山", kind=WaterKind.LAKE, confidence="medium")) == Water(WaterKind.LAKE, Ground.INFERRED)
    assert water_of(section("某水库", confidence="medium")) == Water(WaterKind.RIVER, Ground.INFERRED)
    assert water_of(section("某水库", confidence="low")) == Water(WaterKind.LAKE, Ground.INFERRED)


def test_a_listed_section_is_a_lake_even_where_the_source_names_no_water() -> None:
    assert water_of(section("断桥")) == Water(WaterKind.LAKE, Ground.LISTED)
    assert water_of(section("断桥", province="四川省")) == Water(WaterKind.RIVER, Ground.ASSUMED)


def test_the_name_of_the_water_decides_before_the_name_of_the_section() -> None:
    assert water_of(section("某断面", "某某水库")) == Water(WaterKind.LAKE, Ground.INFERRED)
    assert water_of(section("某水库", "西河")) == Water(WaterKind.RIVER, Ground.INFERRED)
    assert water_of(section("某湖湖心")) == Water(WaterKind.LAKE, Ground.INFERRED)


def test_where_a_river_enters_or_leaves_a_lake_it_is_a_river() -> None:
    for name in ("某河入湖口", "某水库出口", "某水库下游", "湖海场", "旁海"):
        assert water_of(section(name)) == Water(WaterKind.RIVER, Ground.ASSUMED), name


def test_a_second_name_in_brackets_does_not_matter() -> None:
    assert is_lake_name("石门水库（褒河）")
    assert not is_lake_name("清水江（某湖）")


def test_the_list_says_of_each_section_where_it_is_from() -> None:
    for sections in load("lakes.yaml")["sections"].values():
        for entry in sections.values():
            assert is_lake_name(entry["water"])
            assert entry["source"] in ("portal", "name", "memory")
            assert (entry["source"] == "memory") == (entry.get("status", CONFIRMED) != CONFIRMED)
