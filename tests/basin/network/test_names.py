"""Networks of strangers: other names of columns, other units, no ids, places by coordinates alone."""

from __future__ import annotations

import json

import pytest

from shangyou.basin.network.check import check
from shangyou.basin.network.geojson import read_geojson
from shangyou.basin.network.names import KNOWN, column_of
from shangyou.basin.network.network import build
from shangyou.basin.network.rows import OURS, Collected, collect
from shangyou.basin.network.table import read_table


def table(text: str) -> Collected:
    rows, faults = read_table(text.encode())
    found = collect(rows)
    assert not faults
    assert not found.faults
    return found


@pytest.mark.parametrize(
    "head",
    [
        "类型,编号,河流,起点,终点,长度(m),河宽(m),流量(m³/s),比降(‰),糙率",
        "type,code,river_name,from_node,to_node,Length (m),WIDTH,Q (m3/s),slope_‰,Manning n",
    ],
)
def test_columns_in_other_words_and_units_are_the_same_network(head: str) -> None:
    found = table(f"\ufeff{head}\n河段,a,r,A,B,12000,60,45,0.8,0.035\n河段,b,r,B,C,8000,60,50,0.8,0.035\n")
    reach = found.draft.reaches[0]
    figures = (reach.length, reach.width, reach.flow, reach.slope, reach.roughness)
    assert figures == pytest.approx((12000.0, 60.0, 45.0, 0.0008, 0.035))
    assert found.read_as[head.split(",")[5].lower()] == "length_km"
    assert len(build(found.draft).reaches) == 2


def test_our_own_name_counts_before_another() -> None:
    found = table("kind,id,river,start,end,length_km,length_m,width\nreach,a,r,A,B,3,7,20\n")
    assert found.draft.reaches[0].length == 3000.0
    assert found.read_as == {"width": "width_m"}


def test_what_could_be_mistaken_is_not_taken() -> None:
    assert [column_of(name) for name in ("length", "depth", "q90", "面积")] == [None] * 4
    assert {column for column, _ in KNOWN.values()} <= OURS
    assert not OURS & set(KNOWN)


def test_a_plain_layer_with_coordinates_alone_is_a_network() -> None:
    def feature(kind: str, points: object, **more: object) -> dict[str, object]:
        return {"type": "Feature", "properties": more, "geometry": {"type": kind, "coordinates": points}}

    features = [
        feature("LineString", [[104.0, 30.0], [104.1, 30.0]], NAME="溪", WIDTH=20),
        feature("LineString", [[104.1, 30.0], [104.2, 30.0]], NAME="溪", WIDTH=25),
        feature("Point", [104.15, 30.005], type="水厂", name="东厂"),
        feature("Point", [104.15, 31.0], type="intake", name="far"),
    ]
    rows, faults = read_geojson(json.dumps({"type": "FeatureCollection", "features": features}).encode())
    assert not faults
    found = collect(rows)
    works, far = found.draft.places
    assert (works.kind.value, works.id, works.reach) == ("intake", "东厂", "reach.2")
    assert works.at == pytest.approx(found.draft.reaches[1].length / 2, rel=0.01)
    assert far.reach == ""
    assert [(each.code, each.line) for each in check(found.draft, found.lines)] == [("network.nowhere", 4)]
