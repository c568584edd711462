"""Networks as tables and GeoJSON: what is written reads as the same, and no bytes break a reader."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.network.check import check
from shangyou.basin.network.facts import upper_yangtze_draft
from shangyou.basin.network.geojson import read_geojson, write_geojson
from shangyou.basin.network.network import build
from shangyou.basin.network.rows import collect, row_of
from shangyou.basin.network.table import read_table, write_table
from shangyou.basin.network.values import Draft, same
from tests.basin.network.made import drafts

READERS = (read_table, read_geojson)
WRITERS = (write_table, write_geojson)
HEAD = b"kind,id,river,start,end,length_km\n"


@pytest.mark.parametrize("form", [0, 1], ids=["table", "geojson"])
def test_the_facts_that_ship_survive_every_form(form: int) -> None:
    draft = build(upper_yangtze_draft()).draft()
    rows, faults = READERS[form](WRITERS[form](draft))
    found = collect(rows)
    assert not faults
    assert not found.faults
    for one, other in zip(draft.items, build(found.draft).draft().items, strict=True):
        assert row_of(one) == row_of(other)


@pytest.mark.parametrize("form", [0, 1], ids=["table", "geojson"])
@settings(max_examples=30)
@given(draft=drafts())
def test_any_network_survives_every_form(form: int, draft: Draft) -> None:
    rows, faults = READERS[form](WRITERS[form](draft))
    found = collect(rows)
    assert not faults
    assert not found.faults
    assert all(same(one, other) for one, other in zip(draft.items, found.draft.items, strict=True))


cells = st.text(alphabet='abkm,;"\n0123456789.-eE 长江\x00', max_size=12)


@pytest.mark.parametrize("form", [0, 1], ids=["table", "geojson"])
@settings(max_examples=80)
@given(data=st.binary(max_size=300) | cells.map(str.encode))
def test_no_bytes_break_a_reader(form: int, data: bytes) -> None:
    for each in (data, HEAD + data, b'{"type":"FeatureCollection","features":[' + data + b"]}"):
        rows, faults = READERS[form](each)
        found = collect(rows)
        assert all(fault.code.startswith("network.") for fault in (*faults, *found.faults, *check(found.draft)))


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["reach", "section", "Point", "长江"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "kind", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=80)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "properties": values,
                "id": values,
                "geometry": values
                | st.fixed_dictionaries(
                    {
                        "type": st.sampled_from(["Point", "LineString", "MultiLineString", "Polygon"]),
                        "coordinates": values,
                    }
                ),
            },
        )
        | values,
        max_size=4,
    )
)
def test_no_shape_of_json_breaks_the_reader(features: list[object]) -> None:
    rows, faults = read_geojson(json.dumps({"type": "FeatureCollection", "features": features}).encode())
    found = collect(rows)
    assert all(fault.line for fault in faults)
    assert len(rows) + len(faults) <= 2 * len(features)
    check(found.draft)


def test_faults_of_cells_are_told_with_line_and_column() -> None:
    data = HEAD + b"reach,a,r,A,B,far\nreach,b,r,B,C,nan\nlake,c,,,,\n"
    rows, _ = read_table(data)
    assert [(f.code, f.line, f.column) for f in collect(rows).faults] == [
        ("network.number", 2, "length_km"),
        ("network.number", 3, "length_km"),
        ("network.kind", 4, "kind"),
    ]


def test_a_table_without_its_columns_is_told_so() -> None:
    _, faults = read_table(b"name,length\na,1\n")
    assert [(f.code, f.facts["missing"]) for f in faults] == [("network.columns", "kind, id")]


def test_a_table_of_a_spreadsheet_in_gb18030_is_read() -> None:
    text = "kind,id,river,start,end,length_km\nreach,甲,长江,上,下,3.5\n"
    rows, faults = read_table(text.encode("gb18030"))
    assert not faults
    assert collect(rows).draft.reaches[0].id == "甲"


def test_plain_lines_that_meet_in_common_points_are_a_network() -> None:
    lines = {
        "a": [[104.0, 30.0], [104.0, 29.0]],
        "b": [[105.0, 30.0], [104.0, 29.0]],
        "c": [[104.0, 29.0], [104.0, 28.0]],
    }
    features = [
        {
            "type": "Feature",
            "properties": {"id": id, "river": id},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for id, line in lines.items()
    ]
    rows, faults = read_geojson(json.dumps({"type": "FeatureCollection", "features": features}).encode())
    network = build(collect(rows).draft)
    assert not faults
    assert {each.id for each in network.reaches_above("c")} == {"a", "b", "c"}
    assert network.length[network.reach("a")] == pytest.approx(111195, rel=1e-5)
