"""Classes of samples: the cases of the standard, and the laws that every standard keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shangyou.core.errors import InputError
from shangyou.core.records import Array
from shangyou.core.registry import WaterKind
from shangyou.core.units import convert
from shangyou.governance.classify import Saturation, class_range, classify, multiples
from shangyou.standards.library import edition
from shangyou.standards.surface_water import (
    AT_LEAST,
    CLASSES,
    RANGE,
    WORST,
    assessment_rules,
    decimals,
    limits,
    publication,
)

DAY = date(2021, 4, 1)
ITEMS = assessment_rules(DAY).items
RIVER = limits(DAY, ITEMS, WaterKind.RIVER)
DECIMALS = decimals(DAY, ITEMS)
KINDS = st.sampled_from(list(WaterKind))


def number_of(name: str) -> int:
    return CLASSES.index(name) + 1 if name in CLASSES else WORST


SCALE = np.where(np.isnan(RIVER.bounds[:, 4]), 9.0, np.nanmax(RIVER.bounds, axis=1))
CELLS = st.one_of(st.just(np.nan), st.floats(0, 3), st.sampled_from([0.0, 0.5, 0.2, 1.0]))


@st.composite
def samples(draw: st.DrawFn, most: int = 8) -> Array:
    """Values around the limits of every item, some missing."""
    found: Array = draw(arrays(np.float64, (draw(st.integers(1, most)), len(ITEMS)), elements=CELLS)) * SCALE
    return found


@pytest.mark.parametrize("case", edition("gb3838", DAY).cases, ids=lambda case: case["name"])
def test_the_cases_of_the_standard(case: Mapping[str, Any]) -> None:
    items = tuple(case["values"])
    found = limits(DAY, items, WaterKind(case.get("water", "river")))
    air = None
    if "altitude" in case:
        air = Saturation(np.array([float(case["water_temperature"])]), np.array([float(case["altitude"])]))
    got = classify(np.array([list(case["values"].values())], float), found, None, air)
    assert got.overall.tolist() == [number_of(case["class"])]


@pytest.mark.parametrize("day", [DAY, date(2025, 11, 7)], ids=["2021", "2025"])
def test_the_cases_of_the_portal(day: date) -> None:
    way = publication(day)
    for case in way.edition.cases:
        items = tuple(case["values"])
        digits = decimals(day, items) if way.rounding == "assess" else None
        values = np.array([list(case["values"].values())], float)
        assert classify(values, limits(day, items, WaterKind.RIVER), digits).overall.tolist() == [
            number_of(case["class"])
        ]


@given(samples(), KINDS, st.floats(1, 5), st.integers(0, len(ITEMS) - 1), st.booleans())
def test_a_worse_value_never_gets_a_better_class(
    values: Array, kind: WaterKind, factor: float, column: int, rounded: bool
) -> None:
    found, digits = limits(DAY, ITEMS, kind), DECIMALS if rounded else None
    if found.sense[column] == RANGE:
        values[:, column] = np.clip(values[:, column], 9.0, None)
    worse = values.copy()
    worse[:, column] = values[:, column] / factor if found.sense[column] == AT_LEAST else values[:, column] * factor
    before, after = classify(values, found, digits), classify(worse, found, digits)
    assert np.all(after.item[:, column] >= before.item[:, column])
    assert np.all(after.overall >= before.overall)


@given(samples(), KINDS, st.integers(0, len(ITEMS) - 1))
def test_one_more_item_never_makes_the_class_better(values: Array, kind: WaterKind, column: int) -> None:
    fewer = values.copy()
    fewer[:, column] = np.nan
    found = limits(DAY, ITEMS, kind)
    assert np.all(classify(values, found).overall >= classify(fewer, found).overall)


@given(samples(), KINDS, st.randoms())
def test_the_order_of_samples_changes_nothing(values: Array, kind: WaterKind, random: Any) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    found = limits(DAY, ITEMS, kind)
    straight, shuffled = classify(values, found, DECIMALS), classify(values[order], found, DECIMALS)
    assert straight.item[order].tolist() == shuffled.item.tolist()
    assert straight.limiting[order].tolist() == shuffled.limiting.tolist()


@given(samples(), KINDS)
def test_the_order_of_items_changes_nothing(values: Array, kind: WaterKind) -> None:
    backwards = limits(DAY, ITEMS[::-1], kind)
    assert (
        classify(values, limits(DAY, ITEMS, kind)).overall.tolist()
        == classify(values[:, ::-1], backwards).overall.tolist()
    )


@given(samples(), KINDS)
def test_the_limiting_items_are_those_that_have_the_class(values: Array, kind: WaterKind) -> None:
    got = classify(values, limits(DAY, ITEMS, kind))
    for row in range(len(got)):
        expected = {j for j in range(len(ITEMS)) if got.item[row, j] == got.overall[row] > 1}
        assert {j for j in range(len(ITEMS)) if int(got.limiting[row]) >> j & 1} == expected
        assert {j for j in range(len(ITEMS)) if int(got.exceeding[row]) >> j & 1} == set(
            np.flatnonzero(got.item[row] > 3).tolist()
        )


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=20))
def test_the_unit_in_which_a_value_came_does_not_matter(micrograms: list[int]) -> None:
    found = limits(DAY, ("ammonia_nitrogen",), WaterKind.RIVER)
    converted = convert(np.array(micrograms, float), "ug/L", "mg/L").reshape(-1, 1)
    read = np.array([float(f"{m / 1000:.3f}") for m in micrograms]).reshape(-1, 1)
    assert classify(converted, found, (2,)).overall.tolist() == classify(read, found, (2,)).overall.tolist()


@given(samples(most=3), KINDS)
def test_samples_are_classed_alike_alone_and_in_any_number(values: Array, kind: WaterKind) -> None:
    found = limits(DAY, ITEMS, kind)
    many = np.tile(values, (9000, 1))  # more than one block
    once = classify(values, found, DECIMALS)
    got = classify(many, found, DECIMALS)
    assert np.array_equal(got.item, np.tile(once.item, (9000, 1)))
    assert np.array_equal(got.overall, np.tile(once.overall, 9000))


def test_no_value_has_no_class_and_none_at_all_neither() -> None:
    got = classify(
        np.array([[np.nan, 0.3], [np.nan, np.nan]]), limits(DAY, ("ph", "total_phosphorus"), WaterKind.RIVER)
    )
    assert got.item.tolist() == [[0, 4], [0, 0]]
    assert got.overall.tolist() == [4, 0]
    assert got.present.tolist() == [1, 0]
    assert len(classify(np.empty((0, 2)), limits(DAY, ("ph", "lead"), WaterKind.RIVER))) == 0


def test_saturation_lifts_to_class_one_and_never_harms() -> None:
    found = limits(DAY, ("dissolved_oxygen",), WaterKind.RIVER)
    oxygen = np.array([6.4, 6.4, 6.4, 8.0, 3.0])
    air = Saturation(np.array([8.0, 8.0, np.nan, 0.0, 8.0]), np.array([4200.0, 0.0, 4200.0, 0.0, 4200.0]))
    assert classify(oxygen[:, None], found, None, air).overall.tolist() == [1, 2, 2, 1, 4]


def test_values_that_do_not_fit_the_items_are_refused() -> None:
    with pytest.raises(InputError, match=r"classify.shape"):
        classify(np.zeros((3, 2)), RIVER)


def test_multiples_are_over_the_limit_of_class_three_and_only_where_it_is_exceeded() -> None:
    found = limits(DAY, ("ph", "dissolved_oxygen", "total_phosphorus", "ammonia_nitrogen"), WaterKind.RIVER)
    got = multiples(np.array([[9.6, 2.0, 0.3, 1.0]]), found)
    assert got[0, 2] == pytest.approx(0.5)
    assert np.isnan(got[0, [0, 1, 3]]).all()


@given(samples(), KINDS, st.floats(0, 2))
def test_the_true_class_lies_between_best_and_worst(values: Array, kind: WaterKind, width: float) -> None:
    found = limits(DAY, ITEMS, kind)
    best, worst = class_range(values, values + width, found)
    true = classify(values + width / 3, found).item
    assert np.all((best <= true) & (true <= worst))
    same_best, same_worst = class_range(values, values, found)
    assert np.array_equal(same_best, same_worst)
