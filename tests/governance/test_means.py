"""Means of groups, and of pH by hydrogen ions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.means import group_means, item_means, ph_means

PH = st.lists(st.floats(2, 12), min_size=1, max_size=20)


def test_values_that_are_missing_do_not_count() -> None:
    mean, count = group_means(np.array([1.0, np.nan, 3.0, np.nan]), np.array([0, 0, 0, 1]), 3)
    assert mean[0] == 2.0
    assert np.isnan(mean[1:]).all()
    assert count.tolist() == [2, 0, 0]


@given(PH)
def test_the_mean_of_ph_is_that_of_the_hydrogen_ions(values: list[float]) -> None:
    mean, _ = ph_means(np.array(values), np.zeros(len(values), np.int64), 1)
    assert 10 ** -mean[0] == pytest.approx(math.fsum(10**-value for value in values) / len(values))


@given(PH)
def test_the_mean_of_ph_is_never_above_the_arithmetic_one(values: list[float]) -> None:
    mean, _ = ph_means(np.array(values), np.zeros(len(values), np.int64), 1)
    assert min(values) - 1e-9 <= mean[0] <= math.fsum(values) / len(values) + 1e-9


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_the_order_of_values_changes_nothing(values: list[float]) -> None:
    zero = np.zeros(len(values), np.int64)
    assert group_means(np.array(values), zero, 1)[0] == pytest.approx(group_means(np.array(values[::-1]), zero, 1)[0])


def test_each_item_is_averaged_in_its_own_way() -> None:
    got = item_means(np.array([[6.0, 1.0], [8.0, 2.0]]), ("ph", "total_phosphorus"), np.array([0, 0]), 1)
    assert got[0].tolist() == pytest.approx([-math.log10((1e-6 + 1e-8) / 2), 1.5])
