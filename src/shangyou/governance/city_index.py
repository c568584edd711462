"""City water quality index (CWQI), by which cities are ranked. The rule stands in `standards/city_index-*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array
from shangyou.core.registry import WaterKind
from shangyou.standards.library import Edition


@dataclass(frozen=True, slots=True, eq=False)
class WaterIndex:
    """Index of n waters, each from the means of all its sections."""

    parts: Mapping[str, Array]  # (n,) sub-index of each item given; NaN = no value
    index: Array  # (n,) sum of the sub-indices there are; NaN where there is none
    counted: NDArray[np.int64]  # (n,) how many items are in it, of those the rule names: fewer make it smaller
    edition: str  # id of the rule


def sub_index(item: str, value: Array, kind: WaterKind, edition: Edition, limits: Edition) -> Array:
    """How heavily one item weighs: its concentration over the class III limit.

    Dissolved oxygen counts the other way round; pH counts its way from 7 to the limit on its side.

    Args:
        item: key of the vocabulary, one of the items of the rule.
        value: (n,) mean [canonical unit], >= 0; oxygen of 0 gives infinity.
        kind: rivers and lakes have different limits of total phosphorus.
        edition: of family "city_index".
        limits: of family "gb3838".

    Returns:
        (n,) sub-index [1], 1 at the limit; NaN where there is no value.

    Raises:
        InputError: "city_index.item": the rule does not count this item.

    Source: 城市地表水环境质量排名技术规定（试行）, 2017.
    >>> from shangyou.standards.library import editions
    >>> rule, water = editions("city_index")[-1], editions("gb3838")[-1]
    >>> sub_index("dissolved_oxygen", np.array([5.0, 10.0]), WaterKind.RIVER, rule, water).tolist()
    [1.0, 0.5]
    """
    if item not in edition.body["items"]:
        raise InputError("city_index.item", item=item, edition=edition.id)
    if item == "ph":
        neutral, low, high = (np.float64(edition.body["ph"][name]) for name in ("neutral", "low", "high"))
        return np.where(value <= neutral, (neutral - value) / (neutral - low), (value - neutral) / (high - neutral))
    row, grade = limits.body["items"][item], edition.body["class"]
    if "at_least" in row:
        with np.errstate(divide="ignore"):
            return np.float64(row["at_least"][grade]) / value
    at_most = row["lake_at_most"] if kind is WaterKind.LAKE and "lake_at_most" in row else row["at_most"]
    return value / np.float64(at_most[grade])


def water_index(values: Mapping[str, Array], kind: WaterKind, edition: Edition, limits: Edition) -> WaterIndex:
    """Index of rivers or lakes: the sum of the sub-indices.

    Args:
        values: (n,) each, mean concentration of the n cities by key of the vocabulary [canonical unit]. Items that
            the rule does not count are passed over. Results below a detection limit enter as half of it (from
            memory, unverified).
        kind, edition, limits: as of `sub_index`.

    Returns:
        The index, its parts, and how many items each is made of: only indices of equally many may be compared.

    Source: 城市地表水环境质量排名技术规定（试行）, 2017.
    >>> from shangyou.standards.library import editions
    >>> means = {"dissolved_oxygen": np.array([10.0]), "ammonia_nitrogen": np.array([0.5])}
    >>> found = water_index(means, WaterKind.RIVER, editions("city_index")[-1], editions("gb3838")[-1])
    >>> found.index.tolist(), found.counted.tolist()
    ([1.0], [2])
    """
    items = [item for item in edition.body["items"] if item in values]
    parts = {item: sub_index(item, values[item], kind, edition, limits) for item in items}
    if not parts:
        return WaterIndex({}, np.empty(0), np.empty(0, np.int64), edition.id)
    table = np.stack(list(parts.values()))
    counted = np.count_nonzero(~np.isnan(table), axis=0)
    index = np.where(counted > 0, np.nansum(table, axis=0), np.nan)
    return WaterIndex(parts, index, counted.astype(np.int64), edition.id)


def city_index(river: Array, lake: Array, sections: Array, points: Array) -> Array:
    """Index of cities from those of their rivers and lakes, weighted by the number of monitoring places.

    Args:
        river, lake: (n,) index of the rivers and of the lakes [1]; not looked at where there is no place.
        sections, points: (n,) number of river sections and of lake points, >= 0.

    Returns:
        (n,) index [1]; NaN for a city without any place.

    Source: 城市地表水环境质量排名技术规定（试行）, 2017; this step from memory, unverified.
    >>> city_index(np.array([6.0]), np.array([9.0]), np.array([2.0]), np.array([1.0])).tolist()
    [7.0]
    """
    places = sections + points
    total = np.where(sections > 0, river * sections, 0) + np.where(points > 0, lake * points, 0)
    return total / np.where(places > 0, places, np.nan)


def change(now: Array, base: Array) -> Array:
    """How much an index changed against that of the base period [%]; below 0 the water became better.

    Source: 城市地表水环境质量排名技术规定（试行）, 2017.
    >>> change(np.array([4.5]), np.array([5.0])).tolist()
    [-10.0]
    """
    return (now - base) / np.where(base > 0, base, np.nan) * 100


def ranking(index: Array) -> NDArray[np.int64]:
    """Place of each city, 1 the best (lowest index); equal indices share a place; 0 = no index.

    Source: notice of Ningxia on the ranking, 2020.
    >>> ranking(np.array([5.0, 3.0, np.nan, 5.0, 9.0])).tolist()
    [2, 1, 0, 2, 4]
    """
    ordered = np.sort(index[~np.isnan(index)])
    return np.where(np.isnan(index), 0, np.searchsorted(ordered, index, side="left") + 1).astype(np.int64)
