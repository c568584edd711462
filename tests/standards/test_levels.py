"""Levels of an index."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shangyou.standards.levels import level_of

LEVELS: tuple[dict[str, int], ...] = ({"below": 30}, {"up_to": 50}, {"up_to": 60}, {})


def test_a_bound_belongs_to_the_level_that_says_so() -> None:
    values = np.array([-5, 29.999, 30, 50, 50.001, 60, 60.001, np.inf])
    assert level_of(values, LEVELS).tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_no_value_is_in_no_level() -> None:
    assert level_of(np.array([np.nan]), LEVELS).tolist() == [0]


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_a_higher_index_is_never_in_a_lower_level(one: float, other: float) -> None:
    low, high = level_of(np.array(sorted([one, other])), LEVELS)
    assert low <= high
