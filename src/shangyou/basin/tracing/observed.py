"""Observations of a tracing: a small table of values read, and series made into pulses with errors and background."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

import numpy as np

from shangyou.basin.tracing.problem import Pulse
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes, Censor, Ints, Refusal

MOST_BYTES: Final = 4 << 20
MOST_ROWS: Final = 50_000
MOST_FAULTS: Final = 100
NAMES: Final = {
    "station": ("station", "section", "place", "站点", "断面", "点位"),
    "time": ("time", "at", "时间", "采样时间"),
    "value": ("value", "concentration", "浓度", "数值", "监测值"),
}
VALUE: Final = re.compile(r"([<>＜＞]?)\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)")
LOWER: Final = 1 / 3  # share of a series, from below, that is taken for the background where none is given
QUIET: Final = 1.4826  # standard deviations of a normal in one median absolute deviation


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """One station's values."""

    station: str  # as the source names it
    time: Ints  # (m,) ms since 1970 UTC, increasing
    value: Array  # (m,) g/m3
    censor: Bytes  # (m,) Censor


@dataclass(frozen=True, slots=True)
class Errors:
    """What is known of the errors of values."""

    relative: float = 0.05  # of a value: analysis and sampling
    floor: float | None = None  # g/m3; None = a fiftieth of the pulse
    background: float | None = None  # g/m3; None = from the lowest third of the series


def read_observed(data: bytes, legal: timezone) -> tuple[list[Observed], list[Refusal]]:
    """Read a CSV of station, time, value [mg/L]; every fault with its line, none raised.

    Times are ISO 8601; one without a zone is in `legal` time. "<0.02" and ">5" are bounds. Of two values of a station
    at one time the later line counts.
    """
    if len(data) > MOST_BYTES:
        return [], [Refusal("trace.file_size", {"most": MOST_BYTES})]
    text = data.decode("utf-8-sig", "replace")
    if "\0" in text or "\ufffd" in text:
        return [], [Refusal("trace.file_text", {})]
    rows, faults = _cells(text)
    if faults or not rows:
        return [], faults or [Refusal("trace.file_empty", {})]
    columns, faults = _columns(rows[0][1])
    if faults:
        return [], faults
    found: dict[str, dict[int, tuple[float, int]]] = defaultdict(dict)
    for line, cells in rows[1 : MOST_ROWS + 1]:
        if not any(cell.strip() for cell in cells):
            continue
        read = _row(cells, columns, line, legal)
        if isinstance(read, Refusal):
            faults.append(read)
            if len(faults) >= MOST_FAULTS:
                break
        else:
            station, time, value, censor = read
            found[station][time] = (value, censor)
    if len(rows) > MOST_ROWS + 1:
        faults.append(Refusal("trace.file_rows", {"most": MOST_ROWS}))
    if not found and not faults:
        faults.append(Refusal("trace.file_empty", {}))
    return [_observed(station, values) for station, values in found.items()], faults


def _cells(text: str) -> tuple[list[tuple[int, list[str]]], list[Refusal]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            rows.append((reader.line_num, cells))
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error:
        return [], [Refusal("trace.file_text", {}, line=reader.line_num)]
    return rows, []


def _columns(head: list[str]) -> tuple[dict[str, int], list[Refusal]]:
    words = [cell.strip().lower() for cell in head]
    found = {name: next((i for i, word in enumerate(words) if word in known), -1) for name, known in NAMES.items()}
    faults = [Refusal("trace.file_column", {"column": name}, line=1) for name, at in found.items() if at < 0]
    return found, faults


def _row(
    cells: list[str], columns: dict[str, int], line: int, legal: timezone
) -> tuple[str, int, float, int] | Refusal:
    try:
        station, time, value = (cells[columns[name]].strip() for name in ("station", "time", "value"))
    except IndexError:
        return Refusal("trace.file_cells", {}, line=line)
    number = VALUE.fullmatch(value)
    if not station or len(station) > 200:
        return Refusal("trace.file_station", {}, line=line, text=station[:80])
    if number is None:
        return Refusal("trace.file_value", {"text": value[:40]}, line=line, text=value[:80])
    try:
        moment = datetime.fromisoformat(time)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=legal)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return Refusal("trace.file_time", {"text": time[:40]}, line=line, text=time[:80])
    sign = {"<": Censor.BELOW, "＜": Censor.BELOW, ">": Censor.ABOVE, "＞": Censor.ABOVE}
    return station, ms, float(number[2]), int(sign.get(number[1], Censor.NONE))


def _observed(station: str, values: dict[int, tuple[float, int]]) -> Observed:
    times = sorted(values)
    return Observed(
        station,
        np.array(times, np.int64),
        np.array([values[t][0] for t in times]),
        np.array([values[t][1] for t in times], np.uint8),
    )


def pulse_of(observed: Observed, errors: Errors, support: float = 0.0) -> Pulse:
    """A series as a pulse: its background from the quiet part, errors from what is known of them.

    Where the quiet part lies below a limit, the background is taken for half of it.
    Raises InputError "trace.pulse" for an empty or disordered series.
    """
    if not len(observed.value):
        raise InputError("trace.pulse", station=observed.station, column="time")
    level, unsure = _background(observed)
    if errors.background is not None:
        level = errors.background
    height = max(float(observed.value.max()) - level, 0.0)
    floor = errors.floor if errors.floor is not None else max(height, level) / 50
    floor = max(floor, 1e-12)
    middle = np.convolve(np.pad(observed.value, 1, "edge"), np.full(3, 1 / 3), "valid")  # noise must not weigh itself
    return Pulse(
        station=observed.station,
        time=observed.time,
        value=observed.value,
        censor=observed.censor,
        noise=np.hypot(floor, errors.relative * middle),
        background=level,
        background_sd=max(unsure, floor / 2),
        support=support,
    )


def _background(observed: Observed) -> tuple[float, float]:
    """Level of the quiet part of a series and how well it is known: median and scatter of its lowest third.

    What is below a limit counts as half of it, known to a quarter of it. Values above a range say nothing.
    """
    below = observed.censor == Censor.BELOW
    level = np.where(below, observed.value / 2, observed.value)[observed.censor != Censor.ABOVE]
    if not len(level):
        return float(observed.value.min()) / 2, float(observed.value.min()) / 4
    order = np.argsort(level, kind="stable")[: max(3, round(len(level) * LOWER))]
    low, hidden = level[order], below[observed.censor != Censor.ABOVE][order]
    middle = float(np.median(low))
    unsure = QUIET * float(np.median(np.abs(low - middle)))
    return middle, max(unsure, float(low[hidden].max()) / 2) if hidden.any() else unsure
