"""Reading what members said: fields of an entry's body, which may hold anything.

Each raises InputError "entry.field" that names the field; a fold keeps such an entry among the void ones.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.governance.said import Said

NAME: Final = 200  # characters of a name
WORDS: Final = 4_000  # of a text
MANY: Final = 200  # items of a list
LATEST: Final = 221_845_392_000_000  # ms since 1970 UTC: the year 9000; calendars end at 9999, and spans are added


@dataclass(frozen=True, slots=True)
class Void:
    """An entry that may not be: kept and shown, without effect."""

    entry: str
    kind: str
    by: str
    at: int
    code: str
    facts: Mapping[str, object]


def void(entry: Said, error: InputError) -> Void:
    """An entry without effect, and why."""
    return Void(entry.id, entry.kind[:NAME], entry.author, entry.at, error.code, error.facts)


def text(body: Mapping[str, object], name: str, most: int = NAME, need: bool = False) -> str:
    """A text; "" where there is none and none is needed."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > most or (need and not value.strip()):
        raise InputError("entry.field", field=name)
    return value


def texts(body: Mapping[str, object], name: str, need: bool = False) -> tuple[str, ...]:
    """A list of names, each once."""
    value = body.get(name, [])
    if not isinstance(value, list | tuple) or len(value) > MANY or (need and not value):
        raise InputError("entry.field", field=name)
    if not all(isinstance(each, str) and 0 < len(each) <= NAME for each in value):
        raise InputError("entry.field", field=name)
    return tuple(dict.fromkeys(value))


def choice(body: Mapping[str, object], name: str, known: Collection[str], default: str | None = None) -> str:
    """One of the known words."""
    value = body.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise InputError("entry.field", field=name)
    return value


def moment(body: Mapping[str, object], name: str) -> int:
    """A time [ms since 1970 UTC]."""
    value = body.get(name)
    if type(value) is not int or not 0 < value < LATEST:
        raise InputError("entry.field", field=name)
    return value


def maybe_moment(body: Mapping[str, object], name: str) -> int | None:
    """A time, or none."""
    return None if body.get(name) is None else moment(body, name)


def number(body: Mapping[str, object], name: str, least: float = 0.0, most: float = 1e15) -> float:
    """A finite number between two bounds."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError("entry.field", field=name)  # NaN is between no bounds
    return float(value)


def maybe_number(body: Mapping[str, object], name: str, least: float = 0.0, most: float = 1e15) -> float | None:
    """The same, or none."""
    return None if body.get(name) is None else number(body, name, least, most)


def whole(body: Mapping[str, object], name: str, least: int = 0, most: int = 2**53) -> int:
    """A whole number between two bounds."""
    value = number(body, name, least, most)
    if not math.isfinite(value) or value != int(value):
        raise InputError("entry.field", field=name)
    return int(value)


def flag(body: Mapping[str, object], name: str) -> bool:
    """Yes or no; no where nothing is said."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InputError("entry.field", field=name)
    return value


def part(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A mapping; an empty one where there is none."""
    value = body.get(name, {})
    if not isinstance(value, Mapping):
        raise InputError("entry.field", field=name)
    return value
