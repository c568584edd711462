"""Units at the border: known names only, one linear step, no surprise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.units import ALIASES, BARE, NAMES, SPECIES, canonical_name, convert, linear

UNITS = sorted([*NAMES, *BARE])
VALUES = st.floats(-1e6, 1e6, allow_nan=False)


def comparable(source: str, target: str) -> bool:
    try:
        linear(source, target)
    except InputError:
        return False
    return True


PAIRS = [(a, b) for a in UNITS for b in UNITS if a != b and comparable(a, b)]


def test_every_alias_leads_to_a_known_unit() -> None:
    assert {name for name in ALIASES.values() if name not in NAMES and name not in BARE} == set()


@pytest.mark.parametrize("text", ["mg/L", "mg/l", " MG/L ", "毫克/升"])
def test_a_unit_is_known_in_the_ways_that_people_write_it(text: str) -> None:
    assert canonical_name(text) == "mg/L"


@pytest.mark.parametrize("text", ["parsec", "p H", "mg/L/d", "ppt", "m g/L"])
def test_free_text_is_never_read_as_a_unit(text: str) -> None:
    with pytest.raises(InputError) as caught:
        canonical_name(text)
    assert caught.value.code == "units.unknown"


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_units(text: str) -> None:
    known = text.strip() in UNITS or text.strip() in ALIASES
    try:
        found = canonical_name(text)
    except InputError:
        found = ""
    assert found in UNITS if known else found in {"", *UNITS}


@given(st.sampled_from(PAIRS), VALUES)
def test_there_and_back_is_where_it_began(pair: tuple[str, str], value: float) -> None:
    source, target = pair
    there = convert(np.array([value]), source, target)
    assert convert(there, target, source)[0] == pytest.approx(value, rel=1e-9, abs=1e-6)


@given(st.sampled_from(PAIRS), VALUES, VALUES)
def test_conversion_keeps_the_order_of_values(pair: tuple[str, str], one: float, other: float) -> None:
    low, high = convert(np.array(sorted([one, other])), *pair)
    assert low <= high


@given(st.sampled_from(UNITS), VALUES)
def test_a_unit_converted_into_itself_changes_nothing(unit: str, value: float) -> None:
    assert convert(np.array([value]), unit, unit)[0] == value


def test_parts_of_a_milligram_come_out_to_the_last_bit() -> None:
    assert convert(np.array([25.0, 50.0, 5.0]), "ug/L", "mg/L").tolist() == [0.025, 0.05, 0.005]
    assert convert(np.array([0.025]), "mg/L", "ug/L").tolist() == [25.0]


def test_missing_values_stay_missing() -> None:
    assert np.isnan(convert(np.array([np.nan]), "ug/L", "mg/L")).tolist() == [True]


@pytest.mark.parametrize(("source", "target"), [("mg/L", "m"), ("NTU", "FNU"), ("pH", "1"), ("degC", "dB")])
def test_what_is_not_of_one_kind_is_refused(source: str, target: str) -> None:
    with pytest.raises(InputError) as caught:
        linear(source, target)
    assert caught.value.code == "units.incompatible"


def test_temperatures_shift() -> None:
    assert linear("degC", "K") == (1.0, 273.15)
    assert convert(np.array([32.0, 212.0]), "degF", "degC") == pytest.approx([0, 100])


def test_a_species_counted_by_its_nucleus_weighs_less() -> None:
    assert all(0 < factor <= 1 for factor in SPECIES.values())
