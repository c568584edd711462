"""Infer a column map from the beginning of a table, with a remark and a confidence for every guess."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core import vocabulary
from shangyou.core.errors import InputError
from shangyou.core.records import Censor, Mark
from shangyou.ingest.tables.cells import CellRules, Kind
from shangyou.ingest.tables.columns import MISSING, ColumnMap, LongColumns, Measured, Site, TimeColumns, factor
from shangyou.ingest.tables.convert import class_numbers
from shangyou.ingest.tables.headers import Heading, Role, understand, unit_of
from shangyou.ingest.tables.layout import Sample, find_sample
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.media import settled
from shangyou.ingest.tables.timeforms import TimeForm, cadence_of, find_form
from shangyou.ingest.tables.times import latest_moment, parse_times

IMPOSSIBLE: Final = tuple((text, Mark.NO_VALUE) for text in ("-999", "-9999", "-99999"))  # of no parameter we know
SENTINELS: Final = ("-200", "-99", "-99.99", "-999.99", "9999", "99999")  # taken for missing only where they occur
WORDS: Final[dict[str, Mark]] = (  # other texts that stand for no value, taken into the map where they occur
    dict.fromkeys(("/", "///", "---", "—", "——", "缺测", "缺", "无", "无数据", "-;", "#N/A", "."), Mark.NO_VALUE)
    | dict.fromkeys(("未监测", "未测"), Mark.NOT_MEASURED)
    | dict.fromkeys(("断流", "停测", "停站"), Mark.STOPPED)
    | {"维护": Mark.MAINTENANCE, "故障": Mark.FAULT, "极值过滤": Mark.EXTREME_FILTERED}
)
FLAGS: Final[dict[str, Mark | Censor]] = {  # HJ 212-2017 table 8, marks of national stations, words, remark codes
    "N": Mark.NORMAL, "F": Mark.STOPPED, "M": Mark.MAINTENANCE, "S": Mark.MANUAL, "D": Mark.FAULT,
    "C": Mark.CALIBRATION, "T": Mark.OVER_RANGE, "B": Mark.COMMUNICATION, "L": Mark.BELOW_LIMIT,
    "ra": Mark.SPIKE_RECOVERY, "pt": Mark.PARALLEL, "lr": Mark.NO_REAGENT, "lp": Mark.NO_REAGENT,
    "lw": Mark.NO_REAGENT, "ls": Mark.NO_REAGENT, "正常": Mark.NORMAL, "维护": Mark.MAINTENANCE, "停站": Mark.STOPPED,
    "停运": Mark.STOPPED, "不具备运行条件": Mark.STOPPED, "故障": Mark.FAULT, "校准": Mark.CALIBRATION,
    "<": Censor.BELOW, ">": Censor.ABOVE, "Not Detected": Censor.BELOW,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """One guess: what it is about, what was taken and how sure that is. The sentence is made at the face."""

    code: str
    column: str
    facts: dict[str, object]
    confidence: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Guess:
    """A column map with what it rests on."""

    map: ColumnMap
    remarks: tuple[Remark, ...]

    @property
    def confidence(self) -> float:
        """That of the weakest guess which a value rests on; what is left out does not count."""
        return min((r.confidence for r in self.remarks if r.code not in LEFT_OUT), default=1.0)


LEFT_OUT: Final = frozenset({"tables.guess.unused", "tables.guess.copy", "tables.guess.twice", "tables.guess.species"})


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the sample."""

    heading: Heading
    name: str
    cells: list[str]

    def texts(self) -> list[str]:
        return [cell.strip() for cell in self.cells]


def infer(sample: bytes, name: str = "", site: str = "", limits: Limits = Limits()) -> Guess:  # noqa: B008 - frozen
    """The column map that fits the beginning of a table.

    Args:
        sample: the first part of a text table (a quarter of a megabyte does), or a whole workbook.
        name: of the file; its stem is taken for the site where no column names one.
        site: registry id of the site, if whoever gives the table knows it.
        limits: bounds of one read.

    Raises:
        InputError: "tables.infer": no time column or no parameter was recognised; facts say which, and the headers.
            Also what `excel.first_rows` raises.
    """
    found = find_sample(sample, limits)
    columns = [_Column(understand(n), n, c) for n, c in zip(found.names, found.columns, strict=True)]
    remarks = list(found_remarks(found))
    meant = settled([c.heading for c in columns], [""] * len(columns))
    columns = [replace(c, heading=heading) for c, heading in zip(columns, meant, strict=True)]
    time = _time(columns, name, remarks)
    where = _site(columns, name, site, remarks)
    cadence = _cadence(columns, time, where, remarks)
    missing = _missing(columns, remarks)
    long = _long(columns)
    flags, state = _flags(columns, long, remarks)
    measured = (
        _from_rows(columns, long, cadence, remarks)
        if long
        else _from_headers(columns, cadence, state, missing, remarks)
    )
    lacking = [what for what, there in (("time", time), ("parameters", measured)) if not there]
    if lacking or time is None:
        raise InputError("tables.infer", lacking=", ".join(lacking), found=", ".join(found.names[:40]), name=name)
    layout = ColumnMap(
        time=time,
        site=where,
        measured=tuple(measured),
        name=PurePath(name).stem,
        long=long,
        missing=missing,
        flags=flags,
        ignored=tuple(r.column for r in remarks if r.code == "tables.guess.unused") if long else (),
        encoding=found.encoding,
        separator=found.separator,
        decimal=found.decimal,
        comment=found.comment,
        sheet=found.sheet,
        header=found.header,
        first=found.first,
    )
    unused = [c.name for c in columns if c.name not in layout.needed()]
    told = {r.column for r in remarks if r.code in LEFT_OUT}
    remarks += [Remark("tables.guess.unused", text, {}, 1.0) for text in unused if text not in told]
    return Guess(replace(layout, unused=tuple(unused)), tuple(remarks))


def found_remarks(sample: Sample) -> list[Remark]:
    """How the table was cut into cells."""
    out = [Remark("tables.guess.header", "", {"rows": list(sample.header), "first": sample.first}, sample.sure)]
    if sample.sheet:
        return [Remark("tables.guess.sheet", "", {"sheet": sample.sheet}, 0.9), *out]
    sure = 0.9 if sample.encoding in ("utf-8", "utf-8-sig", "utf-16") else 0.7
    facts: dict[str, object] = {"encoding": sample.encoding, "separator": sample.separator, "decimal": sample.decimal}
    return [Remark("tables.guess.text", "", facts, sure), *out]


_TRIES: Final = 4  # time columns of one role that are tried; each pair costs a hundred forms


def _time(columns: list[_Column], name: str, remarks: list[Remark]) -> TimeColumns | None:
    """The time columns and their form."""
    by_role = {role: [c for c in columns if c.heading.role is role] for role in Role}
    tries: list[tuple[list[_Column], str]] = [([c], c.heading.zone) for c in by_role[Role.TIME][:_TRIES]]
    parts = [by_role[r] for r in (Role.YEAR, Role.MONTH, Role.DAY, Role.HOUR, Role.MINUTE)]
    if parts[0] and parts[1]:
        tries.append(([p[0] for p in parts if p], ""))
    best: tuple[TimeForm, list[_Column], str] | None = None
    for group, zone in tries:
        clocks = [c for role in (Role.CLOCK, Role.HOUR, Role.TIME) for c in by_role[role][:_TRIES] if c not in group]
        for extra in ([], *([clock] for clock in clocks if len(group) == 1)):
            form = find_form([" ".join(row) for row in zip(*(c.texts() for c in group + extra), strict=True)])
            finer = form is not None and best is not None and _fineness(form) > _fineness(best[0])
            if form is not None and (best is None or finer):
                best = form, group + extra, zone
    if best is None:
        return None
    form, group, zone = best
    label = " ".join(c.name for c in group)
    remarks.append(Remark("tables.guess.time", label, {"formats": ", ".join(form.formats)}, form.confidence))
    if form.other:
        facts: dict[str, object] = {"taken": form.formats[0], "other": form.other}
        remarks.append(Remark("tables.guess.time_order", label, facts, form.confidence))
    if not any("%Y" in f or "%y" in f or not f.startswith("%") for f in form.formats):
        dated = latest_moment(name) is not None
        remarks.append(Remark("tables.guess.year", label, {"name": name}, 0.8 if dated else 0.2))
    if not zone:
        remarks.append(Remark("tables.guess.zone", label, {"zone": "+08:00"}, 0.6))
    return TimeColumns(tuple(c.name for c in group), form.formats, zone or "+08:00")


def _fineness(form: TimeForm) -> int:
    return max(3 if "%H" in f or "%I" in f or f in ("iso", "unix", "unix_ms", "excel") else 1 for f in form.formats)


_SITE_ROLES: Final = (
    Role.ID,
    Role.NAME,
    Role.PROVINCE,
    Role.CITY,
    Role.BASIN,
    Role.RIVER,
    Role.LONGITUDE,
    Role.LATITUDE,
)


def _site(columns: list[_Column], name: str, site: str, remarks: list[Remark]) -> Site:
    found: dict[str, str] = {}
    for role in _SITE_ROLES:
        column = next((c for c in columns if c.heading.role is role and any(c.texts())), None)
        if column is not None:
            found[f"{role.value}_column"] = column.name
    if site:
        found = {key: text for key, text in found.items() if key not in ("id_column", "name_column", "province_column")}
        return _site_of(found | {"id": site, "name": site})
    if "name_column" in found and "province_column" in found:
        found.pop("id_column", None)  # province and name are what everyone else knows the section by
    named = [key for key in ("id_column", "name_column") if key in found]
    remarks += [Remark("tables.guess.site", found[key], {"role": key.removesuffix("_column")}, 0.9) for key in named]
    device = "id_column" in found and found["id_column"].strip().upper().startswith("MN")
    if named:
        return _site_of(found, device)
    stem = PurePath(name).stem or "table"
    remarks.append(Remark("tables.guess.site_file", "", {"site": stem}, 0.4))
    return _site_of(found | {"name": stem})


def _site_of(texts: dict[str, str], device: bool = False) -> Site:
    return Site._make([*(texts.get(field, "") for field in Site._fields[:-1]), device])  # device is the last field


def _cadence(columns: list[_Column], time: TimeColumns | None, site: Site, remarks: list[Remark]) -> str:
    if time is None:
        return "instant"
    cells = {c.name: c.texts() for c in columns}
    stamps = pa.array([" ".join(row) for row in zip(*(cells[n] for n in time.columns), strict=True)], pa.string())
    ms, ok, _ = parse_times(stamps, time.formats, time.zone, 4_102_444_800_000)
    names = [cells[n] for n in (site.id_column, site.province_column, site.name_column) if n]
    sites = list(zip(*names, strict=True)) if names else [()] * len(ms)
    usual = Counter(s for s, good in zip(sites, ok, strict=True) if good).most_common(1)
    mine = np.array([bool(usual) and s == usual[0][0] for s in sites], np.bool_)
    cadence, sure = cadence_of(ms[ok & mine])
    remarks.append(Remark("tables.guess.cadence", " ".join(time.columns), {"cadence": cadence}, sure))
    return cadence


def _missing(columns: list[_Column], remarks: list[Remark]) -> tuple[tuple[str, Mark], ...]:
    """Texts that stand for no value: those that all sources use, and those of this one."""
    there = Counter(text for c in columns if c.heading.role in (Role.VALUE, Role.LONG_VALUE) for text in c.texts())
    out = [*MISSING, *IMPOSSIBLE]
    for text, count in there.items():
        number = text.removesuffix(".0") if text.endswith(".0") else text
        if text in WORDS:
            out.append((text, WORDS[text]))
        elif number in SENTINELS and count > 1:
            out.append((number, Mark.NO_VALUE))
        else:
            continue
        remarks.append(Remark("tables.guess.missing", "", {"text": text, "count": count}, 0.7))
    return tuple(dict(out).items())


def _long(columns: list[_Column]) -> LongColumns | None:
    def first(role: Role) -> str:
        return next((c.name for c in columns if c.heading.role is role), "")

    if not (first(Role.LONG_PARAMETER) and first(Role.LONG_VALUE)):
        return None
    return LongColumns(
        parameter=first(Role.LONG_PARAMETER),
        value=first(Role.LONG_VALUE),
        unit=first(Role.LONG_UNIT),
        flag=first(Role.LONG_FLAG) or first(Role.STATE),
    )


def _flags(
    columns: list[_Column], long: LongColumns | None, remarks: list[Remark]
) -> tuple[tuple[tuple[str, Mark | Censor], ...], str]:
    """(meaning of the marks that occur, the column that marks whole rows)."""
    state = next((c.name for c in columns if c.heading.role is Role.STATE), "") if long is None else ""
    names = {state, long.flag if long else ""} - {""}
    marks = [c for c in columns if c.heading.role is Role.FLAG or c.name in names]
    empty = {text.casefold() for text, _ in MISSING}
    known = {text.casefold(): (text, meaning) for text, meaning in FLAGS.items()}
    out: dict[str, Mark | Censor] = {}
    for column in marks:
        strange = set[str]()
        for text in set(column.texts()):
            if text.casefold() in known:
                out[known[text.casefold()][0]] = known[text.casefold()][1]
            elif text.casefold() not in empty:
                strange.add(text)
        if strange:
            facts: dict[str, object] = {"texts": ", ".join(sorted(strange)[:10])}
            remarks.append(Remark("tables.guess.flag", column.name, facts, 0.6))
    return tuple(sorted(out.items())), state


def _from_headers(
    columns: list[_Column], cadence: str, state: str, missing: tuple[tuple[str, Mark], ...], remarks: list[Remark]
) -> list[Measured]:
    """The value columns of a wide table."""
    rules, out, taken = CellRules(missing), list[Measured](), dict[tuple[str, str], str]()
    flags = {c.heading.key: c.name for c in reversed(columns) if c.heading.role is Role.FLAG}
    for c in sorted(columns, key=lambda c: -c.heading.confidence):
        h = c.heading
        if h.role is Role.COPY:
            remarks.append(Remark("tables.guess.copy", c.name, {"parameter": h.key}, 1.0))
        if h.role is not Role.VALUE or not _is_numeric(c, rules):
            continue
        statistic = h.statistic or "value"
        if (h.key, statistic) in taken:
            facts: dict[str, object] = {"parameter": h.key, "other": taken[h.key, statistic]}
            remarks.append(Remark("tables.guess.twice", c.name, facts, 1.0))
            continue
        taken[h.key, statistic] = c.name
        remarks.append(Remark("tables.guess.parameter", c.name, {"parameter": h.key}, h.confidence))
        unit, species = _unit(c, remarks), h.species
        if not _fits(h.key, unit, species):
            facts = {"parameter": h.key, "unit": f"{unit} {species}".strip()}
            remarks.append(Remark("tables.guess.species", c.name, facts, 1.0))
            continue
        out.append(Measured(c.name, h.key, unit, cadence, statistic, species, flags.get(h.key, state)))
    order = [c.name for c in columns]
    return sorted(out, key=lambda m: order.index(m.name))


def _fits(key: str, unit: str, species: str) -> bool:
    try:
        factor(key, unit, species)
    except InputError:
        return False
    return True


def _is_numeric(column: _Column, rules: CellRules) -> bool:
    """Do most filled cells hold a number or a form that stands for one?"""
    texts = column.texts()
    if column.heading.key == "class_published":
        texts = [text for text in class_numbers(pa.array(texts, pa.string())).to_pylist() if text is not None]
    kinds = Counter(rules.form(text).kind for text in texts)
    return kinds[Kind.FAULT] <= 0.2 * max(kinds.total(), 1)


def _unit(column: _Column, remarks: list[Remark]) -> str:
    """The unit that the header states, or the usual one where the numbers do not speak against it."""
    h = column.heading
    if h.unit:
        return h.unit
    unit, sure = h.usual or vocabulary.parameter(h.key).unit, 0.6
    forms = [CellRules(()).form(text) for text in column.texts()]
    numbers = [form.number for form in forms if form.kind is Kind.NUMBER]
    middle = statistics.median(numbers) if numbers else math.nan
    for other, low, high in _TELLING.get(h.key, ()):
        if low <= middle <= high:
            unit = other
    if h.key == "water_level":
        sure = 0.3  # metres, feet or centimetres: no number tells
    if unit not in ("1",) or vocabulary.parameter(h.key).unit != "1":
        remarks.append(Remark("tables.guess.unit", column.name, {"unit": unit}, sure))
    return unit


_TELLING: Final = {  # where the size of the numbers tells the unit: (unit, lowest and highest median)
    "water_temperature": (("degF", 45.0, 120.0),),
    "air_pressure": (("hPa", 500.0, 1100.0), ("Pa", 50_000.0, 110_000.0)),
    "conductivity": (("mS/cm", 0.001, 3.0),),
    "algal_density": (),
}


def _from_rows(columns: list[_Column], long: LongColumns, cadence: str, remarks: list[Remark]) -> list[Measured]:
    """The parameters that the rows of a long table name."""
    cells = {c.name: c.texts() for c in columns}
    units = cells[long.unit] if long.unit else [""] * len(cells[long.parameter])
    out = list[Measured]()
    stated: dict[str, Counter[str]] = {}
    for text, unit in zip(cells[long.parameter], units, strict=True):
        stated.setdefault(text, Counter())[unit_of(unit.partition(" as ")[0])] += 1
    usual = {text: next((u for u, _ in found.most_common() if u), "") for text, found in stated.items()}
    for text, h in zip(usual, settled([understand(text) for text in usual], list(usual.values())), strict=True):
        if not h.key:
            remarks.append(Remark("tables.guess.unused", text, {}, 1.0))
            continue
        told = h.unit or usual[text]
        unit = told or h.usual or vocabulary.parameter(h.key).unit
        remarks.append(Remark("tables.guess.parameter", text, {"parameter": h.key}, h.confidence))
        if not told:
            remarks.append(Remark("tables.guess.unit", text, {"unit": unit}, 0.6))
        if _fits(h.key, unit, h.species):
            out.append(Measured(text, h.key, unit, cadence, h.statistic or "value", h.species))
    return out
