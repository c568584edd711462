"""Any policy in words, for people; also one that the policy decision would not understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shangyou.exchange.policy.terms import LOGICAL, OPERANDS, PURPOSES

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
DUTIES = {  # operands of duties: zh, en
    "elapsedTime": ("收到后", "after it came"),
    "citation": ("写法", "as"),
}
USES = dict(  # purposes: zh, en
    zip(
        PURPOSES,
        (
            ("法定职责", "statutory duty"),
            ("考核评价", "assessment"),
            ("执法监管", "enforcement"),
            ("预警", "warning"),
            ("应急处置", "emergency"),
            ("生态补偿", "compensation"),
            ("规划", "planning"),
            ("科研", "research"),
            ("信息公开", "publication"),
        ),
        strict=True,
    )
)
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
    name = (known.zh if place == 0 else known.en) if known else DUTIES.get(operand, (operand, operand))[place]
    operator = str(each.get("operator", ""))
    value = _value(each.get("rightOperand"), place if operand == "purpose" else -1)
    return f"{name} {WORDS.get(operator, (operator, operator))[place]} {value}"


def _value(right: Any, place: int) -> str:
    """A right operand; `place` >= 0: of purposes, in that language."""
    if isinstance(right, list | tuple):
        return ", ".join(_value(each, place) for each in right)
    if isinstance(right, Mapping):
        named = [(key, value) for key, value in right.items() if not str(key).startswith("@type")]
        return ", ".join(f"{key}: {_value(value, place)}" for key, value in named)
    text = str(right)[:200]
    return USES[text][place] if place >= 0 and text in USES else text


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
