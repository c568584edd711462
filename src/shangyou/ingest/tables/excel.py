"""Workbooks (xls, xlsx) to columns of strings with the row of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from shangyou.core.errors import InputError
from shangyou.core.records import Refusal
from shangyou.ingest.tables.columns import ColumnMap
from shangyou.ingest.tables.containers import check_workbook
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.grid import Grid, header_names
from shangyou.ingest.tables.limits import Limits

Cell = str | float | int | bool | date | datetime | time | timedelta


def sheet_rows(body: bytes, sheet: str, limits: Limits, rows: int | None = None) -> list[list[Cell]]:
    """Cells of a sheet from its first row on; `sheet` "" = the first one.

    Raises InputError "tables.workbook", "tables.workbook_size", "tables.workbook_cells", "tables.sheet_missing".
    """
    check_workbook(body, limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        names = workbook.sheet_names
        if not names or (sheet and sheet not in names):
            raise InputError("tables.sheet_missing", sheet=sheet, found=", ".join(names))
        opened: CalamineSheet = workbook.get_sheet_by_name(sheet or names[0])
        cells: list[list[Cell]] = opened.to_python(skip_empty_area=False, nrows=rows)
    except (CalamineError, ValueError, OSError) as error:
        raise InputError("tables.workbook", reason=str(error)[:200]) from None
    except BaseException as error:  # a panic of the reader is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("tables.workbook", reason="reader") from None
    return cells


def sheet_names(body: bytes, limits: Limits) -> list[str]:
    """Names of the sheets in order. Raises as `sheet_rows`."""
    check_workbook(body, limits)
    try:
        return list(CalamineWorkbook.from_filelike(io.BytesIO(body)).sheet_names)
    except (CalamineError, ValueError, OSError) as error:
        raise InputError("tables.workbook", reason=str(error)[:200]) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("tables.workbook", reason="reader") from None


def sheet_grid(body: bytes, layout: ColumnMap, faults: Faults, limits: Limits) -> Grid | None:
    """The rows of a sheet; None, and the reason in `faults`, where it cannot be read."""
    try:
        rows = sheet_rows(body, layout.sheet, limits)
    except InputError as error:
        faults.add_refusal(Refusal(error.code, error.facts))
        return None
    if any(row > len(rows) for row in layout.header):
        faults.add("tables.no_header", header=list(layout.header))
        return None
    names = header_names([texts(rows[i - 1]) for i in layout.header], max(map(len, rows), default=0))
    missing = [name for name in layout.needed() if name not in names]
    for name in missing:
        faults.add("tables.column_missing", max(layout.header, default=1), column=name, found=", ".join(names[:40]))
    if missing:
        return None
    first = layout.first_row() - 1
    lines = [
        i + 1
        for i, row in enumerate(rows[first:], first)
        if any(cell != "" for cell in row) and not (layout.comment and str(row[0]).startswith(layout.comment))
    ]
    columns = {name: _column(rows, lines, names.index(name)) for name in layout.needed()}
    return Grid(columns, np.array(lines, np.int64), typed=True)


def _column(rows: list[list[Cell]], lines: list[int], place: int) -> pa.Array:
    return pa.array([text(rows[line - 1][place]) for line in lines], pa.string())


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
