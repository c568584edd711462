"""Answers of the portal's own interface (cnemc-json): header and rows of HTML cells in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc.portal import COLUMNS, Columns, find_columns, place_told, plain, value_text
from shangyou.ingest.cnemc.rows import Rows, read_rows
from shangyou.ingest.tables.convert import EMPTY
from shangyou.ingest.tables.encoding import detect_encoding, pieces
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.times import latest_moment


def read(raw: Raw, provinces: Sequence[str] = (), limits: Limits = Limits()) -> Parsed:  # noqa: B008 - a frozen value
    """All rows of an answer; lines are places in its `tbody`, counted from 1.

    The year stands in `raw.note` or in the file name. A row whose time lies months after that day is of the year
    before: stations that have stopped keep their last time.
    """
    faults = Faults(limits.refusals)
    text = b"".join(pieces([raw.body], detect_encoding(raw.body[: 1 << 16]))).decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        faults.add("cnemc.json", line, reason=str(error)[:200])
        return Parsed(EMPTY.observations, (), faults.take())
    body = answer.get("tbody") if isinstance(answer, dict) else None
    head = answer.get("thead") if isinstance(answer, dict) else None
    if not isinstance(body, list):
        faults.add("cnemc.json", reason="tbody")
        return Parsed(EMPTY.observations, (), faults.take())
    headers = [plain(cell) for cell in _cells(head, True)] if isinstance(head, list) else list(COLUMNS)
    escaped = "\\u" in text  # JSON can write half a character, which no text may hold
    cut = ((i, _cells(row, escaped)) for i, row in enumerate(body, 1))
    parsed = read_cut(cut, headers, latest_moment(raw.note, raw.source), provinces, raw.source, faults)
    return Parsed(parsed.observations, parsed.sections, faults.take() + faults.rest())


def _cells(row: object, escaped: bool) -> list[str]:
    cells = ["" if cell is None else str(cell) for cell in row] if isinstance(row, list) else [str(row)]
    return [cell.encode("utf-8", "replace").decode() for cell in cells] if escaped else cells


def read_cut(
    cut: Iterable[tuple[int, list[str]]],
    headers: list[str],
    latest: int | None,
    provinces: Sequence[str],
    source: str,
    faults: Faults,
) -> Parsed:
    """Observations of rows (line, cells as HTML); for answers and pages alike."""
    columns = find_columns(tuple(headers))
    if columns is None:
        faults.add("cnemc.columns", found=", ".join(headers[:40]))
        return EMPTY
    for header in columns.unknown:
        faults.add("cnemc.column", column=header)
    lines, rows = list[int](), list[list[str]]()
    for line, cells in cut:
        if len(cells) != columns.width:
            faults.add("cnemc.row_cells", line, text=" | ".join(cells), cells=len(cells), expected=columns.width)
            continue
        lines.append(line)
        rows.append(cells)
    if not rows:
        return EMPTY
    return read_rows(_rows(lines, rows, columns), latest, provinces, source, faults)


def _rows(lines: list[int], rows: list[list[str]], columns: Columns) -> Rows:
    turned = list(zip(*rows, strict=True))
    told = [place_told(cell) for cell in turned[columns.name]]

    def column(place: int) -> pa.Array:
        return pa.array([plain(cell) for cell in turned[place]] if place >= 0 else [""] * len(rows), pa.string())

    return Rows(
        province=column(columns.province),
        basin=column(columns.basin),
        name=column(columns.name),
        time=column(columns.time),
        state=column(columns.state),
        values=tuple(
            (parameter, unit, pa.array([value_text(cell) for cell in turned[i]], pa.string()))
            for i, parameter, unit in columns.values
        ),
        lines=np.array(lines, np.int64),
        city=pa.array([city for city, _ in told], pa.string()),
        river=pa.array([river for _, river in told], pa.string()),
    )
