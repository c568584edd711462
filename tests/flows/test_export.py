"""Observations handed out: every value of a selection, once, with the names of things."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Censor, Flagged, Observations, SeriesKey
from shangyou.core.registry import Device, Section
from shangyou.flows.export import export
from tests.fakes.observations import FakeObservations
from tests.fakes.state import FakeRegistry

HOUR = 3_600_000
MN = "88888880000001"
SITES = ("51.甲", "51.乙", "51.甲老站", MN)
PARAMETERS = ("ammonia_nitrogen", "ph", "dissolved_oxygen")
ROW = st.tuples(
    st.sampled_from(SITES),
    st.sampled_from(PARAMETERS),
    st.sampled_from(["4h", "hour"]),
    st.integers(0, 5),
    st.sampled_from([0.025, 7.1, 8.4]),
    st.sampled_from([Censor.NONE, Censor.BELOW]),
)
Row = tuple[str, str, str, int, float, Censor]


def registry() -> FakeRegistry:
    made = FakeRegistry()
    made.put_section(Section("51.甲", "甲", province="四川省", river="长江"), "", 0)
    made.put_section(Section("51.乙", "乙", province="四川省"), "", 0)
    made.put_section(Section("51.甲老站", "甲老站"), "", 0)
    made.merge("51.甲老站", "51.甲", "", 0)
    made.put_device(Device(MN, "一号", "51.甲"), "", "", 0)
    return made


def store(rows: list[Row]) -> FakeObservations:
    made = FakeObservations()
    found = Observations.build(
        [(SeriesKey(s, p, c, "value"), hour * HOUR, v, int(censor), 1) for s, p, c, hour, v, censor in rows]
    )
    n = len(found)
    made.append(Batch(1, "table", "a.csv", 1), Flagged(found, np.ones(n, np.uint8), *(np.zeros((2, n), np.uint32))))
    return made


def taken(found: FakeObservations, shape: str = "long", **selection: object) -> pa.Table:
    made = export(found, registry(), Selection(**selection), shape)  # type: ignore[arg-type]
    return pa.Table.from_batches(list(made.batches), made.schema)


@given(st.lists(ROW, max_size=30))
def test_both_shapes_hold_the_same_values(rows: list[Row]) -> None:
    found = store(rows)
    long, wide = taken(found), taken(found, "wide")
    by_row = {
        (row["site"], key, row["cadence"], row["time"]): (row[key], key in row["below"].split(","))
        for row in wide.to_pylist()
        for key in PARAMETERS
        if row.get(key) is not None
    }
    assert by_row == {
        (row["site"], row["parameter"], row["cadence"], row["time"]): (row["value"], row["censor"] == Censor.BELOW)
        for row in long.to_pylist()
    }


@given(st.lists(ROW, max_size=30))
def test_no_value_is_left_out_or_doubled(rows: list[Row]) -> None:
    assert taken(store(rows)).num_rows == len({row[:4] for row in rows})


def test_a_section_comes_with_what_was_merged_into_it_and_its_devices() -> None:
    found = store([(site, "ph", "4h", 0, 7.1, Censor.NONE) for site in SITES])
    assert set(taken(found, sites=("51.甲",))["site"].to_pylist()) == {"51.甲", "51.甲老站", MN}
    assert set(taken(found, sites=("51.甲老站",))["site"].to_pylist()) == {"51.甲", "51.甲老站", MN}


def test_every_value_has_the_names_of_its_section_and_parameter_and_its_unit() -> None:
    row = taken(store([(MN, "ammonia_nitrogen", "hour", 0, 7.1, Censor.NONE)])).to_pylist()[0]
    assert (row["section"], row["section_zh"], row["province"], row["river"]) == ("51.甲", "甲", "四川省", "长江")
    assert (row["parameter_zh"], row["unit"]) == ("氨氮", "mg/L")


def test_a_site_that_nobody_registered_is_handed_out_without_names() -> None:
    row = taken(store([("99999", "ph", "hour", 0, 7.1, Censor.NONE)])).to_pylist()[0]
    assert (row["site"], row["section"], row["section_zh"]) == ("99999", "", "")


def test_columns_of_samples_stand_in_the_order_of_the_vocabulary() -> None:
    found = store([("51.甲", key, "4h", 0, 7.1, Censor.NONE) for key in PARAMETERS])
    names = taken(found, "wide").schema.names
    assert names.index("ph") < names.index("dissolved_oxygen") < names.index("ammonia_nitrogen") < names.index("below")


def test_versions_do_not_fit_one_row_a_sample() -> None:
    with pytest.raises(InputError, match=r"export\.versions"):
        export(store([]), registry(), Selection(versions=True), "wide")


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(InputError, match=r"export\.shape"):
        export(store([]), registry(), Selection(), "round")
