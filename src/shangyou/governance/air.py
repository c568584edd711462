"""Ambient air: limits (GB 3095) and the air quality index (HJ 633), in the edition that was in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes
from shangyou.standards.levels import level_of
from shangyou.standards.library import UNVERIFIED, Edition

TOLERANCE_DIGITS = 9  # 1.4 mg/m3 of carbon monoxide makes 35, not the 36 of a 35.000000000000004 rounded up


class AirItem(NamedTuple):
    """What was measured, and over which time it was averaged."""

    parameter: str  # key of the vocabulary
    averaging: str  # annual, 24h, 8h (highest 8-hour mean of the day), 1h


@dataclass(frozen=True, slots=True, eq=False)
class AirIndex:
    """Air quality index of n days or hours, over k pollutants."""

    items: tuple[AirItem, ...]  # (k,)
    iaqi: Array  # (k, n) index of each pollutant, whole numbers; NaN = none
    index: Array  # (n,) AQI, the largest; NaN where there is none
    primary: NDArray[np.bool_]  # (k, n) 首要污染物: those that make an AQI above 50
    exceeding: NDArray[np.bool_]  # (k, n) 超标污染物; nowhere true in editions that no longer name them
    level: Bytes  # (n,) 1 to 6, from excellent to severe pollution; 0 = no index
    edition: str  # id of the rule
    unverified: tuple[str, ...]  # which of its values are from memory or in dispute


def individual_index(value: Array, item: AirItem, edition: Edition) -> Array:
    """IAQI of one pollutant: linear between breakpoints, rounded up to a whole number.

    Args:
        value: (n,) concentration [ug/m3, carbon monoxide mg/m3]. Below 0 is no value.
        item: a pollutant and averaging time that the edition has breakpoints for.
        edition: of family "air_index".

    Returns:
        (n,) 0 to 500. Above the last breakpoint of a whole row it stays at 500; where a row ends early, at what
        the edition says, or NaN: then the other averaging time has to be used.

    Raises:
        InputError: "air.breakpoints": the edition has none for this pollutant and averaging time.

    Source: HJ 633-2012, HJ 633-2026.
    >>> from shangyou.standards.library import editions
    >>> old, new = editions("air_index")
    >>> fine = AirItem("pm25", "24h")
    >>> individual_index(np.array([76.0]), fine, old).tolist(), individual_index(np.array([76.0]), fine, new).tolist()
    ([102.0], [115.0])
    """
    row = edition.body["breakpoints"].get(item.parameter, {}).get(item.averaging)
    if row is None:
        raise InputError("air.breakpoints", **item._asdict(), edition=edition.id)
    at = np.array(row["at"], np.float64)
    levels = np.array(edition.body["iaqi"][: len(at)], np.float64)
    index = np.ceil(np.round(np.interp(value, at, levels), TOLERANCE_DIGITS))
    if "above" in row:
        index = np.where(value > at[-1], np.nan if row["above"] is None else row["above"], index)
    return np.where(value >= 0, index, np.nan)


def air_index(values: Mapping[AirItem, Array], edition: Edition) -> AirIndex:
    """AQI: the largest IAQI, with the pollutants that make it.

    Args:
        values: (n,) each, concentrations of k pollutants, k > 0, as of `individual_index`.
        edition: of family "air_index".

    Raises:
        InputError: "air.empty": no pollutant is given; "air.breakpoints" as of `individual_index`.

    Source: HJ 633-2012, HJ 633-2026.
    >>> from shangyou.standards.library import editions
    >>> day = {AirItem("pm25", "24h"): np.array([76.0]), AirItem("ozone", "8h"): np.array([169.0])}
    >>> found = air_index(day, editions("air_index")[0])
    >>> found.index.tolist(), found.primary.tolist(), found.level.tolist()
    ([109.0], [[False], [True]], [3])
    """
    if not values:
        raise InputError("air.empty", edition=edition.id)
    iaqi = np.stack([individual_index(value, item, edition) for item, value in values.items()])
    largest = np.max(np.where(np.isnan(iaqi), -1.0, iaqi), axis=0)
    index = np.where(largest < 0, np.nan, largest)
    exceeding = edition.body["exceeding_above"]
    return AirIndex(
        items=tuple(values),
        iaqi=iaqi,
        index=index,
        primary=(iaqi == index) & (index > edition.body["primary_above"]),
        exceeding=iaqi > exceeding if exceeding is not None else np.zeros(iaqi.shape, np.bool_),
        level=level_of(index, edition.body["grades"]["levels"]),
        edition=edition.id,
        unverified=_unverified(tuple(values), edition),
    )


def _unverified(items: tuple[AirItem, ...], edition: Edition) -> tuple[str, ...]:
    """Dotted paths of the unverified values that took part in a result."""
    rows = {f"breakpoints.{p.parameter}.{p.averaging}" for p in items}
    return tuple(path for path in edition.unverified() if path in rows or not path.startswith("breakpoints"))


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of ambient air."""

    value: float | None  # [unit]; None = not found in any source
    unit: str
    verified: bool
    edition: str


def limit(item: AirItem, area: int, edition: Edition) -> Limit:
    """Limit for a pollutant in a class 1 or class 2 area.

    Args:
        area: 1 (nature reserves and the like) or 2 (where people live and work).
        edition: of family "air_limits".

    Raises:
        InputError: "air.area": no such class of area; "air.limit": the edition does not speak of this pollutant.

    Source: GB 3095-2012, GB 3095-2026 (two stages).
    >>> from shangyou.standards.library import editions
    >>> [limit(AirItem("pm25", "24h"), 2, edition).value for edition in editions("air_limits")]
    [75.0, 60.0, 50.0]
    """
    if area not in (1, 2):
        raise InputError("air.area", area=area)
    group = edition.body["limits"].get(item.parameter, {})
    row = group.get(item.averaging)
    if row is None:
        raise InputError("air.limit", **item._asdict(), edition=edition.id)
    value = row[f"class_{area}"]
    verified = UNVERIFIED not in (edition.status, group.get("status"), row.get("status"))
    return Limit(None if value is None else float(value), row["unit"], verified, edition.id)


def exceedance(value: Array, allowed: Limit) -> Array:
    """Multiples by which values are above a limit: (C - S) / S; 0 on or below it; NaN without value or limit.

    >>> exceedance(np.array([75.0, 90.0]), Limit(60.0, "ug/m3", True, "")).tolist()
    [0.25, 0.5]
    """
    if allowed.value is None:
        return np.full(value.shape, np.nan)
    return np.maximum((value - allowed.value) / allowed.value, 0.0)
