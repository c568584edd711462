"""Tables of numbers over time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.basin.transport.columns import flow_of, gauged_of, read_columns, release_of
from shangyou.core.errors import InputError


def test_a_release_is_told_in_any_unit_of_time_and_mass() -> None:
    by_hour = release_of(read_columns("hours,kg_h\n0,3.6\n2,0\n", "a"), "a")
    by_second = release_of(read_columns("\ufeffs, g_s\n\n0, 1\n7200, 0\n", "b"), "b")
    assert by_hour == by_second == ((0.0, 1.0), (7200.0, 0.0))


def test_a_gap_in_a_flow_holds_what_came_before_and_the_row_before_the_release_still_holds() -> None:
    found = gauged_of(read_columns("days,a,factor,b\n-2,5,1,\n-1,6,1,\n1,,1.5,7\n", "f"), "f")
    assert found.time.tolist() == [0.0, 86400.0]
    assert found.at(0) == {"a": 6.0}
    assert found.at(1) == {"a": 6.0, "b": 7.0}
    assert found.factor.tolist() == [1.0, 1.5]


def test_a_reach_that_is_not_named_changes_with_the_nearest_named_above() -> None:
    found = gauged_of(read_columns("hours,b\n0,20\n1,40\n", "f"), "f")
    flow = flow_of(found, ("a", "b", "b", "c"), np.array([5.0, 20.0, 25.0, 30.0]))
    assert flow[1] == pytest.approx([10.0, 40.0, 40.0, 48.0])
    with pytest.raises(InputError, match=r"course\.unknown"):
        flow_of(found, ("a",), np.array([5.0]))


CELLS = st.sampled_from(
    ["hours", "kg_h", "factor", "a", "0", "1", "-2", "3e9", "1e400", "nan", "x", "", '"', "\r", "\0"]
)
TABLES = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=6).map("\n".join) | st.text(max_size=60)


@given(TABLES)
def test_any_text_is_a_table_or_an_error_of_ours(text: str) -> None:
    for reading in (lambda table: release_of(table, "f"), lambda table: gauged_of(table, "f")):
        try:
            known = len(reading(read_columns(text, "f"))) > 0
        except InputError as error:
            known = error.code == "spill.table"
        assert known
