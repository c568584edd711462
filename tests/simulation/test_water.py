from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.simulation.scenario import Scenario
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import PARAMETERS, stations
from shangyou.simulation.water import oxygen_saturation, water
from tests.simulation.scenarios import JULY, NOVEMBER, history, scenario


def column(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], station: str, parameter: str) -> np.ndarray:
    place = next(i for i, s in enumerate(stations()) if s.key == station)
    return values[:, place, PARAMETERS.index(parameter)]


def test_the_same_seed_gives_the_same_river_and_another_seed_another() -> None:
    first, again, other = (water(s, history(s)).value for s in (scenario(1), scenario(1), scenario(2)))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, rtol=0.01)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 365))
def test_the_river_is_never_negative_and_stays_water(seed: int, day: int) -> None:
    of = Scenario(seed, NOVEMBER - day * 86_400_000, 9)
    value = water(of, history(of)[::11]).value
    assert np.isfinite(value).all()
    assert (value >= 0).all()
    assert value[..., PARAMETERS.index("water_temperature")].max() < 38
    ph = value[..., PARAMETERS.index("ph")]
    assert 6 < ph.min() < ph.max() < 9.5


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 700), st.integers(1, 19))
def test_an_hour_is_the_same_in_whichever_window_it_is_asked_for(start: int, count: int) -> None:
    of = scenario()
    whole = history(of)
    part = water(of, whole[start : start + count]).value
    assert part == pytest.approx(water(of, whole).value[start : start + count], rel=1e-9)


def test_summer_is_warm_and_full_and_holds_less_oxygen_than_winter() -> None:
    summer, winter = (
        water(s, history(s)) for s in (scenario(present=JULY), scenario(present=NOVEMBER + 60 * 86_400_000))
    )
    assert summer.flow.mean() > 2 * winter.flow.mean()
    assert column(summer.value, "cuntan", "water_temperature").mean() > 21
    assert column(winter.value, "cuntan", "water_temperature").mean() < 14
    assert (
        column(summer.value, "cuntan", "dissolved_oxygen").mean()
        < column(winter.value, "cuntan", "dissolved_oxygen").mean()
    )
    assert column(summer.value, "cuntan", "turbidity").mean() > 1.5 * column(winter.value, "cuntan", "turbidity").mean()


def test_a_day_is_seen_in_the_temperature_of_a_small_river() -> None:
    of = scenario()
    warmth = column(water(of, history(of)).value, "lutianhua", "water_temperature")
    by_hour = (warmth - np.convolve(warmth, np.ones(24) / 24, "same"))[24:-24].reshape(-1, 24).mean(axis=0)
    legal = (history(of)[24] + 8 + np.arange(24)) % 24
    assert 15 <= legal[by_hour.argmax()] <= 19
    assert np.ptp(by_hour) > 1


def test_what_the_upper_station_sees_the_lower_one_sees_when_the_water_has_come() -> None:
    of = scenario(days=60)
    value = np.log(water(of, history(of)).value)
    above, below = (column(value, key, "conductivity") for key in ("jiangjin", "heshangshan"))  # 47 km, 7 h
    assert np.corrcoef(above[:-7], below[7:])[0, 1] > 0.7


def test_a_tributary_that_is_clean_dilutes() -> None:
    of = scenario(present=NOVEMBER)
    got = water(of, history(of)[:24])
    mixed = column(got.value, "cuntan", "conductivity").mean()
    parts = [column(got.value, key, "conductivity").mean() for key in ("heshangshan", "beiwenquan")]
    assert min(parts) * 0.93 < mixed < max(parts) * 1.07


def test_saturation_of_oxygen_agrees_with_the_table_of_standard_methods() -> None:
    got = oxygen_saturation(np.array([0.0, 10.0, 20.0, 30.0]))
    assert got == pytest.approx([14.621, 11.288, 9.092, 7.559], abs=0.002)


@pytest.mark.parametrize("present", [NOVEMBER, JULY])
def test_nitrogen_is_never_less_than_the_ammonia_in_it_and_rises_with_the_spill(present: int) -> None:
    of = scenario(present=present)
    value = water(of, history(of)).value
    ammonia, nitrogen = (value[..., PARAMETERS.index(name)] for name in ("ammonia_nitrogen", "total_nitrogen"))
    assert (nitrogen >= ammonia).all()
    first = next(i for i, s in enumerate(stations()) if s.branch == "main" and s.km > release(of).km)
    peak = ammonia[:, first].argmax()
    rise = [series[peak, first] - series[peak - 24, first] for series in (ammonia, nitrogen)]
    assert rise[1] == pytest.approx(rise[0], rel=0.15)  # all else drifts by itself within the day
