"""Offers from what a form asks: the usual terms as an ODRL policy of the profile, and any policy in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shangyou.exchange.policy.render import constraint
from shangyou.exchange.policy.terms import LOGICAL, OPERANDS, PROFILE


@dataclass(frozen=True, slots=True)
class Terms:
    """The usual terms. Empty: no limit."""

    recipients: tuple[str, ...] = ()  # member ids
    purposes: tuple[str, ...] = ()  # keys of policy.terms.PURPOSES
    until: str = ""  # xsd:dateTime with zone, up to which it may be used
    delay: str = ""  # ISO 8601 duration that observations must be old
    resolution: str = ""  # finest that leaves: hour, day, month
    rows: int | None = None  # quota
    cite: bool = True
    onward: bool = False  # may it be passed on?
    delete: str = ""  # ISO 8601 duration after which it must be deleted


def policy_of(terms: Terms) -> dict[str, object]:
    """The terms as an ODRL policy without target."""
    constraints = [
        constraint(name, operator, value)
        for name, operator, value in (
            ("recipient", "isAnyOf", list(terms.recipients)),
            ("purpose", "isAnyOf", list(terms.purposes)),
            ("dateTime", "lt", terms.until),
            ("delay", "gteq", terms.delay),
            ("resolution", "gteq", terms.resolution),
            ("rows", "lteq", "" if terms.rows is None else str(terms.rows)),
        )
        if value
    ]
    permission: dict[str, object] = {"action": "use"}
    if constraints:
        permission["constraint"] = constraints
    policy: dict[str, object] = {"profile": PROFILE, "permission": [permission]}
    if not terms.onward:
        policy["prohibition"] = [{"action": "distribute"}]
    duties: list[dict[str, object]] = [{"action": "attribute"}] if terms.cite else []
    if terms.delete:
        duties.append({"action": "delete", "constraint": [constraint("elapsedTime", "lteq", terms.delete)]})
    return policy | ({"obligation": duties} if duties else {})


WORDS = {  # operator: zh, en
    "eq": ("为", "is"),
    "neq": ("不为", "is not"),
    "lt": ("早于或小于", "before or below"),
    "lteq": ("不超过", "at most"),
    "term-lteq": ("不超过", "at most"),
    "gt": ("晚于或大于", "after or above"),
    "gteq": ("不小于", "at least"),
    "isAnyOf": ("限于", "one of"),
    "isNoneOf": ("不得为", "none of"),
    "isAllOf": ("须全为", "all of"),
    "isA": ("属于", "a kind of"),
    "isPartOf": ("属于", "part of"),
    "hasPart": ("包含", "with"),
}
KINDS = {  # zh, en
    "permission": ("允许", "May"),
    "prohibition": ("禁止", "May not"),
    "obligation": ("须", "Has to"),
}
ACTIONS = {  # zh, en
    "use": ("使用", "use it"),
    "read": ("读取", "read it"),
    "aggregate": ("汇总", "aggregate it"),
    "distribute": ("转给他人", "pass it on"),
    "delete": ("删除", "delete it"),
    "attribute": ("注明来源", "cite the source"),
}
JOINED = {  # zh, en
    "and": ("并且", "and"),
    "or": ("或者", "or"),
    "xone": ("恰一", "just one of"),
    "andSequence": ("依次", "in turn"),
}


def in_words(policy: Mapping[str, object], language: str) -> list[str]:
    """Each rule of a policy as a line for people. What is not known stands as it was written."""
    place = 0 if language == "zh" else 1
    lines = []
    for kind, names in KINDS.items():
        rules = policy.get(kind)
        for rule in rules if isinstance(rules, list | tuple) else ():
            if not isinstance(rule, Mapping):
                continue
            action = str(rule.get("action", ""))
            line = f"{names[place]}{'' if place == 0 else ' '}{ACTIONS.get(action, (action, action))[place]}"
            limits = [_said(each, place) for each in _list(rule.get("constraint"))]
            lines.append(
                line + (("：" if place == 0 else ": ") + ("；" if place == 0 else "; ").join(limits) if limits else "")
            )
    return lines


def _said(each: Any, place: int) -> str:
    if not isinstance(each, Mapping):
        return str(each)[:100]
    for name in LOGICAL:
        if name in each:
            joint = JOINED[name][place]
            return "(" + f" {joint} ".join(_said(part, place) for part in _list(each[name])) + ")"
    operand = str(each.get("leftOperand", ""))
    known = OPERANDS.get(operand)
    name = (known.zh if place == 0 else known.en) if known else operand
    operator = str(each.get("operator", ""))
    return f"{name} {WORDS.get(operator, (operator, operator))[place]} {_value(each.get('rightOperand'))}"


def _value(right: Any) -> str:
    if isinstance(right, list | tuple):
        return ", ".join(_value(each) for each in right)
    if isinstance(right, Mapping):
        return ", ".join(f"{key}: {_value(value)}" for key, value in right.items() if not str(key).startswith("@type"))
    return str(right)[:200]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
