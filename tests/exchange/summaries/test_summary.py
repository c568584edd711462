"""Summaries of parts add up to the summary of the whole."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.summaries import sketch
from shangyou.exchange.summaries.summary import POWERS, SCHEMA, STEPS, checked, finished, merged

values = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
Row = tuple[str, str, float]
rows = st.lists(
    st.tuples(st.sampled_from(["51.清风峡", "50.朱沱"]), st.sampled_from(["ph", "nh3n"]), values), max_size=60
)


def summary(given_rows: list[Row]) -> pa.Table:
    """The summary of some rows, by plain Python."""
    groups: dict[tuple[str, str], list[float]] = {}
    for label, parameter, value in given_rows:
        groups.setdefault((label, parameter), []).append(abs(value) / 1e5 if parameter == "ph" else value)
    made = []
    for (label, parameter), found in groups.items():
        steps = [Decimal(round(POWERS * 10**-v)) if parameter == "ph" else Decimal(round(v * STEPS)) for v in found]
        buckets = sketch.bucket_of(np.array(found)).tolist()
        kinds = sorted(set(buckets))
        made.append(
            {
                "label": label,
                "parameter": parameter,
                "cadence": "hour",
                "statistic": "mean",
                "period": 0,
                "count": len(found),
                "censored": 0,
                "total": sum(steps),
                "minimum": min(found),
                "maximum": max(found),
                "bucket": kinds,
                "tally": [buckets.count(kind) for kind in kinds],
            }
        )
    return pa.Table.from_pylist(made, SCHEMA)


@given(rows, st.lists(st.integers(0, 6), min_size=60, max_size=60), st.permutations(range(7)))
def test_any_split_of_the_rows_over_nodes_in_any_order_gives_the_summary_of_all(
    all_rows: list[Row], node: list[int], order: list[int]
) -> None:
    parts = [summary([row for row, at in zip(all_rows, node, strict=False) if at == n]) for n in order]

    assert merged(parts).equals(merged([summary(all_rows)]))


@given(rows, st.integers(0, 60), st.integers(0, 60))
def test_adding_up_may_be_done_in_steps(all_rows: list[Row], one: int, two: int) -> None:
    low, high = sorted((one, two))
    a, b, c = summary(all_rows[:low]), summary(all_rows[low:high]), summary(all_rows[high:])

    assert merged([merged([a, b]), c]).equals(merged([a, merged([b, c])]))


@given(st.lists(values, min_size=1, max_size=200))
def test_a_mean_is_that_of_all_values(found: list[float]) -> None:
    table = finished(merged([summary([("a", "nh3n", value)]) for value in found]), (), ())

    assert table["mean"][0].as_py() == pytest.approx(math.fsum(found) / len(found), rel=1e-9, abs=1e-9)


def test_ph_is_averaged_by_its_hydrogen_ions() -> None:
    table = finished(merged([summary([("a", "ph", 6e5)]), summary([("a", "ph", 8e5)])]), ("ph",), ())

    assert table["mean"][0].as_py() == pytest.approx(-math.log10((1e-6 + 1e-8) / 2), rel=1e-9)


@given(st.lists(values, min_size=1, max_size=200), st.floats(0, 100))
def test_a_percentile_is_within_its_bound_of_the_value_at_the_nearest_rank(found: list[float], share: float) -> None:
    table = finished(merged([summary([("a", "nh3n", value) for value in found])]), (), (share,))
    rank = max(math.ceil(share / 100 * len(found) - 1e-9), 1)
    true = sorted(found)[rank - 1]

    assert table.column(table.num_columns - 1)[0].as_py() == pytest.approx(true, rel=sketch.ACCURACY * 1.001, abs=1e-11)


@given(st.lists(values, min_size=2, max_size=50))
def test_greater_values_are_never_in_lower_buckets(found: list[float]) -> None:
    buckets = sketch.bucket_of(np.array(sorted(found)))

    assert (np.diff(buckets) >= 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"censored": 9},
        {"minimum": math.nan},
        {"maximum": math.inf},
        {"minimum": 2.0, "maximum": 1.0},
        {"total": None},
        {"tally": [5]},
        {"tally": [1, 1]},
        {"tally": None},
        {"label": None},
    ],
)
def test_a_summary_that_cannot_be_is_not_believed(wrong: dict[str, object]) -> None:
    good = summary([("a", "nh3n", 1.5)]).to_pylist()[0]
    assert checked(pa.Table.from_pylist([good], SCHEMA)).num_rows == 1

    with pytest.raises(InputError) as refused:
        checked(pa.Table.from_pylist([{**good, **wrong}], SCHEMA))
    assert refused.value.code == "query.answer"


def test_a_table_of_other_columns_is_no_summary() -> None:
    with pytest.raises(InputError):
        checked(pa.table({"label": ["a"]}))


def test_nothing_adds_up_to_nothing() -> None:
    assert merged([]).num_rows == 0
    assert finished(merged([]), ("ph",), (50,)).column_names[-1] == "p50"
