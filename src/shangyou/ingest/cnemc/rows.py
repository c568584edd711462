"""Rows of the portal to observations: the same for section files, answers and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core import vocabulary
from shangyou.core.records import Array, Bytes, Censor, Ints, Mark, Observations, Parsed, SeriesKey
from shangyou.core.registry import Section, section_id
from shangyou.core.units import convert
from shangyou.ingest.cnemc.portal import ALGAE, CADENCE, CELLS, NO_TIME, STATES
from shangyou.ingest.tables.cells import Cells, read_cells
from shangyou.ingest.tables.convert import EMPTY, class_numbers
from shangyou.ingest.tables.faults import Faults, spans
from shangyou.ingest.tables.sites import water_kind
from shangyou.ingest.tables.times import parse_times

_FORMS = ("%m-%d %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_CLASS = "class_published"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n rows of the portal as texts; tags are off and original values are in place of rounded ones."""

    province: pa.Array
    basin: pa.Array
    name: pa.Array
    time: pa.Array
    state: pa.Array
    values: tuple[tuple[str, str, pa.Array], ...]  # (parameter, unit, (n,) texts)
    lines: Ints  # (n,) line or row of the source
    city: pa.Array | None = None
    river: pa.Array | None = None

    def only(self, keep: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        if keep.all():
            return self
        mask = pa.array(keep)

        def cut(column: pa.Array | None) -> pa.Array | None:
            return None if column is None else column.filter(mask)

        values = tuple((parameter, unit, column.filter(mask)) for parameter, unit, column in self.values)
        return Rows(
            province=cut(self.province),
            basin=cut(self.basin),
            name=cut(self.name),
            time=cut(self.time),
            state=cut(self.state),
            values=values,
            lines=self.lines[keep],
            city=cut(self.city),
            river=cut(self.river),
        )


def read_rows(rows: Rows, latest: int | None, provinces: Sequence[str], source: str, faults: Faults) -> Parsed:
    """Observations of one source, column by column, each in the order of its rows.

    A cell with a number becomes a value with the state of its station as mark; `--` and 极值过滤 become values that
    are not there, with that mark; `*` (the station does not measure it) becomes nothing. The published class carries
    the state even where it is not given, so that every row with a time leaves its state behind.

    Args:
        rows: see `Rows`.
        latest: latest local moment [ms] that a time without a year can mean; None = nothing names the year.
        provinces: only these; () = all.
        source: who says so; it is written into the sections.
        faults: takes what had to be refused.
    """
    if provinces:
        rows = rows.only(pc.is_in(rows.province, value_set=pa.array(provinces)).to_numpy(zero_copy_only=False))
    n, k = len(rows.lines), len(rows.values)
    if not n or not k:
        return EMPTY
    texts = pa.concat_arrays([_classes(c) if p == _CLASS else c for p, _, c in rows.values])
    cells = read_cells(texts, CELLS, np.array([np.nan]))
    code, ids = _sites(rows)
    named = code >= 0
    faults.add_rows("cnemc.section", np.flatnonzero(~named), rows.lines, "断面名称")
    time, timed = _times(rows, cells, latest, faults)
    sections = _sections(rows, cells, code, ids, source)
    keep = np.tile(timed & named, k) & (cells.mark != Mark.NOT_MEASURED)
    for i, (parameter, _, column) in enumerate(rows.values):
        mine = cells.fault[(cells.fault >= i * n) & (cells.fault < (i + 1) * n)] - i * n
        faults.add_rows("cnemc.value", mine, rows.lines, parameter, column, parameter=parameter)
    keep[cells.fault] = False
    keep[cells.unlimited] = False
    series = (np.repeat(np.arange(k) * len(ids), n) + np.tile(code, k))[keep]
    used, index = np.unique(series, return_inverse=True)
    observations = Observations(
        keys=tuple(
            SeriesKey(ids[i % len(ids)], rows.values[i // len(ids)][0], CADENCE, "value") for i in used.tolist()
        ),
        series=index.astype(np.int32),
        time=np.tile(time, k)[keep],
        value=_canonical(rows, cells)[keep],
        censor=np.where(np.isnan(cells.value), np.uint8(Censor.NONE), cells.censor)[keep],
        mark=_marks(rows, cells)[keep],
    )
    return Parsed(observations, sections)


def _classes(texts: pa.Array) -> pa.Array:
    """Classes as numbers. Every station has one, so that `*` is here a value that is not there."""
    return class_numbers(pc.if_else(pc.equal(texts, "*"), "--", texts))


def _sites(rows: Rows) -> tuple[Ints, tuple[str, ...]]:
    """((n,) index into ids, -1 where no section is named; ids)."""
    both = pc.dictionary_encode(pc.binary_join_element_wise(rows.province, rows.name, "\x1f"))
    index: dict[str, int] = {}
    each = list[int]()
    for text in both.dictionary.to_pylist():
        province, _, name = text.partition("\x1f")
        each.append(index.setdefault(section_id(province, name), len(index)) if name else -1)
    code: Ints = np.array(each, np.int64)[both.indices.to_numpy(zero_copy_only=False)]
    return code, tuple(index)


def _times(rows: Rows, cells: Cells, latest: int | None, faults: Faults) -> tuple[Ints, NDArray[np.bool_]]:
    """((n,) ms since 1970 UTC, (n,) which have one). Rows of idle stations without a time are told in one refusal."""
    n = len(rows.lines)
    time, timed, yearless = parse_times(rows.time, _FORMS, "+08:00", latest)
    if yearless:
        faults.add("cnemc.year", rows=int(np.sum(~timed)))
        return time, timed
    blank = pc.is_in(rows.time, value_set=pa.array(sorted(NO_TIME))).to_numpy(zero_copy_only=False)
    valued = np.isfinite(cells.value).reshape(-1, n).any(axis=0)
    faults.add_rows("cnemc.time", np.flatnonzero(~timed & (~blank | valued)), rows.lines, "监测时间", rows.time)
    idle = np.flatnonzero(~timed & blank & ~valued)
    if len(idle):
        names = ", ".join(dict.fromkeys(rows.name.take(pa.array(idle)).to_pylist()))
        faults.add("cnemc.idle", int(rows.lines[idle[0]]), "监测时间", names, rows=len(idle), lines=_lines(rows, idle))
    return time, timed


def _lines(rows: Rows, which: Ints) -> str:
    text = spans(rows.lines[which].tolist())
    return text if len(text) <= 300 else text[:300] + " …"


def _marks(rows: Rows, cells: Cells) -> Bytes:
    """Mark of each cell: the station's state where there is a value, else why there is none."""
    n, k = len(rows.lines), len(rows.values)
    codes = pc.dictionary_encode(rows.state)
    told = np.array([STATES.get(t, Mark.UNKNOWN if t else Mark.NONE) for t in codes.dictionary.to_pylist()], np.uint8)
    state = told[codes.indices.to_numpy(zero_copy_only=False)]
    mark = np.where(cells.mark == Mark.NONE, np.tile(state, k), cells.mark)
    for i, (parameter, _, _) in enumerate(rows.values):
        if parameter == _CLASS:
            part = slice(i * n, (i + 1) * n)
            silent = (cells.mark[part] != Mark.NONE) & ((state == Mark.NORMAL) | (state == Mark.NONE))
            mark[part] = np.where(silent, np.uint8(Mark.NO_VALUE), state)
    return mark


def _canonical(rows: Rows, cells: Cells) -> Array:
    n, value = len(rows.lines), cells.value.copy()
    for i, (parameter, unit, _) in enumerate(rows.values):
        part = slice(i * n, (i + 1) * n)
        value[part] = convert(value[part], unit, vocabulary.parameter(parameter).unit)
    return value


def _sections(rows: Rows, cells: Cells, code: Ints, ids: tuple[str, ...], source: str) -> tuple[Section, ...]:
    """The sections as the source describes them, in order of appearance."""
    n = len(rows.lines)
    seen, starred = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for i, (parameter, _, _) in enumerate(rows.values):
        if parameter in ALGAE:
            part = slice(i * n, (i + 1) * n)
            seen |= np.isfinite(cells.value[part])
            starred |= cells.mark[part] == Mark.NOT_MEASURED
    measured, not_measured = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
    measured[code[seen & (code >= 0)]] = True
    not_measured[code[starred & (code >= 0)]] = True
    first = pa.array(np.unique(code[code >= 0], return_index=True)[1])
    named = rows.only(code >= 0) if (code < 0).any() else rows
    columns = (named.province, named.name, named.basin, named.city, named.river)
    told = zip(*([""] * len(ids) if c is None else c.take(first).to_pylist() for c in columns), strict=True)
    out = list[Section]()
    for i, (province, name, basin, city, river) in enumerate(told):
        kind, confidence = water_kind(river, name, bool(measured[i]) if measured[i] or not_measured[i] else None)
        out.append(Section(ids[i], name, "", province, city, basin, river, kind, source=source, confidence=confidence))
    return tuple(out)
