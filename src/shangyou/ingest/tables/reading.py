"""Read a table: the whole of it, or block by block where it is larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed, join
from shangyou.core.registry import Section
from shangyou.ingest.tables.columns import ColumnMap
from shangyou.ingest.tables.containers import is_workbook
from shangyou.ingest.tables.convert import EMPTY, read_grid
from shangyou.ingest.tables.encoding import pieces
from shangyou.ingest.tables.excel import sheet_grid
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.grid import text_grids
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.times import latest_moment


def read(raw: Raw, layout: ColumnMap, limits: Limits = Limits()) -> Parsed:  # noqa: B008 - a frozen value
    """Everything that a table holds.

    The order is that of the source for each series; of several values for one key all are kept. Nothing that stands
    in the bytes raises: what cannot be read is a refusal with its line, column and text.

    Args:
        raw: the bytes; where the time column has no year, `note`, the map or `source` names it, in this order.
        layout: what the columns mean.
        limits: bounds of one read.
    """
    return gathered(read_blocks([raw.body], layout, raw.source, raw.note, limits))


def gathered(blocks: Iterable[Parsed]) -> Parsed:
    """One Parsed from those of many blocks."""
    parts = list(blocks)
    if len(parts) == 1:
        return parts[0]
    sections = {s.id: s for part in reversed(parts) for s in reversed(part.sections)}
    return Parsed(
        observations=join([part.observations for part in parts]),
        sections=tuple(reversed(sections.values())),
        refusals=tuple(chain.from_iterable(part.refusals for part in parts)),
    )


def read_blocks(
    chunks: Iterable[bytes],
    layout: ColumnMap,
    source: str = "",
    note: str = "",
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
) -> Iterator[Parsed]:
    """The same, one Parsed a block, with a bounded share of the table in memory.

    A workbook has to be whole before it can be opened: `limits` bound it instead. Sections come with the block that
    names them first; the last Parsed may hold refusals only.
    """
    latest = latest_moment(note, layout.time.year, source)
    faults, met = Faults(limits.refusals), dict[str, Section]()
    stream = iter(chunks)
    head = next(stream, b"")
    if is_workbook(head):
        grid = sheet_grid(b"".join([head, *stream]), layout, faults, limits)
        grids = iter([grid] if grid is not None else [])
    else:
        grids = text_grids(pieces(chain([head], stream), layout.encoding), layout, faults, limits)
    for grid in grids:
        parsed = read_grid(grid, layout, source, latest, faults)
        new = tuple(s for s in parsed.sections if s.id not in met)
        met.update((s.id, s) for s in new)
        yield replace(parsed, sections=new, refusals=faults.take())
    rest = faults.take() + faults.rest()
    if rest or not met:
        yield replace(EMPTY, refusals=rest)
