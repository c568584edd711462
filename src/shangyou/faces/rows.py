"""Rows in the formats that people and machines ask for: table, JSON, CSV, Parquet, Excel, Arrow.

Everything but the table is written as a stream of bytes: memory holds one batch of rows at a time (Parquet: one row
group), so the command line, the API and the exports share one way for ten rows and for ten million.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from shangyou.core.errors import InputError

if TYPE_CHECKING:  # Excel costs 20 ms and 8 MB: only who writes it pays
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMATS: Final = ("table", "json", "csv", "parquet", "xlsx", "arrow")
MEDIA: Final = {  # of those that travel by HTTP
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "arrow": "application/vnd.apache.arrow.stream",
}
SHEET_ROWS: Final = 1_048_575  # what a sheet of a workbook holds beside its header
CELL_TEXT: Final = 32_767  # characters in a cell
SHEETS: Final = 20  # 20 million rows are no workbook any more: the file would not open
CHUNK: Final = 1 << 20
FORMULA: Final = r"^[=+\-@\t\r\n]"  # how a text begins that a spreadsheet would reckon
NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
EXCEL_1970: Final = 25_569.0  # day of 1970-01-01 in Excel's count
DAY_MS: Final = 86_400_000.0
LEGAL_MS: Final = 8 * 3_600_000  # Excel knows no zones: times stand there in legal time


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one schema, perhaps more than memory holds; they can be read once."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """Rows that are all there already."""
        return cls(table.schema, table.to_batches())

    def table(self) -> pa.Table:
        """All of them at once."""
        return pa.Table.from_batches(list(self.batches), self.schema)

    def labelled(self, simulated: bool) -> Rows:
        """The same with a column that says that they are simulated, where they are."""
        if not simulated:
            return self
        schema = self.schema.append(pa.field("simulated", pa.bool_()))

        def label() -> Iterator[pa.RecordBatch]:
            for batch in self.batches:
                yield pa.record_batch([*batch.columns, pa.array([True] * batch.num_rows)], schema=schema)

        return replace(self, schema=schema, batches=label())


def encode(rows: Rows, format: str) -> Iterator[bytes]:
    """The rows as bytes of a format; InputError "rows.format", "rows.sheets"."""
    writers = {"json": _json, "csv": _csv, "parquet": _parquet, "xlsx": workbook, "arrow": _arrow}
    if format not in writers:
        raise InputError("rows.format", format=format, known=", ".join(writers))
    return writers[format](rows)


class _Pipe(io.RawIOBase):
    """What a writer wrote since the last look."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]
        self._parts.append(part)
        return len(part)

    def drain(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def _arrow(rows: Rows) -> Iterator[bytes]:
    pipe = _Pipe()
    with pa.ipc.new_stream(pipe, rows.schema) as writer:
        yield pipe.drain()
        for batch in rows.batches:
            writer.write_batch(batch)
            yield pipe.drain()
    yield pipe.drain()


def _parquet(rows: Rows) -> Iterator[bytes]:
    from pyarrow import parquet

    pipe = _Pipe()
    with parquet.ParquetWriter(pipe, rows.schema, compression="zstd") as writer:
        for batch in _large(rows.batches, rows.schema):
            writer.write_batch(batch)
            yield pipe.drain()
    yield pipe.drain()


def _large(batches: Iterable[pa.RecordBatch], schema: pa.Schema, least: int = 100_000) -> Iterator[pa.RecordBatch]:
    """Batches joined until they are worth a row group."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) >= least:
            yield from pa.Table.from_batches(held, schema).combine_chunks().to_batches()
            held = []
    if held:
        yield from pa.Table.from_batches(held, schema).combine_chunks().to_batches()


def _csv(rows: Rows) -> Iterator[bytes]:
    from pyarrow import csv

    pipe = _Pipe()
    schema = _texts(pa.RecordBatch.from_pylist([], rows.schema)).schema
    with csv.CSVWriter(pipe, schema) as writer:
        yield pipe.drain()
        for batch in rows.batches:
            writer.write_batch(_tame(_texts(batch)))
            yield pipe.drain()
    yield pipe.drain()


def _tame(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts that a spreadsheet would take for a formula begin with an apostrophe, which it hides; numbers stay.

    Texts come from devices and files of others: one that begins with = could run a programme where the file is opened.
    Source: OWASP, CSV injection.
    """
    import pyarrow.compute as pc

    columns = []
    for column in batch.columns:
        if pa.types.is_string(column.type) and pc.any(found := pc.match_substring_regex(column, FORMULA)).as_py():
            found = pc.and_not(found, pc.match_substring_regex(column, NUMBER))
            column = pc.if_else(found, pc.binary_join_element_wise("'", column, ""), column)
        columns.append(column)
    return pa.record_batch(columns, names=batch.schema.names)


def _json(rows: Rows) -> Iterator[bytes]:
    import msgspec

    encode = msgspec.json.encode
    names = rows.schema.names
    before = b"[\n"
    for batch in rows.batches:
        columns = [column.to_pylist() for column in _texts(batch).columns]
        lines = [encode(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]
        if lines:
            yield before + b",\n".join(lines)
            before = b",\n"
    yield (b"" if before != b"[\n" else b"[") + b"\n]\n"


def _texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times as ISO 8601 in UTC, and no value where the number is none."""
    import pyarrow.compute as pc

    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            columns.append(pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ"))
        elif pa.types.is_floating(column.type):
            columns.append(pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type)))
        else:
            columns.append(column)
    return pa.record_batch(columns, names=batch.schema.names)


def workbook(rows: Rows, sheet_rows: int = SHEET_ROWS, sheets: int = SHEETS) -> Iterator[bytes]:
    """The rows as an Excel file with as many sheets as they need; InputError "rows.sheets"."""
    import xlsxwriter

    with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        # constant_memory: rows go to disk as they come
        options = {"constant_memory": True, "tmpdir": folder}
        with xlsxwriter.Workbook(file, options) as book:
            _fill(book, rows, sheet_rows, sheets)
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK), b"")


def _fill(book: xlsxwriter.Workbook, rows: Rows, sheet_rows: int, most: int) -> None:
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    names = [f"{field.name} (UTC+8)" if pa.types.is_timestamp(field.type) else field.name for field in rows.schema]
    formats = [moment if pa.types.is_timestamp(field.type) else None for field in rows.schema]
    sheet, at, sheets = _sheet(book, names, bold), 1, 1
    for batch in rows.batches:
        columns = [_cells(column) for column in batch.columns]
        for row in range(batch.num_rows):
            if at > sheet_rows:
                if sheets == most:
                    raise InputError("rows.sheets", rows=most * sheet_rows)
                sheet, at, sheets = _sheet(book, names, bold), 1, sheets + 1
            for place, column in enumerate(columns):
                value = column[row]
                if isinstance(value, str):  # told apart here: the library's own way costs four times as much
                    sheet.write_string(at, place, value)
                elif value is not None:
                    sheet.write_number(at, place, value, formats[place])
            at += 1


def _sheet(book: xlsxwriter.Workbook, names: list[str], bold: Format) -> Worksheet:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, names, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _cells(column: pa.Array) -> list[str | float | None]:
    """Values as cells: times as Excel's days of legal time, which it shows without a zone; no value as no cell."""
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        ms = column.cast(pa.timestamp("ms")).cast(pa.int64())
        column = pc.add(pc.divide(pc.cast(pc.add(ms, LEGAL_MS), pa.float64()), DAY_MS), EXCEL_1970)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    values: list[Any] = column.to_pylist()
    if pa.types.is_string(column.type):
        return [value[:CELL_TEXT] if value else None for value in values]
    if pa.types.is_boolean(column.type):
        return [None if value is None else str(value).lower() for value in values]
    return values
