"""Rivers, basins and provinces: shares, grades, ranks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Array
from shangyou.governance.assessment import assess_values
from shangyou.governance.groups import (
    Group,
    Means,
    Shares,
    assess_groups,
    grade_of_shares,
    main_pollutants_of_group,
    ranks,
    shares,
)
from shangyou.standards.surface_water import assessment_rules

DAY = date(2021, 4, 1)
RULES = assessment_rules(DAY)
ITEMS = ("permanganate_index", "total_phosphorus")
COUNTS = st.lists(st.integers(0, 40), min_size=6, max_size=6)
CASES = yaml.safe_load((Path(__file__).parent.parent / "cases/basin_grades.yaml").read_text(encoding="utf-8"))


def group(values: Array, lake: bool = False) -> Group:
    rows = np.arange(len(values))
    nothing = np.full(len(values), np.nan)
    means = Means(rows, values, nothing, np.ones(len(values), np.int64), np.full(len(values), 7))
    kinds = np.full(len(values), lake)
    (found,) = assess_groups(["河"] * len(values), means, kinds, assess_values(values, kinds, ITEMS, DAY), DAY)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_grades_of_published_bulletins(case: dict[str, Any]) -> None:
    good, worse = (round(case[share] * case["sections"] / 100) for share in ("good", "worse"))
    spread = Shares((0, good, 0, case["sections"] - good - worse, 0, worse))
    assert spread.percent(spread.good) == pytest.approx(case["good"], abs=0.1)  # the bulletin's shares add up to 100
    grade = grade_of_shares(spread, RULES)
    assert grade is not None
    assert grade.zh == case["grade"]


@pytest.mark.parametrize(
    ("good", "worse", "total", "expected"),
    [
        (9, 0, 10, 1),
        (899, 0, 1000, 2),
        (3, 1, 4, 2),
        (749, 199, 1000, 3),
        (7, 2, 10, 4),
        (5, 4, 10, 5),
        (74, 0, 100, 3),
    ],
)
def test_shares_on_a_limit_are_in_the_better_grade_of_good_and_the_worse_of_bad(
    good: int, worse: int, total: int, expected: int
) -> None:
    grade = grade_of_shares(Shares((good, 0, 0, total - good - worse, 0, worse)), RULES)
    assert grade is not None
    assert grade.number == expected


@given(COUNTS.filter(any))
def test_percentages_add_up_to_a_hundred(counts: list[int]) -> None:
    spread = shares(np.repeat(np.arange(1, 7), counts).astype(np.int8))
    assert spread.counts == tuple(counts)
    assert sum(spread.percents) == pytest.approx(100)


@given(COUNTS.filter(any), st.integers(0, 4))
def test_a_section_that_gets_worse_never_makes_the_group_better(counts: list[int], place: int) -> None:
    worse = [*counts]
    moved = min(1, worse[place])
    worse[place] -= moved
    worse[5] += moved
    before, after = (grade_of_shares(Shares(tuple(each)), RULES) for each in (counts, worse))
    assert before is not None
    assert after is not None
    assert after.number >= before.number


def test_sections_without_data_do_not_count_and_none_have_no_grade() -> None:
    assert shares(np.array([0, 0, 2], np.int8)).total == 1
    assert grade_of_shares(shares(np.array([0], np.int8)), RULES) is None
    assert np.isnan(shares(np.array([0], np.int8)).percents).all()


def test_fewer_than_five_sections_go_by_their_mean_concentration() -> None:
    four = group(np.array([[2.0, 0.1], [3.0, 0.1], [4.0, 0.1], [9.0, 0.1]]))
    assert (four.method, four.class_no, four.inputs) == ("means", 3, 28)  # 4.5 of permanganate index
    assert four.spread.counts == (0, 3, 0, 1, 0, 0)
    five = group(np.array([[2.0, 0.1], [3.0, 0.1], [4.0, 0.1], [9.0, 0.1], [4.0, 0.1]]))
    assert (five.method, five.class_no) == ("shares", 0)
    assert five.grade is not None
    assert five.grade.zh == "良好"


def test_the_points_of_a_lake_are_averaged_however_many_they_are() -> None:
    lake = group(np.array([[2.0, 0.02]] * 5 + [[2.0, 0.2]]), lake=True)
    assert (lake.method, lake.class_no) == ("means", 3)  # 0.05 of phosphorus


def test_main_pollutants_of_a_group_are_those_that_exceed_at_most_sections() -> None:
    values = np.array([[7.0, 0.3], [7.0, 0.1], [2.0, 0.3], [2.0, 0.3], [2.0, np.nan]])
    got = assess_values(values, np.zeros(5, np.bool_), ITEMS, DAY)
    main = main_pollutants_of_group(got, range(5))
    assert [(p.item, p.rate) for p in main] == [("total_phosphorus", 75.0), ("permanganate_index", 40.0)]


def test_equals_share_a_rank_and_no_data_is_last() -> None:
    good = np.array([80.0, 90.0, 80.0, np.nan, 80.0])
    worse = np.array([5.0, 0.0, 0.0, np.nan, 5.0])
    assert ranks(good, worse).tolist() == [3, 1, 2, 5, 3]
    assert ranks(np.empty(0), np.empty(0)).tolist() == []
