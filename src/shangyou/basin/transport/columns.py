"""Tables of numbers over time: what is released, what flows, what was observed. CSV, the first line names the columns.

    hours, kg_h             a release: kg per hour (or g_s) from each hour on; the last must be 0
    hours, factor           flow: a factor on the typical one from each hour on
    hours, zhutuo_gauge     flow: m3/s at places, or on reaches, from each hour on
    hours, mg_L             an observed curve; a row with nothing in it is a gap and is left out

Time may be told as hours, minutes, seconds or days.
"""

from __future__ import annotations

import csv
import io
import math
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array

SECONDS: Final = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
SHORT: Final = {"s": "seconds", "sec": "seconds", "min": "minutes", "h": "hours", "hour": "hours", "d": "days"}
RATES: Final = {"kg_h": 1 / 3.6, "g_s": 1.0, "kg_s": 1000.0, "t_h": 1 / 0.0036}  # g/s of one
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 2_000
MOST_TOLD: Final = 8  # faults in an error


class Columns(NamedTuple):
    """Numbers over time."""

    time: Array  # (k,) s
    names: tuple[str, ...]  # (c,)
    values: Array  # (k, c); NaN = a gap


def read_columns(text: str, name: str) -> Columns:
    """A table from its text; the first column is the time. name: of the file, for errors.

    Raises:
        InputError: "spill.table" names every line at fault: no number, a time that is missing or does not increase.
    """
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise InputError("spill.table", file=name, faults=str(error)) from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    unit = SHORT.get(head[0].lower(), head[0].lower()) if head else ""
    if unit not in SECONDS or not 2 <= len(head) <= MOST_COLUMNS or not 2 <= len(rows) <= MOST_ROWS:
        told = ", ".join(head)[:80]
        raise InputError("spill.table", file=name, faults=f"1: {told or '-'} ({max(len(rows) - 1, 0)})")
    faults: list[str] = []
    table = np.array([_numbers(row, len(head), line, faults) for line, row in enumerate(rows[1:], start=2)])
    late = ~(np.diff(table[:, 0], prepend=-np.inf) > 0)
    faults += [f"{i + 2}: {head[0]} {table[i, 0]:g}" for i in np.flatnonzero(late)]
    if faults:
        more = f" (+{len(faults) - MOST_TOLD})" if len(faults) > MOST_TOLD else ""
        raise InputError("spill.table", file=name, faults="; ".join(faults[:MOST_TOLD]) + more)
    return Columns(table[:, 0] * SECONDS[unit], tuple(head[1:]), table[:, 1:])


def _numbers(row: list[str], width: int, line: int, faults: list[str]) -> list[float]:
    """A row's numbers, NaN where nothing stands; what is none goes to the faults."""
    found = []
    for cell in [*row, *[""] * width][:width]:
        try:
            value = float(cell) if cell.strip() else math.nan
        except ValueError:
            value = math.inf
        if math.isinf(value):
            faults.append(f"{line}: {cell.strip()[:20]}")
        found.append(value if math.isfinite(value) else math.nan)
    return found


def release_of(table: Columns, name: str) -> tuple[tuple[float, float], ...]:
    """(s, g/s) from each moment on, as Release.of_series takes it. InputError "spill.table" no rate, or a gap."""
    unit = table.names[0].lower()
    if unit not in RATES:
        raise InputError("spill.table", file=name, faults=f"1: {unit[:40]} ({', '.join(RATES)})")
    rates = table.values[:, 0] * RATES[unit]
    if np.isnan(rates).any():
        raise InputError("spill.table", file=name, faults=f"{int(np.argmax(np.isnan(rates))) + 2}: -")
    return tuple(zip(table.time.tolist(), rates.tolist(), strict=True))


class Gauged(NamedTuple):
    """What flows, as steps from a release on."""

    time: Array  # (k,) s, from 0
    factor: Array  # (k,) on the flow
    places: tuple[str, ...]
    flow: Array  # (k, p) m3/s at each place; NaN = not known yet

    def at(self, k: int) -> dict[str, float]:
        """What is gauged from one of the times on."""
        known = zip(self.places, self.flow[k].tolist(), strict=True)
        return {place: value for place, value in known if not math.isnan(value)}


def gauged_of(table: Columns, name: str) -> Gauged:
    """Flows of a table: columns are places or `factor`; a gap holds what came before, the first row from 0 on.

    Rows before the release (time below 0) count as far as they still hold. InputError "spill.table" a flow that is not
    above zero.
    """
    bad = np.argwhere(table.values <= 0)
    if len(bad):
        told = [f"{row + 2}: {table.names[column]} {table.values[row, column]:g}" for row, column in bad[:MOST_TOLD]]
        raise InputError("spill.table", file=name, faults="; ".join(told))
    values = table.values.copy()
    for k in range(1, len(values)):
        values[k] = np.where(np.isnan(values[k]), values[k - 1], values[k])
    begin = max(int(np.searchsorted(table.time, 0.0, side="right")) - 1, 0)
    time = table.time[begin:].copy()
    time[0], values = 0.0, values[begin:]
    columns = [i for i, column in enumerate(table.names) if column != "factor"]
    others = [i for i, column in enumerate(table.names) if column == "factor"]
    factor = np.nan_to_num(values[:, others[0]], nan=1.0) if others else np.ones(len(time))
    return Gauged(time, factor, tuple(table.names[i] for i in columns), values[:, columns])


def flow_of(gauged: Gauged, reaches: tuple[str, ...], usual: Array) -> Array:
    """(k, n) flow of each reach [m3/s]; one that is not named changes with the nearest named above, else below.

    Raises:
        InputError: "course.unknown" a column that is no reach.
    """
    out = np.full((len(gauged.time), len(reaches)), np.nan)
    for column, name in enumerate(gauged.places):
        if name not in reaches:
            raise InputError("course.unknown", place=name)
        for i in (i for i, reach in enumerate(reaches) if reach == name):
            out[:, i] = gauged.flow[:, column] / usual[i]
    for i in range(1, len(reaches)):
        out[:, i] = np.where(np.isnan(out[:, i]), out[:, i - 1], out[:, i])
    for i in range(len(reaches) - 2, -1, -1):
        out[:, i] = np.where(np.isnan(out[:, i]), out[:, i + 1], out[:, i])
    return np.asarray(np.nan_to_num(out, nan=1.0) * gauged.factor[:, None] * usual, np.float64)
