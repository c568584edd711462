"""Rows in every format: what goes in comes out, a batch at a time."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv, parquet

from shangyou.core.errors import InputError
from shangyou.faces.rows import FORMATS, Rows, encode, workbook

SCHEMA = pa.schema(
    [
        ("site", pa.string()),
        ("time", pa.timestamp("ms", "UTC")),
        ("value", pa.float64()),
        ("revision", pa.int32()),
        ("usable", pa.bool_()),
    ]
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROW = st.fixed_dictionaries(
    {
        "site": st.text(st.characters(min_codepoint=32, exclude_categories=("C", "Zl", "Zp")), max_size=12) | st.none(),
        "time": st.integers(0, 4_000_000_000_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms)) | st.none(),
        "value": st.floats(-1e9, 1e9) | st.just(math.nan) | st.none(),
        "revision": st.integers(0, 1000) | st.none(),
        "usable": st.booleans() | st.none(),
    }
)


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMA)


def written(found: pa.Table, format: str) -> bytes:
    return b"".join(encode(Rows.of(found), format))


def plain(found: pa.Table) -> list[dict[str, object]]:
    """Rows with no value where the number is none, as the formats for machines have it."""
    return [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in found.to_pylist()
    ]


@given(st.lists(ROW, max_size=20))
def test_arrow_and_parquet_give_back_what_was_written(rows: list[dict[str, object]]) -> None:
    found = table(rows)
    arrow = pa.ipc.open_stream(written(found, "arrow")).read_all()
    packed = parquet.read_table(io.BytesIO(written(found, "parquet")))
    assert plain(arrow) == plain(found)
    assert plain(packed) == plain(found)
    assert packed.schema.equals(found.schema)


@given(st.lists(ROW, max_size=20))
def test_json_gives_back_what_was_written(rows: list[dict[str, object]]) -> None:
    found = table(rows)
    read = json.loads(written(found, "json"))
    for row in read:
        row["time"] = datetime.fromisoformat(row["time"]) if row["time"] else None
    assert read == plain(found)


@given(st.lists(ROW, max_size=20))
def test_csv_gives_back_what_was_written(rows: list[dict[str, object]]) -> None:
    found = table(rows)
    kinds = csv.ConvertOptions(
        column_types=SCHEMA, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
    )
    read = csv.read_csv(io.BytesIO(written(found, "csv")), convert_options=kinds)
    said = [row | {"site": row["site"] and csv_site(str(row["site"]))} for row in plain(found)]
    assert plain(read) == said


def csv_site(text: str) -> str:
    """What stands in a CSV file for a text."""
    name = csv.ConvertOptions(column_types=SCHEMA, strings_can_be_null=False)
    options = csv.ParseOptions(newlines_in_values=True)
    told = written(table([{"site": text}]), "csv")
    found: str = csv.read_csv(io.BytesIO(told), convert_options=name, parse_options=options)["site"][0].as_py()
    return found


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "--", "+86-28", "=-1"])
def test_a_text_that_would_be_a_formula_is_none_in_csv(text: str) -> None:
    assert csv_site(text) == "'" + text
    assert json.loads(written(table([{"site": text}]), "json"))[0]["site"] == text


@pytest.mark.parametrize("text", ["", "-9999", "+0.5", "-.5e-3", "清风峡", "a=b", "<0.025", "A510000_0001", "'=1"])
def test_numbers_and_other_texts_stand_in_csv_as_they_are(text: str) -> None:
    assert csv_site(text) == text


@given(st.floats(-1e9, 1e9))
def test_a_number_in_csv_is_never_made_a_text(value: float) -> None:
    line = written(table([{"site": "x", "value": value}]), "csv").decode().splitlines()[1]
    assert float(line.split(",")[2]) == value


def test_a_workbook_holds_texts_as_texts_and_times_in_legal_time() -> None:
    moment = datetime(2021, 3, 31, 17, 30, tzinfo=UTC)
    found = table([{"site": "=1+1", "time": moment, "value": math.nan, "revision": 3, "usable": True}])
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(written(found, "xlsx"))).get_sheet_by_index(0)
    head, row = sheet.to_python()
    assert head == ["site", "time (UTC+8)", "value", "revision", "usable"]
    assert row == ["=1+1", datetime(2021, 4, 1, 1, 30), "", 3.0, "true"]


def test_a_workbook_goes_on_in_another_sheet_and_ends_at_its_limit() -> None:
    found = pa.table({"n": pa.array(range(25), pa.int32())})
    data = b"".join(workbook(Rows.of(found), sheet_rows=10, sheets=3))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [sheet[0] for sheet in sheets] == [["n"]] * 3
    assert [row[0] for sheet in sheets for row in sheet[1:]] == list(range(25))
    with pytest.raises(InputError, match=r"rows\.sheets"):
        list(workbook(Rows.of(found), sheet_rows=10, sheets=2))


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "table"])
def test_no_rows_are_written_too(format: str) -> None:
    data = written(table([]), format)
    assert data
    if format == "json":
        assert json.loads(data) == []


@pytest.mark.parametrize("format", ["json", "csv", "parquet", "arrow"])
def test_a_format_is_written_while_the_rows_still_come(format: str) -> None:
    taken = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(4):
            taken.append(number)
            yield pa.record_batch({"n": pa.array(range(100_000), pa.int64())})

    pieces = encode(Rows(pa.schema([("n", pa.int64())]), batches()), format)
    assert next(piece for piece in pieces if len(piece) > 1000)
    assert len(taken) < 4


def test_simulated_rows_say_so_in_every_row() -> None:
    found = table([{"site": "a", "time": None, "value": 1.0, "revision": 0, "usable": True}] * 3)
    assert Rows.of(found).labelled(True).table()["simulated"].to_pylist() == [True] * 3
    assert "simulated" not in Rows.of(found).labelled(False).schema.names


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError) as refused:
        encode(Rows.of(table([])), "docx")
    assert refused.value.code == "rows.format"
    assert "parquet" in str(refused.value.facts["known"])
