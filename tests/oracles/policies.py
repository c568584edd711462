"""May this one row leave? Worked out from the JSON of a policy, row by row, with none of the product's own code.

Truth has three values: True, False, None (cannot be told). A permission must be True, a prohibition must be False.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Truth = bool | None
TREE = {"statutory": {"statutory", "assessment", "enforcement", "warning", "emergency", "compensation"}}
RESOLUTIONS = ["observed", "hour", "day", "month", "year"]
REVIEWS = ["none", "first", "second", "final"]
KNOWN = {
    "recipientLevel": {"national", "provincial"},
    "purpose": TREE["statutory"] | {"planning", "research", "publication"},
    "cadence": {"instant", "minute", "hour", "4h", "day", "month"},
    "statistic": {"value", "mean", "min", "max", "total"},
    "resolution": set(RESOLUTIONS),
    "review": set(REVIEWS),
    "parameter": {"ammonia_nitrogen", "total_phosphorus", "ph", "dissolved_oxygen"},
}
METERS = {f"{unit}{window}" for unit in ("rows", "bytes") for window in ("", "PerHour", "PerDay", "PerMonth")} | {
    "rate"
}
NAMED = {
    "recipient",
    "recipientLevel",
    "purpose",
    "section",
    "river",
    "parameter",
    "cadence",
    "statistic",
    "resolution",
}
ORDERED = {"dateTime", "observed", "delay", "resolution", "review"} | METERS


@dataclass(frozen=True)
class Ask:
    """Who asks, when, and how much has left before."""

    recipient: str
    level: str
    purpose: str
    action: str
    resolution: str
    at: int
    used: Mapping[str, int] = field(default_factory=dict)
    rivers: Mapping[str, str] = field(default_factory=dict)
    waters: Sequence[Sequence[str]] = ()


def leaves(policy: Mapping[str, Any], ask: Ask, row: Mapping[str, Any]) -> bool:
    """May the row leave?"""
    for rule in policy.get("prohibition", []):
        if rule["action"] == "distribute":
            continue
        if rule["action"] not in ("use", "read", "aggregate"):
            return False
        if rule["action"] in ("use", ask.action) and _all(rule.get("constraint", []), ask, row, False) is not False:
            return False
    return any(
        rule["action"] in ("use", ask.action) and _all(rule.get("constraint", []), ask, row, True) is True
        for rule in policy.get("permission", [])
    )


def _all(constraints: Sequence[Mapping[str, Any]], ask: Ask, row: Mapping[str, Any], permits: bool) -> Truth:
    return conjunction([_truth(c, ask, row, permits, False) for c in constraints])


def conjunction(truths: Sequence[Truth]) -> Truth:
    """Kleene's and."""
    return False if False in truths else None if None in truths else True


def _truth(given: Mapping[str, Any], ask: Ask, row: Mapping[str, Any], permits: bool, either: bool) -> Truth:
    for word in ("and", "andSequence", "or", "xone"):
        if word in given:
            truths = [_truth(c, ask, row, permits, either or word == "xone") for c in given[word]]
            if word == "or":
                return True if True in truths else None if None in truths else False
            if word == "xone":
                if truths.count(True) > 1:
                    return False
                return None if None in truths else truths.count(True) == 1
            return conjunction(truths)
    return _atom(given["leftOperand"], given["operator"], given["rightOperand"], ask, row, permits, either)


def _atom(
    operand: str, operator: str, wanted: Any, ask: Ask, row: Mapping[str, Any], permits: bool, either: bool
) -> Truth:
    if operand == "reach":
        return _reach(wanted, ask, row["section"]) if operator == "isPartOf" else None
    one_way = operand == "review" or operand in METERS
    if one_way and (either or operator not in _right_way(operand, permits)):
        return None
    if operator in ("lt", "lteq", "gt", "gteq"):
        return _ordered(operand, operator, wanted, ask, row) if operand in ORDERED else None
    if operand not in NAMED:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if (
        not names
        or not all(isinstance(name, str) for name in names)
        or not set(names) <= KNOWN.get(operand, set(names))
    ):
        return None
    return _named(operand, operator, names, ask, row)


def _right_way(operand: str, permits: bool) -> tuple[str, str]:
    down, up = ("lt", "lteq"), ("gt", "gteq")
    if operand == "review":
        return up if permits else down
    return down if permits else up


def _named(operand: str, operator: str, names: list[str], ask: Ask, row: Mapping[str, Any]) -> Truth:
    if operator in ("eq", "neq", "isAllOf", "isA", "isPartOf", "hasPart") and len(names) != 1:
        return None
    if operator in ("isA", "isPartOf", "hasPart") and operand != "purpose":
        return None
    if operator not in ("eq", "neq", "isAllOf", "isAnyOf", "isNoneOf", "isA", "isPartOf", "hasPart"):
        return None
    asked = {"recipient": ask.recipient, "recipientLevel": ask.level, "purpose": ask.purpose}
    asked |= {"resolution": ask.resolution, "river": ask.rivers.get(row["section"], "")}
    value = asked.get(operand) if operand in asked else row[operand]
    if value == "":
        return None
    if operator in ("isA", "isPartOf"):
        return value in TREE.get(names[0], {names[0]})
    if operator == "hasPart":
        return value == names[0] or (value == "statutory" and names[0] in TREE["statutory"])
    return (value in names) is (operator not in ("neq", "isNoneOf"))


def _ordered(operand: str, operator: str, wanted: Any, ask: Ask, row: Mapping[str, Any]) -> Truth:
    bound = _number(operand, wanted)
    if bound is None:
        return None
    if operand in METERS:
        if operand not in ask.used:
            return None
        value = ask.used[operand] + 1
    else:
        value = {
            "dateTime": ask.at,
            "observed": row["time"],
            "delay": ask.at - row["time"],
            "resolution": RESOLUTIONS.index(ask.resolution),
            "review": row["review"],
        }[operand]
    return {"lt": value < bound, "lteq": value <= bound, "gt": value > bound, "gteq": value >= bound}[operator]


def _number(operand: str, wanted: Any) -> int | None:
    if not isinstance(wanted, str):
        return None
    if operand in METERS:
        return int(wanted) if wanted.isdigit() and wanted.isascii() else None
    if operand == "resolution":
        return RESOLUTIONS.index(wanted) if wanted in RESOLUTIONS else None
    if operand == "review":
        return REVIEWS.index(wanted) if wanted in REVIEWS else None
    if operand == "delay":  # the cases use whole hours and days
        hours = {"PT": 1, "P": 24}["PT" if wanted.startswith("PT") else "P"]
        number = wanted.strip("PTHD")
        return int(number) * hours * 3_600_000 if number.isdigit() else None
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo is not None else None


def _reach(wanted: Any, ask: Ask, section: str) -> Truth:
    """On the first water that holds its ends in the direction of flow; other rivers lie outside."""
    if not isinstance(wanted, dict):
        return None
    first, last = wanted.get("from"), wanted.get("to")
    for water in ask.waters:
        if (first is not None and first not in water) or (last is not None and last not in water):
            continue
        a = water.index(first) if first is not None else 0
        b = water.index(last) if last is not None else len(water) - 1
        if a > b:
            continue
        if section in water:
            return a <= water.index(section) <= b
        mine = {ask.rivers.get(s, "") for s in water}
        river = ask.rivers.get(section, "")
        return False if river and "" not in mine and river not in mine else None
    return None
