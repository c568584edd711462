"""Change between two periods, and trend over several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.core.records import Array
from shangyou.standards.surface_water import AssessmentRules


@dataclass(frozen=True, slots=True)
class Change:
    """How the water changed."""

    key: str  # none, better, worse, much_better, much_worse, unknown
    zh: str
    en: str


NONE: Final = Change("none", "无明显变化", "No marked change")
BETTER: Final = Change("better", "有所好转", "Somewhat better")
WORSE: Final = Change("worse", "有所下降", "Somewhat worse")
MUCH_BETTER: Final = Change("much_better", "明显好转", "Markedly better")
MUCH_WORSE: Final = Change("much_worse", "明显下降", "Markedly worse")
UNKNOWN: Final = Change("unknown", "无法比较", "Not comparable")


def change_of_grade(before: int, after: int) -> Change:
    """Change between two grades (numbers, 1 = excellent, 0 = no data): one step is some, two are marked.

    Source: the measures of 2011, part 3, by grade.
    """
    if not before or not after:
        return UNKNOWN
    steps = before - after
    if steps == 0:
        return NONE
    if abs(steps) == 1:
        return BETTER if steps > 0 else WORSE
    return MUCH_BETTER if steps > 0 else MUCH_WORSE


def change_of_shares(
    good_before: float, worse_before: float, good_after: float, worse_after: float, rules: AssessmentRules
) -> Change:
    """Change between two spreads of classes: (change of I to III) - (change of worse than V), in percentage points.

    Source: the measures of 2011, part 3, by shares of combined classes.
    """
    points = (good_after - good_before) - (worse_after - worse_before)
    if np.isnan(points):
        return UNKNOWN
    some, marked = rules.share_steps
    size = round(abs(points), 9)  # 10 points made of two binary fractions are still 10 points
    if size <= some:
        return NONE
    if size <= marked:
        return BETTER if points > 0 else WORSE
    return MUCH_BETTER if points > 0 else MUCH_WORSE


@dataclass(frozen=True, slots=True)
class Trend:
    """Rank correlation of a value with time."""

    periods: int
    correlation: float  # NaN with too few periods
    critical: float  # NaN with too few periods
    key: str  # rising, falling, none, short


def spearman_trend(values: Array, rules: AssessmentRules, level: float = 0.05) -> Trend:
    """Trend of the values of successive periods by Spearman's rank correlation (Daniel's test).

    Args:
        values: (n,) in order of time, NaN = no value, left out.
        level: 0.05 or 0.01.

    Equal values share the mean of their ranks. Where the table of critical values has no line for n, that of the next
    smaller n is taken, which is stricter; beyond its end the normal approximation 1.645 / sqrt(n - 1) of 0.05.
    Source: the measures of 2011: r = 1 - 6 sum(d^2) / (n^3 - n).
    """
    known = values[~np.isnan(values)]
    n = len(known)
    if n < rules.trend_periods:
        return Trend(n, float("nan"), float("nan"), "short")
    difference = mean_ranks(known) - np.arange(1, n + 1)
    correlation = 1.0 - 6.0 * float(np.sum(difference**2)) / (n**3 - n)
    if np.all(known == known[0]):
        correlation = 0.0  # what never changes has no trend, whatever its mean ranks give
    critical = _critical(n, rules, level)
    key = "none"
    if round(abs(correlation), 3) >= critical:  # the table has three decimals: 0.829 stands for 0.82857
        key = "rising" if correlation > 0 else "falling"
    return Trend(n, correlation, critical, key)


def _critical(n: int, rules: AssessmentRules, level: float) -> float:
    table = rules.critical[level]
    if n > max(table) and level == 0.05:
        return 1.645 / float(np.sqrt(n - 1))
    return table[max(size for size in table if size <= n)]


def mean_ranks(values: Array) -> Array:
    """Ranks from 1, equal values sharing the mean of theirs.

    >>> mean_ranks(np.array([0.3, 0.1, 0.3, 0.2])).tolist()
    [3.5, 1.0, 3.5, 2.0]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    result: Array = (last - (counts - 1) / 2.0)[inverse]
    return result
