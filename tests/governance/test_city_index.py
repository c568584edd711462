"""City water quality index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.registry import WaterKind
from shangyou.governance.city_index import change, city_index, ranking, sub_index, water_index
from shangyou.standards.library import editions

RULE, LIMITS = editions("city_index")[-1], editions("gb3838")[-1]
VALUES = st.floats(1e-6, 1e4)


def test_the_rule_counts_twenty_one_items_of_the_standard() -> None:
    items = RULE.body["items"]
    assert len(items) == len(set(items)) == 21
    assert set(items) == set(LIMITS.body["items"]) - {"total_nitrogen", "fecal_coliform"}


@pytest.mark.parametrize("case", RULE.cases, ids=lambda case: case["name"])
def test_cases_of_the_rule(case: dict[str, Any]) -> None:
    kind = WaterKind.LAKE if case.get("lake") else WaterKind.RIVER
    found = sub_index(case["item"], np.array([float(case["value"])]), kind, RULE, LIMITS)
    assert found[0] == pytest.approx(case["sub_index"])


def test_what_stands_from_memory_is_known_as_unverified() -> None:
    assert set(RULE.unverified()) == {"city", "below_detection"}


@given(st.sampled_from([i for i in RULE.body["items"] if i not in {"ph", "dissolved_oxygen"}]), VALUES, VALUES)
def test_a_worse_value_never_weighs_less(item: str, one: float, other: float) -> None:
    low, high = sub_index(item, np.array(sorted([one, other])), WaterKind.RIVER, RULE, LIMITS)
    assert low <= high


@given(VALUES, VALUES)
def test_less_oxygen_never_weighs_less(one: float, other: float) -> None:
    worse, better = sub_index("dissolved_oxygen", np.array(sorted([one, other])), WaterKind.RIVER, RULE, LIMITS)
    assert worse >= better


def test_water_at_all_limits_of_class_three_weighs_twenty_one() -> None:
    values = {
        item: np.array([float(row["range"][0] if item == "ph" else row.get("at_most", row.get("at_least"))["III"])])
        for item, row in LIMITS.body["items"].items()
        if item in RULE.body["items"]
    }
    found = water_index(values, WaterKind.RIVER, RULE, LIMITS)
    assert (found.index[0], found.counted[0]) == (pytest.approx(21), 21)


def test_a_missing_item_is_not_counted_and_that_is_told() -> None:
    values = {"ammonia_nitrogen": np.array([1.0, np.nan, np.nan]), "total_phosphorus": np.array([0.2, 0.1, np.nan])}
    found = water_index(values, WaterKind.RIVER, RULE, LIMITS)
    assert found.index.tolist() == pytest.approx([2.0, 0.5, np.nan], nan_ok=True)
    assert found.counted.tolist() == [2, 1, 0]


def test_items_outside_the_rule_are_passed_over_in_the_sum_and_refused_alone() -> None:
    values = {"turbidity": np.array([9.0]), "ammonia_nitrogen": np.array([1.0])}
    assert water_index(values, WaterKind.RIVER, RULE, LIMITS).index.tolist() == [1.0]
    assert water_index({"turbidity": np.array([9.0])}, WaterKind.RIVER, RULE, LIMITS).index.tolist() == []
    with pytest.raises(InputError) as caught:
        sub_index("turbidity", np.array([9.0]), WaterKind.RIVER, RULE, LIMITS)
    assert caught.value.code == "city_index.item"


def test_a_city_without_lakes_has_the_index_of_its_rivers() -> None:
    found = city_index(np.array([6.0, 6.0]), np.array([np.nan, 1.0]), np.array([3.0, 0.0]), np.array([0.0, 0.0]))
    assert found.tolist() == pytest.approx([6.0, np.nan], nan_ok=True)


@given(VALUES, VALUES, st.integers(1, 50), st.integers(1, 50))
def test_the_index_of_a_city_lies_between_its_rivers_and_its_lakes(r: float, lake: float, m: int, n: int) -> None:
    found = city_index(np.array([r]), np.array([lake]), np.array([float(m)]), np.array([float(n)]))[0]
    assert min(r, lake) * (1 - 1e-12) <= found <= max(r, lake) * (1 + 1e-12)


def test_change_against_the_base_and_places() -> None:
    assert change(np.array([6.0, 1.0]), np.array([5.0, 0.0])).tolist() == pytest.approx([20.0, np.nan], nan_ok=True)
    assert ranking(np.array([2.0, 1.0, 2.0, 3.0])).tolist() == [2, 1, 2, 4]
