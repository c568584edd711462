"""GB/T 8170: half to even, on the decimal digits."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.rounding import round_as_ruled, round_half_even
from shangyou.standards.library import edition

DECIMALS = st.integers(0, 6)
NUMBERS = st.decimals(-10_000, 10_000, allow_nan=False, places=7)


@pytest.mark.parametrize("case", edition("statistics", date(2021, 4, 1)).cases, ids=lambda case: case["name"])
def test_the_cases_of_the_rule(case: dict[str, float]) -> None:
    assert round_as_ruled(np.array([case["value"]]), int(case["decimals"])).tolist() == [case["rounded"]]


@given(st.lists(NUMBERS, min_size=1, max_size=40), DECIMALS)
def test_it_rounds_as_decimal_arithmetic_does(numbers: list[Decimal], decimals: int) -> None:
    exact = [float(n.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)) for n in numbers]
    assert round_half_even(np.array([float(n) for n in numbers]), decimals).tolist() == exact


@given(st.lists(NUMBERS, min_size=1, max_size=40), DECIMALS)
def test_rounding_twice_is_rounding_once(numbers: list[Decimal], decimals: int) -> None:
    once = round_as_ruled(np.array([float(n) for n in numbers]), decimals)
    assert round_as_ruled(once, decimals).tolist() == once.tolist()


@given(st.lists(NUMBERS, min_size=2, max_size=40), DECIMALS)
def test_rounding_keeps_the_order(numbers: list[Decimal], decimals: int) -> None:
    rounded = round_half_even(np.sort([float(n) for n in numbers]), decimals)
    assert np.all(np.diff(rounded) >= 0)


@given(st.decimals("0.0000001", "0.0004", places=9).filter(bool))
def test_what_would_become_nothing_keeps_its_first_digit(number: Decimal) -> None:
    first = float(number.quantize(Decimal(1).scaleb(number.adjusted()), ROUND_HALF_EVEN))
    assert round_as_ruled(np.array([float(number)]), 3).tolist() == [first]


def test_no_value_and_open_bounds_stay_what_they_are() -> None:
    rounded = round_as_ruled(np.array([np.nan, np.inf, -np.inf, 0.0]), 2)
    assert np.isnan(rounded[0])
    assert rounded[1:].tolist() == [np.inf, -np.inf, 0.0]


def test_the_argument_is_not_changed() -> None:
    values = np.array([0.125, 0.5])
    round_as_ruled(values, 1)
    assert values.tolist() == [0.125, 0.5]
