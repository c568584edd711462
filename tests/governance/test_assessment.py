"""Sections: grades, multiples and main pollutants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shangyou.core.records import Array
from shangyou.governance.assessment import Pollutant, assess_values, main_pollutants, multiple_texts, written
from shangyou.governance.classify import Saturation
from shangyou.governance.tables import item_names
from shangyou.standards.library import edition
from shangyou.standards.surface_water import assessment_rules

DAY = date(2021, 4, 1)
ITEMS = assessment_rules(DAY).items
RIVER = np.array([False])


def row(values: Mapping[str, float]) -> Array:
    return np.array([[values.get(item, np.nan) for item in ITEMS]])


@pytest.mark.parametrize("case", edition("assessment", DAY).cases, ids=lambda case: case["name"])
def test_the_cases_of_the_measures(case: Mapping[str, Any]) -> None:
    got = assess_values(row(case["values"]), RIVER, ITEMS, DAY)
    grade = got.grade_of(0)
    assert grade is not None
    assert grade.zh == case["grade"]
    assert written(main_pollutants(got, 0), item_names(DAY, ITEMS)[0]) == "、".join(case["main"])


@given(arrays(np.float64, (3, len(ITEMS)), elements=st.one_of(st.just(np.nan), st.floats(0, 20))))
def test_main_pollutants_are_at_most_three_and_only_where_the_class_is_worse_than_three(values: Array) -> None:
    got = assess_values(values, np.zeros(3, np.bool_), ITEMS, DAY)
    for index in range(3):
        main = main_pollutants(got, index)
        assert len(main) == min(3, int(np.count_nonzero(got.classified.item[index] > 3)))
        assert all(pollutant.class_no > 3 for pollutant in main)
        assert bool(main) == (got.classified.overall[index] > 3)


def test_the_lake_limits_apply_where_it_is_a_lake() -> None:
    values = np.tile(row({"total_phosphorus": 0.08}), (2, 1))
    assert assess_values(values, np.array([False, True]), ITEMS, DAY).classified.overall.tolist() == [2, 4]


def test_values_are_rounded_before_they_are_compared_if_the_rule_says_so() -> None:
    values = row({"permanganate_index": 6.04})
    assert assess_values(values, RIVER, ITEMS, DAY).classified.overall.tolist() == [3]
    assert assess_values(values, RIVER, ITEMS, DAY, rounded=False).classified.overall.tolist() == [4]


def test_saturation_reaches_the_rows_it_belongs_to() -> None:
    values = np.tile(row({"dissolved_oxygen": 6.4}), (2, 1))
    air = Saturation(np.array([8.0, 8.0]), np.array([0.0, 4200.0]))
    got = assess_values(values, np.array([False, True]), ITEMS, DAY, saturation=air)
    assert got.classified.overall.tolist() == [2, 1]


def test_without_data_there_is_no_grade() -> None:
    got = assess_values(row({}), RIVER, ITEMS, DAY)
    assert got.grade_of(0) is None
    assert main_pollutants(got, 0) == ()


def test_a_multiple_that_would_read_zero_says_that_it_is_small() -> None:
    assert multiple_texts(np.array([0.003, 0.05, 0.25, 1.25, 12.0])) == ["<0.1", "<0.1", "0.2", "1.2", "12.0"]


def test_english_names_are_set_apart_from_their_multiple() -> None:
    pollutants = (Pollutant("lead", 4, 0.24), Pollutant("ph", 6, None), Pollutant("bod5", 0, None, 12.5))
    names = {"lead": "Lead", "ph": "pH", "bod5": "BOD5"}
    assert written(pollutants, names, ", ", " ") == "Lead (0.2), pH, BOD5 (12.5%)"
