"""The beginning of a table cut into named columns: encoding, separator, sheet, header rows, where the data begin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.ingest.tables.cells import LONGEST, NUMBER
from shangyou.ingest.tables.containers import is_workbook
from shangyou.ingest.tables.encoding import detect_encoding, detect_separator, pieces, split_rows
from shangyou.ingest.tables.excel import first_rows, texts
from shangyou.ingest.tables.grid import header_names
from shangyou.ingest.tables.headers import Role, understand
from shangyou.ingest.tables.limits import Limits

SAMPLE: Final = 1 << 18  # bytes of text that are looked at
ROWS: Final = 400  # rows that are looked at: four days of a quarter of an hour, so that steps and tokens show
_HEADER_WITHIN: Final = 40  # rows in which the header must stand; USGS files have about 30 lines of comment
_SHEETS: Final = 20
_COLUMNS: Final = 4096  # a wider table is refused when it is read


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a table with what cut them."""

    names: tuple[str, ...]
    columns: list[list[str]]  # one a name, all of equal length
    header: tuple[int, ...]
    first: int  # row of the first data, counted from 1
    sure: float  # how sure the header is
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    comment: str = ""
    sheet: str = ""


def find_sample(body: bytes, limits: Limits) -> Sample:
    """Cut the beginning of a table. Raises as `excel.first_rows`."""
    return _of_workbook(body, limits) if is_workbook(body) else _of_text(body)


def _of_text(body: bytes) -> Sample:
    head = body[:SAMPLE]
    encoding = detect_encoding(head)
    text = b"".join(pieces([head], encoding)).decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    if len(body) > SAMPLE and len(lines) > 1:
        lines.pop()  # cut in the middle
    lines = lines[: ROWS + _HEADER_WITHIN]
    comment = "#" if lines and lines[0].startswith("#") else ""
    bare = [line for line in lines if not (comment and line.startswith(comment))]
    separator = detect_separator(bare)
    rows = split_rows([line if line in bare else "\n" for line in lines] if comment else lines, separator)
    cut = _cut(rows)
    decimal = "," if separator != "," and _with_commas(cut.columns) else "."
    return Sample(cut.names, cut.columns, cut.header, cut.first, cut.sure, encoding, separator, decimal, comment)


def _with_commas(columns: list[list[str]]) -> bool:
    """Do more numbers have a comma than a point?"""
    cells = [cell.strip() for column in columns for cell in column if len(cell) <= LONGEST]
    commas, points = (
        sum(bool(re.fullmatch(rf"[<>]?-?[0-9]+{sign}[0-9]+L?", cell)) for cell in cells) for sign in (",", r"\.")
    )
    return commas > points


def _of_workbook(body: bytes, limits: Limits) -> Sample:
    best: Sample | None = None
    for name, rows in first_rows(body, limits, ROWS + _HEADER_WITHIN, _SHEETS):
        cut = _cut([texts(row) for row in rows])
        if best is None or _weight(cut) > _weight(best):
            best = Sample(cut.names, cut.columns, cut.header, cut.first, cut.sure, sheet=name)
    if best is None:
        raise InputError("tables.sheet_missing", sheet="", found="")
    return best


def _weight(sample: Sample) -> tuple[float, int]:
    return _score(sample.names), len(sample.columns[0]) if sample.columns else 0


def _cut(rows: list[list[str]]) -> Sample:
    """Find the header rows: those whose joined names say the most."""
    rows = [row[:_COLUMNS] for row in rows]
    best, header = 0.0, tuple[int, ...]()
    for i in range(min(len(rows), _HEADER_WITHIN)):
        if not any(cell.strip() for cell in rows[i]):
            continue
        for height in (1, 2, 3):
            group = rows[i : i + height]
            if len(group) < height or _looks_like_data(group[-1]):
                break
            score = _score(header_names(group)) - 0.01 * height
            if score > best + 1e-9:
                best, header = score, tuple(range(i + 1, i + height + 1))
    if not header and rows and len(rows[0]) > 1 and not _looks_like_data(rows[0]):
        header = (1,)  # nothing is known, but these are names: whoever is told that the map fails may know them
    names = header_names([rows[i - 1] for i in header], max(map(len, rows), default=0) if not header else 0)
    first = max(header, default=0)
    while first < len(rows) and not _looks_like_data(rows[first]):
        first += 1
    if first == len(rows):  # nothing looks like data: take what follows the header
        first = max(header, default=0)
    body = [row for row in rows[first:] if any(cell.strip() for cell in row)]
    columns = [[row[j] if j < len(row) else "" for row in body] for j in range(len(names))]
    return Sample(names, columns, header, first + 1, 0.9 if best >= 2 else 0.5)


def _score(names: Sequence[str]) -> float:
    """How much a header says: recognised names, their units a little more."""
    headings = [understand(name) for name in names]
    return sum(h.confidence + (0.2 if h.unit else 0.0) for h in headings if h.role is not Role.UNKNOWN)


def _looks_like_data(row: Sequence[str]) -> bool:
    """A third of the filled cells are numbers, dates or signs of a missing value: a row of data, not of names."""
    filled = [cell.strip() for cell in row if cell.strip()]
    data = sum(
        bool(re.fullmatch(rf"[<>≤≥]?\s*{NUMBER}L?|[-*]+|NULL|NA|NaN", c) or re.match(r"[0-9]{1,4}[-/.年月][0-9]", c))
        for c in filled
        if len(c) <= LONGEST
    )
    return bool(filled) and data >= max(1, len(filled) / 3)
