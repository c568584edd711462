"""A compact (补偿协议): who pays whom for which water, as values that a statement can be computed from.

A rule is a list of cases; the first whose test holds says what moves. Tests and moves are the few kinds below and
nothing else: a compact cannot hold a programme. `read` makes compacts and refuses those that do not add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shangyou.governance.compensation.money import Shares

ROLES: Final = ("upstream", "downstream")  # of a rule that goes through sections: the parties on both sides of each
EVERY: Final = ("month", "year")
LAST_YEAR: Final = ("better", "no_worse", "worse")
BY: Final = ("class", "each", "ratio")
GAPS: Final = ("open", "none", "met", "missed")  # what becomes of a rule whose data are missing


@dataclass(frozen=True, slots=True)
class Party:
    """Whoever pays or receives."""

    id: str
    name_zh: str
    name_en: str
    member: str  # of the federation, that computes and signs for it; "" = a funder, which does neither


@dataclass(frozen=True, slots=True)
class Watched:
    """A section that decides."""

    id: str  # of the registry
    name_zh: str
    name_en: str
    lake: bool  # under lake limits
    goal: int | None  # class that its water function asks for
    upstream: str | None  # party; None = it stands at the head
    downstream: str | None  # party; None = at the tail


@dataclass(frozen=True, slots=True)
class Index:
    """P = k0 * sum(ki * Ci / Ci0): concentrations of a year against those of a base."""

    id: str
    section: str
    k0: Decimal
    weights: tuple[tuple[str, Decimal], ...]  # ki by indicator
    base: Mapping[str, Decimal]  # Ci0 [canonical unit]; {} = means of the base years
    years: tuple[int, int] | None  # first and last base year
    decimals: int  # to which P is rounded before it is compared


# ---- tests --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassAtMost:
    """The class of a section's means is so good or better."""

    section: str  # "" = the one that the rule is at
    goal: int | None  # None = the section's own
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeanAtMost:
    """A mean does not exceed a target."""

    section: str
    indicator: str
    limit: Decimal  # canonical unit


@dataclass(frozen=True, slots=True)
class AgainstLastYear:
    """Better, no worse or worse than in the same period a year before.

    by class: of the means; each: better = no mean is higher and one is lower, worse = one is higher; ratio: the average
    of the means over those of last year, 1 = equal.
    """

    section: str
    verdict: str  # LAST_YEAR
    by: str  # BY
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexAtMost:
    """An index does not exceed a limit."""

    index: str
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Declared:
    """The parties state that something is so."""

    fact: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of some tests hold."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of some tests holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A test does not hold."""

    test: Test


Test = ClassAtMost | MeanAtMost | AgainstLastYear | IndexAtMost | Declared | Every | Some | Not


# ---- moves --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pot:
    """All pay into a pot by their shares, and it is paid out by others."""

    amount: Decimal | None  # yuan; None = the sources do not tell
    pay_in: Shares
    pay_out: Shares


@dataclass(frozen=True, slots=True)
class Transfer:
    """From some to others."""

    payers: Shares
    payees: Shares
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Deduct:
    """A part of what a party gets by another rule goes on to others."""

    rule: str
    payer: str
    part: Decimal | None  # 0 to 1
    payees: Shares


@dataclass(frozen=True, slots=True)
class Nothing:
    """No money moves."""


Move = Pot | Transfer | Deduct | Nothing


@dataclass(frozen=True, slots=True)
class Case:
    """What moves where a test holds."""

    test: Test | None  # None = in all other cases; only the last
    move: Move


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a compact."""

    id: str
    name_zh: str
    name_en: str
    sections: tuple[str, ...]  # it is applied at each of these; () = once
    every: str  # EVERY: of which period the figures are
    cases: tuple[Case, ...]
    filled_by: str  # funder that stands where a section has no upstream or downstream party; "" = nobody
    cap: Decimal | None  # what a party pays by it in a year at most
    unverified: bool


@dataclass(frozen=True, slots=True)
class Compact:
    """A compact as it was agreed on."""

    id: str
    title_zh: str
    title_en: str
    source: str
    unverified: tuple[str, ...]  # places in the document that are from memory or in dispute; ("",) = all of it
    unknown: tuple[tuple[str, str], ...]  # what the sources leave open, in Chinese and English
    valid_from: date
    valid_to: date
    parties: tuple[Party, ...]  # in order of ids
    sections: tuple[Watched, ...]
    indicators: tuple[str, ...]
    indices: tuple[Index, ...]
    facts: tuple[tuple[str, str, str], ...]  # that parties may state: key, in Chinese, in English
    rules: tuple[Rule, ...]  # in an order in which none needs one behind it
    fewest: int  # values that make the mean of a month
    months: int  # months that make the mean of a year
    gap: str  # GAPS
    document: Mapping[str, Any]  # what it was read from, as JSON
    digest: str  # of that [hex]

    @property
    def funders(self) -> frozenset[str]:
        """Parties without a node."""
        return frozenset(party.id for party in self.parties if not party.member)

    @property
    def members(self) -> tuple[str, ...]:
        """Members that compute and sign."""
        return tuple(sorted({party.member for party in self.parties if party.member}))

    def party(self, id: str) -> Party:
        """By id. KeyError."""
        return {party.id: party for party in self.parties}[id]

    def section(self, id: str) -> Watched:
        """By id. KeyError."""
        return {section.id: section for section in self.sections}[id]

    def index(self, id: str) -> Index:
        """By id. KeyError."""
        return {index.id: index for index in self.indices}[id]


def leaves(test: Test | None) -> list[Test]:
    """The tests that a test is made of."""
    match test:
        case None:
            return []
        case Every(tests) | Some(tests):
            return [leaf for each in tests for leaf in leaves(each)]
        case Not(inner):
            return leaves(inner)
        case _:
            return [test]
