"""The rules of a compact: cases of a test and a move, from the few kinds that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shangyou.core.errors import ShangyouError
from shangyou.core.registry import WaterKind
from shangyou.governance.compensation.compact import (
    BY,
    EVERY,
    LAST_YEAR,
    ROLES,
    AgainstLastYear,
    Case,
    ClassAtMost,
    Declared,
    Deduct,
    Every,
    IndexAtMost,
    MeanAtMost,
    Move,
    Not,
    Nothing,
    Pot,
    Rule,
    Some,
    Test,
    Transfer,
    Watched,
)
from shangyou.governance.compensation.paper import Faults
from shangyou.governance.compensation.values import (
    ONE,
    amount,
    indicators_of,
    listed,
    mapping,
    named,
    number,
    shares,
    word,
)
from shangyou.standards.library import UNVERIFIED
from shangyou.standards.surface_water import CLASSES, limits

MOST: Final = 200
DEEPEST: Final = 6  # tests in tests
GOAL: Final = "goal"
KEYS: Final = {
    *("id", "name_zh", "name_en", "at", "every", "always", "cases", "steps", "filled_by", "cap"),
    *("status", "source", "note"),
}
TESTS: Final[Mapping[str, set[str]]] = {  # what may stand beside the word that names a test
    "class_at_most": {"section", "indicators"},
    "mean_at_most": {"section", "indicator"},
    "against_last_year": {"section", "indicators", "by"},
    "index_at_most": {"index"},
    "declared": set(),
    "all": set(),
    "any": set(),
    "not": set(),
}
MOVES: Final[Mapping[str, set[str]]] = {
    "pot": {"pay_in", "pay_out"},
    "transfer": {"from", "to"},
    "deduct": {"from", "of", "to"},
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a rule may speak of."""

    parties: frozenset[str]
    funders: frozenset[str]
    sections: Mapping[str, Watched]
    indicators: tuple[str, ...]
    indices: frozenset[str]
    facts: frozenset[str]
    since: date  # first day of the compact: standards in force then have the limits


def read_rules(given: object, names: Names, faults: Faults) -> list[Rule]:
    """All rules, in the order in which they stand."""
    found = listed(given, "rules", faults)
    if not 1 <= len(found) <= MOST:
        faults.add("rules", "compensation.count", count=len(found), least=1, most=MOST)
    rules = [_RuleReader(names, faults, f"rules[{place}]").rule(each) for place, each in enumerate(found[:MOST])]
    for place, rule in enumerate(rules):
        if rule.id in {other.id for other in rules[:place]}:
            faults.add(f"rules[{place}].id", "compensation.twice", name=rule.id)
    return rules


class _RuleReader:
    """Reads one rule."""

    def __init__(self, names: Names, faults: Faults, path: str) -> None:
        self._names, self._faults, self._path = names, faults, path
        self._sections: tuple[str, ...] = ()
        self._unverified = False

    def rule(self, given: object) -> Rule:
        path, faults = self._path, self._faults
        told = mapping(given, path, faults, KEYS)
        self._unverified = told.get("status") == UNVERIFIED
        self._sections = self._at(told.get("at"))
        every = str(told.get("every", "year"))
        if every not in EVERY:
            faults.add(f"{path}.every", "compensation.choice", given=every[:40], known=", ".join(EVERY))
        filled = told.get("filled_by")
        if filled is not None:
            filled = named(filled, f"{path}.filled_by", self._names.funders, faults)
        cap = told.get("cap")
        return Rule(
            word(told, "id", path, faults),
            word(told, "name_zh", path, faults),
            word(told, "name_en", path, faults),
            self._sections,
            every,
            self._cases(told),
            filled or "",
            amount(cap, f"{path}.cap", faults, unverified=True) if cap is not None else None,
            self._unverified,
        )

    def _at(self, given: object) -> tuple[str, ...]:
        path = f"{self._path}.at"
        if given is None:
            return ()
        if given == "each":
            if not self._names.sections:
                self._faults.add(path, "compensation.no_section")
            return tuple(sorted(self._names.sections))
        found = [named(each, path, self._names.sections, self._faults) for each in listed(given, path, self._faults)]
        if not found or len(set(found)) < len(found):
            self._faults.add(path, "compensation.no_section")
        return tuple(sorted(set(found)))

    # ---- cases --------------------------------------------------------------------------------------------------

    def _cases(self, told: Mapping[str, Any]) -> tuple[Case, ...]:
        kinds = [kind for kind in ("always", "cases", "steps") if kind in told]
        if len(kinds) != 1:
            self._faults.add(self._path, "compensation.cases")
            return (Case(None, Nothing()),)
        path = f"{self._path}.{kinds[0]}"
        if kinds[0] == "always":
            return (Case(None, self._move(told["always"], path)),)
        if kinds[0] == "steps":
            return self._steps(told["steps"], path)
        return self._ended(told["cases"], path, lambda each, where: self._test(each.get("if"), f"{where}.if", 0), "if")

    def _steps(self, given: object, path: str) -> tuple[Case, ...]:
        """A step function of an index: each step holds up to its limit, the last above all limits."""
        told = mapping(given, path, self._faults, {"index", "list"})
        index = named(told.get("index"), f"{path}.index", self._names.indices, self._faults)

        def test(each: Mapping[str, Any], where: str) -> Test:
            return IndexAtMost(index, number(each.get("at_most"), f"{where}.at_most", self._faults))

        cases = self._ended(told.get("list"), f"{path}.list", test, "at_most")
        bounds = [case.test.limit for case in cases if isinstance(case.test, IndexAtMost)]
        if bounds != sorted(set(bounds)):
            self._faults.add(f"{path}.list", "compensation.steps", bounds=", ".join(map(str, bounds)))
        return cases

    def _ended(
        self, given: object, path: str, test: Callable[[Mapping[str, Any], str], Test], key: str
    ) -> tuple[Case, ...]:
        """Cases of which just the last one has no test, so that there is one for whatever was measured."""
        found: list[Case] = []
        entries = listed(given, path, self._faults)
        for place, each in enumerate(entries[:MOST]):
            where, last = f"{path}[{place}]", place == len(entries) - 1
            told = mapping(each, where, self._faults, {"otherwise"} if last else {key, "then"})
            if last:
                found.append(Case(None, self._move(told.get("otherwise"), f"{where}.otherwise")))
            else:
                found.append(Case(test(told, where), self._move(told.get("then"), f"{where}.then")))
        if not found:
            self._faults.add(path, "compensation.cases")
            return (Case(None, Nothing()),)
        return tuple(found)

    # ---- tests --------------------------------------------------------------------------------------------------

    def _test(self, given: object, path: str, deep: int) -> Test:
        told = mapping(given, path, self._faults)
        kind = next((kind for kind in TESTS if kind in told), "")
        if not kind or deep > DEEPEST:
            self._faults.add(path, "compensation.test", known=", ".join(TESTS))
            return Every(())
        mapping(told, path, self._faults, TESTS[kind] | {kind})
        value, where = told[kind], f"{path}.{kind}"
        if kind in ("all", "any"):
            inner = listed(value, where, self._faults)
            if not inner:
                self._faults.add(where, "compensation.test", known=", ".join(TESTS))
            tests = tuple(self._test(each, f"{where}[{place}]", deep + 1) for place, each in enumerate(inner[:MOST]))
            return Every(tests) if kind == "all" else Some(tests)
        if kind == "not":
            return Not(self._test(value, where, deep + 1))
        if kind == "declared":
            return Declared(named(value, where, self._names.facts, self._faults))
        if kind == "index_at_most":
            index = named(told.get("index"), f"{path}.index", self._names.indices, self._faults)
            return IndexAtMost(index, number(value, where, self._faults))
        return self._of_section(kind, told, path)

    def _of_section(self, kind: str, told: Mapping[str, Any], path: str) -> Test:
        section = self._section(told.get("section"), f"{path}.section")
        where = f"{path}.{kind}"
        if kind == "mean_at_most":
            indicator = named(told.get("indicator"), f"{path}.indicator", self._names.indicators, self._faults)
            return MeanAtMost(section, indicator, number(told[kind], where, self._faults))
        items = self._indicators(told.get("indicators"), f"{path}.indicators")
        if kind == "class_at_most":
            self._need_limits(section, items, path)
            if told[kind] == GOAL:
                self._need_goals(section, where)
                return ClassAtMost(section, None, items)
            return ClassAtMost(section, CLASSES.index(named(told[kind], where, CLASSES, self._faults)) + 1, items)
        by = named(told.get("by", "class"), f"{path}.by", BY, self._faults)
        if by == "class":
            self._need_limits(section, items, path)
        return AgainstLastYear(section, named(told[kind], where, LAST_YEAR, self._faults), by, items)

    def _section(self, given: object, path: str) -> str:
        if given is not None:
            return named(given, path, self._names.sections, self._faults)
        if not self._sections:
            self._faults.add(path, "compensation.no_section")
        return ""

    def _indicators(self, given: object, path: str) -> tuple[str, ...]:
        if given is None:
            return tuple(sorted(self._names.indicators))
        found = indicators_of(given, path, self._faults)
        for each in set(found) - set(self._names.indicators):
            self._faults.add(path, "compensation.name", name=each, known=", ".join(self._names.indicators))
        return tuple(sorted(found))

    def _of(self, section: str) -> list[Watched]:
        return [
            self._names.sections[id] for id in ([section] if section else self._sections) if id in self._names.sections
        ]

    def _need_limits(self, section: str, items: tuple[str, ...], path: str) -> None:
        """Classes need limits: total nitrogen has none in a river."""
        for each in self._of(section):
            kind = WaterKind.LAKE if each.lake else WaterKind.RIVER
            for item in items:
                try:
                    limits(self._names.since, (item,), kind)
                except ShangyouError:
                    self._faults.add(path, "compensation.no_limits", item=item, section=each.id, water=str(kind))

    def _need_goals(self, section: str, path: str) -> None:
        for each in self._of(section):
            if each.goal is None:
                self._faults.add(path, "compensation.no_goal", section=each.id)

    # ---- moves --------------------------------------------------------------------------------------------------

    def _move(self, given: object, path: str) -> Move:
        if given == "nothing":
            return Nothing()
        told = mapping(given, path, self._faults)
        kind = next((kind for kind in MOVES if kind in told), "")
        if not kind:
            self._faults.add(path, "compensation.move", known=", ".join((*MOVES, "nothing")))
            return Nothing()
        mapping(told, path, self._faults, MOVES[kind] | {kind})
        if kind == "deduct":
            return self._deduct(told, path)
        money = amount(told[kind], f"{path}.{kind}", self._faults, self._unverified)
        names = self._names.parties | (set(ROLES) if self._sections else set())
        sides = ("pay_in", "pay_out") if kind == "pot" else ("from", "to")
        first, second = (shares(told.get(side), f"{path}.{side}", names, self._faults, money) for side in sides)
        if kind == "pot":
            return Pot(money, first, second)
        both = {name for name, _ in first} & {name for name, _ in second}
        for name in sorted(both):
            self._faults.add(path, "compensation.self", name=name)
        return Transfer(first, second, money)

    def _deduct(self, told: Mapping[str, Any], path: str) -> Deduct:
        part = told["deduct"]
        if part is None and not self._unverified:
            self._faults.add(f"{path}.deduct", "compensation.no_amount")
        share = None if part is None else number(part, f"{path}.deduct", self._faults)
        if share is not None and share > ONE:
            self._faults.add(f"{path}.deduct", "compensation.part", given=str(share))
            share = Decimal(1)
        payer = named(told.get("from"), f"{path}.from", self._names.parties, self._faults)
        payees = shares(told.get("to"), f"{path}.to", self._names.parties, self._faults, None)
        if payer in {name for name, _ in payees}:
            self._faults.add(path, "compensation.self", name=payer)
        return Deduct(word(told, "of", path, self._faults), payer, share, payees)
