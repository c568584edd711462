"""Workbooks (xls, xlsx) to columns of strings with the row of each."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from shangyou.core.errors import InputError
from shangyou.core.records import Refusal
from shangyou.ingest.tables.columns import ColumnMap
from shangyou.ingest.tables.containers import check_workbook
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.grid import Grid, header_names
from shangyou.ingest.tables.limits import Limits

Cell = str | float | int | bool | date | datetime | time | timedelta


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever the reader of workbooks raises, as our error."""
    try:
        yield
    except (CalamineError, ValueError, OSError, IndexError) as error:
        raise InputError("tables.workbook", reason=str(error)[:200]) from None
    except BaseException as error:  # a panic of the reader is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("tables.workbook", reason="reader") from None


def _open(body: bytes, sheet: str, limits: Limits) -> CalamineSheet:
    check_workbook(body, limits)
    with _reading():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        names = workbook.sheet_names
        if names and (not sheet or sheet in names):
            return workbook.get_sheet_by_name(sheet or names[0])
    raise InputError("tables.sheet_missing", sheet=sheet, found=", ".join(names))


def first_rows(body: bytes, limits: Limits, rows: int, sheets: int) -> Iterator[tuple[str, list[list[Cell]]]]:
    """(name, first rows) of the first sheets.

    Raises InputError "tables.workbook", "tables.workbook_size", "tables.workbook_cells".
    """
    check_workbook(body, limits)
    with _reading():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        names = list(workbook.sheet_names)
    for name in names[:sheets]:
        with _reading():
            cells: list[list[Cell]] = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=rows)
        yield name, cells


def sheet_grid(body: bytes, layout: ColumnMap, faults: Faults, limits: Limits) -> Grid | None:
    """The rows of a sheet; None, and the reason in `faults`, where it cannot be read.

    Cells with an Excel error (#DIV/0!) come as empty ones.
    """
    try:
        opened = _open(body, layout.sheet, limits)
        with _reading():
            return _grid(opened, layout, faults)
    except InputError as error:
        faults.add_refusal(Refusal(error.code, error.facts))
        return None


def _grid(opened: CalamineSheet, layout: ColumnMap, faults: Faults) -> Grid | None:
    left = opened.start[1] if opened.start else 0  # rows come without the empty columns before the first one
    rows = enumerate(opened.iter_rows(), 1)
    heads: dict[int, list[str]] = {}
    wanted, first = layout.needed(), layout.first_row()
    for line, row in islice(rows, first - 1):
        if line in layout.header:
            heads[line] = [""] * left + texts(row)
    if len(heads) < len(layout.header):
        faults.add("tables.no_header", header=list(layout.header))
        return None
    names = header_names([heads[i] for i in layout.header], left + opened.width if not heads else 0)
    missing = [name for name in wanted if name not in names]
    for name in missing:
        faults.add("tables.column_missing", max(layout.header, default=1), name, found=", ".join(names[:40]))
    if missing:
        return None
    places = [names.index(name) - left for name in wanted]
    lines, cells = list[int](), [list[Cell]() for _ in wanted]
    for line, row in rows:
        if not any(cell != "" for cell in row) or (layout.comment and text(row[0]).startswith(layout.comment)):
            continue
        lines.append(line)
        for column, place in zip(cells, places, strict=True):
            column.append(row[place] if 0 <= place < len(row) else "")
    columns = {name: _column(column) for name, column in zip(wanted, cells, strict=True)}
    return Grid(columns, np.array(lines, np.int64), typed=True)


def _column(cells: list[Cell]) -> pa.Array:
    """Cells as `text` writes them; numbers, which are most, all at once."""
    kinds = set(map(type, cells))
    if float not in kinds or not kinds <= {float, str}:
        return pa.array([text(cell) for cell in cells], pa.string())
    numbers = pa.array([cell if type(cell) is float else None for cell in cells], pa.float64())
    written = pc.cast(numbers, pa.string())
    if kinds == {float}:
        return written
    return pc.coalesce(written, pa.array([cell if type(cell) is str else None for cell in cells], pa.string()))


def texts(row: Sequence[Cell]) -> list[str]:
    """Each cell as text."""
    return [text(cell) for cell in row]


def text(cell: Cell) -> str:
    """A cell as a text table would write it: whole numbers without a point, dates in ISO form.

    >>> text(5.0), text(datetime(2021, 4, 1, 8)), text(datetime(2021, 4, 1))
    ('5', '2021-04-01 08:00:00', '2021-04-01')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        whole = float(cell).is_integer() and abs(cell) < 1e15
        return str(int(cell)) if whole else repr(cell)
    if isinstance(cell, datetime):
        if cell.time() == time():
            return cell.date().isoformat()
        return cell.isoformat(" ", "milliseconds" if cell.microsecond else "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
