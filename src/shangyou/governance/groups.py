"""Assessment of rivers, basins and administrative areas from their sections; ranking of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Ints
from shangyou.governance.assessment import Assessed, Bools, Pollutant, assess_values
from shangyou.governance.means import item_means
from shangyou.standards.surface_water import WORST, AssessmentRules, Grade


@dataclass(frozen=True, slots=True)
class Shares:
    """How the sections of a group spread over the classes."""

    counts: tuple[int, ...]  # of classes I, II, III, IV, V, worse than V

    @property
    def total(self) -> int:
        """Sections with a class."""
        return sum(self.counts)

    @property
    def good(self) -> int:
        """Sections of class I to III."""
        return sum(self.counts[:3])

    @property
    def worse(self) -> int:
        """Sections worse than V."""
        return self.counts[WORST - 1]

    def percent(self, count: int) -> float:
        """A number of sections in percent of all; NaN without sections."""
        return 100.0 * count / self.total if self.total else float("nan")

    @property
    def percents(self) -> tuple[float, ...]:
        """Percent of each class, I to worse than V."""
        return tuple(self.percent(count) for count in self.counts)


def shares(classes: NDArray[np.int8]) -> Shares:
    """Spread of the sections' classes; those without data (0) do not count."""
    counts = np.bincount(classes, minlength=WORST + 1)[1 : WORST + 1]
    return Shares(tuple(int(count) for count in counts))


def grade_of_shares(spread: Shares, rules: AssessmentRules) -> Grade | None:
    """Grade of a group by the shares of classes; None without sections.

    Shares are compared as whole numbers of sections, so that no rounding of a percentage can move a grade.
    """
    if not spread.total:
        return None
    for percent, number in rules.good_shares:
        if 100 * spread.good >= percent * spread.total:
            return rules.grades[number - 1]
    for percent, number in rules.bad_shares:
        if 100 * spread.worse < percent * spread.total:
            return rules.grades[number - 1]
    return rules.grades[rules.worst_grade - 1]


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Mean of each item at each section that has data."""

    place: Ints  # (n,) index of the section
    values: Array  # (n, m) in canonical units, NaN = no value
    temperature: Array  # (n,) mean water temperature [degC], NaN = none
    samples: Ints  # (n,) values, or months of a quarter or year, of the item that has most
    inputs: Ints  # (n,) observations behind all of it


@dataclass(frozen=True, slots=True)
class Group:
    """A river, basin or province over a period."""

    name: str
    spread: Shares
    method: str  # shares, or means: by mean concentrations
    class_no: int  # of the mean concentrations; 0 where the method is shares
    grade: Grade | None
    main: tuple[Pollutant, ...]
    inputs: int  # observations behind it


def assess_groups(names: Sequence[str], means: Means, lake: Bools, assessed: Assessed, on: date) -> list[Group]:
    """Assess the sections that make up rivers, basins or areas, in order of their names.

    Args:
        names: (n,) name of the group of each row of `means`, `lake` (under lake limits) and `assessed`.
        on: day whose editions apply.

    Few sections are assessed by the mean of their concentrations, and so are the points of a lake however many they
    are; a group that mixes both goes by the river limits then. Others go by the shares of classes.
    """
    unique, group = np.unique(np.array(names, np.str_), return_inverse=True)
    items = assessed.classified.items
    rivers = np.bincount(group, weights=~lake, minlength=len(unique))
    whole = assess_values(item_means(means.values, items, group, len(unique)), rivers == 0, items, on)
    found = []
    for number, name in enumerate(unique.tolist()):
        rows = np.flatnonzero(group == number)
        spread = shares(assessed.classified.overall[rows])
        main = main_pollutants_of_group(assessed, rows)
        inputs = int(means.inputs[rows].sum())
        if len(rows) >= assessed.rules.few and rivers[number]:
            found.append(Group(name, spread, "shares", 0, grade_of_shares(spread, assessed.rules), main, inputs))
        else:
            class_no = int(whole.classified.overall[number])
            found.append(Group(name, spread, "means", class_no, whole.grade_of(number), main, inputs))
    return found


def main_pollutants_of_group(assessed: Assessed, rows: Sequence[int] | NDArray[np.intp]) -> tuple[Pollutant, ...]:
    """The items that exceed at most sections of a group, with the share of sections where they do.

    The share is of the sections where the item was measured; of equal shares the one at more sections comes first.
    """
    classes: NDArray[np.int8] = assessed.classified.item[np.asarray(rows, np.intp)]
    measured = np.count_nonzero(classes > 0, axis=0)
    over = np.count_nonzero(classes > assessed.rules.target, axis=0)
    rates = {column: 100.0 * float(over[column] / measured[column]) for column in np.flatnonzero(over).tolist()}
    first = sorted(rates, key=lambda column: (-rates[column], -int(over[column]), column))
    return tuple(
        Pollutant(assessed.classified.items[column], 0, None, rates[column])
        for column in first[: assessed.rules.main_count]
    )


def ranks(good: Array, worse: Array) -> NDArray[np.int64]:
    """Rank of each group, 1 = best: more sections of class I to III, then fewer worse than V; equals share a rank.

    Args:
        good, worse: (n,) percentages; NaN ranks last.
    """
    order = np.lexsort((np.nan_to_num(worse, nan=np.inf), -np.nan_to_num(good, nan=-np.inf)))
    result = np.empty(len(good), np.int64)
    place = 0
    for position, row in enumerate(order):
        before = order[position - 1] if position else row
        same = position and _equal(good[row], good[before]) and _equal(worse[row], worse[before])
        place = place if same else position + 1
        result[row] = place
    return result


def _equal(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
