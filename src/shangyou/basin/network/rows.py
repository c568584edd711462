"""One row of a file to a reach or a place. All readers (tables, GeoJSON, shapefiles) end here, so they know one set of
columns; whatever else a file has is left alone.

    kind    "reach", or what stands at a place: section intake outlet dam gate border risk control gauge end
    reach   id river start end length_km slope width_m roughness flow_m3s area_m2 dispersion_m2s
            storage_ratio storage_rate
    place   id name_zh name_en and where it lies: reach at_km (below its head), or river above_km (above its mouth);
            volume_m3 mixed_m3 beyond
    both    owner source confidence
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from shangyou.basin.network.check import Lines, check
from shangyou.basin.network.names import KINDS, read_as
from shangyou.basin.network.snap import snapped
from shangyou.basin.network.values import UNKNOWN, Draft, Kind, Line, Place, Reach
from shangyou.core.records import Refusal

Cell = str | float | int | bool | None
NUMBERS_OF_REACH: Final = {  # column: (field, factor to its unit)
    "length_km": ("length", 1000.0),
    "slope": ("slope", 1.0),
    "width_m": ("width", 1.0),
    "roughness": ("roughness", 1.0),
    "flow_m3s": ("flow", 1.0),
    "area_m2": ("area", 1.0),
    "dispersion_m2s": ("dispersion", 1.0),
    "storage_ratio": ("storage_ratio", 1.0),
    "storage_rate": ("storage_rate", 1.0),
}
NUMBERS_OF_PLACE: Final = {
    "at_km": ("at", 1000.0),
    "above_km": ("above", 1000.0),
    "longitude": ("longitude", 1.0),
    "latitude": ("latitude", 1.0),
    "volume_m3": ("volume", 1.0),
    "mixed_m3": ("mixed", 1.0),
}
TEXTS_OF_REACH: Final = ("id", "river", "start", "end", "owner", "source", "confidence")
TEXTS_OF_PLACE: Final = (
    *("id", "name_zh", "name_en", "reach", "river", "owner", "beyond"),
    *("source", "confidence", "note_zh", "note_en"),
)
REACH: Final = "reach"
EARTH: Final = 6_371_008.8  # m, mean radius (IUGG)
OURS: Final = frozenset(("kind", "line", *TEXTS_OF_REACH, *TEXTS_OF_PLACE, *NUMBERS_OF_REACH, *NUMBERS_OF_PLACE))
LONGEST: Final = 500  # characters of a text
ROWS_MOST: Final = 500_000  # of a network; the rivers of the whole country in detail have fewer


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a file gave it: text and numbers by column, and the line or point that it draws."""

    line: int
    cells: Mapping[str, Cell]
    drawn: Line = ()


@dataclass(slots=True)
class Collected:
    """What rows became."""

    draft: Draft = field(default_factory=Draft)
    lines: Lines = field(default_factory=dict)
    faults: list[Refusal] = field(default_factory=list)
    read_as: dict[str, str] = field(default_factory=dict)  # by name of a foreign column, ours that it was read as


def collect(rows: Iterable[Row]) -> Collected:
    """Reaches and places of rows, with every cell that cannot be read as a fault.

    What such a cell would say stays unknown, so that the other faults of the network can be found as well.
    """
    reaches: list[Reach] = []
    places: list[Place] = []
    lines: dict[tuple[str, int], int] = {}
    faults: list[Refusal] = []
    foreign: dict[tuple[str, ...], dict[str, tuple[str, float]]] = {}
    for count, given in enumerate(rows):
        row = _translated(given, foreign)
        if count == ROWS_MOST:
            faults.append(Refusal("network.large", {"most": ROWS_MOST}, row.line))
            break
        kind = _text(row, "kind", faults)
        made = _reach(row, faults) if kind == REACH else _place(row, kind, faults)
        if made is None:
            continue
        if isinstance(made, Reach):
            lines[REACH, len(reaches)] = row.line
            reaches.append(made)
        else:
            lines["place", len(places)] = row.line
            places.append(made)
    told = {name: column for columns in foreign.values() for name, (column, _) in columns.items()}
    return Collected(Draft(tuple(reaches), tuple(snapped(reaches, places))), lines, faults, told)


def _translated(row: Row, foreign: dict[tuple[str, ...], dict[str, tuple[str, float]]]) -> Row:
    """A row under our own names, in our units; what has neither kind nor id is told by what it is and where it stands.

    foreign: what the columns of rows so far were read as, by all their names; it grows.
    """
    names = tuple(row.cells)
    if names not in foreign:
        foreign[names] = read_as(names, OURS)
    cells = dict(row.cells)
    for name, (column, factor) in foreign[names].items():
        value = number(cells[name]) if factor != 1.0 else None
        cells[column] = cells[name] if value is None else value * factor
    kind = str(cells.get("kind") or "").strip()
    if not kind and ((cells.get("start") and cells.get("end")) or len(row.drawn) > 1):
        kind = REACH
    cells["kind"] = kind = KINDS.get(kind.lower(), kind)
    if kind == REACH and not cells.get("river"):
        cells["river"] = cells.get("name_zh")
    if cells.get("id") in (None, ""):
        cells["id"] = cells.get("name_zh") if kind != REACH and cells.get("name_zh") else f"{kind}.{row.line}"
    if kind == REACH and len(row.drawn) > 1:
        _by_line(cells, row.drawn)
    return Row(row.line, cells, row.drawn)


def _by_line(cells: dict[str, Cell], drawn: Line) -> None:
    """What a reach does not say its line says by itself: nodes and length."""
    for name, (x, y) in (("start", drawn[0]), ("end", drawn[-1])):
        if not cells.get(name):
            cells[name] = f"{x:.5f} {y:.5f}"  # about a metre
    if cells.get("length_km") in (None, "") and all(abs(x) <= 360 and abs(y) <= 90 for x, y in drawn):
        cells["length_km"] = drawn_length(drawn) / 1000


def drawn_length(line: Line) -> float:
    """Length of a line along great circles [m], by the haversine formula (Sinnott 1984, Sky and Telescope 68).

    >>> round(drawn_length(((104.0, 30.0), (104.0, 31.0))))  # one degree of latitude
    111195
    """
    total = 0.0
    for (x0, y0), (x1, y1) in pairwise(line):
        a, b = math.radians(y0), math.radians(y1)
        h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(x1 - x0) / 2) ** 2
        total += 2 * EARTH * math.asin(math.sqrt(min(h, 1.0)))
    return total


def every_fault(found: Collected) -> list[Refusal]:
    """What could not be read, and what is wrong with the rest; figures of a line that has the one are not judged."""
    told = {fault.line for fault in found.faults}
    more = check(found.draft, found.lines) if found.draft.reaches or not found.faults else []
    return [*found.faults, *(fault for fault in more if fault.column is None or fault.line not in told)]


def _reach(row: Row, faults: list[Refusal]) -> Reach:
    texts = {name: _text(row, name, faults) for name in TEXTS_OF_REACH}
    numbers = _numbers(row, NUMBERS_OF_REACH, faults)
    numbers.setdefault("length", UNKNOWN)
    return Reach(**texts, **numbers, line=row.drawn)  # type: ignore[arg-type]


def _place(row: Row, kind: str, faults: list[Refusal]) -> Place | None:
    if kind not in list(Kind):
        known = ", ".join([REACH, *Kind])
        faults.append(Refusal("network.kind", {"kind": kind[:40], "known": known}, row.line, "kind", kind[:LONGEST]))
        return None
    texts = {name: _text(row, name, faults) for name in TEXTS_OF_PLACE}
    numbers = _numbers(row, NUMBERS_OF_PLACE, faults)
    if row.drawn:
        numbers["longitude"], numbers["latitude"] = row.drawn[0]
    texts["name_zh"] = texts["name_zh"] or texts["name_en"] or texts["id"]
    return Place(kind=Kind(kind), **texts, **numbers)  # type: ignore[arg-type]


def _text(row: Row, column: str, faults: list[Refusal]) -> str:
    cell = row.cells.get(column)
    text = "" if cell is None else str(cell).strip()
    if isinstance(cell, float) and cell.is_integer():  # a node named 12 that a table holds as a number
        text = str(int(cell))
    if len(text) > LONGEST or not text.isprintable():
        faults.append(Refusal("network.text", {"column": column}, row.line, column, text[:LONGEST]))
        return ""
    return text


def _numbers(row: Row, columns: Mapping[str, tuple[str, float]], faults: list[Refusal]) -> dict[str, float]:
    found: dict[str, float] = {}
    for column, (name, factor) in columns.items():
        cell = row.cells.get(column)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        value = number(cell)
        if value is None:
            faults.append(Refusal("network.number", {"column": column}, row.line, column, str(cell)[:LONGEST]))
        else:
            found[name] = value * factor
    return found


def number(cell: Cell) -> float | None:
    """A finite number of a cell; None if it is none."""
    if isinstance(cell, bool):
        return None
    try:
        value = float(cell)  # type: ignore[arg-type]  # None was left out by the caller
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def row_of(item: Reach | Place) -> dict[str, Cell]:
    """A reach or place as a row: the reverse of `collect`, NaN and what is not said left out."""
    texts, columns = (
        (TEXTS_OF_REACH, NUMBERS_OF_REACH) if isinstance(item, Reach) else (TEXTS_OF_PLACE, NUMBERS_OF_PLACE)
    )
    found: dict[str, Cell] = {"kind": REACH if isinstance(item, Reach) else item.kind.value}
    found |= {name: text for name in texts if (text := getattr(item, name))}
    for column, (name, factor) in columns.items():
        value = getattr(item, name)
        if not math.isnan(value) and not (value == 0 and name in ZERO):
            found[column] = rounded(value / factor)
    if isinstance(item, Place) and item.reach:
        found.pop("above_km", None)  # a place stands once: on a reach, or by mileage
    return found


ZERO: Final = ("storage_ratio", "storage_rate", "volume", "mixed")  # that are 0 where nothing is said


def rounded(value: float) -> float:
    """A figure with so many digits that reading it again gives the same place to a millimetre."""
    return float(f"{value:.12g}")
