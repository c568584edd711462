"""Reckon a statement: for each rule, section and period the first case that holds, and the money that it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Final

from shangyou.core.errors import InputError
from shangyou.governance.compensation.compact import (
    AgainstLastYear,
    Case,
    ClassAtMost,
    Compact,
    Declared,
    Deduct,
    Every,
    IndexAtMost,
    MeanAtMost,
    Not,
    Pot,
    Rule,
    Some,
    Test,
    Transfer,
    leaves,
)
from shangyou.governance.compensation.figures import (
    Exemption,
    Figure,
    Figures,
    Place,
    Reading,
    before,
    last_day,
    months_of,
    wanted,
)
from shangyou.governance.compensation.money import NOTHING, Shares, moved, split
from shangyou.governance.compensation.sound import acting
from shangyou.governance.compensation.statement import POT, Finding, Key, Line, Statement
from shangyou.standards.library import editions
from shangyou.standards.surface_water import CLASS_TEXT

UNKNOWN: Final = "compensation.term_unknown"  # the compact does not say how much
MISSING: Final = "compensation.data_missing"
UNDECLARED: Final = "compensation.undeclared"
EXEMPT: Final = "compensation.exempt"
CAPPED: Final = "compensation.capped"
FOLLOWS: Final = "compensation.follows"  # it takes a part of a line that is open
STANDARDS: Final = ("gb3838", "assessment", "statistics")


@dataclass(frozen=True, slots=True)
class Given:
    """What a party reckons from."""

    figures: Sequence[Figure]
    declared: Mapping[str, bool]
    exempt: Sequence[Exemption] = ()
    version: str = ""
    simulated: bool = False


def compute(compact: Compact, year: str, given: Given) -> Statement:
    """The statement of a compact on a year ("2019").

    The order of parties, sections, rules and figures changes nothing. Raises InputError "compensation.period" for a
    year outside the compact, "compensation.undeclarable" for a fact that it does not know, "compensation.exemption" for
    a section or month that it does not watch.
    """
    _check(compact, year, given)
    figures = Figures(compact, given.figures, given.exempt)
    lines: list[Line] = []
    for rule in compact.rules:
        lines += _Reckoner(compact, rule, figures, given.declared, lines).lines(periods(compact, rule, year))
    lines.sort(key=lambda line: line.key)
    asked = wanted(compact, year)
    return Statement(
        compact=compact.id,
        terms=compact.digest,
        period=year,
        editions=_editions(compact, year),
        version=given.version,
        declared=tuple(sorted(given.declared.items())),
        exemptions=figures.exemptions,
        figures=tuple(figures.given[place] for place in sorted(figures.given) if place in asked),
        lines=tuple(lines),
        simulated=given.simulated,
    )


def periods(compact: Compact, rule: Rule, year: str) -> list[str]:
    """The year, or its months in which the compact is in force."""
    if rule.every == "year":
        return [year]
    first, last = compact.valid_from.strftime("%Y-%m"), compact.valid_to.strftime("%Y-%m")
    return [month for month in months_of(year) if first <= month <= last]


def _check(compact: Compact, year: str, given: Given) -> None:
    known = [str(each) for each in range(compact.valid_from.year, compact.valid_to.year + 1)][:200]
    if year not in known:
        raise InputError("compensation.period", period=year[:40], first=known[0], last=known[-1])
    for fact in sorted(given.declared.keys() - {key for key, *_ in compact.facts}):
        facts = ", ".join(key for key, *_ in compact.facts)
        raise InputError("compensation.undeclarable", fact=fact[:80], known=facts)
    sections = {section.id for section in compact.sections}
    for each in given.exempt:
        if each.section not in sections or each.month not in months_of(year) or not each.why.strip():
            raise InputError("compensation.exemption", section=each.section[:80], month=each.month[:20])


def _editions(compact: Compact, year: str) -> tuple[str, ...]:
    """Standards behind the classes of a year; none where no class is asked for."""
    tests = [leaf for rule in compact.rules for case in rule.cases for leaf in leaves(case.test)]
    if not any(isinstance(leaf, ClassAtMost) or getattr(leaf, "by", "") == "class" for leaf in tests):
        return ()
    days: tuple[date, ...] = tuple(last_day(month) for month in months_of(year))
    return tuple(
        each.id for family in STANDARDS for each in editions(family) if any(each.in_force(day) for day in days)
    )


class _Reckoner:
    """Reckons the lines of one rule."""

    def __init__(
        self, compact: Compact, rule: Rule, figures: Figures, declared: Mapping[str, bool], earlier: Sequence[Line]
    ) -> None:
        self._compact, self._rule, self._figures, self._declared = compact, rule, figures, declared
        self._earlier = earlier
        self._paid: dict[str, Decimal] = {}  # by whoever pays, of a rule with a cap

    def lines(self, spans: Iterable[str]) -> list[Line]:
        """In order of time, as a cap is used up in that order."""
        return [
            line for period in spans for section in self._rule.sections or ("",) for line in self._at(section, period)
        ]

    def _at(self, section: str, period: str) -> list[Line]:
        trial = _Trial(self._compact, self._figures, self._declared, section, period)
        case, gap = self._choose(trial)
        key = Key(self._rule.id, section, period, "")
        line = Line(key, "nothing", "", -1, trial.told(), tuple(sorted(set(trial.used))), ())
        if case < 0:
            outcome = {"exempt": "exempt", "missing": self._compact.gap}.get(gap, "open")
            code = {"exempt": EXEMPT, "missing": MISSING}.get(gap, UNDECLARED)
            return [replace(line, outcome=outcome, code=code)]
        return self._moved(replace(line, case=case), self._rule.cases[case], section)

    def _choose(self, trial: _Trial) -> tuple[int, str]:
        """The first case whose test holds; -1 and why where nobody can say."""
        for place, case in enumerate(self._rule.cases):
            verdict = True if case.test is None else trial.holds(case.test)
            if verdict:
                return place, ""
            if verdict is None:
                gaps = {finding.gap for finding in trial.findings if finding.holds is None}
                return -1, next(gap for gap in ("undeclared", "missing", "exempt") if gap in gaps)
        raise AssertionError("the last case of a rule has no test")

    def _moved(self, line: Line, case: Case, section: str) -> list[Line]:
        match case.move:
            case Pot(amount, pay_in, pay_out):
                pots = (("in", pay_in, ((POT, Decimal(1)),)), ("out", ((POT, Decimal(1)),), pay_out))
                return [
                    self._posted(
                        replace(line, key=line.key._replace(part=part)),
                        amount,
                        self._acting(a, section),
                        self._acting(b, section),
                    )
                    for part, a, b in pots
                ]
            case Transfer(payers, payees, amount):
                return [self._posted(line, amount, self._acting(payers, section), self._acting(payees, section))]
            case Deduct():
                return [self._deducted(line, case.move)]
            case _:
                return [line]

    def _posted(self, line: Line, amount: Decimal | None, payers: Shares, payees: Shares) -> Line:
        if amount is None:
            return replace(line, outcome="open", code=UNKNOWN)
        if self._rule.cap is not None:
            [(payer, _)] = payers
            left = self._rule.cap - self._paid.get(payer, NOTHING)
            if amount > left:
                amount, line = left, replace(line, code=CAPPED)
            self._paid[payer] = self._paid.get(payer, NOTHING) + amount
        return replace(line, outcome="moved", postings=moved(amount, payers, payees))

    def _acting(self, shares: Shares, section: str) -> Shares:
        """With the parties that stand for roles at a section."""
        named: dict[str, Decimal] = {}
        for name, share in shares:
            party = name if name == POT else acting(self._compact, self._rule, section, name)
            named[party] = named.get(party, Decimal(0)) + share
        return tuple(sorted(named.items()))

    def _deducted(self, line: Line, move: Deduct) -> Line:
        if move.part is None:
            return replace(line, outcome="open", code=UNKNOWN)
        behind = [each for each in self._earlier if (each.key.rule, each.key.period) == (move.rule, line.key.period)]
        if any(each.outcome == "open" for each in behind):
            return replace(line, outcome="open", code=FOLLOWS)
        gained = sum((max(dict(each.postings).get(move.payer, NOTHING), NOTHING) for each in behind), NOTHING)
        amount = split(gained, (("kept", 1 - move.part), ("part", move.part)))["part"] if move.part < 1 else gained
        return replace(line, outcome="moved", postings=moved(amount, ((move.payer, Decimal(1)),), move.payees))


class _Trial:
    """Puts tests to the figures of one section and period, and keeps what they found."""

    def __init__(
        self, compact: Compact, figures: Figures, declared: Mapping[str, bool], section: str, period: str
    ) -> None:
        self._compact, self._figures, self._declared = compact, figures, declared
        self._section, self._period = section, period
        self.findings: list[Finding] = []
        self.used: list[Place] = []

    def holds(self, test: Test) -> bool | None:
        """Three-valued: what is not known makes a whole unknown only where it could decide it (Kleene)."""
        match test:
            case Every(tests):
                found = [self.holds(each) for each in tests]
                return False if False in found else None if None in found else True
            case Some(tests):
                found = [self.holds(each) for each in tests]
                return True if True in found else None if None in found else False
            case Not(inner):
                verdict = self.holds(inner)
                return None if verdict is None else not verdict
            case Declared(fact):
                said = self._declared.get(fact)
                shown = "" if said is None else str(said).lower()
                self.findings.append(
                    Finding("declared", "", fact, shown, "true", said, "undeclared" if said is None else "")
                )
                return said
            case _:
                return self._measured(test)

    def _measured(self, test: Test) -> bool | None:
        match test:
            case ClassAtMost(section, goal, items):
                at = section or self._section
                bound = goal or self._compact.section(at).goal or 0
                reading = self._figures.class_of(at, items, self._period)
                shown = "" if reading.value is None else CLASS_TEXT[int(reading.value)]
                return self._found("class", at, "", reading, shown, CLASS_TEXT[bound], Decimal(bound), True)
            case MeanAtMost(section, item, limit):
                at = section or self._section
                reading = self._figures.mean(at, item, months_of(self._period))
                return self._found("mean", at, item, reading, _shown(reading), str(limit), limit, True)
            case IndexAtMost(name, limit):
                index = self._compact.index(name)
                reading = self._figures.index(index, self._period)
                return self._found("index", index.section, name, reading, _shown(reading), str(limit), limit, True)
            case AgainstLastYear():
                return self._last_year(test)
            case _:
                raise AssertionError(test)

    def _found(
        self, kind: str, section: str, what: str, reading: Reading, shown: str, wanted: str, limit: Decimal, good: bool
    ) -> bool | None:
        """Does a reading not exceed its limit? `good`: that it holds speaks for the water."""
        self.used += reading.used
        verdict = reading.value <= limit if reading.value is not None else self._gap(reading.gap, good)
        self.findings.append(Finding(kind, section, what, shown, wanted, verdict, reading.gap))
        return verdict

    def _gap(self, gap: str, good: bool) -> bool | None:
        if gap == "missing" and self._compact.gap in ("met", "missed"):
            return good == (self._compact.gap == "met")
        return None

    def _last_year(self, test: AgainstLastYear) -> bool | None:
        at = test.section or self._section
        if test.by == "class":
            now, then = (
                self._figures.class_of(at, test.indicators, span) for span in (self._period, before(self._period))
            )
            self.used += (*now.used, *then.used)
            gap = now.gap or then.gap
            change = 0 if gap else _sign((now.value or Decimal(0)) - (then.value or Decimal(0)))
            shown = "" if gap else f"{CLASS_TEXT[int(then.value or 0)]} → {CLASS_TEXT[int(now.value or 0)]}"
        else:
            parts, average = self._figures.ratio(at, test.indicators, self._period)
            self.used += average.used
            gap, shown = average.gap, _shown(average)
            change = 0 if gap else _sign((average.value or Decimal(0)) - 1)
            if test.by == "each" and not gap:
                change = 1 if any(part > 1 for part in parts) else -1 if any(part < 1 for part in parts) else 0
                shown = ", ".join(str(part.quantize(Decimal("0.001"))) for part in parts)
        verdict = self._gap(gap, test.verdict != "worse") if gap else _compared(test.verdict, change)
        self.findings.append(Finding("last_year", at, test.by, shown, test.verdict, verdict, gap))
        return verdict

    def told(self) -> tuple[Finding, ...]:
        """Each finding once, in an order that does not depend on how the compact was written."""
        order = attrgetter("kind", "section", "what", "wanted", "found")
        return tuple(sorted(dict.fromkeys(self.findings), key=order))


def _compared(verdict: str, change: int) -> bool:
    return {"better": change < 0, "no_worse": change <= 0, "worse": change > 0}[verdict]


def _sign(difference: Decimal) -> int:
    return (difference > 0) - (difference < 0)


def _shown(reading: Reading) -> str:
    return "" if reading.value is None else str(reading.value)
