"""Trophic level index."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.records import Array
from shangyou.core.vocabulary import parameter
from shangyou.governance.trophic import trophic_state, weights
from shangyou.standards.library import editions

RULE = editions("trophic")[-1]
ITEMS = tuple(RULE.body["items"])
POSITIVE = st.floats(1e-4, 1e4)


def sample(**values: float) -> dict[str, Array]:
    return {name: np.array([values.get(name, 1.0)]) for name in ITEMS}


def test_weights_sum_to_one_and_chlorophyll_weighs_most() -> None:
    found = weights(RULE)
    assert sum(found.values()) == pytest.approx(1, abs=1e-15)
    assert max(found, key=lambda name: found[name]) == "chlorophyll_a"


@pytest.mark.parametrize("case", RULE.cases, ids=lambda case: case["name"])
def test_cases_of_the_rule(case: dict[str, dict[str, float]]) -> None:
    state = trophic_state({name: np.array([float(x)]) for name, x in case["values"].items()}, RULE)
    for name, expected in case["parts"].items():
        assert state.parts[name][0] == pytest.approx(expected, rel=1e-12)
    assert state.index[0] == pytest.approx(case["index"], rel=1e-12)
    assert RULE.body["levels"][state.level[0] - 1]["name_zh"] == case["level"]


@pytest.mark.shared
def test_weights_and_levels_equal_the_collected_facts(shared: Path) -> None:
    facts = json.loads((shared / "reference" / "facts" / "tli_vectors.json").read_text(encoding="utf-8"))
    names = {
        "chla": "chlorophyll_a",
        "TP": "total_phosphorus",
        "TN": "total_nitrogen",
        "SD": "transparency",
        "CODMn": "permanganate_index",
    }
    assert weights(RULE) == pytest.approx({names[k]: v for k, v in facts["weights"].items()}, rel=1e-12)


def test_units_are_those_of_the_vocabulary() -> None:
    assert {name: parameter(name).unit for name in ITEMS} == {
        name: item["unit"] for name, item in RULE.body["items"].items()
    }


@given(st.sampled_from([name for name in ITEMS if name != "transparency"]), POSITIVE, POSITIVE)
def test_more_of_a_nutrient_never_lowers_the_index(name: str, one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert trophic_state(sample(**{name: low}), RULE).index <= trophic_state(sample(**{name: high}), RULE).index


@given(POSITIVE, POSITIVE)
def test_clearer_water_never_raises_the_index(one: float, other: float) -> None:
    low, high = sorted([one, other])
    clear, dim = (trophic_state(sample(transparency=depth), RULE).index for depth in (high, low))
    assert clear <= dim


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_without_one_of_the_items_there_is_no_index(value: float) -> None:
    state = trophic_state(sample(total_nitrogen=value), RULE)
    assert np.isnan(state.index[0])
    assert state.level[0] == 0


def test_an_item_that_was_never_given_is_named() -> None:
    values = sample()
    del values["transparency"]
    with pytest.raises(InputError) as caught:
        trophic_state(values, RULE)
    assert (caught.value.code, caught.value.facts) == ("trophic.items", {"missing": "transparency"})
