"""Saved pages of the portal (cnemc-page): one row of a table for each station, cells with tooltips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc.answers import read_cut
from shangyou.ingest.cnemc.portal import COLUMNS, plain
from shangyou.ingest.tables.convert import EMPTY
from shangyou.ingest.tables.encoding import detect_encoding, pieces
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.times import latest_moment

_ROW: Final = re.compile(r"<tr(?=[\s>])", re.IGNORECASE)
_ROW_END: Final = re.compile(r"</tr|</table", re.IGNORECASE)
_CELL: Final = re.compile(r"<t[dh](?=[\s>])", re.IGNORECASE)
_CELL_END: Final = re.compile(r"</t[dh]", re.IGNORECASE)


def read(raw: Raw, provinces: Sequence[str] = (), limits: Limits = Limits()) -> Parsed:  # noqa: B008 - a frozen value
    """All rows of a saved page; the year stands in `raw.note` or in the file name.

    The page is cut at its row and cell tags and not parsed as a tree, so that any damage costs the rows where it is.
    """
    faults = Faults(limits.refusals)
    text = b"".join(pieces([raw.body], detect_encoding(raw.body[: 1 << 16]))).decode("utf-8", "replace")
    headers, cut = list(COLUMNS), list[tuple[int, list[str]]]()
    for line, cells in _rows(text):
        shown = plain(cells[0]) if cells else ""
        if shown == COLUMNS[0] or (len(cells) > 2 and plain(cells[2]) == COLUMNS[2]):
            headers = [plain(cell) for cell in cells]
        elif cells:
            cut.append((line, cells))
    if not cut:
        faults.add("cnemc.no_rows", bytes=len(raw.body))
        return Parsed(EMPTY.observations, (), faults.take())
    parsed = read_cut(cut, headers, latest_moment(raw.note, raw.source), provinces, raw.source, faults)
    return Parsed(parsed.observations, parsed.sections, faults.take() + faults.rest())


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, inner HTML of the cells) of every table row."""
    line, before = 1, 0
    for part, start in _parts(text):
        line += text.count("\n", before, start)
        before = start
        end = _ROW_END.search(part)
        row = part[: end.start()] if end else part
        yield line, [_inner(cell) for cell in _CELL.split(row)[1:]]


def _parts(text: str) -> Iterator[tuple[str, int]]:
    starts = [*(match.end() for match in _ROW.finditer(text)), len(text)]
    for start, stop in pairwise(starts):
        yield text[start:stop], start


def _inner(cell: str) -> str:
    """What stands in a cell: from the end of its own tag to its closing one."""
    _, _, inner = cell.partition(">")
    end = _CELL_END.search(inner)
    return inner[: end.start()] if end else inner
