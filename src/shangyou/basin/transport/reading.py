"""Reading what stands in a file of names, lists and numbers (YAML), so that all that is wrong is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final, TypeVar

import numpy as np

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Censor, Refusal

MOST: Final = 20_000  # entries of a list
TOLD: Final = 1_000  # faults
MOMENT: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2})(:.{2,30}))?")
BOUND: Final = re.compile(r"([<>＜＞≤≥]=?)\s*(\S+)")
SIGNS: Final = {"<": Censor.BELOW, "＜": Censor.BELOW, "≤": Censor.BELOW}  # others are above
UNDETECTED: Final = ("nd", "n.d.", "n.d", "bdl", "<lod", "<dl", "<mdl", "lod", "未检出", "not detected")
OTHER_UNITS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {  # of a key, and how many of its unit one is
    "length_m": (("length_km", 1000.0),),
    "at_m": (("at_km", 1000.0),),
    "mass_g": (("mass_kg", 1000.0), ("mass_mg", 1e-3)),
    "flow_m3s": (("flow_l_s", 1e-3),),
    "inflow_m3s": (("inflow_l_s", 1e-3),),
    "start_h": (("start_min", 1 / 60), ("start_s", 1 / 3600)),
    "duration_h": (("duration_min", 1 / 60), ("duration_s", 1 / 3600)),
}
T = TypeVar("T")


def moment(given: object) -> float | None:
    """s since 1970 UTC of a date with a time; without a zone it is legal time. None if it is none."""
    told = MOMENT.fullmatch(given.strip()) if isinstance(given, str) else None
    if told is not None:
        year, month, day, hour, rest = told.groups()
        try:
            given = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{hour or '0':0>2}{rest or ':00'}")
        except ValueError:
            return None
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)
    if not isinstance(given, datetime):
        return None
    try:
        return (given if given.tzinfo else given.replace(tzinfo=LEGAL)).timestamp()
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class Reading:
    """What stands at a place of a file; where it cannot be used that is told once, and something empty stands in."""

    faults: list[Refusal] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # places of them
    parts: set[str] = field(default_factory=set)  # of the file, in which they are
    zero: float | None = None  # s since 1970 UTC, from which times are counted; None = dates cannot be read

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

    def known(self, row: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
        """Tell every key that means nothing here: who writes one believes that it is read."""
        every = [each for key in keys for each in (key, *(other for other, _ in OTHER_UNITS.get(key, ())))]
        for key in row:
            if key not in every:
                word = str(key)[:40]
                near = get_close_matches(word, every, 1) or [", ".join(every)]
                self.tell(Refusal("riverfile.key", {"key": word, "near": near[0]}, None, path_to(where, word)))

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
            self.wrong(path_to(where, key), type(given).__name__)
        return []

    def numbers(self, row: Mapping[str, Any], key: str, where: str) -> Array:
        """A list of numbers."""
        place = path_to(where, key)
        return np.array([self.as_number(each, place) for each in self.sequence(row, key, where, None)], np.float64)

    def number(self, row: Mapping[str, Any], key: str, where: str, default: float | None) -> float:
        """A number; default: where nothing stands. NaN where that must not be. It may stand in another unit."""
        found = [
            (name, factor) for name, factor in ((key, 1.0), *OTHER_UNITS.get(key, ())) if row.get(name) is not None
        ]
        if len(found) > 1:
            self.wrong(path_to(where, found[1][0]), f"{found[0][0]} + {found[1][0]}")
            return np.nan
        if not found and default is not None:
            return default
        if self._empty(where):
            return np.nan
        name, factor = found[0] if found else (key, 1.0)
        return self.as_number(row.get(name), path_to(where, name)) * factor

    def as_number(self, given: object, where: str) -> float:
        """YAML 1.1 reads 3e-5 as a text, so texts that are numbers are numbers."""
        try:
            if isinstance(given, int | float | str) and not isinstance(given, bool):
                return float(given)
        except (ValueError, OverflowError):
            pass
        self.wrong(where, str(given)[:60])
        return np.nan

    def as_time(self, given: object, unit: float, where: str) -> float:
        """s from zero of a number in a unit, or of a date."""
        since = moment(given)
        if since is None:
            return self.as_number(given, where) * unit
        if self.zero is None:
            self.tell(Refusal("riverfile.date", {"where": where, "got": str(given)[:40]}, None, where))
            return np.nan
        return since - self.zero

    def as_value(self, given: object, where: str) -> tuple[float, Censor]:
        """A concentration, or a bound of it such as <0.02 or >5."""
        if isinstance(given, str) and given.strip().lower() in UNDETECTED:
            self.tell(Refusal("riverfile.undetected", {"file": where, "got": given.strip()}, None, where))
            return np.nan, Censor.NONE
        bound = BOUND.fullmatch(given.strip()) if isinstance(given, str) else None
        if bound is None:
            return self.as_number(given, where), Censor.NONE
        return self.as_number(bound[2], where), SIGNS.get(bound[1][0], Censor.ABOVE)

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


def path_to(where: str, key: str) -> str:
    """The place of a key in what stands at a place."""
    return f"{where}.{key}" if where else key
