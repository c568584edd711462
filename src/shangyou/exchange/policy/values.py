"""Right operands: texts, lists and objects of JSON to typed values. Everything else is None: malformed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shangyou.core import vocabulary
from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError
from shangyou.exchange.policy.policy import Reach, Value
from shangyou.exchange.policy.terms import (
    RESOLUTIONS,
    REVIEWS,
    Kind,
    Operand,
    above_purpose,
    within_purpose,
)

LONGEST: Final = 500  # characters of a text
MOST_NAMES: Final = 2000  # in one list
_DURATION: Final = re.compile(
    r"P(?:([0-9]{1,6})W|(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,8})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})S)?)?)"
)
_SIZES: Final = (7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000)
_COUNT: Final = re.compile(r"[0-9]{1,15}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def shown(value: object) -> str:
    """A right operand for people, cut to what a line holds; what lies deeper is left out."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_scalar, value[:20])) + (" …" if len(value) > 20 else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{str(k)[:40]} {_scalar(v)}" for k, v in list(value.items())[:4])
    return _scalar(value)[:LONGEST]


def _scalar(value: object) -> str:
    """One value that holds no others."""
    return "…" if isinstance(value, Mapping | list | tuple) else str(value)[:LONGEST]


def plain(value: object) -> object:
    """A right operand without the wrapping of a typed literal or a named thing of JSON-LD."""
    if isinstance(value, Mapping):
        if set(value) in ({"@value"}, {"@value", "@type"}) and isinstance(value["@value"], str):
            return value["@value"]
        if set(value) == {"@id"}:
            return value["@id"]
    return value


def names(value: object) -> tuple[str, ...] | None:
    """One text or a list of texts, none empty or too long."""
    value = plain(value)
    found: list[object] = []
    if isinstance(value, str):
        found = [value]
    elif isinstance(value, list | tuple) and len(value) <= MOST_NAMES:
        found = [plain(v) for v in value]
    if not found or not all(isinstance(v, str) and 0 < len(v) <= LONGEST for v in found):
        return None
    return tuple(dict.fromkeys(str(v) for v in found))


def time(value: object) -> int | None:
    """An xsd:dateTime with its zone [ms since 1970 UTC].

    >>> time("1970-01-01T08:00:01+08:00")
    1000
    """
    value = plain(value)
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        return to_ms(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def duration(value: object) -> int | None:
    """An ISO 8601 duration of weeks, days, hours, minutes, seconds [ms].

    >>> duration("P1DT6H"), duration("P1M")
    (108000000, None)
    """
    value = plain(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()) or str(value).endswith("T"):
        return None
    return sum(int(number) * size for number, size in zip(match.groups(), _SIZES, strict=True) if number)


def count(value: object) -> int | None:
    """A whole number as text."""
    value = plain(value)
    return int(value) if isinstance(value, str) and _COUNT.fullmatch(value) else None


def reach(value: object) -> Reach | None:
    """A stretch of a river between two sections, in the direction of flow."""
    if not isinstance(value, Mapping) or not value or not set(value) <= {"from", "to"}:
        return None
    ends = [value.get("from", ""), value.get("to", "")]
    if not all(isinstance(v, str) and len(v) <= LONGEST for v in ends) or not any(ends):
        return None
    return Reach(*ends)


def value_of(operand: Operand, operator: str, given: object) -> tuple[str, Value] | None:
    """The operator as it is decided on, and the typed value; None if the value is malformed for it."""
    if operand.kind is Kind.NAME:
        return _names_of(operand, operator, given)
    if operand.kind is Kind.REACH:
        stretch = reach(given)
        return None if stretch is None else ("isPartOf", stretch)
    if operand.kind is Kind.LEVEL:
        return _level_of(operand, operator, given)
    number = {Kind.TIME: time, Kind.DURATION: duration, Kind.COUNT: count}[operand.kind](given)
    return None if number is None else (operator, number)


def _level_of(operand: Operand, operator: str, given: object) -> tuple[str, Value] | None:
    found = names(given)
    words = RESOLUTIONS if operand.name == "resolution" else REVIEWS
    if found is None or not set(found) <= set(words):
        return None
    if operator in ("lt", "lteq", "gt", "gteq"):
        return (operator, words.index(found[0])) if len(found) == 1 else None
    return _membership(operator, found)


def _names_of(operand: Operand, operator: str, given: object) -> tuple[str, Value] | None:
    found = names(given)
    if found is None or (operand.known and not set(found) <= set(operand.known)):
        return None
    if operand.name == "parameter" and not all(map(_is_parameter, found)):
        return None
    if operator in ("isA", "isPartOf", "hasPart"):
        if len(found) != 1:
            return None
        wider = above_purpose if operator == "hasPart" else within_purpose
        return "isAnyOf", tuple(sorted(wider(found[0])))
    return _membership(operator, found)


def _membership(operator: str, found: Sequence[str]) -> tuple[str, Value] | None:
    if operator in ("eq", "neq", "isAllOf") and len(found) != 1:  # one thing is never several
        return None
    return ("isNoneOf" if operator in ("neq", "isNoneOf") else "isAnyOf"), tuple(found)


def _is_parameter(key: str) -> bool:
    try:
        vocabulary.parameter(key)
    except NotFoundError:
        return False
    return True
