from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.simulation.noise import Weather, white

HOURS = np.arange(480_000, 480_000 + 4000, dtype=np.int64)


def test_weather_has_mean_0_and_variance_1_and_forgets_with_its_memory() -> None:
    noise = Weather.draw(np.random.default_rng(3), 40, memory=20.0).at(HOURS.astype(np.float64))
    assert abs(noise.mean()) < 0.05
    assert abs(noise.var() - 1) < 0.1
    for lag in (5, 20, 60):
        correlation = np.mean(noise[lag:] * noise[:-lag])
        assert abs(correlation - np.exp(-lag / 20)) < 0.08


def test_white_noise_is_normal_and_independent_from_hour_to_hour() -> None:
    noise = white(1, 9, HOURS, (5,))
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.03
    assert abs(np.mean(noise[1:] * noise[:-1])) < 0.03


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3000), st.integers(1, 60))
def test_white_noise_of_an_hour_is_the_same_in_any_window(start: int, count: int) -> None:
    assert np.array_equal(
        white(1, 9, HOURS[start : start + count], (3,)), white(1, 9, HOURS, (3,))[start : start + count]
    )
