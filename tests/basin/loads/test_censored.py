"""The censored regression against R, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.loads.censored import Bounded, Fitted, Moments, direct, fit
from shangyou.basin.loads.normal import erfcx, log_below, log_between
from shangyou.core.records import Array, Ints


def example() -> tuple[Array, Array, Array, Ints]:
    """Columns, values, and weights of 40 made samples, with what is censored of them: below, above, between."""
    i = np.arange(1, 41, dtype=np.int64)
    x = (i * 7 % 11) / 5 - 1
    s = np.sin(i)
    y = 0.3 + 0.8 * x - 0.4 * s + 0.35 * ((i * 13 % 17) / 8.5 - 1)
    low, high = y.copy(), y.copy()
    below, above = i % 4 == 0, (i % 7 == 0) & (i % 4 != 0)
    between = (i % 9 == 0) & ~below & ~above
    low[below], high[below] = -np.inf, np.maximum(y[below], -0.2)
    high[above] = np.inf
    low[between], high[between] = y[between] - 0.2, y[between] + 0.3
    return np.column_stack([np.ones(40), x, s]), np.column_stack([y, low, high]), 0.2 + (i * 5 % 9) / 6, i


def fitted(x: Array, low: Array, high: Array, weight: Array) -> Fitted:
    known = low == high
    v = np.column_stack([-x[known], low[known]])
    w = np.atleast_2d(weight)
    products = np.einsum("pn,ni,nj->pij", w[:, known], v, v)
    return fit(Moments(products, w[:, known].sum(axis=1)), Bounded(x[~known], low[~known], high[~known], w[:, ~known]))


def test_a_censored_regression_is_that_of_survreg() -> None:
    x, values, weight, _ = example()
    found = fitted(x, values[:, 1], values[:, 2], weight)
    assert found.converged.all()
    # survreg(Surv(low, high, type = "interval2") ~ x + s, weights, dist = "gaussian") of R's survival 3.5-3
    np.testing.assert_allclose(
        found.coefficients[0], [0.277718542202009, 0.714313604368546, -0.333958665250641], rtol=1e-9
    )
    assert found.sigma[0] == pytest.approx(0.242955290894823, rel=1e-9)


def test_a_regression_of_known_values_is_that_of_survreg_too() -> None:
    x, values, weight, _ = example()
    v = np.column_stack([-x, values[:, 0]])
    found = direct(Moments(np.einsum("n,ni,nj->ij", weight, v, v)[None], weight.sum(keepdims=True)))
    np.testing.assert_allclose(
        found.coefficients[0], [0.271329745866955, 0.754085619906627, -0.406290315151896], rtol=1e-10
    )
    assert found.sigma[0] == pytest.approx(0.200225178456175, rel=1e-10)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_many_weightings_together_give_what_each_gives_alone(seed: int) -> None:
    x, values, _, _ = example()
    weight = np.random.default_rng(seed).uniform(0, 1, (4, 40))
    weight[0, values[:, 1] != values[:, 2]] = 0  # one that sees no censored sample
    together = fitted(x, values[:, 1], values[:, 2], weight)
    for one in range(4):
        alone = fitted(x, values[:, 1], values[:, 2], weight[one])
        np.testing.assert_allclose(together.coefficients[one], alone.coefficients[0], rtol=1e-7)
        assert together.sigma[one] == pytest.approx(alone.sigma[0], rel=1e-7)


@settings(max_examples=25)
@given(st.floats(-50, 50), st.floats(0.01, 100))
def test_shifting_and_scaling_the_values_shifts_and_scales_the_fit(shift: float, scale: float) -> None:
    x, values, weight, _ = example()
    plain = fitted(x, values[:, 1], values[:, 2], weight)
    moved = fitted(x, values[:, 1] * scale + shift, values[:, 2] * scale + shift, weight)
    np.testing.assert_allclose(
        moved.coefficients[0],
        plain.coefficients[0] * scale + [shift, 0, 0],
        rtol=1e-6,
        atol=1e-6 * (abs(shift) + scale),
    )
    assert moved.sigma[0] == pytest.approx(plain.sigma[0] * scale, rel=1e-6)


def test_bounds_that_close_upon_a_value_give_the_value() -> None:
    x, values, weight, i = example()
    y = values[:, 0]
    narrow = np.where(i % 3 == 0, 1e-6, 0.0)
    near = fitted(x, y - narrow, y + narrow, weight)
    exact = fitted(x, np.where(i == 1, y - 1e-9, y), np.where(i == 1, y + 1e-9, y), weight)
    np.testing.assert_allclose(near.coefficients, exact.coefficients, rtol=1e-5)


def test_columns_that_say_the_same_twice_are_no_regression() -> None:
    x, values, weight, _ = example()
    twice = np.column_stack([x, 2 * x[:, 1]])
    assert np.isnan(fitted(twice, values[:, 1], values[:, 2], weight).sigma[0])


@given(st.floats(0, 26))
def test_the_tail_is_that_of_the_standard_library(x: float) -> None:
    expected = math.exp(x * x) * math.erfc(x)
    assert float(erfcx(np.array(x))) == pytest.approx(expected, rel=1e-12 + 4e-16 * x * x)


@given(st.floats(-38, 8))
def test_the_slope_of_the_logarithm_is_its_derivative(z: float) -> None:
    step = 1e-4
    around, slope = log_below(np.array([z - step, z, z + step]))
    assert slope[1] == pytest.approx((around[2] - around[0]) / (2 * step), rel=1e-5, abs=1e-11)


@given(st.floats(-30, 30), st.floats(1e-3, 10))
def test_what_lies_between_is_what_is_below_less_what_is_below_both(low: float, width: float) -> None:
    log, at_low, at_high = log_between(np.array(low), np.array(low + width))
    mirrored, _, _ = log_between(np.array(-low - width), np.array(-low))
    assert float(log) == pytest.approx(float(mirrored), rel=1e-9)
    assert float(log) <= 0
    assert float(at_low) >= 0
    assert float(at_high) >= 0
    below, _ = log_below(np.array([low, low + width]))
    assert math.exp(below[1]) - math.exp(below[0]) == pytest.approx(math.exp(float(log)), rel=1e-6, abs=1e-13)
