"""What loads are computed from: daily flows, and samples with the flow of their day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

KG_PER_DAY = 86.4  # of 1 mg/L in 1 m3/s
DRY_SHARE = 0.001  # of the mean flow
BEFORE_MONTH = np.cumsum([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30])  # days of a leap year before each month


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Daily mean flow of one section, in order of time; a day without a flow has no row."""

    day: Ints  # (n,) days since 1970-01-01, strictly increasing
    flow: Array  # (n,) m3/s, >= 0

    def __post_init__(self) -> None:
        if self.day.shape != self.flow.shape or self.day.ndim != 1 or not len(self.day):
            raise InputError("loads.flows.shape", days=len(self.day), flows=len(self.flow))
        if np.any(np.diff(self.day) <= 0):
            raise InputError("loads.flows.order", day=_date(self.day[1:][np.diff(self.day) <= 0][0]))
        bad = ~(np.isfinite(self.flow) & (self.flow >= 0))
        if bad.any():
            raise InputError(
                "loads.flows.value", day=_date(self.day[bad][0]), flow=float(self.flow[bad][0]), count=int(bad.sum())
            )
        if not self.flow.any():
            raise InputError("loads.flows.dry", days=len(self.day))

    def shift(self) -> float:
        """m3/s to add before logarithms are taken: none, unless some day is dry; then 0.1 % of the mean (EGRET)."""
        return 0.0 if self.flow.all() else DRY_SHARE * float(self.flow.mean())


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Concentrations of single days, each a value or the bounds of one. Several on a day are allowed."""

    day: Ints  # (m,) days since 1970-01-01, not decreasing
    low: Array  # (m,) mg/L, >= 0; 0 where only an upper bound is known (below the detection limit)
    high: Array  # (m,) mg/L, >= low, > 0; inf where only a lower bound is known

    def __post_init__(self) -> None:
        if not self.day.shape == self.low.shape == self.high.shape or self.day.ndim != 1:
            raise InputError("loads.samples.shape", days=len(self.day), low=len(self.low), high=len(self.high))
        if np.any(np.diff(self.day) < 0):
            raise InputError("loads.samples.order", day=_date(self.day[1:][np.diff(self.day) < 0][0]))
        fine = (self.low >= 0) & np.isfinite(self.low) & (self.high >= self.low) & (self.high > 0)
        fine &= (self.low > 0) | np.isfinite(self.high)  # a value of which nothing is known is no sample
        if not fine.all():
            raise InputError(
                "loads.samples.value",
                day=_date(self.day[~fine][0]),
                low=float(self.low[~fine][0]),
                high=float(self.high[~fine][0]),
                count=int((~fine).sum()),
            )

    @property
    def known(self) -> NDArray[np.bool_]:
        """(m,) is the value itself known, not only a bound?"""
        return np.asarray(self.low == self.high)

    def middle(self) -> Array:
        """(m,) one number for each sample: half the limit where it is below one, the limit where it is above.

        For the simple estimators, which cannot take bounds; a likelihood (`wrtds`, `rating`) takes the bounds.
        """
        return np.where(np.isinf(self.high), self.low, (self.low + np.where(np.isinf(self.high), 0, self.high)) / 2)


def with_flow(samples: Samples, flows: Flows) -> tuple[Samples, Array]:
    """The samples of days that have a flow, and (m,) that flow; samples of other days cannot be used."""
    place = np.minimum(np.searchsorted(flows.day, samples.day), len(flows.day) - 1)
    has = flows.day[place] == samples.day
    return Samples(samples.day[has], samples.low[has], samples.high[has]), flows.flow[place[has]]


def parts_of(day: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month (1 to 12) and day of the month of each day since 1970-01-01."""
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    count = month.astype(np.int64)
    return count // 12 + 1970, count % 12 + 1, (date - month).astype(np.int64) + 1


def day_of_year(day: Ints) -> Ints:
    """(n,) 1 to 366, counted as in a leap year, so that a date has one number in all years (1 March is 61)."""
    _, month, of_month = parts_of(day)
    return np.asarray(BEFORE_MONTH[month - 1] + of_month)


def decimal_year(day: Ints) -> Array:
    """(n,) the middle of each day as a year with decimals: every year has 366 places, as in the EGRET of 2013.

    Source: Hirsch and De Cicco, EGRET 1.x and the daily values it ships (1979-10-01 is 1979.75).
    >>> round(float(decimal_year(np.array([3560]))[0]), 6)
    1979.75
    """
    year, _, _ = parts_of(day)
    return np.asarray(year + (day_of_year(day) - 0.5) / 366)


def _date(day: np.int64) -> str:
    return str(np.datetime64(int(day), "D"))
