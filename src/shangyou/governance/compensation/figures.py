"""What was measured, as a compact asks for it: means of months and years, classes, indices, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.clock import LEGAL
from shangyou.core.registry import WaterKind
from shangyou.governance.assessment import rounded_values
from shangyou.governance.classify import classify
from shangyou.governance.compensation.compact import AgainstLastYear, ClassAtMost, Compact, Index, MeanAtMost, leaves
from shangyou.governance.means import item_means
from shangyou.governance.periods import parse_period
from shangyou.standards.surface_water import limits

DECIMALS: Final = Decimal("0.000001")  # to which every mean is rounded (half to even) before anything is made of it


class Place(NamedTuple):
    """Which figure."""

    section: str
    indicator: str
    month: str  # "2019-07"


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a month at a section, as one party found it."""

    place: Place
    mean: str  # canonical unit, six decimals
    count: int  # values behind it
    digest: str  # of these values' number, sum, extremes and kind [16 hex]
    sources: tuple[str, ...]  # members whose data they are


@dataclass(frozen=True, slots=True)
class Exemption:
    """A month of a section that does not count: force majeure, as the parties accept it."""

    section: str
    month: str
    why: str


class Reading(NamedTuple):
    """A figure worked out of others."""

    value: Decimal | None  # None = there is none
    gap: str  # why not: missing, exempt
    used: tuple[Place, ...]


def written(mean: float) -> str:
    """A mean as it stands in a statement.

    >>> written(0.1234565), written(2.0)
    ('0.123456', '2.000000')
    """
    return str(Decimal(repr(mean)).quantize(DECIMALS, ROUND_HALF_EVEN))


def months_of(period: str) -> tuple[str, ...]:
    """Months of a year or of a month.

    >>> months_of("2019")[0], len(months_of("2019")), months_of("2019-07")
    ('2019-01', 12, ('2019-07',))
    """
    return (period,) if "-" in period else tuple(f"{period}-{month:02d}" for month in range(1, 13))


def before(period: str) -> str:
    """The same period a year earlier.

    >>> before("2019"), before("2019-07")
    ('2018', '2018-07')
    """
    year, dash, month = period.partition("-")
    return f"{int(year) - 1}{dash}{month}"


def wanted(compact: Compact, year: str) -> frozenset[Place]:
    """Every figure that a statement on a year may use."""
    found: set[Place] = set()
    years = months_of(year)
    for rule in compact.rules:
        for leaf in (leaf for case in rule.cases for leaf in leaves(case.test)):
            if not isinstance(leaf, ClassAtMost | MeanAtMost | AgainstLastYear):
                continue
            items = (leaf.indicator,) if isinstance(leaf, MeanAtMost) else leaf.indicators
            months = years + months_of(before(year)) if isinstance(leaf, AgainstLastYear) else years
            found |= {
                Place(s, i, m)
                for s in ((leaf.section,) if leaf.section else rule.sections)
                for i in items
                for m in months
            }
    for index in compact.indices:
        months = years + (_base_months(index) if index.years else ())
        found |= {Place(index.section, item, month) for item, _ in index.weights for month in months}
    return frozenset(found)


def _base_months(index: Index) -> tuple[str, ...]:
    first, last = index.years or (0, -1)
    return tuple(month for year in range(first, last + 1) for month in months_of(str(year)))


class Figures:
    """What a party has, as tests of a compact ask for it."""

    def __init__(self, compact: Compact, given: Iterable[Figure], exempt: Iterable[Exemption] = ()) -> None:
        self._compact = compact
        self.given: Mapping[Place, Figure] = {figure.place: figure for figure in given}
        self.exemptions = tuple(sorted(set(exempt), key=lambda each: (each.section, each.month, each.why)))
        self._exempt = {(each.section, each.month) for each in self.exemptions}

    @cached_property
    def _lake(self) -> dict[str, bool]:
        return {section.id: section.lake for section in self._compact.sections}

    def mean(self, section: str, indicator: str, months: Sequence[str]) -> Reading:
        """Of a month, or over months the mean of their means; pH by hydrogen ions."""
        open_months = [month for month in months if (section, month) not in self._exempt]
        if not open_months:
            return Reading(None, "exempt", ())
        places = [Place(section, indicator, month) for month in open_months]
        there = tuple(
            place for place in places if place in self.given and self.given[place].count >= self._compact.fewest
        )
        least = 1 if len(months) == 1 else min(self._compact.months * len(months) // 12, len(open_months))
        if len(there) < max(least, 1):
            return Reading(None, "missing", there)
        if len(there) == 1:
            return Reading(Decimal(self.given[there[0]].mean), "", there)
        values = np.array([[float(self.given[place].mean)] for place in there])
        found = item_means(values, (indicator,), np.zeros(len(there), np.int64), 1)
        return Reading(Decimal(written(float(found[0, 0]))), "", there)

    def class_of(self, section: str, indicators: Sequence[str], period: str) -> Reading:
        """Class 1 to 6 of a section's means: the worst of its indicators."""
        found = [self.mean(section, item, months_of(period)) for item in indicators]
        used = tuple(place for each in found for place in each.used)
        gap = next((each.gap for each in found if each.gap), "")
        if gap:
            return Reading(None, gap, used)
        values = np.array([[float(each.value or 0) for each in found]])
        items, on = tuple(indicators), last_day(period)
        kind = WaterKind.LAKE if self._lake[section] else WaterKind.RIVER
        classified = classify(rounded_values(values, items, on), limits(on, items, kind))
        return Reading(Decimal(int(classified.overall[0])), "", used)

    def ratio(self, section: str, indicators: Sequence[str], period: str) -> tuple[list[Decimal], Reading]:
        """Each mean over that of a year before, and the average of these."""
        now = [self.mean(section, item, months_of(period)) for item in indicators]
        then = [self.mean(section, item, months_of(before(period))) for item in indicators]
        used = tuple(place for each in (*now, *then) for place in each.used)
        gap = next((each.gap for each in (*now, *then) if each.gap), "")
        if gap or any(not each.value for each in then):
            return [], Reading(None, gap or "missing", used)
        parts = [_over(a.value, b.value) for a, b in zip(now, then, strict=True)]
        average = (sum(parts, Decimal(0)) / len(parts)).quantize(DECIMALS, ROUND_HALF_EVEN)
        return parts, Reading(average, "", used)

    def index(self, index: Index, period: str) -> Reading:
        """P of a year, rounded as the compact says."""
        total = Decimal(0)
        used: list[Place] = []
        for item, weight in index.weights:
            now = self.mean(index.section, item, months_of(period))
            base = index.base.get(item)
            used += now.used
            if base is None:
                past = self.mean(index.section, item, _base_months(index))
                used += past.used
                base = past.value
                if past.gap:
                    return Reading(None, past.gap, tuple(used))
            if now.gap or not base:
                return Reading(None, now.gap or "missing", tuple(used))
            total += weight * (now.value or Decimal(0)) / base
        step = Decimal(1).scaleb(-index.decimals)
        return Reading((index.k0 * total).quantize(step, ROUND_HALF_EVEN), "", tuple(used))


def last_day(period: str) -> date:
    """Whose editions of standards apply."""
    return parse_period(period, LEGAL).last


def _over(now: Decimal | None, then: Decimal | None) -> Decimal:
    return (now or Decimal(0)) / (then or Decimal(1))
