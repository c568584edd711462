"""A series for a chart: thin, but nothing that matters lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import LEGAL
from shangyou.core.records import Flag, SeriesKey
from shangyou.core.registry import Section, WaterKind
from shangyou.flows.look_section import is_floor, item_limits, latest_values, limit_lines, target_limit, versions
from shangyou.flows.look_series import Line, holes, kinds, line, superseded, thin
from tests.faces.portal.node import FakeNode
from tests.faces.portal.river import CLEAN, DIRTY, LAST, SECTIONS, TIMES, fill

KIND = ("4h", "value")
LEGAL_DAY = date(2021, 4, 5)


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    made = FakeNode(tmp_path)
    fill(made)
    return made


def made(values: list[float], step: int = 14_400_000, failed: tuple[int, ...] = ()) -> Line:
    n = len(values)
    flag = np.full(n, Flag.GOOD, np.uint8)
    flag[list(failed)] = Flag.FAIL
    return Line("4h", "value", pa.table({}), np.arange(n, dtype=np.int64) * step, np.array(values, np.float64), flag)


@given(st.lists(st.floats(-100, 100) | st.just(float("nan")), min_size=1, max_size=400), st.integers(1, 40))
def test_the_thinned_line_keeps_the_lowest_and_the_highest_value(values: list[float], buckets: int) -> None:
    shown = made(values)
    rows = thin(shown, buckets)
    assert np.all(np.diff(rows) > 0)
    assert len(rows) <= 4 * buckets
    known = shown.value[np.isfinite(shown.value)]
    if len(known):
        kept = shown.value[rows]
        assert np.nanmin(kept) == known.min()
        assert np.nanmax(kept) == known.max()


@given(st.lists(st.floats(0, 1), min_size=3, max_size=300), st.integers(1, 20), st.data())
def test_thinning_shows_in_each_bucket_that_a_value_fails(
    values: list[float], buckets: int, data: st.DataObject
) -> None:
    bad = data.draw(st.integers(0, len(values) - 1))
    shown = made(values, failed=(bad,))
    assert bad in thin(shown, buckets)


def test_a_short_series_is_not_thinned() -> None:
    assert thin(made([1.0] * 20), 10).tolist() == list(range(20))


def test_a_line_is_open_where_a_value_should_have_come() -> None:
    shown = made([1.0, 2.0, 3.0, 4.0])
    late = Line(
        "4h", "value", shown.table, shown.time + np.array([0, 0, 14_400_000, 14_400_000]), shown.value, shown.flag
    )
    assert holes(shown, np.arange(4)).tolist() == [False] * 4
    assert holes(late, np.arange(4)).tolist() == [False, True, False, False]
    assert holes(late, np.array([0, 3])).tolist() == [True, False]
    assert holes(late, np.array([2, 3])).tolist() == [False, False]


def test_samples_are_made_of_the_first_kind() -> None:
    keys = [
        SeriesKey("a", "ph", c, s) for c, s in (("minute", "mean"), ("hour", "max"), ("hour", "mean"), ("4h", "value"))
    ]
    assert kinds([*keys, SeriesKey("b", "ph", "day")], ["a"], "ph") == [
        ("4h", "value"),
        ("hour", "mean"),
        ("hour", "max"),
        ("minute", "mean"),
    ]


def test_the_line_holds_what_is_in_force_and_the_ghosts_what_was_before(node: FakeNode) -> None:
    shown = line(node.store, ("51.清风峡",), "ph", KIND, TIMES[0], LAST + 1)
    assert len(shown) == len(TIMES)
    assert shown.value[3] == 8.1
    assert shown.flag[5] == Flag.FAIL
    ghosts = superseded(node.store, ("51.清风峡",), "ph", KIND, TIMES[0], LAST + 1)
    assert ghosts["value"].to_pylist() == [7.8, 7.8, 7.8]
    assert superseded(node.store, (DIRTY,), "ph", KIND, TIMES[0], LAST + 1).num_rows == 0


def test_versions_of_an_observation_are_told_oldest_first(node: FakeNode) -> None:
    found = versions(node.store, "51.清风峡", "ph", KIND, TIMES[3])
    assert [(v["revision"], v["value"]) for v in found] == [(0, 7.8), (1, 8.1)]


def test_the_newest_values_come_with_their_class_and_limit(node: FakeNode) -> None:
    section = node.registry.section(DIRTY)
    found = {x.parameter: x for x in latest_values(node.store, section, (DIRTY,), LEGAL)}
    assert set(found) == set(CLEAN)
    phosphorus = found["total_phosphorus"]
    assert (phosphorus.class_no, phosphorus.limit, phosphorus.time) == (5, 0.2, LAST)
    assert found["ph"].class_no == 1
    assert found["water_temperature"].class_no == 0
    assert len(found["ph"].recent) == len(TIMES)


def test_limits_of_a_chart_are_those_of_the_water() -> None:
    river = item_limits(SECTIONS[0], LEGAL_DAY)
    assert limit_lines(river, "total_phosphorus") == [(1, 0.02), (2, 0.1), (3, 0.2), (4, 0.3), (5, 0.4)]
    assert limit_lines(river, "chemical_oxygen_demand") == [(2, 15.0), (3, 20.0), (4, 30.0), (5, 40.0)]
    assert limit_lines(river, "ph") == [(1, 6.0), (1, 9.0)]
    assert limit_lines(river, "conductivity") == []
    assert target_limit(river, "ph") is None
    assert is_floor(river, "dissolved_oxygen")
    assert not is_floor(river, "total_phosphorus")
    lake = item_limits(Section("x", "滇池", kind=WaterKind.LAKE), LEGAL_DAY)
    assert limit_lines(lake, "total_phosphorus")[2] == (3, 0.05)
