"""A statement: what a compact comes to in a year, line by line, as one party reckoned it from the figures that it has.

Two statements are equal if their `result` is: the same lines with the same outcome and the same money, to the cent.
Figures behind them may differ where that moves no money; a comparison tells of it all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from shangyou.core.errors import InputError
from shangyou.governance.compensation.digests import digest
from shangyou.governance.compensation.figures import Exemption, Figure, Place
from shangyou.governance.compensation.money import CENT, MOST, NOTHING, Postings, added, payments

OUTCOMES: Final = ("moved", "nothing", "open", "exempt", "none")
ROUNDING: Final = (
    "means to 6 decimals, half to even (GB/T 8170); money to 0.01 yuan, largest remainder, equals by name of the party"
)
POT: Final = "pot"  # account of the part of a line that passes through a fund
MOST_LINES: Final = 5000
MOST_FIGURES: Final = 50_000
MOST_MONTHS: Final = 1200  # of a series


class Key(NamedTuple):
    """Which line."""

    rule: str
    section: str  # "" = the rule is not tied to one
    period: str  # "2019" or "2019-07"
    part: str  # "in", "out" of a pot; ""

    @property
    def text(self) -> str:
        """For addresses and entries."""
        return "|".join(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test found."""

    kind: str  # class, mean, last_year, index, declared
    section: str
    what: str  # indicator, index or fact
    found: str
    wanted: str
    holds: bool | None  # None = nobody can say
    gap: str  # missing, exempt, undeclared


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, at one section, in one period."""

    key: Key
    outcome: str  # OUTCOMES
    code: str  # why it is open, or was cut; of messages/compensation.toml, "" = nothing to say
    case: int  # which case of the rule held; -1 = none
    findings: tuple[Finding, ...]
    used: tuple[Place, ...]  # figures, by their place
    postings: Postings


@dataclass(frozen=True)
class Statement:
    """What a compact comes to."""

    compact: str
    terms: str  # digest of the compact
    period: str
    editions: tuple[str, ...]  # of standards that were used
    version: str  # of the programme
    declared: tuple[tuple[str, bool], ...]
    exemptions: tuple[Exemption, ...]
    figures: tuple[Figure, ...]  # all that the compact may ask for, as far as there are any; by place
    lines: tuple[Line, ...]  # by key
    simulated: bool = False

    @cached_property
    def nets(self) -> dict[str, Decimal]:
        """What each party gets (+) or gives (-) in all; the sum is nothing."""
        return {name: amount for name, amount in added(*(line.postings for line in self.lines)) if name != POT}

    @property
    def payments(self) -> tuple[tuple[str, str, Decimal], ...]:
        """Who pays whom."""
        return payments(self.nets)

    @property
    def open(self) -> int:
        """Lines that nobody can reckon yet; while there are any, nobody signs."""
        return sum(line.outcome == "open" for line in self.lines)

    @cached_property
    def result(self) -> str:
        """Digest of what parties must agree on [hex]."""
        lines = [[line.key.text, line.outcome, _money(line.postings)] for line in self.lines]
        return digest({"terms": self.terms, "period": self.period, "lines": lines})

    @cached_property
    def document(self) -> dict[str, Any]:
        """As JSON, each figure once, those of a series together; lines refer to figures by their number.

        So the statement of thirty borders over twelve months still fits into an entry of a dossier.
        """
        number = {figure.place: place for place, figure in enumerate(self.figures)}
        return {
            "compact": self.compact,
            "terms": self.terms,
            "period": self.period,
            "editions": list(self.editions),
            "version": self.version,
            "rounding": ROUNDING,
            "declared": dict(self.declared),
            "exemptions": [[each.section, each.month, each.why] for each in self.exemptions],
            "figures": _packed(self.figures),
            "lines": [
                {
                    "key": list(line.key),
                    "outcome": line.outcome,
                    "code": line.code,
                    "case": line.case,
                    "findings": [[f.kind, f.section, f.what, f.found, f.wanted, f.holds, f.gap] for f in line.findings],
                    "used": [number[place] for place in line.used],
                    "postings": _money(line.postings),
                }
                for line in self.lines
            ],
            "simulated": self.simulated,
        }


def _packed(figures: tuple[Figure, ...]) -> list[list[Any]]:
    """[section, indicator, sources, [[month, mean, count, digest], ..]] for each run of figures of one series."""
    found: list[list[Any]] = []
    for figure in figures:
        head = [figure.place.section, figure.place.indicator, list(figure.sources)]
        if not found or found[-1][:3] != head:
            found.append([*head, []])
        found[-1][3].append([figure.place.month, figure.mean, figure.count, figure.digest])
    return found


def _money(postings: Postings) -> dict[str, str]:
    return {name: str(amount) for name, amount in postings}


# ---- from others --------------------------------------------------------------------------------------------------


def statement_of(document: object) -> Statement:
    """The statement that a JSON value holds, whoever wrote it.

    Raises InputError "compensation.statement" for anything of another shape, for lines that do not add up to nothing,
    and for money that is none.
    """
    try:
        return _statement(document)
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError, AttributeError) as error:
        raise InputError("compensation.statement", detail=f"{type(error).__name__}: {error}"[:200]) from None


def _statement(told: Any) -> Statement:
    figures = tuple(
        _figure(section, indicator, sources, *each)
        for section, indicator, sources, months in _bounded(told["figures"], MOST_FIGURES)
        for each in _bounded(months, MOST_MONTHS)
    )
    statement = Statement(
        compact=_text(told["compact"]),
        terms=_text(told["terms"]),
        period=_text(told["period"]),
        editions=tuple(map(_text, _bounded(told["editions"], 20))),
        version=_text(told["version"]),
        declared=tuple(sorted((_text(key), _truth(value)) for key, value in told["declared"].items())),
        exemptions=tuple(Exemption(*map(_text, each)) for each in _bounded(told["exemptions"], MOST_FIGURES)),
        figures=figures,
        lines=tuple(_line(each, figures) for each in _bounded(told["lines"], MOST_LINES)),
        simulated=_truth(told["simulated"]),
    )
    keys = [line.key for line in statement.lines]
    if keys != sorted(set(keys)) or [f.place for f in figures] != sorted({f.place for f in figures}):
        raise ValueError("order")
    return statement


def _bounded(given: Any, most: int) -> list[Any]:
    if not isinstance(given, list | tuple) or len(given) > most:
        raise ValueError("list")
    return list(given)


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > 400:
        raise ValueError("text")
    return given


def _truth(given: object) -> bool:
    if not isinstance(given, bool):
        raise ValueError("true or false")
    return given


def _figure(
    section: object, indicator: object, sources: object, month: object, mean: object, count: object, shown: object
) -> Figure:
    if type(count) is not int or count < 0 or not Decimal(_text(mean)).is_finite():
        raise ValueError("figure")
    place = Place(_text(section), _text(indicator), _text(month))
    return Figure(place, _text(mean), count, _text(shown), tuple(map(_text, _bounded(sources, 100))))


def _finding(
    kind: object, section: object, what: object, found: object, wanted: object, holds: object, gap: object
) -> Finding:
    truth = None if holds is None else _truth(holds)
    return Finding(_text(kind), _text(section), _text(what), _text(found), _text(wanted), truth, _text(gap))


def _line(told: Mapping[str, Any], figures: tuple[Figure, ...]) -> Line:
    key = Key(*map(_text, told["key"]))
    findings = tuple(_finding(*each) for each in _bounded(told["findings"], 100))
    postings = tuple(sorted((_text(name), _yuan(amount)) for name, amount in told["postings"].items()))
    if sum((amount for _, amount in postings), NOTHING) != 0 or told["outcome"] not in OUTCOMES:
        raise ValueError("sum")
    numbers = _bounded(told["used"], MOST_FIGURES)
    if any(type(n) is not int or n < 0 for n in numbers) or type(told["case"]) is not int:
        raise ValueError("number")
    used = tuple(figures[n].place for n in numbers)
    return Line(key, told["outcome"], _text(told["code"]), told["case"], findings, used, postings)


def _yuan(given: object) -> Decimal:
    amount = Decimal(_text(given))
    if not amount.is_finite() or abs(amount) > MOST or amount != amount.quantize(CENT):
        raise ValueError("money")
    return amount.quantize(CENT)
