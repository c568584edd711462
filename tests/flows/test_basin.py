"""An assessment over all nodes is the one that is computed where the data live."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.registry import Device, WaterKind
from shangyou.flows.assess import assess
from shangyou.flows.basin import Basin
from shangyou.flows.query import ask
from tests.fakes.exchange_question import (
    APRIL,
    HOUR,
    NOW,
    FewSections,
    Respondents,
    Row,
    a_section,
    agreed,
    constraint,
    give,
    may,
)

SECTIONS = ("50.朱沱", "51.清风峡", "52.清池")
NAMES = ("chongqing", "sichuan", "guizhou")
REGISTRY = FewSections([a_section(id) for id in SECTIONS])
GOOD = {"ph": 7.1, "dissolved_oxygen": 8.0, "permanganate_index": 2.5, "total_phosphorus": 0.04}


def basin(nodes: Respondents, waters: FewSections = REGISTRY) -> Basin:
    return Basin(waters, lambda question: ask(question, nodes.own, nodes.members, nodes, lambda: NOW))


def bare(table: pa.Table) -> pa.Table:
    return table.replace_schema_metadata(None)


numbers = st.floats(0.01, 3).map(lambda value: round(value, 2))
samples = st.lists(
    st.tuples(st.sampled_from(SECTIONS), st.sampled_from(["ammonia_nitrogen", "ph"]), st.integers(0, 720), numbers),
    max_size=30,
    unique_by=lambda row: row[:3],
)


@given(samples, st.sampled_from(["section", "river", "province", "sample"]), st.sampled_from(["2021-04", "2021-Q2"]))
def test_the_class_table_over_all_nodes_is_that_of_one_store(rows: list[Row], by: str, period: str) -> None:
    many, one = (Respondents("ministry", REGISTRY, *NAMES) for _ in range(2))
    for name, section in zip(NAMES, SECTIONS, strict=True):
        give(many.store(name), [row for row in rows if row[0] == section])
    give(one.store("ministry"), rows)
    source = basin(many)
    whole = assess(one.store("ministry"), REGISTRY, period, by)
    assert bare(assess(source, source, period, by)).equals(bare(whole))


def test_sections_that_only_their_node_knows_are_assessed_by_what_it_knows_of_them() -> None:
    nodes = Respondents("ministry", FewSections([a_section("53.滇池", kind=WaterKind.LAKE)]), "yunnan")
    give(nodes.store("yunnan"), [("53.滇池", "total_phosphorus", 0, 0.04)])
    source = basin(nodes, FewSections([]))
    (row,) = assess(source, source, "2021-04").to_pylist()
    assert (row["section"], row["class"]) == ("滇池", "Ⅲ")  # of a river it would be Ⅱ


def test_data_under_the_number_of_a_device_count_for_its_section() -> None:
    devices = [Device("A510000_0001", "", "51.清风峡"), Device("A510000_0002", "", "51.口", outlet=True)]
    waters = FewSections([a_section("51.清风峡"), a_section("51.口")], devices)
    nodes = Respondents("ministry", waters, "sichuan")
    rows: list[Row] = [("A510000_0001", item, 0, value) for item, value in GOOD.items()]
    give(nodes.store("sichuan"), [*rows, ("A510000_0002", "ph", 0, 3.0)])
    source = basin(nodes)
    (row,) = assess(source, source, "2021-04", sections=("51.清风峡",)).to_pylist()
    assert (row["site"], row["class"]) == ("51.清风峡", "Ⅱ")


def test_an_agreement_on_months_for_assessment_is_enough_for_the_class_table() -> None:
    nodes = Respondents("ministry", REGISTRY, "sichuan")
    give(nodes.store("sichuan"), [("51.清风峡", item, 0, value) for item, value in GOOD.items()])
    terms = may(constraint("resolution", "gteq", "month"), constraint("purpose", "isA", "assessment"))
    nodes.contracts["sichuan"].put(agreed("sichuan", "ministry", terms))
    source = basin(nodes)
    assert assess(source, source, "2021-04")["class"].to_pylist() == ["Ⅱ"]
    assert assess(source, source, "2021-04", "sample").num_rows == 0
    (refused,) = [line for line in source.found[-1].lines if line.node == "sichuan"]
    assert (refused.state, refused.left[0].operand) == ("refused", "resolution")


@pytest.mark.parametrize("away", NAMES)
def test_a_node_that_is_away_is_missed_and_nothing_else(away: str) -> None:
    nodes = Respondents("ministry", REGISTRY, *NAMES)
    for name, section in zip(NAMES, SECTIONS, strict=True):
        give(nodes.store(name), [(section, item, 0, value) for item, value in GOOD.items()])
    nodes.down.add(away)
    source = basin(nodes)
    there: list[Any] = assess(source, source, "2021-04")["site"].to_pylist()
    assert there == [s for s, name in zip(SECTIONS, NAMES, strict=True) if name != away]
    assert [line.state for line in source.found[-1].lines].count("away") == 1


def test_times_are_of_the_legal_day() -> None:
    nodes = Respondents("ministry", REGISTRY, "sichuan")
    give(nodes.store("sichuan"), [("51.清风峡", "ph", -1, 3.0), ("51.清风峡", "ph", 0, 7.0)])
    source = basin(nodes)
    (row,) = assess(source, source, "2021-04", "sample").to_pylist()
    assert row["time"].timestamp() * 1000 == APRIL + 0 * HOUR
