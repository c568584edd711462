"""Values that are only bounds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Censor
from shangyou.core.registry import WaterKind
from shangyou.governance.censoring import bounds, worst_case
from shangyou.governance.classify import class_range, classify
from shangyou.standards.surface_water import limits

ITEMS = ("ammonia_nitrogen", "dissolved_oxygen", "ph")
LIMITS = limits(date(2021, 4, 1), ITEMS, WaterKind.RIVER)


def classed(value: float, censor: Censor, item: str, upper: float = np.nan) -> tuple[int, bool]:
    """Class of one censored value and whether it is certain."""
    values = np.full((1, 3), np.nan)
    column = ITEMS.index(item)
    values[0, column] = value
    low, high = bounds(values, np.full((1, 3), censor, np.uint8), np.full((1, 3), upper))
    best, worst = class_range(low, high, LIMITS)
    got = classify(worst_case(low, high, LIMITS), LIMITS)
    assert got.overall[0] == worst.max()
    return int(got.overall[0]), bool(best[0, column] == worst[0, column])


@pytest.mark.parametrize(
    ("value", "censor", "item", "expected"),
    [
        (0.025, Censor.BELOW, "ammonia_nitrogen", (1, True)),  # certainly class I
        (0.5, Censor.BELOW, "ammonia_nitrogen", (2, False)),  # class II at worst
        (0.15, Censor.BELOW, "ammonia_nitrogen", (1, True)),
        (9.0, Censor.ABOVE, "ammonia_nitrogen", (6, True)),
        (1.0, Censor.ABOVE, "ammonia_nitrogen", (6, False)),  # at least class IV, and nobody knows
        (2.0, Censor.BELOW, "dissolved_oxygen", (6, True)),  # below 2 is worse than V, 2 itself would be V
        (20.0, Censor.ABOVE, "dissolved_oxygen", (1, True)),
        (6.0, Censor.BELOW, "ph", (6, True)),
        (9.0, Censor.ABOVE, "ph", (6, True)),
        (0.1, Censor.NONE, "ammonia_nitrogen", (1, True)),
    ],
)
def test_a_bound_gives_the_worst_class_it_allows_and_says_whether_that_is_certain(
    value: float, censor: Censor, item: str, expected: tuple[int, bool]
) -> None:
    assert classed(value, censor, item) == expected


def test_an_interval_is_classed_by_its_worse_end() -> None:
    assert classed(0.1, Censor.INTERVAL, "ammonia_nitrogen", 0.14) == (1, True)
    assert classed(0.1, Censor.INTERVAL, "ammonia_nitrogen", 0.9) == (3, False)
    assert classed(5.5, Censor.INTERVAL, "ph", 7.0) == (6, False)


@given(st.floats(0, 3), st.floats(0, 1))
def test_the_class_of_a_bound_is_never_better_than_that_of_any_value_within(limit: float, share: float) -> None:
    inside = np.array([[limit * share * 0.999, np.nan, np.nan]])
    true = int(classify(inside, LIMITS).overall[0])
    assert classed(limit, Censor.BELOW, "ammonia_nitrogen")[0] >= true or limit == 0


def test_no_value_has_no_bounds() -> None:
    low, high = bounds(np.array([np.nan]), np.array([Censor.BELOW], np.uint8))
    assert np.isnan([low[0], high[0]]).all()
