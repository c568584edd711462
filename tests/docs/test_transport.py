"""The page on transport is current: its commands can be given, its rivers can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.riverfile import read_river
from shangyou.core.errors import InputError
from tests.docs.test_help import given, words_of

PAGE = (Path(__file__).parents[2] / "docs" / "transport.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
RIVERS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_can_be_given(line: str) -> None:
    given(words_of(line))


def test_the_rivers_of_the_page_can_be_read() -> None:
    river, tracer = (read_river(yaml.safe_load(text)) for text in RIVERS)
    assert river.course.end == 32_000.0
    assert river.course.places[0].member == "sc"
    assert tracer.fit == ("area", "dispersion")
    assert len(tracer.observed[0].time) == 8
    assert tracer.observed[0].concentration[0] == 0


def test_the_page_tells_how_many_formulas_there_are() -> None:
    assert len(FORMULAS) == 14
    assert "fourteen formulas" in PAGE


@pytest.mark.parametrize(
    "text", ["x", "reaches: 3", "reaches: [{length_m: x}]", "reaches: [{length_m: 1}]", "reaches: [[]]"]
)
def test_a_river_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"riverfile\.shape"):
        read_river(yaml.safe_load(text))


KEYS = st.sampled_from(
    [
        "reaches",
        "places",
        "observed",
        "head",
        "release",
        "fit",
        "background",
        "length_m",
        "width_m",
        "flow_m3s",
        "slope",
        "at_m",
        "points",
        "times_h",
        "concentration",
        "mass_g",
        "id",
        "inflow_m3s",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@drawn(st.dictionaries(KEYS, ANYTHING, max_size=8))
def test_anything_in_place_of_a_river_is_a_river_or_an_error_of_ours(whole: dict[str, object]) -> None:
    river: dict[str, object] = {"reaches": [{"length_m": 10, "width_m": 2, "flow_m3s": 1, "slope": 0.001}]}
    for each in (whole, river | whole):
        try:
            found = read_river(each)
        except InputError as error:
            known = error.code.split(".")[0] in {"riverfile", "course", "release", "calibrate"}
        else:
            known = found.course.end > 0
        assert known
