"""Assessment results as Arrow tables: one row a sample, a section, or a group of sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.records import Array, Ints
from shangyou.core.registry import Section
from shangyou.core.vocabulary import parameter
from shangyou.governance.assessment import Assessed, Bools, Pollutant, main_pollutants, multiple_texts, written
from shangyou.governance.change import UNKNOWN, Change, change_of_grade, change_of_shares
from shangyou.governance.groups import Group, ranks
from shangyou.governance.rounding import round_half_even
from shangyou.governance.samples import texts_of_bits
from shangyou.standards.library import edition
from shangyou.standards.surface_water import CLASS_TEXT, CLASSES, AssessmentRules, Grade

ZH, EN = "、", ", "  # between names in a text
COUNTS: Final = tuple(f"n_{name}" for name in (*CLASSES, "worse"))
PERCENTS: Final = tuple(f"percent_{name}" for name in (*CLASSES, "worse"))


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The sections that take part, and the limits each falls under."""

    sections: tuple[Section, ...]
    lake: Bools  # (p,)
    ground: tuple[str, ...]  # (p,) standards.waters.Ground

    def columns(self, place: Ints) -> dict[str, pa.Array]:
        """Names of the places of n rows."""
        at = pa.array(place, pa.int64())

        def text(values: Sequence[str]) -> pa.Array:
            return pa.array(values, pa.string()).take(at)

        return {
            "province": text([s.province for s in self.sections]),
            "city": text([s.city for s in self.sections]),
            "basin": text([s.basin for s in self.sections]),
            "river": text([s.river for s in self.sections]),
            "section": text([s.name_zh for s in self.sections]),
            "site": text([s.id for s in self.sections]),
            "water": text(["lake" if lake else "river" for lake in self.lake]),
            "water_ground": text(self.ground),
        }


@cache
def item_names(on: date, items: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Names of items in Chinese, as the standard calls them, and in English."""
    table = edition("gb3838", on).body["items"]
    return (
        {item: table.get(item, {}).get("name_zh", parameter(item).name_zh) for item in items},
        {item: parameter(item).name_en for item in items},
    )


def class_texts(numbers: NDArray[np.int8]) -> pa.Array:
    """Class numbers as they are written: Ⅰ to Ⅴ, 劣Ⅴ, and nothing for no data."""
    return pa.array(CLASS_TEXT, pa.string()).take(pa.array(numbers, pa.int64()))


def sample_table(
    places: Places,
    place: Ints,
    time: Ints,
    assessed: Assessed,
    *,
    on: date,
    complete: Bools,
    uncertain: Bools,
    published: NDArray[np.int8],
    edition_id: pa.Array,
) -> pa.Table:
    """One row a sample, in order of place and time."""
    got = assessed.classified
    names = item_names(on, got.items)
    zh, en = (tuple(language[item] for item in got.items) for language in names)
    known = (published > 0) & (got.overall > 0)
    return pa.table(
        {
            **places.columns(place),
            "time": pa.array(time, pa.timestamp("ms", "UTC")),
            "class_no": pa.array(got.overall, pa.int8()),
            "class": class_texts(got.overall),
            "limiting_zh": texts_of_bits(got.limiting, zh, ZH),
            "limiting_en": texts_of_bits(got.limiting, en, EN),
            "exceeding_zh": _exceeding(assessed, zh, ZH, ""),
            "exceeding_en": _exceeding(assessed, en, EN, " "),
            "items": pa.array(got.present, pa.int8()),
            "complete": pa.array(complete),
            "uncertain": pa.array(uncertain),
            "published_no": pa.array(published, pa.int8(), mask=published == 0),
            "published": class_texts(published),
            "equal": pa.array(published == got.overall, pa.bool_(), mask=~known),
            "edition": edition_id,
        }
    )


def _exceeding(assessed: Assessed, names: Sequence[str], separator: str, gap: str) -> pa.Array:
    """Items worse than the target class with their multiples, 总磷(0.2)、pH值; made for the rows that have any."""
    got = assessed.classified
    rows = np.flatnonzero(got.exceeding)
    texts = []
    for column, name in enumerate(names):
        over = got.item[rows, column] > assessed.rules.target
        times = assessed.multiple[rows, column]
        tenths, at = np.unique(round_half_even(times, 1), return_inverse=True)  # few different ones
        each = [name if np.isnan(t) else f"{name}{gap}({multiple_texts(np.array([t]))[0]})" for t in tenths]
        text = pa.array(each, pa.string()).take(pa.array(at))
        texts.append(pc.if_else(pa.array(over), text, pa.scalar(None, pa.string())))
    found = pc.binary_join_element_wise(*texts, separator, null_handling="skip")
    where = np.full(len(got), len(rows), np.int64)
    where[rows] = np.arange(len(rows))
    return pa.concat_arrays([found, pa.array([""], pa.string())]).take(pa.array(where))


def section_table(
    places: Places,
    place: Ints,
    assessed: Assessed,
    *,
    on: date,
    samples: Ints,
    inputs: Ints,
    enough: Bools,
) -> pa.Table:
    """One row a section over a period."""
    got = assessed.classified
    zh, en = item_names(on, got.items)
    main = [main_pollutants(assessed, row) for row in range(len(got))]
    return pa.table(
        {
            **places.columns(place),
            "class_no": pa.array(got.overall, pa.int8()),
            "class": class_texts(got.overall),
            "grade_no": pa.array(assessed.grade, pa.int8()),
            **grade_columns([assessed.grade_of(row) for row in range(len(got))]),
            "limiting_zh": texts_of_bits(got.limiting, tuple(zh[item] for item in got.items), ZH),
            "limiting_en": texts_of_bits(got.limiting, tuple(en[item] for item in got.items), EN),
            **main_columns(main, zh, en),
            "items": pa.array(got.present, pa.int8()),
            "samples": pa.array(samples, pa.int64()),
            "inputs": pa.array(inputs, pa.int64()),
            "enough": pa.array(enough),
        }
    )


def grade_columns(grades: Sequence[Grade | None]) -> dict[str, pa.Array]:
    """Grades in both languages; empty without data."""
    return {
        "grade_zh": pa.array([grade.zh if grade else "" for grade in grades], pa.string()),
        "grade_en": pa.array([grade.en if grade else "" for grade in grades], pa.string()),
    }


def main_columns(
    main: Sequence[tuple[Pollutant, ...]], zh: Mapping[str, str], en: Mapping[str, str]
) -> dict[str, pa.Array]:
    """Main pollutants in both languages."""
    return {
        "main_zh": pa.array([written(each, zh, ZH) for each in main], pa.string()),
        "main_en": pa.array([written(each, en, EN, " ") for each in main], pa.string()),
    }


def group_table(groups: Sequence[Group], by: str, on: date, items: tuple[str, ...]) -> pa.Table:
    """One row a group, best first."""
    zh, en = item_names(on, items)
    spreads = [group.spread for group in groups]
    rank = ranks(
        np.array([each.percent(each.good) for each in spreads]),
        np.array([each.percent(each.worse) for each in spreads]),
    )
    order = np.lexsort((np.array([group.name for group in groups], np.str_), rank)).tolist()
    rows = [groups[index] for index in order]
    number = np.array([group.class_no for group in rows], np.int8)
    spread = np.array([group.spread.counts for group in rows], np.int64).reshape(len(rows), len(COUNTS))
    percents: Array = np.array([group.spread.percents for group in rows]).reshape(len(rows), len(PERCENTS))
    return pa.table(
        {
            by: pa.array([group.name for group in rows], pa.string()),
            "rank": pa.array(rank[order], pa.int64()),
            "sections": pa.array(spread.sum(axis=1), pa.int64()),
            **{name: pa.array(spread[:, j], pa.int64()) for j, name in enumerate(COUNTS)},
            **{name: pa.array(percents[:, j], pa.float64()) for j, name in enumerate(PERCENTS)},
            "percent_good": pa.array([group.spread.percent(group.spread.good) for group in rows], pa.float64()),
            "method": pa.array([group.method for group in rows], pa.string()),
            "class_no": pa.array(number, pa.int8()),
            "class": class_texts(number),
            "grade_no": pa.array([group.grade.number if group.grade else 0 for group in rows], pa.int8()),
            **grade_columns([group.grade for group in rows]),
            **main_columns([group.main for group in rows], zh, en),
            "inputs": pa.array([group.inputs for group in rows], pa.int64()),
        }
    )


def with_change(now: pa.Table, then: pa.Table, key: str, rules: AssessmentRules) -> pa.Table:
    """A table of sections (key "site") or groups with what each row was in another period, and how it changed.

    Sections, and groups of few sections, are compared by grade; other groups by their shares of classes.
    """
    before = {row[key]: row for row in then.to_pylist()}
    pairs = [(before.get(row[key]), row) for row in now.to_pylist()]
    changes = [_change(old, new, rules) if old else UNKNOWN for old, new in pairs]
    columns = {"class_before": pa.array([old["class"] if old else "" for old, _ in pairs], pa.string())}
    if "percent_good" in now.column_names:
        goods = [old["percent_good"] if old else None for old, _ in pairs]
        columns["percent_good_before"] = pa.array(goods, pa.float64())
    columns["change"] = pa.array([change.key for change in changes], pa.string())
    columns["change_zh"] = pa.array([change.zh for change in changes], pa.string())
    columns["change_en"] = pa.array([change.en for change in changes], pa.string())
    for name, column in columns.items():
        now = now.append_column(name, column)
    return now


def _change(old: Mapping[str, Any], new: Mapping[str, Any], rules: AssessmentRules) -> Change:
    if "means" in (old.get("method", "means"), new.get("method", "means")):
        return change_of_grade(old["grade_no"], new["grade_no"])
    return change_of_shares(old["percent_good"], old["percent_worse"], new["percent_good"], new["percent_worse"], rules)
