"""What every observation store promises of means."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import InputError
from shangyou.core.ports import MEASURES, ObservationStore, Selection
from shangyou.core.records import Censor, Flag, Flagged
from tests.contracts.lots import DO, HOUR, PH, Row, batch, lot, row
from tests.fakes.observations import FakeObservations
from tests.tries import tries


def test_means_are_over_the_legal_period_and_leave_out_what_failed(store: ObservationStore) -> None:
    # 16:00 UTC is midnight of the next legal day
    store.append(batch(1), lot(row(DO, 15, 8.0), row(DO, 16, 6.0), row(DO, 17, 7.0)))
    store.append(batch(2), lot(row(DO, 18, 99.0), flag=Flag.FAIL))
    found = store.means(Selection(), "day", 8 * HOUR, (), MEASURES).to_pylist()
    starts = [datetime(1969, 12, 31, 16, tzinfo=UTC), datetime(1970, 1, 1, 16, tzinfo=UTC)]
    assert [(f["period"], f["mean"], f["count"], f["minimum"], f["maximum"]) for f in found] == [
        (starts[0], 8.0, 1, 8.0, 8.0),
        (starts[1], 6.5, 2, 6.0, 7.0),
    ]


def test_the_mean_of_ph_is_taken_over_hydrogen_ions(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.0), row(PH, 2, 9.0), row(DO, 1, 7.0), row(DO, 2, 9.0)))
    found = {f["parameter"]: f["mean"] for f in store.means(Selection(), "month", 8 * HOUR, ("ph",)).to_pylist()}
    assert found["dissolved_oxygen"] == 8.0
    assert found["ph"] == pytest.approx(-math.log10((1e-7 + 1e-9) / 2), rel=1e-12)


def test_what_is_below_a_limit_enters_a_mean_with_half_of_it(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, 1, 0.05, Censor.BELOW), row(DO, 2, 0.075)))
    (found,) = store.means(Selection(), "all", 0, measures=("mean", "censored")).to_pylist()
    assert (found["mean"], found["censored"]) == (pytest.approx(0.05), 1)


def test_a_period_that_is_none_is_refused(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(PH, 1, 7.5)))
    with pytest.raises(InputError, match=r"store\.period"):
        store.means(Selection(), "fortnight", 0)


def test_days_before_1970_are_days_too(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, -1, 5.0), row(DO, 1, 7.0)))
    found = store.means(Selection(), "day", 0).to_pylist()
    assert [(f["period"].day, f["mean"]) for f in found] == [(31, 5.0), (1, 7.0)]
    store.withdraw(1, 9_000)
    assert store.latest().num_rows == 0


def test_only_the_measures_asked_for_are_told_in_the_order_asked(store: ObservationStore) -> None:
    store.append(batch(1), lot(row(DO, 1, 0.05, Censor.BELOW), row(DO, 2, 7.0)))
    place = ["site", "parameter", "cadence", "statistic", "period"]
    assert store.means(Selection(), "all", 0).column_names == [*place, "mean", "count"]
    (found,) = store.means(Selection(), "all", 0, (), ("censored", "maximum")).to_pylist()
    assert list(found.items())[5:] == [("censored", 1), ("maximum", 7.0)]


def test_a_measure_that_is_none_is_refused(store: ObservationStore) -> None:
    with pytest.raises(InputError, match=r"store\.measure"):
        store.means(Selection(), "month", 0, (), ("median",))


def test_no_observations_have_no_means(store: ObservationStore) -> None:
    assert store.means(Selection(), "month", 8 * HOUR, ("ph",), MEASURES).num_rows == 0


def test_a_month_begins_with_its_first_legal_hour(store: ObservationStore) -> None:
    # 31 January 1970, 16:00 UTC is midnight of 1 February in China; the hours around it are told apart
    first = 31 * 24 - 8
    store.append(batch(1), lot(*(row(DO, first + hour, 7.0 + hour) for hour in range(-6, 6))))
    found = store.means(Selection(), "month", 8 * HOUR).to_pylist()
    assert [(f["period"].isoformat()[:13], f["mean"], f["count"]) for f in found] == [
        ("1969-12-31T16", 3.5, 6),
        ("1970-01-31T16", 9.5, 6),
    ]


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (-1, 0), (0, 1), (-1, 1)])
def test_what_lies_in_one_period_belongs_to_it_up_to_its_last_hour(
    store: ObservationStore, period: str, first: int, last: int
) -> None:
    days = {"month": (181, 31), "quarter": (181, 92), "year": (0, 365)}[period]  # July, the third quarter, 1970
    begin, end = (24 * day - 8 for day in (days[0], sum(days)))  # UTC hours of the legal borders
    store.append(batch(1), lot(*(row(DO, border + h, 7.0) for border in (begin, end) for h in (-1, 0))))
    wanted = Selection(start=(begin + first) * HOUR, stop=(end + last) * HOUR)
    found = store.means(wanted, period, 8 * HOUR).to_pylist()
    whole = [(f["period"].timestamp() * 1000, f["count"]) for f in found]
    assert (begin * HOUR, 2) in whole
    assert sum(count for _, count in whole) == 2 - first + last
    assert len(whole) == 1 - first + last


# ---- the law: both stores tell the same of any question, and a narrow question gets what a wide one gets --------

HOURS_DRAWN = st.one_of(
    st.integers(-200_000, 800_000),  # 1947 to 2061, so on both sides of 1970
    st.sampled_from([24 * 365 * 150, 24 * 365 * 900, -24 * 365 * 90]),  # clocks that are wrong
    st.builds(lambda day, hour: 24 * day + hour, st.sampled_from([0, 31, 59, 90, 365, 11_016]), st.integers(-9, 9)),
)
TOLD = st.builds(
    lambda key, hour, value, censor, flag: (row(key, hour, value, censor), flag),
    st.sampled_from([PH, DO]),
    HOURS_DRAWN,
    st.sampled_from([6.5, 7.0, 7.25, 9.1]),
    st.sampled_from([Censor.NONE, Censor.BELOW]),
    st.sampled_from([Flag.GOOD, Flag.SUSPECT, Flag.FAIL]),
)
BATCHES = st.lists(st.lists(TOLD, max_size=8), min_size=1, max_size=4)


def flagged(told: list[tuple[Row, Flag]]) -> Flagged:
    return replace(lot(*(row for row, _ in told)), flag=np.array([flag for _, flag in told], np.uint8))


@given(
    told=BATCHES,
    period=st.sampled_from(["hour", "day", "month", "quarter", "year", "all"]),
    offset=st.sampled_from([0, 8 * HOUR, -5 * HOUR, 19_800_000]),
    logarithmic=st.sampled_from([(), ("ph",)]),
    measures=st.lists(st.sampled_from(MEASURES), unique=True),
    selection=st.builds(
        Selection,
        sites=st.sampled_from([(), ("51.甲",), ("nowhere",)]),
        start=st.sampled_from([None, -10 * HOUR, 700 * HOUR]),
        stop=st.sampled_from([None, 800 * HOUR, 10**13]),
        as_of=st.sampled_from([None, 2_000]),
    ),
    withdrawn=st.sampled_from([None, 1]),
)
@settings(max_examples=tries(60))
def test_both_stores_tell_the_same_means_of_any_question(
    told: list[list[tuple[Row, Flag]]],
    period: str,
    offset: int,
    logarithmic: tuple[str, ...],
    measures: list[str],
    selection: Selection,
    withdrawn: int | None,
) -> None:
    plain, real = FakeObservations(), DuckStore(":memory:", threads=1)
    stores: tuple[ObservationStore, ...] = (plain, real)
    for store in stores:
        for number, lots in enumerate(told, start=1):
            store.append(batch(number), flagged(lots))
        if withdrawn is not None:
            store.withdraw(withdrawn, 9_000)
    wide = [store.means(selection, period, offset, logarithmic, MEASURES) for store in stores]
    narrow = [store.means(selection, period, offset, logarithmic, measures) for store in stores]
    real.close()
    assert wide[0].schema == wide[1].schema
    for table in (wide[1], narrow[0], narrow[1]):
        assert table.num_rows == wide[0].num_rows
        for name in table.column_names:
            mine, other = table[name].to_pylist(), wide[0][name].to_pylist()
            assert mine == (pytest.approx(other, rel=1e-12) if name == "mean" else other)
