"""Trends of items at sections."""

from __future__ import annotations

import pytest

from shangyou.core.errors import InputError
from shangyou.flows.trend import trend
from tests.flows.test_assess import Node


@pytest.fixture
def node() -> Node:
    return Node()


def monthly(node: Node, values: list[float], year: int = 2021) -> str:
    site = node.section("51.a")
    for month, value in enumerate(values, 1):
        node.sample(site, f"{year}-{month:02d}-01T08:00", {"total_phosphorus": value, "ph": 7.0})
    return site


def test_a_steady_rise_over_the_months_is_a_trend(node: Node) -> None:
    monthly(node, [0.1, 0.12, 0.13, 0.15, 0.16, 0.2])
    rows = {row["parameter"]: row for row in trend(node.store, node.registry, "2021").to_pylist()}
    assert (rows["total_phosphorus"]["trend"], rows["total_phosphorus"]["correlation"]) == ("rising", 1.0)
    assert (rows["ph"]["trend"], rows["ph"]["periods"], rows["ph"]["trend_zh"]) == ("none", 6, "无明显趋势")


def test_quarters_are_means_of_their_months(node: Node) -> None:
    monthly(node, [0.1, 0.2, 0.3] * 4)
    (row,) = trend(node.store, node.registry, "2021", "quarter", items=["total_phosphorus"]).to_pylist()
    assert (row["periods"], row["trend"]) == (4, "short")
    monthly(node, [0.6, 0.6, 0.6], year=2022)
    (row,) = trend(
        node.store, node.registry, "2021-01-01/2022-12-31", "quarter", items=["total_phosphorus"]
    ).to_pylist()
    assert (row["periods"], row["trend"]) == (5, "none")


def test_an_empty_store_has_no_trends_and_an_unknown_step_is_refused(node: Node) -> None:
    assert trend(node.store, node.registry, "2021").num_rows == 0
    with pytest.raises(InputError) as caught:
        trend(node.store, node.registry, "2021", "week")
    assert caught.value.code == "assess.every"
