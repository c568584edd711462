"""Decisions and policies as rows: what the command `why` prints and the page shows. Words are made at the face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shangyou.exchange.policy.decision import Decision, Outcome, Permitted
from shangyou.exchange.policy.policy import Atom, Condition, Duty, Group, Policy, Unknown
from shangyou.exchange.scope import Scope


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation, in the order of reading; `depth` says what it belongs to."""

    kind: str  # verdict, reason, scope, duty, rule, constraint, group
    depth: int
    path: str = ""
    code: str = ""  # of messages/policy.toml for a reason; and, or, xone; the action of a rule or duty
    operand: str = ""
    operator: str = ""
    wanted: str = ""
    found: str = ""
    outcome: str = ""  # of decision.Outcome; permitted, refused
    who: str = ""
    when: int | None = None  # ms since 1970 UTC


def why(decision: Decision) -> list[Line]:
    """A decision with its reasons, what may leave, and every rule as it was weighed."""
    lines: list[Line] = []
    if isinstance(decision, Permitted):
        lines.append(Line("verdict", 0, outcome="permitted", found=decision.resolution, when=decision.until))
        for i, scope in enumerate(decision.scopes):
            lines += [Line("scope", 1, f"scope[{i}]", operand=name, found=text) for name, text in described(scope)] or [
                Line("scope", 1, f"scope[{i}]", found="*")
            ]
        lines += [_duty(duty) for duty in decision.duties]
    else:
        lines.append(Line("verdict", 0, outcome="refused"))
        lines += [
            Line("reason", 1, r.path, r.code, r.operand, r.operator, r.wanted, r.found, "", r.who.value, r.when)
            for r in decision.reasons
        ]
    for step in decision.trace:
        rule = not step.operand and step.outcome in (Outcome.HOLDS, Outcome.FAILS, Outcome.ASIDE)
        kind, code, operator = ("rule", step.operator, "") if rule else ("constraint", step.rule, step.operator)
        lines.append(
            Line(kind, 1 if rule else 2, step.path, code, step.operand, operator, step.wanted, step.found, step.outcome)
        )
    return lines


def explained(policy: Policy) -> list[Line]:
    """A policy as a tree of lines: what it permits, prohibits and demands."""
    lines: list[Line] = []
    for word, rules in (("permission", policy.permissions), ("prohibition", policy.prohibitions)):
        for rule in rules:
            lines.append(Line("rule", 0, rule.path, rule.action, outcome=word))
            for member in rule.condition.members:
                lines += _condition(member, 1)
            lines += [_duty(duty) for duty in rule.duties]
    return lines + [_duty(duty) for duty in policy.duties]


def _condition(condition: Condition, depth: int) -> Iterator[Line]:
    if isinstance(condition, Atom):
        yield Line("constraint", depth, condition.path, "", condition.operand, condition.operator, condition.wanted)
    elif isinstance(condition, Unknown):
        yield Line("constraint", depth, condition.path, condition.code, wanted=condition.wanted, outcome="unknown")
    elif isinstance(condition, Group):
        yield Line("group", depth, condition.path, condition.word)
        for member in condition.members:
            yield from _condition(member, depth + 1)


def _duty(duty: Duty) -> Line:
    return Line("duty", 1, duty.path, duty.action, wanted=duty.value)


def described(scope: Scope) -> list[tuple[str, str]]:
    """The limits of a scope: operand and value as text; times as ms since 1970 UTC."""
    named = (
        ("section", scope.sections),
        ("parameter", scope.parameters),
        ("cadence", scope.cadences),
        ("statistic", scope.statistics),
    )
    found = [(name, _few(values)) for name, values in named if values is not None]
    numbers = (
        ("from", scope.start),
        ("to", scope.stop),
        ("delay", scope.delay or None),
        ("review", scope.review or None),
        ("rows", scope.rows),
        ("bytes", scope.bytes),
        ("rate", scope.rate),
    )
    return found + [(name, str(number)) for name, number in numbers if number is not None]


def _few(names: frozenset[str]) -> str:
    first = sorted(names)[:20]
    return ", ".join(first) + (f" … ({len(names)})" if len(names) > 20 else "")
