"""Limits and rules as they are read from their files."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from shangyou.core.errors import InputError
from shangyou.core.registry import WaterKind
from shangyou.core.vocabulary import parameter, parameters
from shangyou.standards.library import edition
from shangyou.standards.surface_water import (
    AT_LEAST,
    AT_MOST,
    CLASSES,
    RANGE,
    assessment_rules,
    decimals,
    limits,
    publication,
    source_limits,
)

DAY = date(2021, 4, 1)
ITEMS = assessment_rules(DAY).items


def test_there_are_21_items_and_all_are_parameters_in_the_unit_of_their_limits() -> None:
    table = edition("gb3838", DAY).body["items"]
    assert len(ITEMS) == 21
    assert len(set(ITEMS)) == 21
    assert set(table) - set(ITEMS) == {"total_nitrogen", "fecal_coliform"}
    assert all(parameter(key).unit == entry["unit"] for key, entry in table.items())


@pytest.mark.parametrize("kind", list(WaterKind))
def test_limits_never_get_stricter_from_class_to_class(kind: WaterKind) -> None:
    found = limits(DAY, ITEMS, kind)
    for sense, bounds in zip(found.sense, found.bounds, strict=True):
        if sense == RANGE:
            assert bounds[0] < bounds[1]
            assert np.isnan(bounds[2:]).all()
        else:
            assert sense in (AT_MOST, AT_LEAST)
            assert np.all(np.diff(bounds) * sense >= 0)


def test_only_phosphorus_and_nitrogen_differ_between_rivers_and_lakes() -> None:
    river, lake = (limits(DAY, ITEMS, kind) for kind in WaterKind)
    same = np.all(np.nan_to_num(river.bounds) == np.nan_to_num(lake.bounds), axis=1)
    assert [item for item, equal in zip(ITEMS, same, strict=True) if not equal] == ["total_phosphorus"]
    assert limits(DAY, ("total_nitrogen",), WaterKind.LAKE).bounds[0].tolist() == [0.2, 0.5, 1.0, 1.5, 2.0]


@pytest.mark.parametrize("item", ["total_nitrogen", "water_temperature", "conductivity"])
def test_an_item_without_classes_is_refused(item: str) -> None:
    with pytest.raises(InputError) as caught:
        limits(DAY, (item,), WaterKind.RIVER)
    assert caught.value.code == "standards.item"


def test_shares_and_grades_are_in_order() -> None:
    rules = assessment_rules(DAY)
    assert [grade.zh for grade in rules.grades] == ["优", "良好", "轻度污染", "中度污染", "重度污染"]
    assert rules.grade_of_class == (0, 1, 1, 2, 3, 4, 5)
    assert (rules.good_shares, rules.bad_shares, rules.few) == (((90, 1), (75, 2)), ((20, 3), (40, 4)), 5)


def test_items_of_drinking_water_sources_have_one_limit_each() -> None:
    body = edition("gb3838", DAY).body
    keys = [*body["table_2"]["limits"], *body["table_3"]["metals"]["limits"]]
    assert set(keys) <= set(parameters())
    organics = [*body["table_3"]["organics_read"]["limits"], *body["table_3"]["organics_remembered"]["limits"]]
    assert sorted(row["number"] for row in organics) == list(range(1, 71))
    assert len(organics) + len(body["table_3"]["metals"]["limits"]) == 80
    assert all(row["limit"] > 0 for row in organics)
    keyed = {row["key"]: row for row in organics if "key" in row}
    assert set(source_limits(DAY)) == set(body["table_3"]["metals"]["limits"]) | set(keyed)
    for key, row in keyed.items():  # a warning can name each, and a device send it by the code that the reader has
        known = parameters()[key]
        assert (known.unit, known.group, known.hj212) == ("mg/L", "water", row.get("code", ""))
        assert known.name_zh.removeprefix("水中") == row["name_zh"]


def test_what_accidents_spilled_has_a_limit_of_drinking_water_sources() -> None:
    found = source_limits(DAY)
    spilled = ("water_benzene", "aniline", "antimony", "thallium", "water_nitrobenzene")
    assert [found[key] for key in spilled] == [0.01, 0.1, 0.005, 0.0001, 0.017]


def test_every_item_knows_its_decimals() -> None:
    places = decimals(DAY, ITEMS)
    assert all(isinstance(places[index], int) for index in range(len(ITEMS)))
    assert decimals(DAY, ("bod5", "conductivity"), "hourly") == (None, None)


def test_the_portal_rounded_in_2025_and_not_in_2021() -> None:
    assert [publication(day).rounding for day in (DAY, date(2025, 11, 7))] == ["none", "assess"]


@pytest.mark.shared
def test_limits_are_those_of_the_collected_facts(shared: Path) -> None:
    codes = {entry["code"]: key for key, entry in edition("gb3838", DAY).body["items"].items()}
    seen = 0
    with (shared / "reference/facts/gb3838.csv").open(encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            item, kind = row["item"], WaterKind.LAKE if row["item"] in ("TP_Lake", "TN") else WaterKind.RIVER
            key = codes.get(item.split("_")[0])
            if row["table"] != "1" or key is None:
                continue
            seen += 1
            bounds = limits(DAY, (key,), kind).bounds[0]
            assert decimals(DAY, (key,)) == (int(row["assess_decimals"]),)
            hourly = int(row["hourly_decimals"]) if row["hourly_decimals"] else None
            assert decimals(DAY, (key,), "hourly") == (hourly,)
            if row["sense"] == "range":
                assert bounds[:2].tolist() == [6, 9]
            else:
                assert bounds.tolist() == [float(row[name]) for name in CLASSES], item
    assert seen == 24  # 22 items, phosphorus twice
