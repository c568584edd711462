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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.calibrate import WHAT, Observed
from shangyou.basin.transport.columns import SECONDS
from shangyou.basin.transport.values import Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

UNITS: Final = {"mg/L": 1.0, "g/m3": 1.0, "ug/L": 1e-3, "µg/L": 1e-3, "ng/L": 1e-6, "g/L": 1e3}  # g/m3 of one
PIECES: Final = 20  # that a reach with inflow along it is cut into, so that its flow rises in small steps
MOST: Final = 20_000  # reaches, places or points of a curve
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


def read_river(given: object) -> River:
    """A river from what stands in its file.

    Raises:
        InputError: "riverfile.shape" where, and what is there; also what Course, Release, Inflow and Observed raise.
    """
    whole = _mapping(given, "file")
    reaches = [_mapping(each, f"reaches[{i}]") for i, each in enumerate(_sequence(whole.get("reaches"), "reaches"))]
    if not reaches:
        raise InputError("riverfile.shape", where="reaches", got="nothing")
    course, groups = _course(reaches, _places(whole.get("places", [])))
    seconds, scale = _named(whole, "time_unit", SECONDS, "hours"), _named(whole, "unit", UNITS, "mg/L")
    background = _number(whole, "background", "file", 0.0) * scale
    fit = tuple(str(each) for each in _sequence(whole.get("fit", list(WHAT)), "fit"))
    names = tuple(str(each.get("id", i + 1)) for i, each in enumerate(reaches))
    observed = tuple(
        _observed(each, i, background, seconds, scale)
        for i, each in enumerate(_sequence(whole.get("observed", []), "observed"))
    )
    return River(course, groups, names, _tracer(whole, background, seconds, scale), background, observed, fit)


def _course(reaches: list[Mapping[str, Any]], places: tuple[Place, ...]) -> tuple[Course, Ints]:
    columns: dict[str, Array] = {}
    for name, (key, default) in COLUMNS.items():
        columns[name] = np.array([_number(each, key, f"reaches[{i}]", default) for i, each in enumerate(reaches)])
    seeping = np.array([_number(each, "inflow_m3s", f"reaches[{i}]", 0.0) for i, each in enumerate(reaches)])
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


def _places(given: object) -> tuple[Place, ...]:
    found = []
    for i, each in enumerate(_sequence(given, "places")):
        row = _mapping(each, f"places[{i}]")
        id = str(row.get("id", ""))
        zh, en = str(row.get("name_zh", row.get("name_en", id))), str(row.get("name_en", row.get("name_zh", id)))
        at = _number(row, "at_m", f"places[{i}]", None)
        found.append(Place(id, zh, en, str(row.get("kind", "section")), at, str(row.get("member", ""))))
    return tuple(sorted(found, key=lambda place: place.at))


def _tracer(whole: Mapping[str, Any], background: float, seconds: float, scale: float) -> Release | Inflow | None:
    if "head" in whole:
        head = _mapping(whole["head"], "head")
        times = _numbers(head.get("times_h", head.get("times")), "head.times")
        kept = _numbers(head.get("concentration"), "head.concentration") * scale
        return Inflow(times * (3600.0 if "times_h" in head else seconds), np.maximum(kept - background, 0.0))
    if "release" in whole:
        row = _mapping(whole["release"], "release")
        at, mass = _number(row, "at_m", "release", 0.0), _number(row, "mass_g", "release", None)
        start, duration = (_number(row, key, "release", 0.0) * 3600.0 for key in ("start_h", "duration_h"))
        return Release(at, mass, start, duration)
    return None


def _observed(given: object, i: int, background: float, seconds: float, scale: float) -> Observed:
    where = f"observed[{i}]"
    row = _mapping(given, where)
    rows = _sequence(row.get("points"), f"{where}.points")
    pairs = [_sequence(each, f"{where}.points[{k}]") for k, each in enumerate(rows)]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise InputError("riverfile.shape", where=f"{where}.points", got="not pairs of time and concentration")
    whole = [
        [_as_number(each, f"{where}.points[{k}]") for each in pair]
        for k, pair in enumerate(pairs)
        if pair[1] is not None
    ]
    time, concentration = np.array(whole, np.float64).reshape(-1, 2).T
    return Observed(_number(row, "at_m", where, None), time * seconds, concentration * scale - background)


def _named(whole: Mapping[str, Any], key: str, known: Mapping[str, float], usual: str) -> float:
    """What the word that stands there means."""
    word = str(whole.get(key, usual))
    if word not in known:
        raise InputError("riverfile.shape", where=key, got=f"{word[:20]} ({', '.join(known)})")
    return known[word]


def _mapping(given: object, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InputError("riverfile.shape", where=where, got=type(given).__name__)
    return given


def _sequence(given: object, where: str) -> list[object]:
    if not isinstance(given, list) or len(given) > MOST:
        raise InputError("riverfile.shape", where=where, got=type(given).__name__)
    return given


def _numbers(given: object, where: str) -> Array:
    return np.array([_as_number(each, where) for each in _sequence(given, where)], np.float64)


def _number(row: Mapping[str, Any], key: str, where: str, default: float | None) -> float:
    given = row.get(key)
    if given is None and default is not None:
        return default
    return _as_number(given, f"{where}.{key}")


def _as_number(given: object, where: str) -> float:
    """YAML 1.1 reads 3e-5 as a text, so texts that are numbers are numbers."""
    try:
        if isinstance(given, int | float | str) and not isinstance(given, bool):
            return float(given)
    except (ValueError, OverflowError):
        pass
    raise InputError("riverfile.shape", where=where, got=str(given)[:60])
