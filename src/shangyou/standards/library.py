"""Dated editions of standards: one YAML file each, read once, frozen, chosen by date.

The form that every file keeps:

    id: GB 3838-2002            # what results carry, and what people cite
    family: gb3838              # the file is called <family>-<edition>.yaml
    title_zh, title_en          # names
    source:                     # where the values were read
    status: confirmed           # confirmed (read in the named source) or unverified (from memory, to be checked)
    valid_from: 2002-06-01      # first day in force
    valid_to: null              # last day in force; null = still in force
    ...                         # the rules and limits; any mapping in there may carry its own `status` and `source`
    cases: [{name: ..., ...}]   # examples a lawyer or chemist can read; the tests run them

Members of a federation may adopt editions of their own (standards.adopted). They count only where somebody asks for
them, inside `under`; everything else keeps to the editions that ship.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import yaml

from shangyou.core.errors import InputError, NotFoundError

CONFIRMED: Final = "confirmed"
UNVERIFIED: Final = "unverified"
HEAD: Final = ("id", "family", "title_zh", "title_en", "source", "status", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of one standard, as written in its file."""

    id: str
    family: str
    title_zh: str
    title_en: str
    source: str
    status: str  # CONFIRMED or UNVERIFIED, of all values that do not say otherwise
    valid_from: date
    valid_to: date | None  # last day in force; None = still in force
    body: Mapping[str, Any]  # the rest of the file, frozen: mappings and tuples all the way down
    cases: tuple[Mapping[str, Any], ...]

    def __hash__(self) -> int:
        return hash((self.id, self.family, self.valid_from))  # the body is a mapping; equality looks at all of it

    def in_force(self, on: date) -> bool:
        """Whether the edition was in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def unverified(self) -> tuple[str, ...]:
        """Dotted paths of the values that stand in the file from memory; ("",) if the whole file does."""
        if self.status == UNVERIFIED:
            return ("",)
        return tuple(_unverified(self.body, ""))


def _unverified(node: object, path: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        if node.get("status") == UNVERIFIED:
            yield path
            return
        for key, value in node.items():
            yield from _unverified(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, tuple):
        for index, value in enumerate(node):
            yield from _unverified(value, f"{path}.{index}")


def frozen(node: object) -> Any:
    """What YAML gave, so that nobody can change it: mappings and tuples all the way down."""
    if isinstance(node, dict):
        return MappingProxyType({key: frozen(value) for key, value in node.items()})
    if isinstance(node, list):
        return tuple(frozen(value) for value in node)
    return node


@cache
def load(name: str) -> Mapping[str, Any]:
    """A YAML file of this package, frozen; NotFoundError "standards.file" if there is none of that name."""
    path = files("shangyou.standards") / name
    if not path.is_file():
        raise NotFoundError("standards.file", name=name)
    content: Mapping[str, Any] = frozen(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    return content


def parse(name: str, content: Mapping[str, Any]) -> Edition:
    """The edition that a file's content describes; InputError "standards.form" names what is missing or wrong."""
    missing = [key for key in HEAD if key not in content]
    if missing:
        raise InputError("standards.form", name=name, what=", ".join(missing))
    start, end = content["valid_from"], content["valid_to"]
    if not isinstance(start, date) or not (end is None or (isinstance(end, date) and end >= start)):
        raise InputError("standards.form", name=name, what="valid_from, valid_to")
    if content["status"] not in (CONFIRMED, UNVERIFIED):
        raise InputError("standards.form", name=name, what="status")
    return Edition(
        **{key: content[key] for key in HEAD},
        body=MappingProxyType({key: value for key, value in content.items() if key not in (*HEAD, "cases")}),
        cases=tuple(content.get("cases", ())),
    )


_ADOPTED: ContextVar[tuple[Edition, ...]] = ContextVar("adopted", default=())


@contextmanager
def under(adopted: Iterable[Edition]) -> Iterator[None]:
    """Within, these editions count beside those that ship, and before them on the days when they are in force."""
    token = _ADOPTED.set(tuple(adopted))
    try:
        yield
    finally:
        _ADOPTED.reset(token)


def editions(family: str) -> tuple[Edition, ...]:
    """All editions of a standard, oldest first; NotFoundError "standards.family" if there is none."""
    extra = [one for one in _ADOPTED.get() if one.family == family]
    return tuple(sorted((*_shipped(family), *extra), key=lambda e: e.valid_from)) if extra else _shipped(family)


@cache
def _shipped(family: str) -> tuple[Edition, ...]:
    names = sorted(
        entry.name
        for entry in files("shangyou.standards").iterdir()
        if entry.name.startswith(f"{family}-") and entry.name.endswith(".yaml")
    )
    found = [parse(name, load(name)) for name in names]
    if not found:
        raise NotFoundError("standards.family", family=family)
    return tuple(sorted(found, key=lambda e: e.valid_from))


def edition(family: str, on: date) -> Edition:
    """The edition in force on a day (of two, the newer); NotFoundError "standards.edition" if none was.

    Inside `under`, what was adopted counts before what ships, even if that is newer.
    """
    adopted = [one for one in _ADOPTED.get() if one.family == family and one.in_force(on)]
    if adopted:
        return max(adopted, key=lambda e: e.valid_from)
    return _shipped_on(family, on)


@cache
def _shipped_on(family: str, on: date) -> Edition:
    for candidate in reversed(_shipped(family)):
        if candidate.in_force(on):
            return candidate
    raise NotFoundError("standards.edition", family=family, on=on.isoformat())
