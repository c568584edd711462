"""The column map: what each column of a table means. Declared, checked at birth, good for every file of its kind."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple

from shangyou.core import units, vocabulary
from shangyou.core.errors import InputError, ShangyouError
from shangyou.core.records import Censor, Mark
from shangyou.ingest.tables.times import Format, offset_ms

CADENCES: Final = ("instant", "minute", "hour", "4h", "day", "month")
STATISTICS: Final = ("value", "mean", "min", "max", "total")


class TimeColumns(NamedTuple):
    """Where the time stands and how it is written."""

    columns: tuple[str, ...]  # one, or several that are joined by a blank: date and hour, or year month day hour
    formats: tuple[str, ...]  # tried in order: iso, excel, unix, unix_ms or a form such as "%Y-%m-%d %H:%M"
    zone: str = "+08:00"  # offset from UTC of what is written; a zone inside the cell goes before it
    year: str = ""  # "2021", "2021-04": of times without one; "" = from the note or the name of the source


class Site(NamedTuple):
    """Where the values were measured: texts that hold for the whole table, or columns that say it row by row."""

    id: str = ""  # registry id, or an MN; "" = made of province and name
    name: str = ""
    province: str = ""
    city: str = ""
    basin: str = ""
    river: str = ""
    id_column: str = ""
    name_column: str = ""
    province_column: str = ""
    city_column: str = ""
    basin_column: str = ""
    river_column: str = ""
    longitude_column: str = ""
    latitude_column: str = ""
    device: bool = False  # the id is an MN: the registry of devices says where it stands


class Measured(NamedTuple):
    """One measured quantity: a column of a wide table, or a name in the parameter column of a long one."""

    name: str  # header of the column, or text in the parameter column
    parameter: str  # key of core.vocabulary
    unit: str  # of the numbers as they stand in the table, a name of core.units
    cadence: str = "instant"
    statistic: str = "value"
    species: str = ""  # NO3 where nitrate is given as NO3 although it is kept as N
    flag: str = ""  # column with the marks of these values (wide tables)
    limit: float | None = None  # detection limit [unit] of cells that only say ND or 未检出


class LongColumns(NamedTuple):
    """The columns of a long table, where each row is one value."""

    parameter: str
    value: str
    unit: str = ""  # column with the unit of the row; "" = as Measured.unit says
    flag: str = ""


MISSING: Final[tuple[tuple[str, Mark], ...]] = (  # what the sources known to us write where there is no value
    ("", Mark.NOT_MEASURED),
    ("--", Mark.NO_VALUE),
    ("-", Mark.NO_VALUE),
    ("*", Mark.NOT_MEASURED),
    ("NULL", Mark.NO_VALUE),
    ("NaN", Mark.NO_VALUE),
    ("NA", Mark.NO_VALUE),
    ("N/A", Mark.NO_VALUE),
    ("None", Mark.NO_VALUE),
)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How to read one kind of table.

    A cell that a missing token marks NOT_MEASURED makes no observation at all; every other token makes one
    without a value, so that the rate of arrival can be told.

    Raises InputError "tables.map" with all that is wrong with it, each as (field, code, facts).
    """

    time: TimeColumns
    site: Site
    measured: tuple[Measured, ...]
    name: str = ""
    long: LongColumns | None = None  # None = wide: one column a parameter
    missing: tuple[tuple[str, Mark], ...] = MISSING
    flags: tuple[tuple[str, Mark | Censor], ...] = ()  # marks of the flag columns; Censor for "<" and "U"
    ignored: tuple[str, ...] = ()  # names in the parameter column that are passed over without a word
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    comment: str = ""  # rows that begin with it are passed over
    sheet: str = ""  # of a workbook; "" = the first one
    header: tuple[int, ...] = (1,)  # rows of the header, counted from 1; () = none, columns are called 1, 2, 3 ...
    first: int = 0  # first row of data; 0 = the row after the header
    unused: tuple[str, ...] = field(default=())  # columns that are known and not wanted; for the reader of the map

    def __post_init__(self) -> None:
        problems = [*_structure(self), *_quantities(self)]
        if problems:
            raise InputError("tables.map", problems=problems, fields=[p[0] for p in problems], name=self.name)

    def first_row(self) -> int:
        """Row, counted from 1, where the data begin."""
        return self.first or (max(self.header) + 1 if self.header else 1)

    def needed(self) -> tuple[str, ...]:
        """Every column that the map refers to, once, in a fixed order."""
        place = [getattr(self.site, f) for f in Site._fields if f.endswith("_column")]
        values = [*self.long] if self.long else [text for m in self.measured for text in (m.name, m.flag)]
        return tuple(dict.fromkeys(text for text in (*self.time.columns, *place, *values) if text))


Problem = tuple[str, str, dict[str, object]]


def _structure(layout: ColumnMap) -> list[Problem]:
    site, out = layout.site, list[Problem]()
    if not layout.time.columns:
        out.append(("time.columns", "tables.map.empty", {}))
    if not layout.time.formats:
        out.append(("time.formats", "tables.map.empty", {}))
    for text in layout.time.formats:
        try:
            Format.of(text)
        except ShangyouError as error:
            out.append(("time.formats", error.code, error.facts))
    try:
        offset_ms(layout.time.zone)
    except ShangyouError as error:
        out.append(("time.zone", error.code, error.facts))
    if not (site.id or site.id_column or site.name or site.name_column):
        out.append(("site", "tables.map.site", {}))
    if not layout.measured:
        out.append(("measured", "tables.map.empty", {}))
    for where, text in (("separator", layout.separator), ("decimal", layout.decimal)):
        if len(text) != 1 or not text.isascii() or text.isalnum() or text in "\r\n\"'":
            out.append((where, "tables.map.sign", {"text": text}))
    if any(row < 1 for row in layout.header) or layout.first < 0 or layout.first_row() <= max(layout.header, default=0):
        out.append(("header", "tables.map.rows", {"header": layout.header, "first": layout.first}))
    return out


def _quantities(layout: ColumnMap) -> list[Problem]:
    out, seen = list[Problem](), set[tuple[str, ...]]()
    for m in layout.measured:
        try:
            factor(m.parameter, m.unit, m.species)
        except ShangyouError as error:
            out.append((m.name, error.code, error.facts))
        if m.cadence not in CADENCES or m.statistic not in STATISTICS:
            out.append((m.name, "tables.map.cadence", {"cadence": m.cadence, "statistic": m.statistic}))
        key = (m.parameter, m.cadence, m.statistic) if layout.long is None else (m.name,)
        if key in seen:  # two columns for one series would overwrite each other without a word
            out.append((m.name, "tables.map.twice", {"parameter": m.parameter}))
        seen.add(key)
    return out


def factor(parameter: str, unit: str, species: str = "") -> tuple[float, float, float]:
    """(factor, shift, species factor) from a table's unit to the canonical one; the last is applied first.

    Raises NotFoundError "vocabulary.parameter"; InputError "units.unknown", "units.incompatible", "vocabulary.species".
    """
    kept = vocabulary.parameter(parameter)
    scale, shift = units.linear(unit, kept.unit)
    if not species or kept.species.endswith("-" + species):  # "as N" where it is kept as NO3-N
        return scale, shift, 1.0
    return scale, shift, vocabulary.species_factor(species, kept.species)


def column_fields() -> tuple[str, ...]:
    """Names of the map's own fields, in order; the text form follows them."""
    return tuple(f.name for f in fields(ColumnMap))
