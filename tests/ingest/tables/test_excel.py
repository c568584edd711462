"""Workbooks: what they hold, and what they must not be allowed to ask for."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.ingest.tables.columns import ColumnMap, Measured, Site, TimeColumns
from shangyou.ingest.tables.excel import first_rows
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.reading import read
from tests.fakes.xls import compound, workbook, xls
from tests.ingest.tables.maps import codes, raw, values

LAYOUT = ColumnMap(
    time=TimeColumns(("时间",), ("%Y-%m-%d %H:%M",)),
    site=Site(id="51.清溪"),
    measured=(Measured("水温", "water_temperature", "degC"),),
)
ROWS: list[list[str | float | None]] = [
    ["时间", "水温"],
    ["2021-04-01 08:00", 12.5],
    [None, None],
    ["2021-04-01 12:00", "x"],
]


def xlsx(rows: list[list[str | float | None]]) -> bytes:
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True})
    sheet = book.add_worksheet()
    for i, row in enumerate(rows):
        sheet.write_row(i, 0, row)
    book.close()
    return body.getvalue()


def changed(body: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with `old` replaced in its sheets."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry).replace(old, new))
    return out.getvalue()


@pytest.mark.parametrize("write", [xlsx, xls], ids=["xlsx", "xls"])
def test_both_kinds_of_workbook_are_read_with_rows_counted_as_people_see_them(write: object) -> None:
    parsed = read(raw(write(ROWS)), LAYOUT)  # type: ignore[operator]
    assert values(parsed, "water_temperature") == [12.5]
    assert codes(parsed) == [("tables.value", 4, "水温")]


def test_a_sheet_is_chosen_by_name() -> None:
    parsed = read(raw(xls(ROWS, "数据")), replace(LAYOUT, sheet="数据"))
    assert len(parsed.observations) == 1
    parsed = read(raw(xls(ROWS, "数据")), replace(LAYOUT, sheet="其他"))
    assert [(r.code, r.facts["found"]) for r in parsed.refusals] == [("tables.sheet_missing", "数据")]


@pytest.mark.parametrize("at", ["XFD1048576", "AAA1048576", "SZ900000"])
def test_one_far_cell_does_not_make_the_reader_ask_for_the_whole_sheet(at: str) -> None:
    body = changed(xlsx([[1.0], [2.0]]), b'r="A2"', f'r="{at}"'.encode())
    assert codes(read(raw(body), LAYOUT)) == [("tables.workbook_cells", None, None)]


def test_the_far_cell_of_an_old_workbook_is_found_too() -> None:
    body = compound(workbook([(0, 0, 1.0), (60_000, 60_000, 2.0)]))
    assert codes(read(raw(body), LAYOUT)) == [("tables.workbook_cells", None, None)]


def test_a_workbook_that_unpacks_to_more_than_is_allowed_is_refused() -> None:
    body = changed(xlsx([[1.0]]), b"</sheetData>", b"</sheetData>" + b" " * 3_000_000)
    assert len(body) < 20_000
    assert codes(read(raw(body), LAYOUT, Limits(unpacked=2_000_000))) == [("tables.workbook_size", None, None)]


def test_the_size_that_a_workbook_declares_is_not_believed() -> None:
    body = bytearray(changed(xlsx([[1.0]]), b"</sheetData>", b"</sheetData>" + b" " * 3_000_000))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = body.find(mark)
        while at >= 0:
            struct.pack_into("<I", body, at + place, 10)
            at = body.find(mark, at + 4)
    assert codes(read(raw(bytes(body)), LAYOUT, Limits(unpacked=2_000_000))) == [("tables.workbook_size", None, None)]


@pytest.mark.parametrize("name", ["content.xml", "xl/workbook.bin"])
def test_other_kinds_of_workbook_are_not_opened(name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "<x/>")
    assert codes(read(raw(out.getvalue()), LAYOUT)) == [("tables.workbook", None, None)]


def test_a_circle_of_sectors_ends() -> None:
    body = bytearray(xls(ROWS))
    table = body.rfind(struct.pack("<II", 1, 2))
    struct.pack_into("<I", body, table + 8, 0)  # the third sector leads back to the first
    with pytest.raises(InputError, match=r"tables\.workbook"):
        list(first_rows(bytes(body), Limits(), 9, 1))


@given(
    st.sampled_from([xlsx(ROWS), xls(ROWS)]),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), max_size=6),
)
@settings(max_examples=150)
def test_no_damage_to_a_workbook_breaks_the_reader(body: bytes, damage: list[tuple[float, bytes]]) -> None:
    hurt = bytearray(body)
    for place, put in damage:
        at = int(place * len(hurt))
        hurt[at : at + len(put)] = put
    for part in (bytes(hurt), bytes(hurt[: len(hurt) // 2])):
        assert all(r.code.startswith("tables.") for r in read(raw(part), LAYOUT).refusals)
