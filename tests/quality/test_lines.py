"""Neighbours of rows, found by columns, are those that one finds by looking."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Ints
from shangyou.quality.lines import NOBODY, Lines, Mask, lay, since, sort_order, take, until
from tests.quality.series import law

Rows = list[tuple[int, int, bool, bool]]  # series, time, usable, timed
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.booleans(), st.booleans()), max_size=30)


def columns(rows: Rows) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], Ints, Mask, Mask]:
    return (
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] and row[3] for row in rows], np.bool_),
        np.array([row[3] for row in rows], np.bool_),
    )


def laid(rows: Rows) -> Lines:
    series, time, usable, timed = columns(rows)
    return lay(series, time, np.arange(len(rows), dtype=np.float64), usable, timed)


def points(rows: Rows) -> list[int]:
    """The last row of each series and time, where it is usable."""
    last = {(row[0], row[1]): i for i, row in enumerate(rows)}
    return sorted(i for i in last.values() if rows[i][2] and rows[i][3])


@law
@given(ROWS)
def test_points_and_neighbours_are_those_found_by_looking(unsorted: Rows) -> None:
    rows = sorted(unsorted, key=lambda row: row[:2])
    lines, found = laid(rows), points(rows)
    assert lines.point.tolist() == found
    for i, (series, time, _, timed) in enumerate(rows):
        earlier = [n for n, p in enumerate(found) if rows[p][0] == series and rows[p][1] < time]
        later = [n for n, p in enumerate(found) if rows[p][0] == series and rows[p][1] > time]
        assert lines.before[i] == (earlier[-1] if earlier and timed else NOBODY)
        assert lines.after[i] == (later[0] if later and timed else NOBODY)


@law
@given(ROWS)
def test_the_order_is_by_series_and_time_and_keeps_that_of_arrival(rows: Rows) -> None:
    series, time, *_ = columns(rows)
    order = sort_order(series, time)
    expected = sorted(range(len(rows)), key=lambda i: rows[i][:2])  # a stable sort
    assert (list(range(len(rows))) if order is None else order.tolist()) == expected


def test_more_series_than_sixteen_bits_are_ordered_too() -> None:
    series = np.arange(70_000, dtype=np.int32)[::-1]
    order = sort_order(series, np.zeros(len(series), np.int64))
    assert order is not None
    assert np.array_equal(series[order], np.arange(70_000))


def test_a_neighbour_out_of_reach_is_none() -> None:
    rows: Rows = [(0, 0, True, True), (0, 10, True, True), (0, 25, True, True)]
    lines, time = laid(rows), columns(rows)[1]
    past, future = since(lines, time), until(lines, time)
    np.testing.assert_array_equal(past, [np.nan, 10, 15])
    np.testing.assert_array_equal(future, [10, 15, np.nan])
    np.testing.assert_array_equal(take(lines, lines.before, past, np.array([10.0])), [np.nan, 0, np.nan])


def test_without_any_point_nothing_has_a_neighbour() -> None:
    rows: Rows = [(0, 0, False, True), (0, 1, False, True)]
    lines, time = laid(rows), columns(rows)[1]
    assert np.isnan(since(lines, time)).all()
    assert np.isnan(until(lines, time)).all()
    assert np.isnan(take(lines, lines.before, since(lines, time), np.array([9.0]))).all()
