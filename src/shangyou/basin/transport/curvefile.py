"""Tracer curves as hydrologists keep them: a table with units in its head, dates with or without a zone, gaps, bounds.

    time (min), chloride [ug/L]         units in brackets, or behind the name
    日期, 时间, 距离(km), 浓度(mg/L)      date and time apart; curves of several places in one table, by distance
    t;conc                              semicolons or tabs, then decimals may have a comma

A cell with nothing in it, "-", "NA" and the like is a gap; "<0.02" and ">5" are bounds. "not detected" without a limit
says nothing that could be reckoned with, so it is a fault, as is a unit that nobody knows.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from typing import Any, Final, NamedTuple

from shangyou.basin.transport.columns import MOST_ROWS, SECONDS, SHORT
from shangyou.basin.transport.reading import BOUND, UNDETECTED, moment
from shangyou.core.records import Refusal

UNITS: Final = {"mg/L": 1.0, "g/m3": 1.0, "ug/L": 1e-3, "µg/L": 1e-3, "ng/L": 1e-6, "g/L": 1e3}  # g/m3 of one
TIMES: Final = ("time", "t", "datetime", "date_time", "timestamp", "时间", "时刻", "采样时间", "监测时间", "elapsed")
DATES: Final = ("date", "day", "日期")
PLACES: Final = ("distance", "at", "x", "距离", "里程", "chainage")
METRES: Final = {"m": 1.0, "km": 1000.0, "米": 1.0, "千米": 1000.0, "公里": 1000.0}
CLOCK: Final = {
    "小时": "hours",
    "时": "hours",
    "分钟": "minutes",
    "分": "minutes",
    "秒": "seconds",
    "天": "days",
    "hr": "hours",
}
GAPS: Final = ("", "-", "--", "—", "/", "na", "n/a", "nan", "null", "none", "缺测", "缺", "停测")
WORDS: Final = 30  # characters of what is told of a cell


class Head(NamedTuple):
    """A column's head: its name in small letters, and the unit that it tells."""

    whole: str
    name: str
    unit: str


def read_curves(
    text: str, file: str, column: str, time_unit: str, unit: str
) -> tuple[list[dict[str, Any]], list[Refusal]]:
    """Curves of a table, each {at_m (if the table tells it), points}, in the units of the river's file; and faults.

    Args:
        file: name of the table, for faults. column: of the values; "" = the only one there is.
        time_unit, unit: of SECONDS and UNITS, what points shall be in, and what counts where the head tells none.
    """
    rows, heads = _rows(text)
    faults: list[Refusal] = []
    used = _columns(heads, column, file, faults)
    if used is None:
        return [], faults
    clock, scale = _time_unit(heads[used.time], time_unit), _unit(heads[used.value], unit)
    if scale is None:
        known = ", ".join(UNITS)
        return [], [Refusal("riverfile.unit", {"file": file, "head": heads[used.value].whole, "known": known}, 1)]
    comma = ";" in text.split("\n", 1)[0] or "\t" in text.split("\n", 1)[0]
    curves: dict[float | None, list[list[object]]] = defaultdict(list)
    for line, cells in rows[:MOST_ROWS]:
        cells = [each.strip().replace(",", ".") if comma else each.strip() for each in [*cells, *[""] * len(heads)]]
        told = cells[used.value]
        if told.lower() in GAPS:
            continue
        time = cells[used.time] if used.date is None else f"{cells[used.date]} {cells[used.time]}"
        at = None if used.place is None else _number(cells[used.place])
        when = time if moment(time) is not None else _number(time)
        value = _value(told, scale / UNITS[unit])
        for good, code, got in (
            (used.place is None or at is not None, "riverfile.cell", cells[used.place or 0]),
            (when is not None, "riverfile.time", time),
            (value is not None, "riverfile.undetected" if told.lower() in UNDETECTED else "riverfile.cell", told),
        ):
            if not good:
                faults.append(Refusal(code, {"file": file, "got": got[:WORDS]}, line, file, got[:WORDS]))
        if at is not None:
            at *= METRES.get(heads[used.place or 0].unit, 1.0)
        curves[at].append([when * clock / SECONDS[time_unit] if isinstance(when, float) else when, value])
    if not curves:
        faults.append(Refusal("riverfile.empty", {"file": file}, 1, file))
    return [_curve(at, points) for at, points in curves.items()], faults


def _curve(at: float | None, points: list[list[object]]) -> dict[str, Any]:
    """In order of time: loggers write the newest first as often as last."""
    if all(point[0] is not None for point in points):
        points = sorted(points, key=lambda point: moment(point[0]) or float(str(point[0]).partition("-")[0] or 0))
    return {"points": points} if at is None else {"at_m": at, "points": points}


class _Used(NamedTuple):
    time: int
    value: int
    date: int | None
    place: int | None


def _rows(text: str) -> tuple[list[tuple[int, list[str]]], list[Head]]:
    """Rows with their lines, and the heads; what separates cells is what the first line has most of."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith("#")), "")
    separator = max(";\t,", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        every = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        return [], []
    found = [(line, cells) for line, cells in every if not cells[0].startswith("#")]
    return found[1:], [_head(cell) for cell in found[0][1]] if found else []


def _head(cell: str) -> Head:
    """The name and the unit of a head: `Cl (mg/L)`, `Cl [mg/L]`, `Cl mg/L`, `cl_mg_l`, `hours`."""
    text = cell.strip()
    apart = re.fullmatch(r"(.*?)\s*[\[(（]\s*(.*?)\s*[\])）]", text) or re.fullmatch(r"(\S+)[\s,/]+(\S+)", text)
    if apart is None:
        apart = re.fullmatch(
            r"(.+?)_((?:h|hours?|min|minutes?|s|sec|seconds?|d|days?|m|km|[munµ]?g_?/?l))", text, re.IGNORECASE
        )
    if apart is None:
        return Head(text, text.lower(), text.lower())
    return Head(text, apart[1].lower(), apart[2].lower().replace("_", "/"))


def _columns(heads: list[Head], column: str, file: str, faults: list[Refusal]) -> _Used | None:
    """Which column is what; None where that cannot be told."""
    whole = ", ".join(head.whole for head in heads)[:120]
    date = next((i for i, head in enumerate(heads) if head.name in DATES), None)
    times = [i for i, head in enumerate(heads) if i != date and (head.name in TIMES or _clock(head.name) is not None)]
    if not times and date is not None:
        times, date = [date], None
    if not times or len(heads) < 2:
        faults.append(Refusal("riverfile.head", {"file": file, "got": whole or "-"}, 1, file))
        return None
    place = next((i for i, head in enumerate(heads) if head.name in PLACES and head.unit in (*METRES, head.name)), None)
    rest = [i for i in range(len(heads)) if i not in (times[0], date, place)]
    wanted = column.strip().lower()
    named = [i for i in rest if wanted in (heads[i].whole.lower(), heads[i].name)] if wanted else rest
    if len(named) != 1:
        known = ", ".join(heads[i].whole for i in rest)[:120]
        faults.append(
            Refusal("riverfile.column", {"file": file, "column": column[:40] or "-", "known": known}, 1, file)
        )
        return None
    return _Used(times[0], named[0], date, place)


def _clock(word: str) -> str | None:
    """Which of SECONDS a word means."""
    long = CLOCK.get(word, SHORT.get(word, word))
    return long if long in SECONDS else f"{long}s" if f"{long}s" in SECONDS else None


def _time_unit(head: Head, usual: str) -> float:
    return SECONDS[_clock(head.unit) or _clock(head.name) or usual]


def _unit(head: Head, usual: str) -> float | None:
    """g/m3 of one; None where the head tells a unit that is not known."""
    if head.unit == head.name:
        return UNITS[usual]
    plain = head.unit.replace("μ", "µ").replace("³", "3").replace(" ", "").replace("·l-1", "/l").replace("l-1", "/l")
    return next((one for name, one in UNITS.items() if name.lower() == plain.replace("m^3", "m3")), None)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _value(text: str, scale: float) -> float | str | None:
    """A concentration, or its bound as a text, in the unit of the river's file."""
    bound = BOUND.fullmatch(text)
    number = _number(bound[2] if bound else text)
    if number is None:
        return None
    return f"{bound[1]}{number * scale:.12g}" if bound else number * scale
