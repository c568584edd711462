"""Assessment of sections: class, grade, exceedance and main pollutants, by the measures of 2011."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array
from shangyou.core.registry import WaterKind
from shangyou.governance.classify import Classified, Saturation, classify, multiples
from shangyou.governance.rounding import round_half_even
from shangyou.standards.surface_water import AssessmentRules, Grade, assessment_rules, decimals, limits

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """What n sections (or samples, or groups by their mean) come to."""

    classified: Classified
    multiple: Array  # (n, m) times over the limit of the target class; NaN where it does not exceed or carries none
    grade: NDArray[np.int8]  # (n,) number of the grade, 0 = no data
    rules: AssessmentRules

    def __len__(self) -> int:
        return len(self.grade)

    def grade_of(self, row: int) -> Grade | None:
        """The grade of a row; None without data."""
        number = int(self.grade[row])
        return self.rules.grades[number - 1] if number else None


@dataclass(frozen=True, slots=True)
class Pollutant:
    """A main pollutant of a section, or of a group of sections."""

    item: str
    class_no: int  # its class at the section; 0 for a group
    multiple: float | None  # times over the target class; None where the item carries none
    rate: float | None = None  # share of a group's sections where it exceeds [%]


def assess_values(
    values: Array,
    lake: Bools,
    items: tuple[str, ...],
    on: date,
    *,
    rounded: bool = True,
    saturation: Saturation | None = None,
) -> Assessed:
    """Class, multiples and grade of each row of values.

    Args:
        values: (n, m) in canonical units, NaN = no value.
        lake: (n,) which rows fall under the lake limits.
        on: day whose editions of the standard and the rules apply.
        rounded: round to the decimals of assessment before comparing.
        saturation: see `classify`.

    Raises NotFoundError "standards.edition", InputError "standards.item".
    """
    rules = assessment_rules(on)
    shown = rounded_values(values, items, on) if rounded else values
    parts = []
    multiple = np.full(values.shape, np.nan)
    for kind, rows in ((WaterKind.RIVER, ~lake), (WaterKind.LAKE, lake)):
        at = np.flatnonzero(rows)
        if not at.size:
            continue
        of_kind = limits(on, items, kind)
        air = Saturation(saturation.temperature[at], saturation.altitude[at]) if saturation else None
        parts.append((at, classify(shown[at], of_kind, None, air, rules.target)))
        multiple[at] = multiples(shown[at], of_kind, rules.target, rules.without_multiple)
    whole = _join(parts, len(values), items)
    return Assessed(whole, multiple, np.array(rules.grade_of_class, np.int8)[whole.overall], rules)


def rounded_values(values: Array, items: tuple[str, ...], on: date) -> Array:
    """(n, m) values at the decimals of assessment that the statistics rules give each item."""
    result = values.copy()
    for column, places in enumerate(decimals(on, items)):
        if places is not None:
            result[:, column] = round_half_even(np.ascontiguousarray(values[:, column]), places)
    return result


def _join(parts: list[tuple[NDArray[np.intp], Classified]], n: int, items: tuple[str, ...]) -> Classified:
    whole = Classified(
        items,
        np.zeros((n, len(items)), np.int8),
        np.zeros(n, np.int8),
        np.zeros(n, np.uint32),
        np.zeros(n, np.uint32),
        np.zeros(n, np.int8),
    )
    for at, part in parts:
        whole.item[at], whole.overall[at], whole.present[at] = part.item, part.overall, part.present
        whole.limiting[at], whole.exceeding[at] = part.limiting, part.exceeding
    return whole


def main_pollutants(assessed: Assessed, row: int) -> tuple[Pollutant, ...]:
    """Main pollutants of one row, worst first; none where the grade is excellent or good.

    Cyanide and heavy metals that exceed come first; then the worst classes; of equal classes the larger multiple;
    items that carry no multiple after those that do.
    """
    rules = assessed.rules
    classes, times = assessed.classified.item[row], assessed.multiple[row]
    if assessed.classified.overall[row] <= rules.target:
        return ()

    def order(column: int) -> tuple[bool, int, float, int]:
        first = assessed.classified.items[column] in rules.main_first
        multiple = -1.0 if np.isnan(times[column]) else float(times[column])
        return (not first, -int(classes[column]), -multiple, column)

    worst = sorted(np.flatnonzero(classes > rules.target).tolist(), key=order)[: rules.main_count]
    return tuple(
        Pollutant(
            assessed.classified.items[column],
            int(classes[column]),
            None if np.isnan(times[column]) else float(times[column]),
        )
        for column in worst
    )


def written(pollutants: Sequence[Pollutant], names: Mapping[str, str], separator: str = "、", gap: str = "") -> str:
    """Main pollutants as bulletins write them: 高锰酸盐指数(1.2)、氨氮(0.6).

    names: of the items in the language wanted. A multiple has one decimal; of a group the exceedance rate follows.
    """
    return separator.join(names[p.item] + _annotation(p, gap) for p in pollutants)


def _annotation(pollutant: Pollutant, gap: str) -> str:
    if pollutant.rate is not None:
        return f"{gap}({round_half_even(np.array([pollutant.rate]), 1)[0]:.1f}%)"
    if pollutant.multiple is None:
        return ""
    return f"{gap}({multiple_texts(np.array([pollutant.multiple]))[0]})"


def multiple_texts(times: Array) -> list[str]:
    """Multiples with one decimal; what would read 0.0 although it exceeds is written <0.1."""
    return ["<0.1" if time < 0.05 else f"{time:.1f}" for time in round_half_even(times, 1).tolist()]
