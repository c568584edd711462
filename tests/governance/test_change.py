"""Changes between periods and trends."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.change import change_of_grade, change_of_shares, spearman_trend
from shangyou.standards.surface_water import assessment_rules

RULES = assessment_rules(date(2021, 4, 1))
OPPOSITE = {
    "none": "none",
    "better": "worse",
    "much_better": "much_worse",
    "worse": "better",
    "much_worse": "much_better",
}


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [(3, 3, "none"), (3, 2, "better"), (3, 1, "much_better"), (1, 2, "worse"), (1, 5, "much_worse"), (0, 2, "unknown")],
)
def test_one_step_of_grade_is_some_change_and_two_are_marked(before: int, after: int, key: str) -> None:
    assert change_of_grade(before, after).key == key


@pytest.mark.parametrize(
    ("good", "worse", "key"),
    [(10, 0, "none"), (10.1, 0, "better"), (15, -5, "better"), (15, -5.1, "much_better"), (-20, 0, "worse")],
)
def test_up_to_ten_points_are_no_change_and_up_to_twenty_some(good: float, worse: float, key: str) -> None:
    assert change_of_shares(50, 20, 50 + good, 20 + worse, RULES).key == key


@given(*[st.floats(0, 100)] * 4)
def test_the_way_back_is_the_opposite_change(good: float, worse: float, later: float, bad: float) -> None:
    there, back = change_of_shares(good, worse, later, bad, RULES), change_of_shares(later, bad, good, worse, RULES)
    assert back.key == OPPOSITE[there.key]


def test_what_was_not_known_cannot_be_compared() -> None:
    assert change_of_shares(np.nan, 0, 50, 0, RULES).key == "unknown"


@pytest.mark.parametrize("n", [5, 6, 7, 8])
def test_the_critical_values_are_those_of_all_orders(n: int) -> None:
    steps = np.arange(n)
    orders = np.array(list(permutations(range(n))))
    exact = np.sort(1 - 6 * ((orders - steps) ** 2).sum(axis=1) / (n**3 - n))[::-1]
    for level, table in RULES.critical.items():
        reached = [r for r in np.unique(exact) if np.count_nonzero(exact >= r - 1e-9) <= level * len(exact)]
        assert round(min(reached), 3) == table[n]


@given(st.lists(st.floats(0, 10), min_size=5, max_size=40, unique=True))
def test_a_reversed_series_has_the_opposite_trend(values: list[float]) -> None:
    there, back = (spearman_trend(np.array(series), RULES) for series in (values, values[::-1]))
    assert back.correlation == pytest.approx(-there.correlation)
    assert {there.key, back.key} in ({"rising", "falling"}, {"none"})


def test_a_steady_rise_is_a_trend_and_a_constant_is_none() -> None:
    assert spearman_trend(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), RULES).key == "rising"
    assert spearman_trend(np.full(8, 2.0), RULES).key == "none"
    assert spearman_trend(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), RULES, level=0.01).key == "rising"


def test_four_periods_are_too_few_and_gaps_do_not_count() -> None:
    got = spearman_trend(np.array([1.0, 2.0, np.nan, 3.0, 4.0]), RULES)
    assert (got.periods, got.key) == (4, "short")


def test_between_the_lines_of_the_table_the_stricter_one_counts() -> None:
    assert spearman_trend(np.arange(11.0), RULES).critical == RULES.critical[0.05][10]
    assert spearman_trend(np.arange(40.0), RULES).critical == pytest.approx(1.645 / 39**0.5)
    assert spearman_trend(np.arange(40.0), RULES, level=0.01).critical == RULES.critical[0.01][10]
