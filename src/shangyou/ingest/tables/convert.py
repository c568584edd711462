"""Rows of a table to observations, by the column map: one pass over all value cells at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core import vocabulary
from shangyou.core.errors import ShangyouError
from shangyou.core.records import Array, Bytes, Censor, Ints, Mark, Observations, Parsed, SeriesKey
from shangyou.core.units import canonical_name, convert
from shangyou.ingest.tables.cells import CellRules, Cells, read_cells
from shangyou.ingest.tables.columns import ColumnMap, Measured, factor
from shangyou.ingest.tables.faults import Faults
from shangyou.ingest.tables.grid import Grid, joined
from shangyou.ingest.tables.sites import Places, find_places
from shangyou.ingest.tables.times import parse_times

EMPTY: Final = Parsed(Observations.build([]))


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """k value cells of a table, before they are tied to series."""

    texts: pa.Array  # (k,) the cells
    row: Ints  # (k,) row of each in its grid
    quantity: Ints  # (k,) index into ColumnMap.measured
    flags: pa.Array | None  # (k,) text of the flag cell; None = the map names none


def read_grid(grid: Grid, layout: ColumnMap, source: str, latest: int | None, faults: Faults) -> Parsed:
    """Observations, column by column, each column in the order of its rows.

    Args:
        grid: rows of the table.
        layout: what its columns mean.
        source: who says so; it is written into the sections.
        latest: latest local moment [ms] of times without a year; None = the source names no year.
        faults: takes what had to be refused.
    """
    if not len(grid):
        return EMPTY
    formats = (*layout.time.formats, "iso") if grid.typed else layout.time.formats
    stamps = joined(grid, layout.time.columns)
    time, timed, yearless = parse_times(stamps, formats, layout.time.zone, latest)
    label = " ".join(layout.time.columns)
    faults.add_rows("tables.year" if yearless else "tables.time", np.flatnonzero(~timed), grid.lines, label, stamps)
    places = find_places(grid, layout.site, source)
    lost = np.flatnonzero(timed & (places.code < 0))
    faults.add_rows("tables.site", lost, grid.lines, layout.site.id_column or layout.site.name_column)
    good = timed & (places.code >= 0)
    values = _long(grid, layout, good, faults) if layout.long else _wide(grid, layout, good)
    observations = _observe(values, layout, grid, places, time, faults)
    return Parsed(observations, places.sections)


def _wide(grid: Grid, layout: ColumnMap, good: NDArray[np.bool_]) -> Values:
    row = np.flatnonzero(good)
    picked = None if good.all() else pa.array(row)

    def column(name: str) -> pa.Array:
        whole = grid.columns[name] if name else pa.array([""] * len(grid), pa.string())
        return whole if picked is None else whole.take(picked)

    flagged = any(m.flag for m in layout.measured)
    return Values(
        texts=pa.concat_arrays([column(m.name) for m in layout.measured]),
        row=np.tile(row, len(layout.measured)),
        quantity=np.repeat(np.arange(len(layout.measured)), len(row)),
        flags=pa.concat_arrays([column(m.flag) for m in layout.measured]) if flagged else None,
    )


def _long(grid: Grid, layout: ColumnMap, good: NDArray[np.bool_], faults: Faults) -> Values:
    assert layout.long is not None
    names = grid.columns[layout.long.parameter]
    codes = pc.dictionary_encode(names)
    known = {m.name.strip(): i for i, m in enumerate(layout.measured)}
    passed = {name.strip() for name in layout.ignored}
    told = [text.strip() for text in codes.dictionary.to_pylist()]
    each = np.array([known.get(text, -2 if text in passed else -1) for text in told], np.int64)
    quantity = each[codes.indices.to_numpy(zero_copy_only=False)]
    unknown = np.flatnonzero(good & (quantity == -1))
    faults.add_rows("tables.parameter", unknown, grid.lines, layout.long.parameter, names)
    row = np.flatnonzero(good & (quantity >= 0))
    picked = pa.array(row)
    flags = grid.columns[layout.long.flag].take(picked) if layout.long.flag else None
    return Values(grid.columns[layout.long.value].take(picked), row, quantity[row], flags)


def _observe(values: Values, layout: ColumnMap, grid: Grid, places: Places, time: Ints, faults: Faults) -> Observations:
    limits = _limits(layout)[values.quantity] if len(values.row) else np.empty(0)
    cells = read_cells(_classes_as_numbers(values, layout), CellRules(layout.missing, layout.decimal), limits)
    mark, censor = _flagged(values, cells, layout)
    number, upper, converted = _canonical(values, cells, layout, grid, faults)
    keep = (mark != Mark.NOT_MEASURED) & converted
    keep[cells.fault] = False
    keep[cells.unlimited] = False
    for code, where in (("tables.value", cells.fault), ("tables.no_limit", cells.unlimited)):
        _refuse(code, where, values, layout, grid, faults)
    censor = np.where(np.isnan(number), np.uint8(Censor.NONE), censor)
    row, quantity = values.row[keep], values.quantity[keep]
    series = places.code[row] * len(layout.measured) + quantity
    used, index = _used(series, len(places.ids) * len(layout.measured))
    keys = tuple(_key(places, layout.measured, int(code)) for code in used)
    if layout.long and len(set(keys)) < len(keys):  # two names of one parameter
        places_of = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        keys, index = tuple(places_of), np.array([places_of[key] for key in keys], np.int32)[index]
    intervals = upper is not None and bool(np.any(censor[keep] == Censor.INTERVAL))
    return Observations(
        keys=keys,
        series=index,
        time=time[row],
        value=number[keep],
        censor=censor[keep],
        mark=mark[keep],
        upper=upper[keep] if upper is not None and intervals else None,
    )


CLASSES: Final = {  # as bulletins write them, width folded: number of class_published
    text: str(i)
    for i, names in enumerate(("I 一", "II 二", "III 三", "IV 四", "V 五", "劣V 劣五 VI"), 1)
    for name in names.split()
    for text in (name, f"{name}类")
}


def class_numbers(texts: pa.Array) -> pa.Array:
    """Classes Ⅰ to Ⅴ and 劣Ⅴ as 1 to 6; other texts as they are, each different one looked at once."""
    codes = pc.dictionary_encode(texts)
    plain = [unicodedata.normalize("NFKC", text).replace(" ", "") for text in codes.dictionary.to_pylist()]
    each = pa.array([CLASSES.get(key, text) for key, text in zip(plain, codes.dictionary.to_pylist(), strict=True)])
    return each.take(codes.indices) if len(plain) else texts


def _classes_as_numbers(values: Values, layout: ColumnMap) -> pa.Array:
    texts = values.texts
    for i, m in enumerate(layout.measured):
        if m.parameter == "class_published":
            mask = pa.array(values.quantity == i)
            texts = pc.replace_with_mask(texts, mask, class_numbers(texts.filter(mask)))
    return texts


def _limits(layout: ColumnMap) -> Array:
    """Detection limit of each quantity in the unit of its column: declared, or of the vocabulary; NaN = not known."""
    return np.array([m.limit if m.limit is not None else _known_limit(m) for m in layout.measured])


def _known_limit(m: Measured) -> float:
    limit = vocabulary.parameter(m.parameter).detection_limit
    if limit is None:
        return float("nan")
    scale, shift, species = factor(m.parameter, m.unit, m.species)
    return (limit - shift) / scale / species


def _used(series: Ints, size: int) -> tuple[Ints, NDArray[np.int32]]:
    """(the codes that occur, index of each into them), without sorting all of them."""
    there = np.zeros(size, np.bool_)
    there[series] = True
    used = np.flatnonzero(there)
    place = np.zeros(size, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used, place[series]


def _key(places: Places, measured: tuple[Measured, ...], code: int) -> SeriesKey:
    m = measured[code % len(measured)]
    return SeriesKey(places.ids[code // len(measured)], m.parameter, m.cadence, m.statistic)


def _refuse(code: str, where: Ints, values: Values, layout: ColumnMap, grid: Grid, faults: Faults) -> None:
    if not len(where):
        return
    for i, m in enumerate(layout.measured):
        mine = where[values.quantity[where] == i]
        if not len(mine):
            continue
        column = layout.long.value if layout.long else m.name
        faults.add_rows(code, np.arange(len(mine)), grid.lines[values.row[mine]], column,
                        values.texts.take(pa.array(mine)), parameter=m.parameter)  # fmt: skip


def _flagged(values: Values, cells: Cells, layout: ColumnMap) -> tuple[Bytes, Bytes]:
    """(mark, censor) with what the flag column says; a cell without a value keeps its own mark."""
    if values.flags is None:
        return cells.mark, cells.censor
    told = {text.casefold(): meaning for text, meaning in layout.flags}
    empty = {text.casefold() for text, _ in layout.missing} | {""}
    codes = pc.dictionary_encode(values.flags)
    texts = [text.strip().casefold() for text in codes.dictionary.to_pylist()]
    meanings = [told.get(text, Mark.NONE if text in empty else Mark.UNKNOWN) for text in texts]
    code = codes.indices.to_numpy(zero_copy_only=False)
    marks = np.array([m if isinstance(m, Mark) else Mark.NONE for m in meanings], np.uint8)[code]
    censors = np.array([m if isinstance(m, Censor) else Censor.NONE for m in meanings], np.uint8)[code]
    return (
        np.where(cells.mark == Mark.NONE, marks, cells.mark),
        np.where(cells.censor == Censor.NONE, censors, cells.censor),
    )


def _canonical(
    values: Values, cells: Cells, layout: ColumnMap, grid: Grid, faults: Faults
) -> tuple[Array, Array | None, NDArray[np.bool_]]:
    """(value, upper bound, which could be converted), in canonical units."""
    ok = np.ones(len(values.row), np.bool_)
    number, upper = cells.value, cells.upper
    units: pa.Array | None = None
    if layout.long and layout.long.unit:
        units = grid.columns[layout.long.unit].take(pa.array(values.row))
    for i, m in enumerate(layout.measured):
        mine = values.quantity == i
        if units is None:
            _convert(number, upper, mine, m.parameter, m.unit, m.species)
            continue
        for text in pc.unique(units.filter(pa.array(mine))).to_pylist():
            here = mine & pc.equal(units, text).to_numpy(zero_copy_only=False)
            unit, species = unit_and_species(text) if text.strip() else (m.unit, m.species)
            try:
                _convert(number, upper, here, m.parameter, unit, species or m.species)
            except ShangyouError as error:
                ok &= ~here
                lines = grid.lines[values.row[here]]
                faults.add_rows(error.code, np.arange(len(lines)), lines, layout.long.unit if layout.long else "",
                                units.filter(pa.array(here)), **error.facts)  # fmt: skip
    return number, upper, ok


def _convert(
    number: Array, upper: Array | None, where: NDArray[np.bool_], parameter: str, unit: str, species: str
) -> None:
    *_, share = factor(parameter, unit, species)
    target = _unit_of(parameter)
    if share == 1.0 and canonical_name(unit) == target:
        return
    for array in (number, upper):
        if array is not None:
            part = array[where]
            array[where] = convert(part * share if share != 1.0 else part, unit, target)


@cache
def _unit_of(parameter: str) -> str:
    return canonical_name(vocabulary.parameter(parameter).unit)


def unit_and_species(text: str) -> tuple[str, str]:
    """A unit as laboratories write it, and the species of which it speaks.

    >>> unit_and_species("mg/l as NO3")
    ('mg/l', 'NO3')
    """
    unit, _, species = text.strip().partition(" as ")
    return unit.strip(), species.strip()
