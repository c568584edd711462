"""ODRL offers and agreements in plain JSON to policies. All faults at once; nothing that is not understood permits.

A fault in a permission makes that permission void, a fault in a prohibition makes it prohibit, a fault in the policy
itself prohibits everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.policy.policy import Atom, Condition, Duty, Fault, Group, Policy, Rule, Unknown
from shangyou.exchange.policy.terms import (
    ACTIONS,
    BANNED,
    DUTIES,
    DUTY_OPERANDS,
    LOGICAL,
    OPERANDS,
    OPERATORS,
    UP_ONLY,
)
from shangyou.exchange.policy.values import LONGEST, duration, plain, shown, value_of

DEEPEST: Final = 8  # constraints in constraints
MOST_CONSTRAINTS: Final = 500
MOST_RULES: Final = 100
MOST_FAULTS: Final = 100  # told; more are one more
KINDS: Final = ("Offer", "Agreement", "Set")
_HEAD: Final = {"@context", "@id", "@type", "profile", "target", "assigner", "assignee", "timestamp", "conflict"}
_LISTS: Final = ("permission", "prohibition", "obligation")
_PREFIXES: Final = ("odrl:", "http://www.w3.org/ns/odrl/2/")


def read(given: object) -> Policy:
    """The policy in a JSON value, whatever it is. `faults` says what is wrong; what is wrong denies."""
    return _Reader().policy(given)


def checked(given: object) -> Policy:
    """The policy; InputError "policy.faults" with all faults (each "path: code") if there are any."""
    policy = read(given)
    if policy.faults:
        raise InputError(
            "policy.faults", count=len(policy.faults), faults=[f"{f.path or '/'}: {f.code}" for f in policy.faults]
        )
    return policy


def _term(given: object) -> str:
    """A term without the prefix of its vocabulary; "" for what is no text."""
    given = plain(given)
    if not isinstance(given, str):
        return ""
    for prefix in _PREFIXES:
        if given.startswith(prefix):
            return given[len(prefix) :]
    return given


class _Reader:
    """Reads one policy, collecting its faults."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._left = MOST_CONSTRAINTS

    def _fault(self, path: str, code: str, **facts: object) -> Unknown:
        if len(self._faults) <= MOST_FAULTS:
            self._faults.append(Fault(path, code, facts))
        return Unknown(path, code, str(facts.get("wanted", "")))

    def policy(self, given: object) -> Policy:
        if not isinstance(given, Mapping):
            unknown = self._fault("", "policy.form", what="{}")
            return Policy("", "", prohibitions=(_ban(unknown),), faults=tuple(self._faults))
        blocked = self._head(given)
        rules = {name: self._rules(given, name, blocked) for name in _LISTS}
        permissions = tuple(self._permission(f"permission[{i}]", r) for i, r in enumerate(rules["permission"]))
        prohibitions = tuple(self._prohibition(f"prohibition[{i}]", r) for i, r in enumerate(rules["prohibition"]))
        duties = [self._duty(f"obligation[{i}]", r) for i, r in enumerate(rules["obligation"])]
        blocked += [duty for duty in duties if isinstance(duty, Unknown)]
        if not permissions and not prohibitions:
            blocked.append(self._fault("", "policy.rules"))
        return Policy(
            id=_text(given.get("@id")),
            kind=_text(given.get("@type")),
            target=_text(given.get("target")),
            assigner=_text(given.get("assigner")),
            assignee=_text(given.get("assignee")),
            permissions=permissions,
            prohibitions=(*(_ban(unknown) for unknown in blocked), *prohibitions),
            duties=tuple(duty for duty in duties if isinstance(duty, Duty)),
            faults=tuple(self._faults),
        )

    def _head(self, given: Mapping[str, object]) -> list[Unknown]:
        blocked = [
            self._fault(str(key)[:80], "policy.key", key=str(key)[:80])
            for key in list(given)[:1000]
            if key not in _HEAD and key not in _LISTS
        ]
        for key in ("@id", "target", "assigner", "assignee", "timestamp"):
            value = given.get(key)
            if value is not None and not (isinstance(value, str) and 0 < len(value) <= LONGEST):
                blocked.append(self._fault(key, "policy.form", what="text"))
        if given.get("@type") not in KINDS:
            blocked.append(self._fault("@type", "policy.kind", wanted=shown(given.get("@type")), known=KINDS))
        if "conflict" in given and _term(given["conflict"]) != "prohibit":
            blocked.append(self._fault("conflict", "policy.conflict", wanted=shown(given["conflict"])))
        if given.get("@type") == "Agreement":
            blocked += [
                self._fault(key, "policy.missing", key=key)
                for key in ("target", "assigner", "assignee")
                if not given.get(key)
            ]
        return blocked

    def _rules(self, given: Mapping[str, object], name: str, blocked: list[Unknown]) -> list[object]:
        value = given.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            blocked.append(self._fault(name, "policy.form", what="[]"))
            return []
        if len(value) > MOST_RULES:
            blocked.append(self._fault(name, "policy.size", most=MOST_RULES))
        return list(value[:MOST_RULES])

    def _permission(self, path: str, given: object) -> Rule:
        if not isinstance(given, Mapping):
            return _void(path, self._fault(path, "policy.form", what="{}"))
        bad = self._keys(path, given, {"action", "constraint", "duty"})
        action = _term(given.get("action"))
        if action not in ACTIONS:
            bad.append(self._fault(f"{path}.action", "policy.action", wanted=shown(given.get("action")), known=ACTIONS))
        duties = []
        value = given.get("duty", [])
        for i, each in enumerate(value if isinstance(value, list | tuple) else [value]):
            duty = self._duty(f"{path}.duty[{i}]", each) if i < MOST_RULES else None
            if isinstance(duty, Duty):
                duties.append(duty)
            else:
                bad.append(duty or self._fault(f"{path}.duty", "policy.size", most=MOST_RULES))
        members = (*bad, *self._constraints(path, given, False))
        return Rule(path, action, Group(path, "and", members), tuple(duties))

    def _prohibition(self, path: str, given: object) -> Rule:
        if not isinstance(given, Mapping):
            return _void(path, self._fault(path, "policy.form", what="{}"))
        self._keys(path, given, {"action", "constraint"})  # what is not known could only narrow it: it is passed over
        action = _term(given.get("action"))
        if action not in BANNED:
            self._fault(f"{path}.action", "policy.action", wanted=shown(given.get("action")), known=BANNED)
            return _void(path, Unknown(f"{path}.action", "policy.action", shown(given.get("action"))))
        return Rule(path, action, Group(path, "and", tuple(self._constraints(path, given, True))))

    def _keys(self, path: str, given: Mapping[str, object], known: set[str]) -> list[Unknown]:
        return [
            self._fault(f"{path}.{str(key)[:80]}", "policy.key", key=str(key)[:80])
            for key in list(given)[:1000]
            if key not in known and key not in ("@id", "@type", "uid")
        ]

    def _constraints(self, path: str, given: Mapping[str, object], prohibits: bool) -> list[Condition]:
        value = given.get("constraint")
        if value is None:
            return []
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list | tuple):
            return [self._fault(f"{path}.constraint", "policy.form", what="[]")]
        return self._all(f"{path}.constraint", value, prohibits, 1, False)

    def _all(
        self, path: str, given: list[object] | tuple[object, ...], prohibits: bool, depth: int, either: bool
    ) -> list[Condition]:
        """The constraints of a list; what goes beyond the bound is one unknown."""
        found: list[Condition] = []
        for i, each in enumerate(given):
            self._left -= 1
            if self._left < 0:
                found.append(self._fault(path, "policy.size", most=MOST_CONSTRAINTS))
                break
            found.append(self._condition(f"{path}[{i}]", each, prohibits, depth, either))
        return found

    def _condition(self, path: str, given: object, prohibits: bool, depth: int, either: bool) -> Condition:
        if not isinstance(given, Mapping):
            return self._fault(path, "policy.form", what="{}")
        if depth > DEEPEST:
            return self._fault(path, "policy.depth", most=DEEPEST)
        words = [key for key in given if _term(key) in LOGICAL]
        if words:
            return self._group(path, given, words, prohibits, depth, either)
        bad = self._keys(path, given, {"leftOperand", "operator", "rightOperand"})
        return bad[0] if bad else self._atom(path, given, prohibits, either)

    def _group(
        self, path: str, given: Mapping[str, object], words: list[str], prohibits: bool, depth: int, either: bool
    ) -> Condition:
        if set(given) - {"@id", "@type", "uid"} != {words[0]}:
            return self._fault(path, "policy.logical")
        word, value = _term(words[0]), given[words[0]]
        if isinstance(value, Mapping) and set(value) == {"@list"}:
            value = value["@list"]
        if not isinstance(value, list | tuple) or not value:
            return self._fault(f"{path}.{word}", "policy.form", what="[…]")
        members = self._all(f"{path}.{word}", value, prohibits, depth + 1, either or word == "xone")
        return Group(path, "and" if word == "andSequence" else word, tuple(members))

    def _atom(self, path: str, given: Mapping[str, object], prohibits: bool, either: bool) -> Condition:
        name, operator = _term(given.get("leftOperand")), _term(given.get("operator"))
        wanted = shown(given.get("rightOperand"))
        operand = OPERANDS.get(name)
        if operand is None:
            return self._fault(path, "policy.operand", wanted=shown(given.get("leftOperand")), known=tuple(OPERANDS))
        allowed = operand.prohibits if prohibits and operand.prohibits is not None else operand.operators
        if operator not in OPERATORS or ("lteq" if operator == "term-lteq" else operator) not in allowed:
            return self._fault(
                path, "policy.operator", operand=name, wanted=shown(given.get("operator")), known=sorted(allowed)
            )
        if either and name in UP_ONLY:
            return self._fault(path, "policy.xone", operand=name)
        value = value_of(operand, "lteq" if operator == "term-lteq" else operator, given.get("rightOperand"))
        if value is None:
            return self._fault(path, "policy.value", operand=name, wanted=wanted, kind=operand.kind.value)
        return Atom(path, name, value[0], value[1], wanted)

    def _duty(self, path: str, given: object) -> Duty | Unknown:
        if not isinstance(given, Mapping):
            return self._fault(path, "policy.form", what="{}")
        bad = self._keys(path, given, {"action", "constraint"})
        if bad:
            return bad[0]
        action = _term(given.get("action"))
        if action not in DUTIES:
            return self._fault(f"{path}.action", "policy.action", wanted=shown(given.get("action")), known=DUTIES)
        value = given.get("constraint")
        constraints = [value] if isinstance(value, Mapping) else value or []
        if action == "attribute" and not constraints:
            return Duty(path, action)
        if (
            not isinstance(constraints, list | tuple)
            or len(constraints) != 1
            or not isinstance(constraints[0], Mapping)
        ):
            return self._fault(path, "policy.duty", action=action)
        return self._duty_value(path, action, constraints[0])

    def _duty_value(self, path: str, action: str, given: Mapping[str, object]) -> Duty | Unknown:
        """delete: elapsedTime lteq P90D; attribute: citation eq TEXT."""
        operator, value = _term(given.get("operator")), plain(given.get("rightOperand"))
        fits = set(given) - {"@id", "@type", "uid"} == {"leftOperand", "operator", "rightOperand"}
        if not fits or _term(given.get("leftOperand")) != DUTY_OPERANDS[action] or not isinstance(value, str):
            return self._fault(path, "policy.duty", action=action)
        if action == "delete":
            elapsed = duration(value)
            if operator in ("eq", "lteq") and elapsed is not None:
                return Duty(path, action, value, elapsed)
        elif operator == "eq" and 0 < len(value) <= LONGEST:
            return Duty(path, action, value)
        return self._fault(path, "policy.duty", action=action)


def _text(given: object) -> str:
    return given if isinstance(given, str) and len(given) <= LONGEST else ""


def _void(path: str, unknown: Unknown) -> Rule:
    """A rule of which nothing is understood."""
    return Rule(path, "use", Group(path, "and", (unknown,)))


def _ban(unknown: Unknown) -> Rule:
    """A fault of the policy itself: nothing is permitted."""
    return Rule(unknown.path, "use", Group(unknown.path, "and", (unknown,)))
