"""Regions back to constraints of ODRL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from shangyou.exchange.policy.region import Extent, Names, Region, Span
from shangyou.exchange.policy.terms import OPERANDS, RESOLUTIONS, REVIEWS, Kind

_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def constraints_of(region: Region) -> list[dict[str, object]]:
    """Constraints that together hold just where a region does, in the order of the profile's operands."""
    found: list[dict[str, object]] = []
    for name in OPERANDS:
        extent = region.get(name)
        if isinstance(extent, Names):
            operator = "isNoneOf" if extent.but else "isAnyOf"
            if extent.values - {""}:
                found.append(constraint(name, operator, sorted(extent.values - {""})))
        elif isinstance(extent, Span):
            found += _order(name, extent)
    for axis in region:
        if axis.startswith("reach "):
            ends = dict(zip(("from", "to"), axis.removeprefix("reach ").partition("..")[::2], strict=True))
            found.append(constraint("reach", "isPartOf", {key: end for key, end in ends.items() if end}))
    return found


def renders(region: Region) -> bool:
    """Can a region be written as constraints that hold together?

    The outside of a reach cannot, nor can "any purpose, as long as one is named" or "none named": without the words
    the region would be wider.
    """
    return all(_renders(axis, extent) for axis, extent in region.items())


def _renders(axis: str, extent: Extent) -> bool:
    if axis in OPERANDS:
        return not isinstance(extent, Names) or extent.values != {""}
    return isinstance(extent, Names) and extent == Names(frozenset({"in"})) and axis.count("..") == 1


def constraint(operand: str, operator: str, value: object) -> dict[str, object]:
    """One constraint as JSON."""
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def _order(name: str, span: Span) -> list[dict[str, object]]:
    found = []
    if span.start is not None and span.start > _LEAST.get(name, span.start - 1):
        after = OPERANDS[name].kind is Kind.DURATION and (span.start - 1) % 1000 == 0  # durations have whole seconds
        found.append(
            constraint(name, "gt", _text(name, span.start - 1))
            if after
            else constraint(name, "gteq", _text(name, span.start))
        )
    if span.stop is not None and span.stop <= _MOST.get(name, span.stop):
        most = OPERANDS[name].kind in (Kind.COUNT, Kind.LEVEL)
        most = most or (OPERANDS[name].kind is Kind.DURATION and (span.stop - 1) % 1000 == 0)
        found.append(constraint(name, "lteq" if most else "lt", _text(name, span.stop - 1 if most else span.stop)))
    return found


_LEAST: Final = {"resolution": 0, "review": 0}
_MOST: Final = {"resolution": len(RESOLUTIONS) - 1, "review": len(REVIEWS) - 1}


def _text(name: str, number: int) -> str:
    kind = OPERANDS[name].kind
    if kind is Kind.TIME:
        return (_ZERO + timedelta(milliseconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind is Kind.DURATION:
        return duration_text(number)
    if kind is Kind.LEVEL:
        return (RESOLUTIONS if name == "resolution" else REVIEWS)[number]
    return str(number)


def duration_text(ms: int) -> str:
    """An ISO 8601 duration of whole seconds, rounded up: a delay or a time to delete after is never made shorter.

    >>> duration_text(108_000_000), duration_text(0)
    ('P1DT6H', 'PT0S')
    """
    days, seconds = divmod(-(-ms // 1000), 86_400)
    hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    day = f"{days}D" if days else ""
    return f"P{day}T{clock}" if clock else f"P{day}" if day else "PT0S"
