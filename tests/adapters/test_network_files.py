"""Networks in files of people: every form there and back, and no bytes break a reader."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import shapefile
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.network_files import load, parse, read, read_shapes, save
from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.network.network import build
from shangyou.basin.network.rows import row_of
from shangyou.basin.network.values import NetworkError
from shangyou.core.errors import InputError, NotFoundError
from tests.basin.network.made import fork


@pytest.mark.parametrize("name", ["n.csv", "n.geojson", "n.json", "n.zip"])
def test_the_network_that_ships_survives_every_file(name: str, tmp_path: Path) -> None:
    network = upper_yangtze()
    path = tmp_path / name
    path.write_bytes(save(network.draft(), name))
    again = load(path)
    assert [each.id for each in again.reaches] == [each.id for each in network.reaches]
    for one, other in zip(network.draft().items, again.draft().items, strict=True):
        written, came = row_of(one), row_of(other)
        for column, cell in written.items():
            if isinstance(cell, float):
                assert came[column] == pytest.approx(cell, rel=1e-9, abs=1e-9), (one.id, column)
            else:
                assert came[column] == cell, (one.id, column)


def test_a_plain_layer_of_rivers_as_a_survey_has_it_is_a_network() -> None:
    parts = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYLINE, encoding="gbk") as layer:
        layer.field("ID", "C", 20)
        layer.field("River", "C", 20)
        for id, river, line in (
            ("上段", "赤水河", [[105.0, 28.0], [105.5, 28.2]]),
            ("支流", "习水河", [[105.6, 28.0], [105.5, 28.2]]),
            ("下段", "赤水河", [[105.5, 28.2], [105.8, 28.8]]),
        ):
            layer.line([line])
            layer.record(id, river)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for ending, part in parts.items():
            archive.writestr(f"survey/rivers.{ending.upper()}", part.getvalue())
        archive.writestr("survey/rivers.cpg", "936")
    found = parse("survey.zip", whole.getvalue())
    assert not found.faults
    assert {each.id for each in build(found.draft).reaches_above("下段")} == {"上段", "支流", "下段"}


def test_polygons_and_lines_of_several_pieces_are_told_as_such() -> None:
    parts = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYLINE) as layer:
        layer.field("id", "C", 9)
        layer.line([[[0, 0], [1, 1]], [[2, 2], [3, 3]]])
        layer.record("two")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for ending, part in parts.items():
            archive.writestr(f"x.{ending}", part.getvalue())
    assert [fault.code for fault in parse("x.zip", whole.getvalue()).faults] == ["network.geometry"]


@pytest.mark.parametrize("code_page", [0x00, 0x4D])
def test_names_in_gbk_are_read_where_no_file_says_how_they_are_written(code_page: int) -> None:
    parts = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYLINE, encoding="gbk") as layer:
        for column in ("编号", "河流名称"):
            layer.field(column, "C", 40)
        layer.line([[[104.0, 30.0], [104.1, 30.0]]])
        layer.record("甲", "沱江")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for ending, part in parts.items():
            data = bytearray(part.getvalue())
            if ending == "dbf":
                data[29] = code_page
            archive.writestr(f"r.{ending}", bytes(data))
    found = parse("r.zip", whole.getvalue())
    assert [(each.id, each.river) for each in found.draft.reaches] == [("甲", "沱江")]
    assert found.read_as == {"编号": "id", "河流名称": "river"}


WHOLE = save(fork(), "n.zip")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_no_bytes_break_the_reader_of_shapefiles(data: bytes, at: int, byte: int) -> None:
    for each in (data, WHOLE[:at], WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]):
        _, faults = read_shapes(each)
        assert all(fault.code.startswith("network.") for fault in faults)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["shp", "shx", "dbf"]), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_damage_within_a_layer_breaks_the_reader(part: str, at: int, garbage: bytes) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as good, zipfile.ZipFile(whole, "w") as bad:
        for name in good.namelist():
            data = bytearray(good.read(name))
            if name == f"reaches.{part}":
                start = min(at, len(data) - 1)
                data[start : start + len(garbage)] = garbage
            bad.writestr(name, bytes(data))
    found = parse("n.zip", whole.getvalue())
    assert all(fault.code.startswith("network.") for fault in found.faults)


def test_what_is_no_file_or_of_no_known_form_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as missing:
        load(tmp_path / "none.csv")
    assert missing.value.code == "network.file"
    with pytest.raises(InputError) as unknown:
        parse("river.docx", b"")
    assert unknown.value.code == "network.form"
    path = tmp_path / "bad.csv"
    path.write_bytes(b"kind,id,length_km\nreach,a,far\nlake,b,\n")
    with pytest.raises(NetworkError) as faulty:
        read(path)
    assert [(each.code, each.line) for each in faulty.value.faults] == [("network.number", 2), ("network.kind", 3)]
