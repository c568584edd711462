"""GB 3838 limits, the assessment rules and the rounding rules as typed values, read from their dated files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.records import Array
from shangyou.core.registry import WaterKind
from shangyou.standards.library import Edition, edition

CLASSES: Final = ("I", "II", "III", "IV", "V")
CLASS_TEXT: Final = ("", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")  # by class number; 0 = no data
WORST: Final = 6  # worse than V
AT_MOST, AT_LEAST, RANGE = 1, -1, 0  # sense of a limit


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Class limits of m items in one kind of water."""

    edition: str
    kind: WaterKind
    items: tuple[str, ...]  # (m,) keys of core.vocabulary
    sense: NDArray[np.int8]  # (m,) AT_MOST, AT_LEAST or RANGE
    bounds: Array  # (m, 5) limits of classes I to V in the canonical unit; of a RANGE: lowest, highest, NaN ...
    saturation: float  # percent of saturation of dissolved oxygen that makes class I as well; NaN = no such rule


def limits(on: date, items: tuple[str, ...], kind: WaterKind) -> Limits:
    """Limits in force on a day for some items.

    Raises InputError "standards.item" for an item that has no class limits in that kind of water (total nitrogen in a
    river), NotFoundError "standards.edition" before GB 3838-2002.
    """
    return _limits(edition("gb3838", on), items, kind)


def source_limits(on: date) -> Mapping[str, float]:
    """Limits of the specific items of drinking-water sources (table 3) that the vocabulary knows [mg/L], by key."""
    return _source_limits(edition("gb3838", on))


@cache
def _source_limits(source: Edition) -> Mapping[str, float]:
    table = source.body.get("table_3", {})
    found = {key: float(value) for key, value in table["metals"]["limits"].items()} if table else {}
    for part in ("organics_read", "organics_remembered"):
        found |= {row["key"]: float(row["limit"]) for row in table.get(part, {}).get("limits", ()) if "key" in row}
    return MappingProxyType(found)


@cache
def _limits(source: Edition, items: tuple[str, ...], kind: WaterKind) -> Limits:
    table = source.body["items"]
    sense = np.zeros(len(items), np.int8)
    bounds = np.full((len(items), len(CLASSES)), np.nan)
    for row, item in enumerate(items):
        entry: Mapping[str, Any] = table.get(item, {})
        if "range" in entry:
            bounds[row, :2] = entry["range"]
            continue
        sense[row], by_class = _class_limits(item, entry, kind)
        bounds[row] = [by_class[name] for name in CLASSES]
    sense.setflags(write=False)  # every caller gets the same arrays
    bounds.setflags(write=False)
    saturation = source.body.get("oxygen_saturation")
    return Limits(source.id, kind, items, sense, bounds, float(saturation["percent"]) if saturation else np.nan)


def _class_limits(item: str, entry: Mapping[str, Any], kind: WaterKind) -> tuple[int, Mapping[str, float]]:
    if kind is WaterKind.LAKE and "lake_at_most" in entry:
        return AT_MOST, entry["lake_at_most"]
    if "at_most" in entry:
        return AT_MOST, entry["at_most"]
    if "at_least" in entry:
        return AT_LEAST, entry["at_least"]
    raise InputError("standards.item", item=item, water=str(kind))


@dataclass(frozen=True, slots=True)
class Grade:
    """Qualitative grade of a section or a group of sections."""

    number: int  # 1 excellent ... 5 heavily polluted
    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class AssessmentRules:
    """The measures for assessment, as far as they are numbers."""

    edition: Edition
    items: tuple[str, ...]  # the 21
    grades: tuple[Grade, ...]
    grade_of_class: tuple[int, ...]  # by class number: grade number, 0 for no data
    few: int  # with fewer sections than this, a group is assessed by mean concentrations
    good_shares: tuple[tuple[int, int], ...]  # (percent of I to III at least, grade), best first
    bad_shares: tuple[tuple[int, int], ...]  # (percent worse than V below, grade), best first
    worst_grade: int
    main_count: int
    target: int  # class over whose limit multiples are taken
    main_first: tuple[str, ...]  # cyanide and heavy metals
    without_multiple: tuple[str, ...]
    share_steps: tuple[float, float]  # points up to which a change counts as none, as some
    trend_periods: int
    critical: Mapping[float, Mapping[int, float]]  # level: periods: critical rank correlation
    samples: Mapping[str, int]  # kind of period: fewest values


def assessment_rules(on: date) -> AssessmentRules:
    """The assessment rules in force on a day; NotFoundError "standards.edition"."""
    return _assessment_rules(edition("assessment", on))


@cache
def _assessment_rules(source: Edition) -> AssessmentRules:
    body = source.body
    grades = tuple(Grade(n, g["key"], g["zh"], g["en"]) for n, g in enumerate(body["section"]["grades"], 1))
    number = {grade.key: grade.number for grade in grades}
    of_class = {c: n for n, g in enumerate(body["section"]["grades"], 1) for c in g["classes"]}
    group, main, trend = body["group"], body["main_pollutants"], body["trend"]
    larger = trend["larger"]["critical_005"]
    return AssessmentRules(
        edition=source,
        items=body["items"],
        grades=grades,
        grade_of_class=tuple(of_class.get(c, 0) for c in range(WORST + 1)),
        few=group["few"],
        good_shares=tuple((g["good_at_least"], number[g["key"]]) for g in group["grades"] if "good_at_least" in g),
        bad_shares=tuple((g["worse_below"], number[g["key"]]) for g in group["grades"] if "worse_below" in g),
        worst_grade=grades[-1].number,
        main_count=main["count"],
        target=main["target"],
        main_first=(*main["first"], *main["first_as_well"]["items"]),
        without_multiple=main["without_multiple"],
        share_steps=(body["change"]["by_share"]["none"], body["change"]["by_share"]["some"]),
        trend_periods=trend["periods"],
        critical={0.05: {**trend["critical_005"], **larger}, 0.01: dict(trend["critical_001"])},
        samples={kind: rule["at_least"] for kind, rule in body["samples"].items()},
    )


def decimals(on: date, items: tuple[str, ...], use: str = "assess") -> tuple[int | None, ...]:
    """Decimals to which values of items are rounded; None where the rules name none, as before 2020.

    use: "assess" before comparing with limits, "hourly" for hourly automatic values.
    """
    try:
        return _decimals(edition("statistics", on), items, use)
    except NotFoundError:
        return (None,) * len(items)


@cache
def _decimals(source: Edition, items: tuple[str, ...], use: str) -> tuple[int | None, ...]:
    table = source.body["decimals"]
    return tuple(table.get(item, {}).get(use) for item in items)


@dataclass(frozen=True, slots=True)
class Publication:
    """How the national portal makes the class that it publishes with a sample."""

    edition: Edition
    items: tuple[str, ...]
    required: tuple[str, ...]  # without one of these it publishes no class
    rounding: str  # "none" or "assess"
    saturation: bool


def publication(on: date) -> Publication:
    """The portal's way on a day; NotFoundError "standards.edition" before 2020."""
    return _publication(edition("publication", on))


@cache
def _publication(source: Edition) -> Publication:
    body = source.body
    return Publication(source, body["items"], body["required"], body["rounding"], body["saturation"])
