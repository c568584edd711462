"""Ambient air: limits and index in three and two editions."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.vocabulary import parameter
from shangyou.governance.air import AirItem, air_index, exceedance, individual_index, limit
from shangyou.standards.library import Edition, edition, editions

OLD, NEW = editions("air_index")
ROWS = [
    (rule, AirItem(name, averaging))
    for rule in (OLD, NEW)
    for name, group in rule.body["breakpoints"].items()
    for averaging in group
]
FACT_NAMES = {
    "PM2.5": "pm25",
    "PM10": "pm10",
    "SO2": "sulfur_dioxide",
    "NO2": "nitrogen_dioxide",
    "CO": "carbon_monoxide",
    "O3": "ozone",
}


def iaqi(value: float, item: AirItem, rule: Edition) -> float:
    return float(individual_index(np.array([value]), item, rule)[0])


@pytest.mark.parametrize(
    ("rule", "case"),
    [(rule, case) for rule in (OLD, NEW) for case in rule.cases],
    ids=lambda x: x["name"] if hasattr(x, "get") else x.id,
)
def test_cases_of_the_index(rule: Edition, case: dict[str, Any]) -> None:
    found = iaqi(float(case["value"]), AirItem(case["parameter"], case["averaging"]), rule)
    assert found == pytest.approx(np.nan if case["iaqi"] is None else case["iaqi"], nan_ok=True)


@pytest.mark.shared
def test_every_collected_vector_is_met(shared: Path) -> None:
    vectors = json.loads((shared / "reference" / "facts" / "aqi_vectors.json").read_text(encoding="utf-8"))
    assert len(vectors) == 8
    for vector in vectors:
        name, _, averaging = vector["pollutant"].partition("_")
        item = AirItem(FACT_NAMES[name], averaging or "24h")
        rules = {"HJ633-2012": [OLD], "HJ633-2026": [NEW], "both": [OLD, NEW]}[vector["standard"]]
        for rule in rules:
            assert iaqi(vector["conc"], item, rule) == vector["expected_iaqi"]


@pytest.mark.shared
def test_every_collected_breakpoint_stands_in_the_editions(shared: Path) -> None:
    with (shared / "reference" / "facts" / "aqi.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    for row in rows:
        name, _, averaging = row["pollutant_avg"].replace("(mg/m3)", "").partition("_")
        rule = {"HJ633-2012": OLD, "HJ633-2026": NEW}[row["standard"]]
        expected = [float(row[f"IAQI_{level}"]) for level in OLD.body["iaqi"] if row[f"IAQI_{level}"]]
        assert list(rule.body["breakpoints"][FACT_NAMES[name]][averaging]["at"]) == expected


@given(st.sampled_from(ROWS), st.floats(0, 5000), st.floats(0, 5000))
def test_more_of_a_pollutant_never_lowers_its_index(row: tuple[Edition, AirItem], one: float, other: float) -> None:
    rule, item = row
    low, high = (iaqi(x, item, rule) for x in sorted([one, other]))
    assert np.isnan(high) or low <= high


@given(st.sampled_from(ROWS), st.floats(0, 5000))
def test_an_index_is_a_whole_number_up_to_five_hundred(row: tuple[Edition, AirItem], value: float) -> None:
    found = iaqi(value, row[1], row[0])
    assert np.isnan(found) or (found == int(found) and 0 <= found <= 500)


@pytest.mark.parametrize(("rule", "item"), ROWS)
def test_a_breakpoint_has_exactly_its_index(rule: Edition, item: AirItem) -> None:
    at = rule.body["breakpoints"][item.parameter][item.averaging]["at"]
    found = individual_index(np.array(at, float), item, rule)
    assert found.tolist() == list(rule.body["iaqi"][: len(at)])


def test_units_are_those_of_the_vocabulary() -> None:
    for rule, item in ROWS:
        row = rule.body["breakpoints"][item.parameter][item.averaging]
        assert row["unit"] == parameter(item.parameter).unit
    for standard in editions("air_limits"):
        for name, group in standard.body["limits"].items():
            units = {row["unit"] for row in group.values() if hasattr(row, "get")}
            assert units == {parameter(name).unit}


@given(st.lists(st.floats(0, 900), min_size=2, max_size=2))
def test_the_index_is_that_of_the_worst_pollutant(values: list[float]) -> None:
    fine, coarse = AirItem("pm25", "24h"), AirItem("pm10", "24h")
    found = air_index({fine: np.array(values[:1]), coarse: np.array(values[1:])}, NEW)
    worst = max(iaqi(values[0], fine, NEW), iaqi(values[1], coarse, NEW))
    assert found.index[0] == worst
    assert found.primary.any() == (worst > 50)


def test_excellent_air_has_no_primary_pollutant_and_two_may_share_the_place() -> None:
    fine, coarse = AirItem("pm25", "24h"), AirItem("pm10", "24h")
    found = air_index({fine: np.array([35.0, 75.0]), coarse: np.array([50.0, 150.0])}, OLD)
    assert found.index.tolist() == [50, 100]
    assert found.primary.tolist() == [[False, True], [False, True]]
    assert found.level.tolist() == [1, 2]


def test_only_the_old_edition_names_exceeding_pollutants() -> None:
    day = {AirItem("pm25", "24h"): np.array([200.0])}
    assert air_index(day, OLD).exceeding.tolist() == [[True]]
    assert air_index(day, NEW).exceeding.tolist() == [[False]]


def test_missing_and_negative_values_take_no_part() -> None:
    day = {AirItem("pm25", "24h"): np.array([np.nan, -1.0, 76.0]), AirItem("pm10", "24h"): np.array([np.nan] * 3)}
    found = air_index(day, OLD)
    assert found.index.tolist() == pytest.approx([np.nan, np.nan, 102.0], nan_ok=True)
    assert found.level.tolist() == [0, 0, 3]


def test_a_result_says_which_of_its_figures_are_unverified() -> None:
    fine = air_index({AirItem("pm25", "24h"): np.array([10.0])}, NEW)
    sulfur = air_index({AirItem("sulfur_dioxide", "24h"): np.array([10.0])}, NEW)
    assert fine.unverified == ("grades",)
    assert sulfur.unverified == ("breakpoints.sulfur_dioxide.24h", "grades")


def test_the_edition_follows_the_day() -> None:
    assert edition("air_index", date(2026, 2, 28)) is OLD
    assert edition("air_index", date(2026, 3, 1)) is NEW
    days = (date(2020, 1, 1), date(2026, 3, 1), date(2030, 12, 31), date(2031, 1, 1))
    limits = [limit(AirItem("pm25", "24h"), 2, edition("air_limits", day)).value for day in days]
    assert limits == [75, 60, 60, 50]


@pytest.mark.parametrize(
    ("standard", "case"),
    [(standard, case) for standard in editions("air_limits") for case in standard.cases],
    ids=lambda x: x["name"] if hasattr(x, "get") else x.id,
)
def test_cases_of_the_limits(standard: Edition, case: dict[str, Any]) -> None:
    allowed = limit(AirItem(case["parameter"], case["averaging"]), case["area"], standard)
    found = exceedance(np.array([float(case["value"])]), allowed)[0]
    assert found == pytest.approx(np.nan if case["multiple"] is None else case["multiple"], nan_ok=True)


@pytest.mark.shared
def test_every_collected_limit_of_2012_stands_in_the_edition(shared: Path) -> None:
    with (shared / "reference" / "facts" / "air_limits.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["standard"] == "GB3095-2012"]
    assert len(rows) == 14
    for row in rows:
        item = AirItem(FACT_NAMES[row["pollutant"].split()[0]], row["averaging"].removesuffix(" max"))
        for area in (1, 2):
            assert limit(item, area, editions("air_limits")[0]).value == float(row[f"class{area}"])


def test_what_was_not_found_is_neither_a_limit_nor_verified() -> None:
    first, second = editions("air_limits")[1:]
    assert limit(AirItem("sulfur_dioxide", "24h"), 2, second).value is None
    assert not limit(AirItem("pm10", "24h"), 2, second).verified
    assert not limit(AirItem("ozone", "8h"), 2, first).verified
    assert limit(AirItem("pm25", "24h"), 2, first).verified


def test_what_an_edition_does_not_know_is_refused() -> None:
    hour = AirItem("pm25", "1h")
    with pytest.raises(InputError) as breakpoints:
        individual_index(np.array([1.0]), hour, OLD)
    assert breakpoints.value.code == "air.breakpoints"
    with pytest.raises(InputError) as empty:
        air_index({}, OLD)
    assert empty.value.code == "air.empty"
    with pytest.raises(InputError) as area:
        limit(AirItem("pm25", "24h"), 3, editions("air_limits")[0])
    assert area.value.code == "air.area"
    with pytest.raises(InputError) as unknown:
        limit(hour, 2, editions("air_limits")[0])
    assert unknown.value.code == "air.limit"
