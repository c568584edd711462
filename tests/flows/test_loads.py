"""Loads from a store's series and from tables."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.records import Censor
from shangyou.flows.loads import Given, How, loads, of_series, of_tables
from tests.basin.loads.records import days, made
from tests.flows.test_assess import Node

HEAD = "日期,总磷(mg/L)\n"
FLOWS = "日期,流量(m3/s)\n" + "".join(f"2021-01-{d:02d},{10 + d}\n" for d in range(1, 32) if d != 9)


def table(*rows: str) -> list[tuple[str, bytes]]:
    return [("样品.csv", (HEAD + "\n".join(rows) + "\n").encode()), ("流量.csv", FLOWS.encode())]


def test_tables_of_chinese_columns_are_read_with_their_detection_limits() -> None:
    given = of_tables(table("2021-01-03,0.10", "2021-01-08,<0.02", "2021-01-20,0.30"), "total_phosphorus")
    assert given.samples.day.tolist() == days(["2021-01-03", "2021-01-08", "2021-01-20"]).tolist()
    assert given.samples.low.tolist() == [0.10, 0.0, 0.30]
    assert given.samples.high.tolist() == [0.10, 0.02, 0.30]
    assert len(given.flows.day) == 30


def test_missing_days_and_samples_without_flow_are_told_and_not_filled() -> None:
    given = of_tables(table("2021-01-03,0.1", "2021-01-09,9.0", "2021-01-12,0.1", "2021-01-20,0.1"), "total_phosphorus")
    told = loads(given, How("mean", "month"))
    (row,) = told.table.to_pylist()
    assert (row["period"], row["days"], row["days_missing"], row["samples"]) == ("2021-01", 30, 1, 3)
    flow = sum(10 + d for d in range(1, 32) if d != 9)
    assert row["load_t"] == pytest.approx(0.1 * flow * 86.4 / 1000)
    assert [remark.key for remark in told.remarks] == ["used", "without_flow", "gaps"]
    assert told.remarks[2].facts == {"gaps": 1, "days": 1, "first": "2021-01-09", "last": "2021-01-09"}


def test_a_period_with_too_few_samples_has_no_load_but_a_row() -> None:
    (row,) = loads(of_tables(table("2021-01-03,0.1"), "total_phosphorus"), How("beale")).table.to_pylist()
    assert (row["load_t"], row["samples"], row["days_missing"]) == (None, 1, 335)


def test_a_table_of_two_places_is_refused() -> None:
    body = "断面名称,日期,总磷(mg/L),流量(m3/s)\n甲断面,2021-01-01,0.1,5\n乙断面,2021-01-01,0.2,6\n".encode()
    with pytest.raises(InputError) as caught:
        of_tables([("两处.csv", body)], "total_phosphorus")
    assert caught.value.code == "loads.places"


def test_a_table_without_flows_is_told() -> None:
    with pytest.raises(NotFoundError) as caught:
        of_tables(table("2021-01-03,0.1")[:1], "total_phosphorus")
    assert (caught.value.code, caught.value.facts["parameter"]) == ("loads.nothing", "flow")


def test_values_of_one_legal_day_become_one_sample_between_the_means_of_their_bounds() -> None:
    node = Node()
    site = node.section("51.a")
    for hour, value, censor in ((0, 0.4, Censor.NONE), (12, 0.2, Censor.BELOW), (23, 0.3, Censor.NONE)):
        node.sample(site, f"2021-05-02T{hour:02d}:30", {"total_phosphorus": value}, censor={"total_phosphorus": censor})
    node.sample(site, "2021-05-02T08:00", {"flow": 100.0})
    given = of_series(node.store, node.registry, site, "total_phosphorus")
    assert given.samples.day.tolist() == days(["2021-05-02"]).tolist()
    assert given.samples.low[0] == pytest.approx(0.7 / 3)
    assert given.samples.high[0] == pytest.approx(0.9 / 3)


def test_a_section_without_flow_of_its_own_borrows_that_of_another() -> None:
    node = Node()
    site, gauge = node.section("51.a"), node.section("51.b")
    for day in range(1, 29):
        node.sample(site, f"2021-02-{day:02d}T08:00", {"total_phosphorus": 0.2})
        node.sample(gauge, f"2021-02-{day:02d}T08:00", {"flow": 50.0})
    with pytest.raises(NotFoundError):
        of_series(node.store, node.registry, site, "total_phosphorus")
    given = of_series(node.store, node.registry, site, "total_phosphorus", gauge)
    (row,) = loads(given, How("beale", "month")).table.to_pylist()
    assert row["load_t"] == pytest.approx(0.2 * 50 * 86.4 * 28 / 1000)
    assert row["error_t"] == 0  # every day was sampled, and nothing varied


@pytest.mark.parametrize("method", ["wrtds", "rating"])
def test_months_add_up_to_the_year(method: str) -> None:
    samples, flows, _ = made(years=6, every=10)
    given = Given(samples, flows)
    months, years = (loads(given, How(method, every)).table for every in ("month", "year"))
    of_year = {row["period"]: row["load_t"] for row in years.to_pylist()}
    for year, load in of_year.items():
        parts = [row["load_t"] for row in months.to_pylist() if row["period"].startswith(year)]
        assert sum(parts) == pytest.approx(load, rel=1e-12)
    every_day = loads(given, How(method, "day")).table
    assert np.sum(every_day["load_t"].to_numpy()) == pytest.approx(sum(of_year.values()), rel=1e-12)


def test_methods_and_periods_that_are_unknown_are_refused() -> None:
    for how, code in ((("magic", "year"), "loads.method"), (("wrtds", "week"), "loads.every")):
        with pytest.raises(InputError) as caught:
            How(*how)
        assert caught.value.code == code
    given = of_tables(table("2021-01-03,0.1"), "total_phosphorus")
    with pytest.raises(InputError, match=r"loads\.every"):
        loads(given, How("mean", "day"))
