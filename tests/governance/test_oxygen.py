"""Solubility of oxygen against the printed table of the USGS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.oxygen import air_pressure, oxygen_saturation, oxygen_solubility


@pytest.mark.parametrize(
    ("celsius", "printed"), [(0, 14.62), (5, 12.77), (10, 11.29), (15, 10.08), (20, 9.09), (25, 8.26), (30, 7.56)]
)
def test_solubility_at_one_atmosphere_is_the_printed_one(celsius: float, printed: float) -> None:
    found = oxygen_solubility(np.array([float(celsius)]), np.array([101.325]))
    assert found[0] == pytest.approx(printed, abs=0.005)


@given(st.floats(0, 39), st.floats(0, 5400))
def test_warmer_or_higher_water_holds_less(celsius: float, metres: float) -> None:
    temperature, altitude = np.array([celsius, celsius + 1, celsius]), np.array([metres, metres, metres + 100])
    here, warmer, higher = oxygen_solubility(temperature, air_pressure(altitude))
    assert warmer < here
    assert higher < here


def test_the_air_of_the_plateau_has_three_fifths_of_the_pressure() -> None:
    assert air_pressure(np.array([0.0, 4000.0])) == pytest.approx([101.325, 61.64], abs=0.01)


@pytest.mark.parametrize(
    ("celsius", "metres"), [(np.nan, 0.0), (20.0, np.nan), (-5.0, 0.0), (50.0, 0.0), (20.0, 9000.0)]
)
def test_what_is_not_known_or_not_covered_gives_no_saturation(celsius: float, metres: float) -> None:
    assert np.isnan(oxygen_saturation(np.array([8.0]), np.array([celsius]), np.array([metres]))[0])
