"""The table of parameters, and how a code or a name finds its row."""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.units import BARE, NAMES, linear
from shangyou.core.vocabulary import (
    AMBIGUOUS,
    by_hj212,
    find,
    of_hj212,
    parameter,
    parameters,
    species_factor,
)


def factors(shared: Path) -> list[dict[str, str]]:
    with (shared / "reference" / "facts" / "hj212_factors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sent_as(code: str) -> str:
    """A code as a device would send it: its pattern filled, its range begun."""
    numbered = re.sub("(?<=[0-9])x+$", lambda x: "07"[-len(x[0]) :], code)
    return numbered.partition("..")[0]


@pytest.mark.shared
def test_every_factor_of_the_standard_is_recognised_by_its_code_old_and_new(shared: Path) -> None:
    rows = factors(shared)
    assert len(rows) == 390
    for row in rows:
        found = of_hj212(sent_as(row["code"]))
        assert found is not None, row["code"]
        if row["old_code_2005"]:
            assert of_hj212(row["old_code_2005"]) == found


@pytest.mark.shared
def test_names_that_hold_commas_keep_their_unit(shared: Path) -> None:
    rows = [row for row in factors(shared) if "," in row["name_zh"]]
    assert len(rows) > 20
    for row in rows:
        found = of_hj212(row["code"])
        assert found is not None
        assert (found.name_zh, found.unit) == (row["name_zh"], "mg/m3")


def test_keys_and_english_names_are_complete_and_keys_occur_once() -> None:
    rows = csv.DictReader((files("shangyou.core") / "vocabulary.csv").read_text(encoding="utf-8").splitlines())
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys)) == len(parameters())
    for p in parameters().values():
        assert p.name_zh
        assert p.name_en
        assert p.group in {"water", "air", "sound", "process", "station"}
        assert p.status in {"confirmed", "unverified"}


def test_water_air_and_sound_have_keys_that_can_be_read() -> None:
    coded = [p.key for p in parameters().values() if p.group in {"water", "air", "sound"} and p.key == p.hj212.lower()]
    assert coded == ["w01022"]  # nobody knows what it means


def test_every_unit_is_known_and_what_a_device_reports_can_be_converted() -> None:
    for p in parameters().values():
        assert p.unit in NAMES or p.unit in BARE, p.key
        if p.hj212:
            factor, _ = linear(p.hj212_unit, p.unit)
            assert factor > 0, p.key


def test_a_code_is_found_in_any_case() -> None:
    for code in ("w01001", "W01001"):
        assert of_hj212(code) is parameter("ph")
    assert of_hj212("leq") is parameter("sound_level_equivalent")
    assert of_hj212("I33400") is parameter("i33400")


def test_a_numbered_device_is_a_parameter_of_its_own() -> None:
    first, second = of_hj212("e30401"), of_hj212("e30402")
    assert first is not None
    assert second is not None
    assert first.key == "e30401" != second.key
    assert (first.unit, first.group) == ("mg/L", "process")
    assert "01" in first.name_zh
    assert "01" in first.name_en
    assert parameter("e30401") == first


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("e10199", "e101xx"),
        ("g13400", "g134xx"),
        ("i33310", "i3331x"),
        ("i33349", "i3334x"),
        ("d20105", "d20105..d30406"),
        ("D30406", "d20105..d30406"),
        ("p99102", "p99101..p99103"),
    ],
)
def test_patterns_and_ranges_know_their_members(code: str, pattern: str) -> None:
    found = of_hj212(code)
    assert found is not None
    assert (found.key, found.unit) == (code.lower(), by_hj212()[pattern].unit)


@pytest.mark.parametrize(
    "code", ["", "x", "xx", "w99999", "e101", "e1010", "e101x1", "e101²³", "d20104", "d30407", "p99104", "d2010a", "99"]
)
def test_what_no_edition_knows_is_nothing(code: str) -> None:
    assert of_hj212(code) is None


@given(st.text(max_size=20))
def test_no_code_breaks_the_search(code: str) -> None:
    found = of_hj212(code)
    assert found is None or parameter(found.key) == found


def test_of_a_code_printed_twice_the_first_meaning_counts_and_is_marked_unverified() -> None:
    pump, rate = of_hj212("e70101"), of_hj212("g11901")
    assert pump is not None
    assert rate is not None
    assert (pump.unit, pump.status) == ("A", "unverified")
    assert (rate.unit, rate.status) == ("%", "unverified")


def test_national_stations_send_codes_that_the_standard_lacks() -> None:
    keys = [p.key if (p := of_hj212(c)) else "" for c in ("w01003", "w01004", "w01016", "w19011", "w01022")]
    assert keys == ["turbidity", "transparency", "chlorophyll_a", "algal_density", "w01022"]


def test_substances_of_accidents_and_monitors_of_living_things_have_keys() -> None:
    keys = [p.key if (p := of_hj212(c)) else "" for c in ("w25002", "w25023", "w26001", "w20004", "w20089", "w01050")]
    assert keys == ["water_benzene", "water_nitrobenzene", "aniline", "antimony", "thallium", "bacterial_inhibition"]
    assert (parameter("water_benzene").unit, parameter("benzene").unit) == ("mg/L", "mg/m3")  # water and air apart
    assert find("水中苯") is parameter("water_benzene")
    assert [parameter(key).status for key in ("fish_activity", "daphnia_toxicity")] == ["unverified", "unverified"]


def test_an_unknown_key_is_not_found() -> None:
    with pytest.raises(NotFoundError) as caught:
        parameter("phlogiston")
    assert caught.value.code == "vocabulary.parameter"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("水温(℃)", "water_temperature"),
        ("pH(无量纲)", "ph"),
        ("溶解氧(mg/L)", "dissolved_oxygen"),
        ("电导率(μS/cm)", "conductivity"),
        ("浊度(NTU)", "turbidity"),
        ("高锰酸盐指数(mg/L)", "permanganate_index"),
        ("氨氮（mg/L）", "ammonia_nitrogen"),
        ("总磷(mg/L)", "total_phosphorus"),
        ("总氮(mg/L)", "total_nitrogen"),
        ("叶绿素α(mg/L)", "chlorophyll_a"),
        ("叶绿素a", "chlorophyll_a"),
        ("藻密度(cells/L)", "algal_density"),
        ("NH3-N", "ammonia_nitrogen"),
        ("nh3n", "ammonia_nitrogen"),
        ("ammonia", "ammonia_nitrogen"),
        ("CODMn", "permanganate_index"),
        ("COD", "chemical_oxygen_demand"),
        ("DO", "dissolved_oxygen"),
        ("SpCond", "conductivity"),
        ("temp", "water_temperature"),
        ("WT", "water_temperature"),
        ("turb", "turbidity"),
        ("stage", "water_level"),
        ("铬(六价)", "chromium_vi"),
        ("铜", "copper"),
        ("硝酸盐(以N计)(mg/L)", "nitrate_nitrogen"),
        ("硝酸根", "nitrate_as_no3"),
        ("PM2.5", "pm25"),
        ("PM10", "pm10"),
        ("PM1.0", "pm1"),
        ("Temperature, water", "water_temperature"),
        ("w21011", "total_phosphorus"),
        ("total_phosphorus", "total_phosphorus"),
    ],
)
def test_a_name_as_people_write_it_finds_its_parameter(name: str, key: str) -> None:
    assert find(name) is parameter(key)


@pytest.mark.parametrize("name", ["nitrate", "NO3", "NO2", "NH4", "PO4", "磷酸盐", "Nitrite (mg/L)"])
def test_a_name_that_could_be_two_species_finds_nothing(name: str) -> None:
    assert find(name) is None


@pytest.mark.parametrize("name", ["", "No.", "序号", "断面名称", "MN", "mg/L", "监测时间"])
def test_a_column_that_is_no_parameter_finds_nothing(name: str) -> None:
    assert find(name) is None


@given(st.text(max_size=40))
def test_no_name_breaks_the_search(name: str) -> None:
    found = find(name)
    assert found is None or found.key in parameters()


def test_no_synonym_leads_to_two_parameters_or_to_none() -> None:
    rows = list(csv.DictReader((files("shangyou.core") / "synonyms.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 200
    for row in rows:
        assert find(row["name"]) is parameter(row["key"]), row
        assert row["name"].casefold() not in AMBIGUOUS


def test_wqx_and_usgs_names_of_the_twenty_most_used() -> None:
    expected = {
        "water_temperature": ("Temperature, water", "00010"),
        "ph": ("pH", "00400"),
        "dissolved_oxygen": ("Dissolved oxygen (DO)", "00300"),
        "conductivity": ("Specific conductance", "00095"),
        "turbidity": ("Turbidity", "63675"),
        "ammonia_nitrogen": ("Ammonia-nitrogen", "00610"),
        "total_phosphorus": ("Total Phosphorus, mixed forms", "00665"),
        "total_nitrogen": ("Total Nitrogen, mixed forms", "00600"),
        "nitrate_nitrogen": ("Nitrate", "00620"),
        "nitrite_nitrogen": ("Nitrite", "00615"),
        "chemical_oxygen_demand": ("Chemical oxygen demand", "00340"),
        "bod5": ("Biochemical oxygen demand, standard conditions", "00310"),
        "total_organic_carbon": ("Organic carbon", "00680"),
        "suspended_solids": ("Total suspended solids", "00530"),
        "dissolved_solids": ("Total dissolved solids", "70300"),
        "chlorophyll_a": ("Chlorophyll a", "32210"),
        "transparency": ("Depth, Secchi disk depth", "00078"),
        "chloride": ("Chloride", "00940"),
        "sulfate": ("Sulfate", "00945"),
        "fluoride": ("Fluoride", "00951"),
        "flow": ("Flow", "00060"),
        "water_level": ("Gage height", "00065"),
    }
    assert {key: (parameter(key).wqx, parameter(key).usgs) for key in expected} == expected
    assert all(len(p.usgs) in {0, 5} for p in parameters().values())


def test_species_convert_both_ways_by_atomic_mass_and_never_across_kinds() -> None:
    assert species_factor("NO3", "NO3-N") == pytest.approx(0.2259, abs=5e-5)
    assert species_factor("NO3-N", "NO3") == pytest.approx(4.4266, abs=5e-4)
    assert species_factor("NH4", parameter("ammonia_nitrogen").species) == pytest.approx(0.7765, abs=5e-5)
    assert species_factor("P", "P") == 1
    with pytest.raises(InputError) as caught:
        species_factor("NO3", "PO4-P")
    assert caught.value.code == "vocabulary.species"


def test_the_ammonia_limit_is_the_value_at_which_stuck_series_stand() -> None:
    assert parameter("ammonia_nitrogen").detection_limit == 0.025
    for p in parameters().values():
        if p.detection_limit is not None:
            assert p.detection_limit > 0
            assert "limit of" in p.note
