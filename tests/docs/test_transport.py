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
from shangyou.basin.transport.riverfile import RiverFileError, read_river
from shangyou.basin.transport.values import Release
from shangyou.core.errors import InputError
from tests.docs.test_help import given, words_of

PAGE = (Path(__file__).parents[2] / "docs" / "transport.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
RIVERS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

GOOD = {"length_m": 10, "width_m": 2, "flow_m3s": 1, "slope": 0.001}
BAD = """
reaches:
  - {length_m: far, width_m: 2, flow_m3s: 1, slope: 0.001}
  - 7
  - {length_m: 10, width_m: 2, flow_m3s: -1, slope: 0.001}
  - {length_m: 10, width_m: 2, flow_m3s: 1}
places: [{id: a, at_m: 3}, {id: b, at_m: here}]
unit: ppm
background: clean
release: {at_m: 0}
observed:
  - {at_m: 3, points: [[0, 1], [1], [2, much]]}
  - {at_m: 5, points: []}
"""


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_can_be_given(line: str) -> None:
    given(words_of(line))


def test_the_rivers_of_the_page_can_be_read() -> None:
    river, tracer, several = (read_river(yaml.safe_load(text)) for text in RIVERS)
    assert river.course.end == 32_000.0
    assert river.course.places[0].member == "sc"
    assert tracer.fit == ("area", "dispersion")
    assert len(tracer.observed[0].time) == 8
    assert tracer.observed[0].concentration[0] == 0
    assert [each.start for each in several.tracers if isinstance(each, Release)] == [0.0, 9000.0]
    assert several.observed[0].sign.tolist() == [1, 0, 0, 0, 1]


def test_the_page_tells_how_many_formulas_there_are() -> None:
    assert len(FORMULAS) == 14
    assert "fourteen formulas" in PAGE


@pytest.mark.parametrize(
    "text", ["x", "reaches: 3", "reaches: [{length_m: x}]", "reaches: [{length_m: 1}]", "reaches: [[]]"]
)
def test_a_river_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RiverFileError, match=r"riverfile\.faults"):
        read_river(yaml.safe_load(text))


def test_all_faults_of_a_river_are_told_at_once_and_each_once() -> None:
    whole = yaml.safe_load(BAD)
    with pytest.raises(RiverFileError) as told:
        read_river(whole)
    assert [(each.column, each.code) for each in told.value.faults] == [
        ("reaches[1]", "riverfile.shape"),
        ("reaches[0].length_m", "riverfile.shape"),
        ("reaches[2].flow_m3s", "course.value"),
        ("reaches[3].slope", "course.value"),
        ("places[1].at_m", "riverfile.shape"),
        ("unit", "riverfile.shape"),
        ("background", "riverfile.shape"),
        ("release.mass_g", "riverfile.shape"),
        ("observed[0].points[1]", "riverfile.shape"),
        ("observed[0].points[2]", "riverfile.shape"),
        ("observed[1]", "calibrate.curve"),
    ]
    assert told.value.facts["count"] == 11


def test_a_place_beyond_the_end_is_told_with_what_else_is_wrong() -> None:
    river = {"reaches": [GOOD], "places": [{"id": "p", "at_m": 11}, {"id": "q", "at_m": -1}], "time_unit": "weeks"}
    with pytest.raises(RiverFileError) as told:
        read_river(river)
    assert [each.code for each in told.value.faults] == ["course.place", "course.place", "riverfile.shape"]


@settings(max_examples=60, deadline=None)
@drawn(st.sets(st.sampled_from(["length_m", "width_m", "flow_m3s", "slope"])), st.integers(1, 4))
def test_every_figure_that_is_taken_away_is_told(away: set[str], count: int) -> None:
    row = {key: value for key, value in GOOD.items() if key not in away}
    told: set[str | None] = set()
    try:
        read_river({"reaches": [row] * count})
    except RiverFileError as error:
        told = {each.column for each in error.faults}
    assert told == {f"reaches[{i}].{key}" for i in range(count) for key in away}


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
            known = isinstance(error, RiverFileError) and len({each.column for each in error.faults}) == len(
                error.faults
            )
        else:
            known = found.course.end > 0
        assert known
