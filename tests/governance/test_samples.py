"""From long observations to samples."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.samples import Long, pivot, select_series, spread, texts_of_bits

ITEMS = ("ph", "total_phosphorus")


def table(*rows: tuple[str, str, str, str]) -> pa.Table:
    names = ("site", "parameter", "cadence", "statistic")
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})


def rows_of(long: Long) -> list[int]:
    return [int(row) for row in long.row]


def test_unknown_sites_items_and_statistics_are_left_out() -> None:
    found = table(
        ("a", "ph", "4h", "value"),
        ("x", "ph", "4h", "value"),
        ("a", "lead", "4h", "value"),
        ("a", "ph", "4h", "max"),
        ("a", "ph", "decade", "value"),
    )
    assert rows_of(select_series(found, {"a": 0}, ITEMS)) == [0]


def test_of_several_series_of_an_item_the_hourly_one_counts_and_of_an_item_without_it_the_next() -> None:
    found = table(
        ("a", "ph", "minute", "value"),
        ("a", "ph", "4h", "value"),
        ("a", "total_phosphorus", "instant", "value"),
        ("b", "ph", "minute", "value"),
        ("a", "ph", "4h", "mean"),
    )
    assert rows_of(select_series(found, {"a": 0, "b": 1}, ITEMS)) == [2, 3, 4]


def test_sites_of_one_place_come_together() -> None:
    found = table(("a", "ph", "4h", "value"), ("A500101", "total_phosphorus", "4h", "value"))
    long = select_series(found, {"a": 3, "A500101": 3}, ITEMS)
    samples, _ = pivot(long, np.array([5, 5]), np.array([7.5, 0.1]), 2)
    assert samples.place.tolist() == [3]
    assert samples.values.tolist() == [[7.5, 0.1]]


def test_an_empty_table_has_no_samples() -> None:
    long = select_series(table(), {"a": 0}, ITEMS)
    samples, _ = pivot(long, np.empty(0, np.int64), np.empty(0), 2)
    assert len(samples) == 0
    assert samples.values.shape == (0, 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(-50, 50), st.floats(0, 9)), max_size=40))
def test_every_value_stands_at_its_place_time_and_item_and_the_last_counts(
    cells: list[tuple[int, int, int, float]],
) -> None:
    place, item, time, value = (
        (np.array(column) for column in zip(*cells, strict=True)) if cells else (np.empty(0),) * 4
    )
    long = Long(place.astype(np.int64), item.astype(np.int64), np.arange(len(cells)))
    samples, sample = pivot(long, time.astype(np.int64), value, 2)
    expected = {(p, t, i): v for p, i, t, v in cells}
    keys = list(zip(samples.place.tolist(), samples.time.tolist(), strict=True))
    assert keys == sorted({(p, t) for p, _, t, _ in cells})
    for row, (p, t) in enumerate(keys):
        for i in range(2):
            got = samples.values[row, i]
            assert got == expected[(p, t, i)] if (p, t, i) in expected else np.isnan(got)
    again = spread(long, sample, samples.values.shape, value)
    assert np.array_equal(again, samples.values, equal_nan=True)


def test_sets_of_items_are_written_out() -> None:
    bits = np.array([0, 3, 2, 3], np.uint32)
    assert texts_of_bits(bits, ("pH", "总磷"), "、").to_pylist() == ["", "pH、总磷", "总磷", "pH、总磷"]
