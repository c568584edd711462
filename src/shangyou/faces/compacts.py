"""Compacts in words: each rule as sentences that a person who signs it can read, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shangyou.core import vocabulary
from shangyou.governance.compensation.compact import (
    AgainstLastYear,
    ClassAtMost,
    Compact,
    Declared,
    Deduct,
    Every,
    IndexAtMost,
    MeanAtMost,
    Move,
    Not,
    Pot,
    Rule,
    Some,
    Test,
    Transfer,
)
from shangyou.governance.compensation.money import Shares
from shangyou.standards.surface_water import CLASS_TEXT

WORDS: Final[dict[str, tuple[str, str]]] = {  # Chinese, English
    "upstream": ("上游一方", "the upstream party"),
    "downstream": ("下游一方", "the downstream party"),
    "pot": ("资金池", "the fund"),
    "here": ("该断面", "the section"),
    "goal": ("目标类别", "its goal"),
    "class": ("{at}水质达到或优于{goal}（{items}）", "{at} is in class {goal} or better ({items})"),
    "class_goal": ("{at}水质达到目标类别（{items}）", "{at} reaches its goal ({items})"),
    "mean": ("{at}{item}均值不超过 {limit} {unit}", "the mean of {item} at {at} is at most {limit} {unit}"),
    "better": ("{at}好于上年同期（{by}：{items}）", "{at} is better than a year before ({by}: {items})"),
    "no_worse": ("{at}不差于上年同期（{by}：{items}）", "{at} is no worse than a year before ({by}: {items})"),
    "worse": ("{at}差于上年同期（{by}：{items}）", "{at} is worse than a year before ({by}: {items})"),
    "by_class": ("按类别", "by class"),
    "by_each": ("按各项浓度", "by each concentration"),
    "by_ratio": ("按浓度比的平均", "by the average of the ratios"),
    "index": ("{index} ≤ {limit}", "{index} ≤ {limit}"),
    "and": ("，且", ", and "),
    "or": ("，或", ", or "),
    "not": ("并非“{test}”", "not “{test}”"),
    "otherwise": ("其他情形", "otherwise"),
    "always": ("一律", "always"),
    "if": ("如果{test}", "if {test}"),
    "then": ("：", ": "),
    "nothing": ("不发生资金往来", "no money moves"),
    "pots": ("共 {amount}；出资：{pay_in}；分配：{pay_out}", "{amount} in all; paid in: {pay_in}; paid out: {pay_out}"),
    "transfer": ("{payers}付给{payees} {amount}", "{payers} to {payees}: {amount}"),
    "deduct": (
        "从{payer}按“{rule}”所得中扣 {part}，归{payees}",
        "{part} of what {payer} gets by “{rule}” goes to {payees}",
    ),
    "unknown": ("（资料未载）", "(not in the sources)"),
    "yuan": ("{amount} 元", "{amount} yuan"),
    "month": ("按月", "each month"),
    "year": ("按年", "each year"),
    "cap": ("每方每年至多付 {amount}", "a party pays at most {amount} a year"),
    "filled": ("缺上游或下游的，由{party}补位", "{party} stands where there is no upstream or downstream party"),
    "formula": (
        "{index} = {k0} × Σ kᵢ·Cᵢ/Cᵢ₀（{at}；{weights}；{base}）",
        "{index} = {k0} × Σ kᵢ·Cᵢ/Cᵢ₀ ({at}; {weights}; {base})",
    ),
    "base_years": ("基准 {first}–{last} 年均值", "base: means of {first} to {last}"),
    "base": ("基准 {values}", "base: {values}"),
    "comma": ("、", ", "),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One case of a rule."""

    rule: str
    name: str
    how: str  # each month, at which sections, up to which cap
    text: str
    unverified: bool


def clauses(compact: Compact, language: str) -> list[Clause]:
    """Every case of every rule, in the order in which they are tried."""
    wording = Wording(compact, language)
    return [
        Clause(rule.id, _named(rule, language), wording.how(rule), wording.case(rule, place), rule.unverified)
        for rule in compact.rules
        for place in range(len(rule.cases))
    ]


def formulas(compact: Compact, language: str) -> list[str]:
    """The indices of a compact."""
    wording = Wording(compact, language)
    return [wording.formula(index.id) for index in compact.indices]


def _named(rule: Rule, language: str) -> str:
    return rule.name_zh if language == "zh" else rule.name_en


def money(amount: Decimal) -> str:
    """With thousands set apart.

    >>> money(Decimal("-20000000.00"))
    '-20,000,000.00'
    """
    return f"{amount:,.2f}"


class Wording:
    """Words for the parts of one compact, in one language."""

    def __init__(self, compact: Compact, language: str) -> None:
        self._compact, self._zh = compact, language == "zh"

    def say(self, key: str, **facts: object) -> str:
        """A word or sentence of WORDS."""
        return WORDS[key][not self._zh].format_map(facts)

    def party(self, id: str) -> str:
        """A party, a role, or the fund."""
        if id in WORDS:
            return self.say(id)
        found = next((party for party in self._compact.parties if party.id == id), None)
        return id if found is None else found.name_zh if self._zh else found.name_en

    def section(self, id: str) -> str:
        """A section; "" = the one that a rule is at."""
        found = next((section for section in self._compact.sections if section.id == id), None)
        if found is None:
            return id or self.say("here")
        return found.name_zh if self._zh else found.name_en

    def item(self, key: str) -> str:
        """An indicator."""
        found = vocabulary.parameter(key)
        return found.name_zh if self._zh else found.name_en

    def fact(self, key: str) -> str:
        """What parties may state."""
        return next((zh if self._zh else en for id, zh, en in self._compact.facts if id == key), key)

    def rule(self, id: str) -> str:
        """A rule by its name."""
        found = next((rule for rule in self._compact.rules if rule.id == id), None)
        return id if found is None else _named(found, "zh" if self._zh else "en")

    def joined(self, words: Sequence[str]) -> str:
        """A list of words."""
        return self.say("comma").join(words)

    def amount(self, given: Decimal | None) -> str:
        """Money, or that it is not known."""
        return self.say("unknown") if given is None else self.say("yuan", amount=money(given))

    def how(self, rule: Rule) -> str:
        """When and where a rule is applied, and what bounds it."""
        told = [self.say(rule.every)]
        if rule.sections:
            told.append(self.joined([self.section(id) for id in rule.sections]))
        if rule.cap is not None:
            told.append(self.say("cap", amount=self.amount(rule.cap)))
        if rule.filled_by:
            told.append(self.say("filled", party=self.party(rule.filled_by)))
        return ("；" if self._zh else "; ").join(told)

    def case(self, rule: Rule, place: int) -> str:
        """A case of a rule."""
        case = rule.cases[place]
        if case.test is None:
            head = self.say("always" if len(rule.cases) == 1 else "otherwise")
        else:
            head = self.say("if", test=self.test(case.test))
        return head + self.say("then") + self.move(case.move)

    def test(self, test: Test) -> str:
        """A test."""
        match test:
            case Every(tests):
                return self.say("and").join(map(self.test, tests))
            case Some(tests):
                return self.say("or").join(map(self.test, tests))
            case Not(inner):
                return self.say("not", test=self.test(inner))
            case ClassAtMost(section, goal, items):
                facts = {"at": self.section(section), "items": self.joined([self.item(item) for item in items])}
                return self.say("class", goal=CLASS_TEXT[goal], **facts) if goal else self.say("class_goal", **facts)
            case MeanAtMost(section, item, limit):
                unit = vocabulary.parameter(item).unit
                return self.say("mean", at=self.section(section), item=self.item(item), limit=limit, unit=unit)
            case AgainstLastYear(section, verdict, by, items):
                told = self.joined([self.item(item) for item in items])
                return self.say(verdict, at=self.section(section), by=self.say(f"by_{by}"), items=told)
            case IndexAtMost(index, limit):
                return self.say("index", index=index, limit=limit)
            case Declared(fact):
                return self.fact(fact)

    def move(self, move: Move) -> str:
        """What moves."""
        match move:
            case Pot(amount, pay_in, pay_out):
                sides = {"pay_in": self._shares(pay_in), "pay_out": self._shares(pay_out)}
                return self.say("pots", amount=self.amount(amount), **sides)
            case Transfer(payers, payees, amount):
                sides = {"payers": self._shares(payers), "payees": self._shares(payees)}
                return self.say("transfer", amount=self.amount(amount), **sides)
            case Deduct(rule, payer, part, payees):
                shown = self.say("unknown") if part is None else _percent(part)
                return self.say(
                    "deduct", payer=self.party(payer), rule=self.rule(rule), part=shown, payees=self._shares(payees)
                )
            case _:
                return self.say("nothing")

    def _shares(self, shares: Shares) -> str:
        whole = sum((share for _, share in shares), Decimal(0))
        if len(shares) == 1:
            return self.party(shares[0][0])
        return self.joined([f"{self.party(name)} {_percent(share / whole)}" for name, share in shares])

    def formula(self, id: str) -> str:
        """An index with its weights and base."""
        index = self._compact.index(id)
        weights = self.joined([f"{self.item(item)} {weight}" for item, weight in index.weights])
        if index.years:
            base = self.say("base_years", first=index.years[0], last=index.years[1])
        else:
            values = self.joined([f"{self.item(item)} {value}" for item, value in sorted(index.base.items())])
            base = self.say("base", values=values)
        return self.say("formula", index=id, k0=index.k0, at=self.section(index.section), weights=weights, base=base)


def _percent(share: Decimal) -> str:
    """A share with at most two decimals."""
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"
