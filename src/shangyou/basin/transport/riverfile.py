"""A river as a file of its own (YAML): reaches, places, and for a calibration a tracer and the curves observed.

reaches:                    # in order of flow; what may be left out stands in brackets
  - {id: upper, length_m: 176, flow_m3s: 0.0125, width_m: 2.4,
     slope: 0.01, roughness: 0.05,           # [0.035]; a slope, or an area
     area_m2: 0.36, dispersion_m2s: 0.24,    # [Manning's formula; the published formulas]
     storage_ratio: 1.0, storage_rate_s: 3e-5, impounded_m3: 0,     # [0]
     inflow_m3s: 0.0008}                     # [0] that seeps in evenly along the reach
places:                     # [none]
  - {id: intake, name_zh: 水厂, name_en: waterworks, kind: intake, at_m: 120, member: sc}
release:                    # of the tracer; one, or a list of several that were let go in one run
  - {at_m: 0, mass_g: 1000, start_h: 0, duration_h: 0}              # `start` in place of start_h may be a date
head: {times_h: [0, 0.15, 3.15], concentration: [3.7, 11.4, 3.7]}   # what was kept up at the head, from each time on
background: 3.7             # [0] in all the water, taken off all concentrations
observed:                   # time and concentration, or a bound of it; null is a gap
  - {at_m: 38, points: [[0.1, <3.7], [0.2, null], [0.3, 3.9]]}
from: 2026-05-01T08:00+08:00        # from when times are counted: then they may be dates too
time_unit: hours            # [hours] of points and head: seconds, minutes, hours or days
unit: mg/L                  # [mg/L] of points, head and background: also ug/L, ng/L, g/L
fit: [area, dispersion, storage_ratio, storage_rate]                # [all]

Lengths may be told in km (length_km, at_km), masses in kg or mg, flows in L/s (flow_l_s), times in min or s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shangyou.basin.course import Course, Place, beyond
from shangyou.basin.transport.calibrate import WHAT, Observed
from shangyou.basin.transport.columns import SECONDS
from shangyou.basin.transport.curvefile import UNITS
from shangyou.basin.transport.reading import Reading, moment
from shangyou.basin.transport.values import Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints, Refusal

PIECES: Final = 20  # that a reach with inflow along it is cut into, so that its flow rises in small steps
NEGATIVE: Final = 0.1  # of a curve's highest value: more below zero is no noise but a mark of what is missing
FREE: Final = ("id", "name", "note", "source")  # keys that may stand anywhere
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
KEYS: Final = {  # what may stand where, besides FREE
    "": ("reaches", "places", "release", "head", "background", "observed", "from", "time_unit", "unit", "fit"),
    "reaches": (*(key for key, _ in COLUMNS.values()), "inflow_m3s"),
    "places": ("name_zh", "name_en", "kind", "at_m", "member"),
    "release": ("at_m", "mass_g", "start", "start_h", "duration_h"),
    "head": ("times", "times_h", "concentration"),
    "observed": ("at_m", "points"),
}


@dataclass(frozen=True, slots=True, eq=False)
class River:
    """What such a file says."""

    course: Course
    groups: Ints  # (n,) which reach of the file each piece of the course is
    names: tuple[str, ...]  # of the reaches of the file
    tracers: tuple[Release | Inflow, ...]  # let go in one run
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
    read = Reading()
    whole = read.mapping(given, "file")
    read.known(whole, (*KEYS[""], *FREE), "")
    reaches = _rows(read, whole, "reaches", None)
    if not reaches and not read.faults:
        read.wrong("reaches", "nothing")
    columns, seeping = _columns(read, reaches)
    places = _places(read, whole, float(columns["length"].sum()))
    seconds, scale = read.named(whole, "time_unit", SECONDS, "hours"), read.named(whole, "unit", UNITS, "mg/L")
    if whole.get("from") is not None:
        read.zero = moment(whole["from"])
        if read.zero is None:
            read.wrong("from", str(whole["from"])[:60])
    background = read.number(whole, "background", "", 0.0) * scale
    if "background" in read.told:
        background = 0.0  # the curves may be right all the same
    fit = tuple(str(each) for each in read.sequence(whole, "fit", "", list(WHAT)))
    tracers = _tracers(read, whole, background, seconds, scale)
    curves = _rows(read, whole, "observed", [])
    observed = [_observed(read, row, f"observed[{i}]", background, seconds, scale) for i, row in enumerate(curves)]
    found = None if read.faults else read.made("reaches", lambda: _course(reaches, columns, seeping, places))
    if found is None:
        raise RiverFileError(tuple(read.faults))
    names = tuple(str(each.get("id", i + 1)) for i, each in enumerate(reaches))
    return River(*found, names, tracers, background, tuple(each for each in observed if each is not None), fit)


def _rows(read: Reading, whole: Mapping[str, Any], part: str, default: list[Any] | None) -> list[Mapping[str, Any]]:
    """The entries of a list, each of names with what they stand for."""
    rows = [read.mapping(each, f"{part}[{i}]") for i, each in enumerate(read.sequence(whole, part, "", default))]
    for i, row in enumerate(rows):
        read.known(row, (*KEYS[part], *FREE), f"{part}[{i}]")
    return rows


def _columns(read: Reading, reaches: list[Mapping[str, Any]]) -> tuple[dict[str, Array], Array]:
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


def _places(read: Reading, whole: Mapping[str, Any], end: float) -> tuple[Place, ...]:
    """end: of the course [m]; NaN where a length is not known."""
    found = []
    for i, row in enumerate(_rows(read, whole, "places", [])):
        id = str(row.get("id", ""))
        zh, en = str(row.get("name_zh", row.get("name_en", id))), str(row.get("name_en", row.get("name_zh", id)))
        at = read.number(row, "at_m", f"places[{i}]", None)
        if at < 0 or at > end:
            read.tell(Refusal("course.place", {"place": id, "at": at, "end": end}, None, f"places[{i}].at_m"))
        found.append(Place(id, zh, en, str(row.get("kind", "section")), at, str(row.get("member", ""))))
    return tuple(sorted(found, key=lambda place: place.at))


def _tracers(
    read: Reading, whole: Mapping[str, Any], background: float, seconds: float, scale: float
) -> tuple[Release | Inflow, ...]:
    """All that is let go, and what is kept up at the head; their sum is what is seen."""
    given, found = whole.get("release"), list[Release | Inflow | None]()
    several = isinstance(given, list)
    for i, each in enumerate(read.sequence(whole, "release", "", None) if several else [given]):
        if several or each is not None:
            found.append(_release(read, each, f"release[{i}]" if several else "release"))
    if "head" in whole:
        head = read.mapping(whole["head"], "head")
        read.known(head, (*KEYS["head"], *FREE), "head")
        key, unit = ("times_h", 3600.0) if "times_h" in head else ("times", seconds)
        times = np.array([read.as_time(each, unit, "head." + key) for each in read.sequence(head, key, "head", None)])
        above = np.maximum(read.numbers(head, "concentration", "head") * scale - background, 0.0)
        if len(times) and times[0] > 0:  # before the first, the water is as it comes
            times, above = np.append(0.0, times), np.append(0.0, above)
        found.append(read.made("head", lambda: Inflow(times, above)))
    return tuple(each for each in found if each is not None)


def _release(read: Reading, given: object, where: str) -> Release | None:
    row = read.mapping(given, where)
    read.known(row, (*KEYS["release"], *FREE), where)
    at, mass = read.number(row, "at_m", where, 0.0), read.number(row, "mass_g", where, None)
    start, duration = (read.number(row, key, where, 0.0) * 3600.0 for key in ("start_h", "duration_h"))
    if row.get("start") is not None:
        start = read.as_time(row["start"], 3600.0, f"{where}.start")
    return read.made(where, lambda: Release(at, mass, start, duration))


def _observed(
    read: Reading, row: Mapping[str, Any], where: str, background: float, seconds: float, scale: float
) -> Observed | None:
    at, whole = read.number(row, "at_m", where, None), []
    for k, pair in enumerate(read.sequence(row, "points", where, None)):
        place = f"{where}.points[{k}]"
        if not isinstance(pair, list) or len(pair) != 2:
            read.wrong(place, "not a pair of time and concentration")
        elif pair[1] is not None:
            whole.append([read.as_time(pair[0], seconds, place), *read.as_value(pair[1], place)])
    time, concentration, censor = np.array(whole, np.float64).reshape(-1, 3).T
    highest = float(concentration.max(initial=0.0))
    if where not in read.parts and concentration.min(initial=0.0) < -NEGATIVE * highest:
        value = float(concentration.min())
        read.tell(Refusal("riverfile.negative", {"where": where, "value": value}, None, f"{where}.points"))
    above = concentration * scale - background
    return read.made(where, lambda: Observed(at, time, above, censor.astype(np.uint8) if censor.any() else None))
