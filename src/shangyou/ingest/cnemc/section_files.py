"""Section files (cnemc-csv): rows of the portal as text, one file a section and month in the 2021 collection."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc.portal import Columns, find_columns
from shangyou.ingest.cnemc.rows import Rows, read_rows
from shangyou.ingest.tables.columns import ColumnMap, Measured, Site, TimeColumns
from shangyou.ingest.tables.convert import EMPTY
from shangyou.ingest.tables.encoding import detect_encoding, pieces, split_rows
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.grid import Grid, header_names, text_grids
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.reading import gathered
from shangyou.ingest.tables.times import latest_moment


def read(raw: Raw, provinces: Sequence[str] = (), limits: Limits = Limits()) -> Parsed:  # noqa: B008 - a frozen value
    """All rows of a section file; the year stands in `raw.note` or in the path that `raw.source` is."""
    faults = Faults(limits.refusals)
    encoding = detect_encoding(raw.body[: 1 << 16])
    text = b"".join(pieces([raw.body], encoding))
    headers = next(iter(split_rows(text[: limits.row].decode("utf-8", "replace").splitlines()[:1], ",")), [])
    columns = find_columns(tuple(headers))
    if columns is None:
        faults.add("cnemc.columns", 1, found=", ".join(headers[:40]))
        return Parsed(EMPTY.observations, (), faults.take())
    for header in columns.unknown:
        faults.add("cnemc.column", 1, header)
    latest = latest_moment(raw.note, raw.source)
    names = header_names([headers])
    layout = _layout(names, columns)
    grids = text_grids([text], layout, faults, limits)
    parts = [read_rows(_rows(grid, names, columns), latest, provinces, raw.source, faults) for grid in grids]
    whole = gathered(parts) if parts else EMPTY
    return Parsed(whole.observations, whole.sections, faults.take() + faults.rest())


def _layout(names: tuple[str, ...], columns: Columns) -> ColumnMap:
    """The columns as a map, so that rows are cut as those of any table."""

    def name(place: int) -> str:
        return names[place] if place >= 0 else ""

    return ColumnMap(
        time=TimeColumns((names[columns.time],), ("%m-%d %H:%M",)),
        site=Site(
            province_column=name(columns.province), name_column=name(columns.name), basin_column=name(columns.basin)
        ),
        measured=tuple(Measured(name(i), p, unit, flag=name(columns.state)) for i, p, unit in columns.values),
    )


def _rows(grid: Grid, names: tuple[str, ...], columns: Columns) -> Rows:
    empty = pa.array([""] * len(grid), pa.string())

    def column(place: int) -> pa.Array:
        return pc.utf8_trim_whitespace(grid.columns[names[place]]) if place >= 0 else empty

    return Rows(
        province=column(columns.province),
        basin=column(columns.basin),
        name=column(columns.name),
        time=column(columns.time),
        state=column(columns.state),
        values=tuple((parameter, unit, column(i)) for i, parameter, unit in columns.values),
        lines=grid.lines,
    )
