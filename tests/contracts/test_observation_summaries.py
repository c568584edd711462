"""What every observation store promises of summaries that several stores add up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import InputError
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Censor, Flag, SeriesKey
from shangyou.exchange.summaries.summary import STEPS, checked, finished, merged
from tests.contracts.lots import DO, HOUR, PH, Row, batch, lot, row, values
from tests.fakes.observations import FakeObservations

LABELS = {"51.甲": "长江", "50.乙": "长江"}
USABLE = Selection(usable=True)


def test_a_summary_tells_count_sum_and_extremes_of_a_legal_period(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, 15, 8.0), row(DO, 16, 6.0), row(DO, 17, 7.5)))
    store.append(batch(2), lot(row(DO, 18, 99.0), flag=Flag.FAIL))
    found = store.summaries(USABLE, LABELS, "day", 8 * HOUR).to_pylist()
    starts = [datetime(1969, 12, 31, 16, tzinfo=UTC), datetime(1970, 1, 1, 16, tzinfo=UTC)]
    assert [
        (f["label"], f["period"], f["count"], float(f["total"]) / STEPS, f["minimum"], f["bucket"]) for f in found
    ] == [
        ("长江", starts[0], 1, 8.0, 8.0, None),
        ("长江", starts[1], 2, 13.5, 6.0, None),
    ]


def test_sites_of_one_label_are_summed_up_and_others_take_no_part(store: ObservationStore) -> None:
    third = SeriesKey("63.丙", "ph", "hour")
    other = SeriesKey("50.乙", "ph", "hour")
    store.append(batch(1), lot(row(PH, 1, 7.0), row(other, 1, 9.0), row(third, 1, 2.0)))
    (found,) = finished(store.summaries(USABLE, LABELS, "all", 0, ("ph",)), ("ph",), ()).to_pylist()
    assert found["count"] == 2
    assert found["mean"] == pytest.approx(-math.log10((1e-7 + 1e-9) / 2), rel=1e-9)


def test_half_a_limit_enters_and_impossible_values_do_not(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, 1, 0.05, Censor.BELOW), row(DO, 2, 1e300), row(DO, 3, math.nan)))
    (found,) = store.summaries(Selection(), LABELS, "all", 0).to_pylist()
    assert (found["count"], found["censored"], found["maximum"]) == (1, 1, 0.025)


def test_what_came_in_batches_of_a_kind_can_be_left_out(store: ObservationStore) -> None:
    store.append(replace(batch(1), kind="exchange"), lot(row(DO, 1, 5.0)))
    store.append(batch(2), lot(row(DO, 2, 7.0)))
    own = Selection(besides=("exchange",))
    assert values(store.select(own)) == [("50.乙", 2, 0, 7.0)]
    assert store.summaries(own, LABELS, "all", 0)["count"].to_pylist() == [1]


def test_nothing_that_anybody_has_is_an_empty_summary(store: ObservationStore) -> None:
    assert store.summaries(Selection(), LABELS, "month", 0).num_rows == 0
    store.append(batch(1), lot(row(DO, 1, 5.0)))
    assert store.summaries(Selection(), {}, "month", 0, percentiles=True).num_rows == 0
    with pytest.raises(InputError, match=r"store\.period"):
        store.summaries(Selection(), LABELS, "fortnight", 0)


rows = st.lists(
    st.builds(
        row,
        st.sampled_from([PH, DO]),
        st.integers(-2_000, 2_000),
        st.floats(-3, 20, allow_nan=False).map(lambda value: round(value, 3)),
        st.sampled_from([0, 1]),
    ),
    max_size=40,
    unique_by=lambda each: each[:2],
)


@settings(max_examples=40)
@given(rows, st.sampled_from(["hour", "day", "month", "quarter", "year", "all"]), st.booleans())
def test_the_store_says_what_the_plain_one_says_and_any_split_adds_up_to_it(
    found: list[Row], period: str, percentiles: bool
) -> None:
    plain, parts = FakeObservations(), [DuckStore(":memory:"), DuckStore(":memory:")]
    if found:
        plain.append(batch(1), lot(*found))
    for n, part in enumerate(parts):
        if found[n::2]:
            part.append(batch(1), lot(*found[n::2]))
    asked = (USABLE, LABELS, period, 8 * HOUR, ("ph",), percentiles)
    whole = plain.summaries(*asked)
    joined = merged([checked(part.summaries(*asked)) for part in parts])
    for part in parts:
        part.close()
    exact = [name for name in whole.column_names if name != "total"]
    assert joined.select(exact).equals(whole.select(exact))
    for one, other in zip(joined["total"].to_pylist(), whole["total"].to_pylist(), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-12)  # the power of ten differs in its last bit
