"""A river as a file of its own (YAML): reaches, places, and for a calibration a tracer and the curves observed.

reaches:                    # in order of flow; what may be left out stands in brackets
  - {id: upper, length_m: 176, flow_m3s: 0.0125, width_m: 2.4,
     slope: 0.01, roughness: 0.05,           # [0.035]; a slope, or an area
     area_m2: 0.36, dispersion_m2s: 0.24,    # [Manning's formula; the published formulas]
     storage_ratio: 1.0, storage_rate_s: 3e-5, impounded_m3: 0,     # [0]
     inflow_m3s: 0.0008}                     # [0] that seeps in evenly along the reach
places:                     # [none]
  - {id: intake, name_zh: 水厂, name_en: waterworks, kind: intake, at_m: 120, member: sc}
release: {at_m: 0, mass_g: 1000, start_h: 0, duration_h: 0}         # of the tracer, or instead
head: {times_h: [0, 0.15, 3.15], concentration: [3.7, 11.4, 3.7]}   # what was kept up at the head, from each time on
background: 3.7             # [0] in all the water, taken off all concentrations
observed:
  - {at_m: 38, points: [[0.1, 3.7], [0.2, null], [0.3, 3.9]]}       # time and concentration; null is a gap
time_unit: hours            # [hours] of points and head: seconds, minutes, hours or days
unit: mg/L                  # [mg/L] of points, head and background: also ug/L, ng/L, g/L
fit: [area, dispersion, storage_ratio, storage_rate]                # [all]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import numpy as np

from shangyou.basin.course import Course, Place, beyond
from shangyou.basin.transport.calibrate import WHAT, Observed
from shangyou.basin.transport.columns import SECONDS
from shangyou.basin.transport.values import Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints, Refusal

UNITS: Final = {"mg/L": 1.0, "g/m3": 1.0, "ug/L": 1e-3, "µg/L": 1e-3, "ng/L": 1e-6, "g/L": 1e3}  # g/m3 of one
PIECES: Final = 20  # that a reach with inflow along it is cut into, so that its flow rises in small steps
MOST: Final = 20_000  # reaches, places or points of a curve
TOLD: Final = 1_000  # faults
T = TypeVar("T")
COLUMNS: Final = {  # of a reach: its key, and what stands there if it is left out (None = it must be given)
    "length": ("length_m", None),
    "width": ("width_m", None),
    "slope": ("slope", np.nan),
    "roughness": ("roughness", 0.035),
    "flow": ("flow_m3s", None),
    "area": ("area_m2", np.nan),
    "dispersion": ("dispersion_m2s", np.nan),
    "storage_ratio": ("storage_ratio", 0.0),
    "storage_rate": ("storage_rate_s", 0.0),
    "impounded": ("impounded_m3", 0.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class River:
    """What such a file says."""

    course: Course
    groups: Ints  # (n,) which reach of the file each piece of the course is
    names: tuple[str, ...]  # of the reaches of the file
    tracer: Release | Inflow | None
    background: float  # g/m3
    observed: tuple[Observed, ...]  # above the background
    fit: tuple[str, ...]


class RiverFileError(InputError):
    """A river's file with faults; all of them are in `faults`, each with its place in the file as its column."""

    def __init__(self, faults: tuple[Refusal, ...]) -> None:
        super().__init__("riverfile.faults", count=len(faults), faults=faults)
        self.faults = faults


def read_river(given: object) -> River:
    """A river from what stands in its file.

    Raises:
        RiverFileError: "riverfile.faults" with all of them: "riverfile.shape" where, and what is there; what Course,
            Release, Inflow and Observed raise.
    """
    read = _Reading()
    whole = read.mapping(given, "file")
    reaches = [read.mapping(each, f"reaches[{i}]") for i, each in enumerate(read.sequence(whole, "reaches", "", None))]
    if not reaches and not read.faults:
        read.wrong("reaches", "nothing")
    columns, seeping = _columns(read, reaches)
    places = _places(read, whole, float(columns["length"].sum()))
    seconds, scale = read.named(whole, "time_unit", SECONDS, "hours"), read.named(whole, "unit", UNITS, "mg/L")
    background = read.number(whole, "background", "", 0.0) * scale
    if "background" in read.told:
        background = 0.0  # the curves may be right all the same
    fit = tuple(str(each) for each in read.sequence(whole, "fit", "", list(WHAT)))
    tracer = _tracer(read, whole, background, seconds, scale)
    curves = read.sequence(whole, "observed", "", [])
    observed = [_observed(read, each, i, background, seconds, scale) for i, each in enumerate(curves)]
    found = None if read.faults else read.made("reaches", lambda: _course(reaches, columns, seeping, places))
    if found is None:
        raise RiverFileError(tuple(read.faults))
    names = tuple(str(each.get("id", i + 1)) for i, each in enumerate(reaches))
    return River(*found, names, tracer, background, tuple(each for each in observed if each is not None), fit)


def _columns(read: _Reading, reaches: list[Mapping[str, Any]]) -> tuple[dict[str, Array], Array]:
    """What the reaches say, and what seeps into each; what cannot be is told by its reach and key."""
    columns: dict[str, Array] = {}
    for name, (key, default) in COLUMNS.items():
        values = np.array([read.number(each, key, f"reaches[{i}]", default) for i, each in enumerate(reaches)])
        columns[name] = values
        for i in np.flatnonzero(beyond(name, values)).tolist():
            read.beyond(i, key, reaches[i], values[i])
    for i in np.flatnonzero(np.isnan(columns["area"]) & np.isnan(columns["slope"])).tolist():
        if f"reaches[{i}].area_m2" not in read.told:  # Manning's formula needs a slope
            read.beyond(i, "slope", reaches[i], np.nan)
    seeping = np.array([read.number(each, "inflow_m3s", f"reaches[{i}]", 0.0) for i, each in enumerate(reaches)])
    return columns, seeping


def _course(
    reaches: list[Mapping[str, Any]], columns: dict[str, Array], seeping: Array, places: tuple[Place, ...]
) -> tuple[Course, Ints]:
    pieces = np.where(seeping > 0, PIECES, 1)
    groups = np.repeat(np.arange(len(reaches)), pieces)
    place = np.concatenate([(np.arange(k) + 0.5) / k for k in pieces]) * (seeping[groups] > 0)
    spread = {name: values[groups] for name, values in columns.items()}
    spread["length"] = spread["length"] / pieces[groups]
    spread["flow"] = spread["flow"] + seeping[groups] * place
    last = np.append(groups[1:] != groups[:-1], True)
    spread["impounded"] = np.where(last, spread["impounded"], 0.0)
    ids = tuple(str(reaches[i].get("id", i + 1)) for i in groups)
    gain = np.maximum(np.diff(spread["flow"], prepend=spread["flow"][0]), 0.0)
    return Course(reaches=ids, gain=gain, places=places, **spread), groups.astype(np.int64)


def _places(read: _Reading, whole: Mapping[str, Any], end: float) -> tuple[Place, ...]:
    """end: of the course [m]; NaN where a length is not known."""
    found = []
    for i, each in enumerate(read.sequence(whole, "places", "", [])):
        row = read.mapping(each, f"places[{i}]")
        id = str(row.get("id", ""))
        zh, en = str(row.get("name_zh", row.get("name_en", id))), str(row.get("name_en", row.get("name_zh", id)))
        at = read.number(row, "at_m", f"places[{i}]", None)
        if at < 0 or at > end:
            read.tell(Refusal("course.place", {"place": id, "at": at, "end": end}, None, f"places[{i}].at_m"))
        found.append(Place(id, zh, en, str(row.get("kind", "section")), at, str(row.get("member", ""))))
    return tuple(sorted(found, key=lambda place: place.at))


def _tracer(
    read: _Reading, whole: Mapping[str, Any], background: float, seconds: float, scale: float
) -> Release | Inflow | None:
    if "head" in whole:
        head = read.mapping(whole["head"], "head")
        key = "times_h" if "times_h" in head else "times"
        times, kept = (read.numbers(head, each, "head") for each in (key, "concentration"))
        span, above = times * (3600.0 if "times_h" in head else seconds), np.maximum(kept * scale - background, 0.0)
        return read.made("head", lambda: Inflow(span, above))
    if "release" in whole:
        row = read.mapping(whole["release"], "release")
        at, mass = read.number(row, "at_m", "release", 0.0), read.number(row, "mass_g", "release", None)
        start, duration = (read.number(row, key, "release", 0.0) * 3600.0 for key in ("start_h", "duration_h"))
        return read.made("release", lambda: Release(at, mass, start, duration))
    return None


def _observed(
    read: _Reading, given: object, i: int, background: float, seconds: float, scale: float
) -> Observed | None:
    where = f"observed[{i}]"
    row = read.mapping(given, where)
    at, whole = read.number(row, "at_m", where, None), []
    for k, pair in enumerate(read.sequence(row, "points", where, None)):
        place = f"{where}.points[{k}]"
        if not isinstance(pair, list) or len(pair) != 2:
            read.wrong(place, "not a pair of time and concentration")
        elif pair[1] is not None:
            whole.append([read.as_number(each, place) for each in pair])
    time, concentration = np.array(whole, np.float64).reshape(-1, 2).T
    return read.made(where, lambda: Observed(at, time * seconds, concentration * scale - background))


@dataclass(slots=True)
class _Reading:
    """What stands at a place of a file; where it cannot be used that is told once, and something empty stands in."""

    faults: list[Refusal] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # places of them
    parts: set[str] = field(default_factory=set)  # of the file, in which they are

    def wrong(self, where: str, got: str) -> None:
        """Something of another kind stands there."""
        self.tell(Refusal("riverfile.shape", {"where": where, "got": got}, None, where))

    def beyond(self, i: int, key: str, reach: Mapping[str, Any], value: float) -> None:
        """A number stands in a reach that cannot be."""
        facts: dict[str, object] = {"column": key, "reach": str(reach.get("id", i + 1))[:60], "value": value}
        self.tell(Refusal("course.value", facts, None, f"reaches[{i}].{key}"))

    def made(self, where: str, make: Callable[[], T]) -> T | None:
        """What is made of what stands there; None where that is told to be wrong, now or before."""
        if where in self.parts:
            return None
        try:
            return make()
        except InputError as error:
            self.tell(Refusal(error.code, error.facts, None, where))
            return None

    def mapping(self, given: object, where: str) -> Mapping[str, Any]:
        """Names with what they stand for."""
        if isinstance(given, Mapping):
            return given
        self.wrong(where, type(given).__name__)
        return {}

    def sequence(self, row: Mapping[str, Any], key: str, where: str, default: list[Any] | None) -> list[Any]:
        """A list; default: where nothing stands."""
        given = row.get(key, default)
        if isinstance(given, list) and len(given) <= MOST:
            return given
        if not self._empty(where):
            self.wrong(_path(where, key), type(given).__name__)
        return []

    def numbers(self, row: Mapping[str, Any], key: str, where: str) -> Array:
        """A list of numbers."""
        place = _path(where, key)
        return np.array([self.as_number(each, place) for each in self.sequence(row, key, where, None)], np.float64)

    def number(self, row: Mapping[str, Any], key: str, where: str, default: float | None) -> float:
        """A number; default: where nothing stands. NaN where that must not be."""
        given = row.get(key)
        if given is None and default is not None:
            return default
        return np.nan if self._empty(where) else self.as_number(given, _path(where, key))

    def as_number(self, given: object, where: str) -> float:
        """YAML 1.1 reads 3e-5 as a text, so texts that are numbers are numbers."""
        try:
            if isinstance(given, int | float | str) and not isinstance(given, bool):
                return float(given)
        except (ValueError, OverflowError):
            pass
        self.wrong(where, str(given)[:60])
        return np.nan

    def named(self, whole: Mapping[str, Any], key: str, known: Mapping[str, float], usual: str) -> float:
        """What the word that stands there means."""
        word = str(whole.get(key, usual))
        if word not in known:
            self.wrong(key, f"{word[:20]} ({', '.join(known)})")
        return known.get(word, known[usual])

    def tell(self, fault: Refusal) -> None:
        """Keep a fault, unless another of the same place, or of what it stands in, is told already."""
        where = str(fault.column)
        if where not in self.told and not self._empty(where.rpartition(".")[0]) and len(self.faults) < TOLD:
            self.faults.append(fault)
        self.told.add(where)
        self.parts.add(where.partition(".")[0])

    def _empty(self, where: str) -> bool:
        """Is it told already that nothing can be found there?"""
        return (where or "file") in self.told


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
