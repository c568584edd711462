"""The column map as TOML text: what people read, correct, keep and use again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, get_type_hints

from shangyou.core.errors import InputError
from shangyou.core.records import Censor, Mark
from shangyou.ingest.tables.columns import ColumnMap, LongColumns, Measured, Site, TimeColumns

_PLAIN: Final = ("name", "encoding", "separator", "decimal", "comment", "sheet", "header", "first", "ignored", "unused")
_CENSORS: Final[dict[str, Mark | Censor]] = {"below": Censor.BELOW, "above": Censor.ABOVE}
_MARKS: Final[dict[str, Mark]] = {mark.name.lower(): mark for mark in Mark}


def save(layout: ColumnMap) -> str:
    """TOML text of a map; `load` gives the same map again."""
    lines = [f"{key} = {_text(getattr(layout, key))}" for key in _PLAIN]
    lines += _section("time", layout.time._asdict())
    lines += _section("site", {key: value for key, value in layout.site._asdict().items() if value})
    if layout.long:
        lines += _section("long", layout.long._asdict())
    lines += _section("missing", {text: mark.name.lower() for text, mark in layout.missing})
    lines += _section("flags", {text: _meaning(told) for text, told in layout.flags})
    for m in layout.measured:
        values = {key: value for key, value in m._asdict().items() if value is not None and value != ""}
        lines += _section("measured", values, many=True)
    return "\n".join(lines) + "\n"


def _meaning(told: Mark | Censor) -> str:
    return next(name for name, c in _CENSORS.items() if c == told) if isinstance(told, Censor) else told.name.lower()


def _section(name: str, values: dict[str, Any], many: bool = False) -> list[str]:
    head = f"[[{name}]]" if many else f"[{name}]"
    return ["", head, *(f"{_key(key)} = {_text(value)}" for key, value in values.items())]


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else _text(key)


def _text(value: object) -> str:
    """A value as TOML; its strings are those of JSON but for one sign."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


Problems = list[tuple[str, str, dict[str, object]]]
Part = TypeVar("Part", TimeColumns, Site, LongColumns, Measured)


def load(text: str) -> ColumnMap:
    """The map that a TOML text declares.

    Raises InputError "tables.map_text" (no TOML), "tables.map" (facts: all problems, as `ColumnMap`).
    """
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("tables.map_text", reason=str(error)[:200]) from None
    problems: Problems = [(key, "tables.map.field", {}) for key in told if key not in {*_PLAIN, *_PARTS}]
    types = get_type_hints(ColumnMap)
    plain: dict[str, Any] = {key: _value(told[key], types[key], key, problems) for key in _PLAIN if key in told}
    time = _part(TimeColumns, told.get("time", {}), "time", problems)
    site = _part(Site, told.get("site", {}), "site", problems)
    long = _part(LongColumns, told["long"], "long", problems) if "long" in told else None
    rows = told.get("measured", [])
    if not isinstance(rows, list):
        problems.append(("measured", "tables.map.type", {"wanted": "[[measured]]"}))
        rows = []
    measured = [_part(Measured, row, f"measured {i}", problems) for i, row in enumerate(rows, 1)]
    missing = _meanings(told.get("missing", {}), "missing", _MARKS, problems)
    flags = _meanings(told.get("flags", {}), "flags", {**_MARKS, **_CENSORS}, problems)
    if problems or time is None or site is None:
        fields = [field for field, *_ in problems]
        raise InputError("tables.map", problems=problems, fields=fields, name=str(told.get("name", "")))
    if "missing" in told:
        plain["missing"] = missing
    return ColumnMap(time=time, site=site, long=long, measured=tuple(m for m in measured if m), flags=flags, **plain)


_PARTS: Final = ("time", "site", "long", "missing", "flags", "measured")
_CHECKS: Final[dict[object, tuple[str, Callable[[Any], bool]]]] = {
    str: ("text", lambda v: isinstance(v, str)),
    bool: ("true or false", lambda v: isinstance(v, bool)),
    int: ("whole number", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    float | None: ("number", lambda v: isinstance(v, int | float) and not isinstance(v, bool)),
    tuple[str, ...]: ("list of texts", lambda v: isinstance(v, list) and all(isinstance(x, str) for x in v)),
    tuple[int, ...]: ("list of whole numbers", lambda v: isinstance(v, list) and all(type(x) is int for x in v)),
}


def _value(value: object, kind: object, where: str, problems: Problems) -> Any:
    wanted, check = _CHECKS[kind]
    if not check(value):
        problems.append((where, "tables.map.type", {"wanted": wanted}))
        return None
    return tuple(value) if isinstance(value, list) else value


def _part(cls: type[Part], told: object, where: str, problems: Problems) -> Part | None:
    """One table of the text as its NamedTuple; None, and the problems told, if it does not fit."""
    before, types = len(problems), get_type_hints(cls)
    if not isinstance(told, dict):
        problems.append((where, "tables.map.type", {"wanted": f"[{where}]"}))
        return None
    problems += [(f"{where}.{key}", "tables.map.field", {}) for key in told if key not in types]
    values = {key: _value(value, types[key], f"{where}.{key}", problems) for key, value in told.items() if key in types}
    lacking = [key for key in types if key not in values and key not in cls._field_defaults]
    problems += [(f"{where}.{key}", "tables.map.empty", {}) for key in lacking]
    return cls(**values) if len(problems) == before else None


Told = TypeVar("Told", Mark, Mark | Censor)


def _meanings(told: object, where: str, known: Mapping[str, Told], problems: Problems) -> tuple[tuple[str, Told], ...]:
    if not isinstance(told, dict):
        problems.append((where, "tables.map.type", {"wanted": f"[{where}]"}))
        return ()
    strange = [text for text, name in told.items() if not isinstance(name, str) or name not in known]
    problems += [(f"{where}.{text}", "tables.map.mark", {"known": ", ".join(known)}) for text in strange]
    return tuple((text, known[name]) for text, name in told.items() if text not in strange)
