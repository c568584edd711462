"""Text tables to columns of strings with the line of each row: by Arrow where rows are plain, else by module csv."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from shangyou.core.records import Ints
from shangyou.ingest.tables.columns import ColumnMap
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.limits import Limits

_STEPS_BACK: Final = 1000  # line ends tried for one outside quotes; a lone quote sign would else keep all that follows


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Some rows of a table. Every column has n strings, none of them null."""

    columns: dict[str, pa.Array]  # the wanted ones, by header
    lines: Ints  # (n,) line or row of the source, counted from 1
    typed: bool = False  # of a workbook: dates stand in ISO form whatever the map says

    def __len__(self) -> int:
        return len(self.lines)


def header_names(rows: Sequence[Sequence[str]], width: int = 0) -> tuple[str, ...]:
    """One name a column from the header rows.

    In all rows but the last an empty cell carries on the one at its left, as merged cells do. Names are joined from
    top to bottom; a column without any is called by its number; of equal ones the second is called "x (2)".

    >>> header_names([["", "水温", ""], ["时间", "上午", "下午"]])
    ('时间', '水温 上午', '水温 下午')
    """
    width = max([width, *map(len, rows)])
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        carried = ""
        for i in range(width):
            text = " ".join(row[i].split()) if i < len(row) else ""
            carried = text or carried if depth < len(rows) - 1 else text
            if carried and carried not in parts[i]:
                parts[i].append(carried)
    names = [" ".join(part) or str(i + 1) for i, part in enumerate(parts)]
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[i] = f"{name} ({seen[name]})"
    return tuple(names)


def text_grids(pieces: Iterable[bytes], layout: ColumnMap, faults: Faults, limits: Limits) -> Iterator[Grid]:
    """The rows of a text in UTF-8, block by block. What is no row of the table is left in `faults`."""
    blocks = _blocks(pieces, faults, limits)
    head = next(blocks, None)
    if head is None or not (opening := _open(head[1], layout, limits)):
        faults.add("tables.no_header", line=None, header=list(layout.header))
        return
    names, start, used_lines = opening
    wanted = layout.needed()
    if not _all_there(names, wanted, layout, faults, limits):
        return
    for first_line, body in _chain((used_lines + 1, head[1][start:]), blocks):
        if not body.strip():
            continue
        grid = _plain_rows(body, first_line, names, wanted, layout)
        yield grid if grid is not None else _any_rows(body, first_line, names, wanted, layout, faults)


def _chain(first: tuple[int, bytes], rest: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield first
    yield from rest


def _all_there(
    names: tuple[str, ...], wanted: tuple[str, ...], layout: ColumnMap, faults: Faults, limits: Limits
) -> bool:
    line = max(layout.header, default=1)
    if len(names) > limits.columns:
        faults.add("tables.too_wide", line=line, columns=len(names), limit=limits.columns)
        return False
    missing = [name for name in wanted if name not in names]
    for name in missing:
        faults.add("tables.column_missing", line=line, column=name, found=", ".join(names[:40]))
    return not missing


def _open(block: bytes, layout: ColumnMap, limits: Limits) -> tuple[tuple[str, ...], int, int] | None:
    """(names, offset of the first row of data [bytes], lines before it); None if the text ends before it."""
    text = block[: limits.row].decode("utf-8", "ignore")
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=layout.separator)
    rows, first = list[list[str]](), layout.first_row()
    try:
        for _ in range(first - 1):
            rows.append(next(reader))
        start, lines = stream.tell(), reader.line_num
        if not layout.header:
            sample = next(reader, [])
            return header_names([], len(sample)), len(text[:start].encode()), lines
    except (StopIteration, csv.Error):
        return None
    return header_names([rows[i - 1] for i in layout.header]), len(text[:start].encode()), lines


def _blocks(pieces: Iterable[bytes], faults: Faults, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """(line of the first row, whole rows) again and again."""
    held, line, lost = b"", 1, False
    for piece in pieces:
        for at in range(0, len(piece), limits.block):
            held += piece[at : at + limits.block]
            if lost:  # the rest of a row that is too long
                lost, held, line = _after_line(held, line)
            if len(held) < limits.block:
                continue
            end = _row_end(held)
            if end:
                yield line, held[:end]
                line, held = line + line_ends(held[:end]), held[end:]
            elif len(held) > limits.row:
                faults.add("tables.row_long", line=line, text=held[:200].decode("utf-8", "replace"), limit=limits.row)
                lost, held = True, b""
    if held:
        yield line, held


def _after_line(data: bytes, line: int) -> tuple[bool, bytes, int]:
    """(is the end of the line still to come, what follows it, its line)."""
    end = data.find(b"\n") + 1
    return (False, data[end:], line + 1) if end else (True, b"", line)


def _row_end(data: bytes) -> int:
    """Length up to the last line end that is not inside quotes; 0 if there is no line end."""
    last = data.rfind(b"\n") + 1 or data[:-1].rfind(b"\r") + 1  # the LF of a last CR may still be to come
    if b'"' not in data:
        return last
    end, odd = last, data.count(b'"', 0, last) % 2
    for _ in range(_STEPS_BACK):
        if not odd or end <= 0:
            break
        before = data.rfind(b"\n", 0, end - 1) + 1
        odd ^= data.count(b'"', before, end) % 2
        end = before
    return end or last


def line_ends(data: bytes) -> int:
    """How many lines end in `data`, by LF, CR or both."""
    carriage = data.count(b"\r")
    return data.count(b"\n") + (carriage - data.count(b"\r\n") if carriage else 0)


def _plain_rows(
    body: bytes, first_line: int, names: tuple[str, ...], wanted: tuple[str, ...], layout: ColumnMap
) -> Grid | None:
    """By Arrow; None where a row has too few or many cells, is empty or spans lines, so that lines must be counted."""
    if layout.comment and re.search(rb"(?:^|[\r\n])" + re.escape(layout.comment.encode()), body):
        return None
    keys = [str(i) for i in range(len(names))]  # headers may hold what Arrow takes for a path
    picked = [keys[names.index(name)] for name in wanted]
    try:
        table = pyarrow.csv.read_csv(
            pa.py_buffer(body),
            read_options=pyarrow.csv.ReadOptions(column_names=keys, block_size=len(body) + 1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.separator, newlines_in_values=b'"' in body),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=picked,
                column_types=dict.fromkeys(picked, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    rows = line_ends(body) + (body[-1:] not in (b"\n", b"\r"))
    if table.num_rows != rows:
        return None
    columns = {name: _whole(table.column(key)) for name, key in zip(wanted, picked, strict=True)}
    return Grid(columns, np.arange(first_line, first_line + rows, dtype=np.int64))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _any_rows(
    body: bytes, first_line: int, names: tuple[str, ...], wanted: tuple[str, ...], layout: ColumnMap, faults: Faults
) -> Grid:
    """By the csv module, row by row."""
    reader = csv.reader(io.StringIO(body.decode("utf-8", "replace"), newline=""), delimiter=layout.separator)
    width, places = len(names), [names.index(name) for name in wanted]
    lines, kept = list[int](), list[list[str]]()
    while True:
        line = first_line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:  # a cell longer than the module takes
            faults.add("tables.row_unread", line=line, reason=str(error))
            continue
        if not any(row) or (layout.comment and row[0].startswith(layout.comment)):
            continue
        if len(row) < width or any(row[width:]):
            faults.add("tables.row_cells", line=line, text=layout.separator.join(row), cells=len(row), expected=width)
            continue
        lines.append(line)
        kept.append([row[i] for i in places])
    turned = list(zip(*kept, strict=True)) if kept else [()] * len(places)
    columns = {name: pa.array(column, pa.string()) for name, column in zip(wanted, turned, strict=True)}
    return Grid(columns, np.array(lines, np.int64))


def joined(grid: Grid, names: Sequence[str]) -> pa.Array:
    """Several columns as one, joined by a blank; one column as it is."""
    columns = [grid.columns[name] for name in names]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, " ")
