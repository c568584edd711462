"""Loads of months and years, and how far they have changed at usual flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.loads.samples import parts_of
from shangyou.basin.loads.wrtds import Daily
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Days gathered into p months or years."""

    first: Ints  # (p,) first day of each, days since 1970-01-01
    length: Ints  # (p,) days it has
    days: Ints  # (p,) of them, days with a flow
    group: Ints  # (n,) of each day given, its period

    @property
    def whole(self) -> NDArray[np.bool_]:
        """(p,) has every day a flow?"""
        return np.asarray(self.days == self.length)

    def total(self, value: Array) -> Array:
        """(p,) sum over the days there are; nothing is put in place of days that are missing."""
        return np.bincount(self.group, value, len(self.first)).astype(np.float64)

    def mean(self, value: Array) -> Array:
        """(p,) mean over the days there are."""
        return self.total(value) / self.days


def periods(day: Ints, every: str, year_starts: int = 1) -> Periods:
    """The months or years in which days lie; a year may start with another month (10: the hydrological year).

    Raises InputError "loads.every", "loads.year_starts".
    """
    if every not in ("month", "year"):
        raise InputError("loads.every", every=every, known="month, year")
    if not 1 <= year_starts <= 12:
        raise InputError("loads.year_starts", month=year_starts)
    year, month, _ = parts_of(day)
    count = (year - 1970) * 12 + month - 1
    step = 1
    if every == "year":
        step = 12
        count = (count - (year_starts - 1)) // 12 * 12 + (year_starts - 1)
    start, group = np.unique(count, return_inverse=True)
    first = start.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    end = (start + step).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return Periods(first, end - first, np.bincount(group), group)


@dataclass(frozen=True, slots=True)
class Change:
    """From the first to the last whole year, at usual flows: what people and nature changed, not the weather."""

    first: int  # first day of the first whole year
    last: int  # and of the last
    years: int  # between them
    concentration: tuple[float, float]  # mg/L
    load: tuple[float, float]  # t a year

    def percent(self) -> tuple[float, float]:
        """Change of concentration and of load [%]."""
        return tuple(100 * (b - a) / a for a, b in (self.concentration, self.load))  # type: ignore[return-value]


def change(daily: Daily, year_starts: int = 1) -> Change | None:
    """None where there are not two whole years."""
    years = periods(daily.day, "year", year_starts)
    whole = np.flatnonzero(years.whole)
    if len(whole) < 2:
        return None
    a, b = int(whole[0]), int(whole[-1])
    concentration = years.mean(daily.normal_concentration)
    load = years.total(daily.normal_load) / 1000
    elapsed = int(parts_of(years.first[b : b + 1])[0][0] - parts_of(years.first[a : a + 1])[0][0])
    return Change(
        int(years.first[a]),
        int(years.first[b]),
        elapsed,
        (float(concentration[a]), float(concentration[b])),
        (float(load[a]), float(load[b])),
    )
