"""Ecological indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.governance.ecology import ecological_index, ecological_quality
from shangyou.standards.library import editions

RULE = editions("ecology")[-1]
TERMS = tuple(RULE.body["terms"])
QUALITY = editions("ecology_quality")[-1]
SHARES = st.lists(st.floats(0, 100), min_size=5, max_size=5)


def index_of(values: list[float]) -> float:
    return float(ecological_index(dict(zip(TERMS, np.array(values)[:, None], strict=True)), RULE).index[0])


@pytest.mark.parametrize("case", RULE.cases, ids=lambda case: case["name"])
def test_cases_of_the_rule(case: dict[str, Any]) -> None:
    state = ecological_index({name: np.array([x]) for name, x in case["values"].items()}, RULE)
    assert round(float(state.index[0]), 2) == case["index"]
    assert RULE.body["levels"][state.level[0] - 1]["name_zh"] == case["level"]


@given(SHARES, SHARES, st.floats(0, 1))
def test_the_index_is_linear(one: list[float], other: list[float], share: float) -> None:
    mixed = [min(share * a + (1 - share) * b, 100.0) for a, b in zip(one, other, strict=True)]  # rounding may exceed it
    assert index_of(mixed) == pytest.approx(share * index_of(one) + (1 - share) * index_of(other), abs=1e-9)


@given(SHARES)
def test_the_index_stays_between_nought_and_a_hundred(values: list[float]) -> None:
    assert -1e-9 <= index_of(values) <= 100 + 1e-9


def test_the_best_is_a_hundred_and_the_worst_nought() -> None:
    best = [0.0 if RULE.body["terms"][name].get("inverse") else 100.0 for name in TERMS]
    assert index_of(best) == pytest.approx(100)
    assert index_of([100 - x for x in best]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("index", "level"), [(19.9, "差"), (20, "较差"), (35, "一般"), (55, "良"), (74.9, "良"), (75, "优")]
)
def test_an_index_on_the_bound_is_in_the_better_level(index: float, level: str) -> None:
    found = ecological_index({name: np.array([index if i < 3 else 100 - index]) for i, name in enumerate(TERMS)}, RULE)
    assert found.index[0] == pytest.approx(index)
    assert RULE.body["levels"][ecological_quality(np.array([index]), RULE).level[0] - 1]["name_zh"] == level


def test_a_missing_value_makes_no_index() -> None:
    found = ecological_index({name: np.array([np.nan]) for name in TERMS}, RULE)
    assert np.isnan(found.index[0])
    assert found.level[0] == 0


def test_terms_that_are_missing_or_out_of_range_are_named() -> None:
    with pytest.raises(InputError) as missing:
        ecological_index({"biology": np.array([1.0])}, RULE)
    assert missing.value.code == "ecology.terms"
    with pytest.raises(InputError) as outside:
        ecological_index({name: np.array([101.0]) for name in TERMS}, RULE)
    assert outside.value.code == "ecology.range"


def test_quality_classes_are_known_as_unverified() -> None:
    assert QUALITY.unverified() == ("",)
    for case in QUALITY.cases:
        level = ecological_quality(np.array([case["index"]]), QUALITY).level[0]
        assert QUALITY.body["levels"][level - 1]["name_zh"] == case["level"]
