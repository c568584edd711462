"""What is released, what becomes of it, and what is asked for: the values of transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)  # the median, and the bands of 50 and 90 %
HEAVIEST: Final = 1e15  # g; a thousand million tonnes
LONGEST: Final = 10 * 365.25 * 86400.0  # s


@dataclass(frozen=True, slots=True)
class Release:
    """A substance let go at one place: at once, evenly over a time, or as a series.

    Raises:
        InputError: "release.value" something is missing, negative or absurd; "release.series" a series that does not
            begin anew later each time, or has no two entries.
    """

    at: float  # m from the start of the course
    mass: float  # g; of a series: the sum, which the series must give
    start: float = 0.0  # s; time 0 is whatever the caller calls so
    duration: float = 0.0  # s; 0 = at once
    series: tuple[tuple[float, float], ...] = ()  # (s from `start`, g/s from then on); the last rate must be 0

    def __post_init__(self) -> None:
        limits = {"at": 1e8, "mass": HEAVIEST, "duration": LONGEST}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise InputError("release.value", name=name, value=value)
        if not abs(self.start) <= LONGEST:
            raise InputError("release.value", name="start", value=self.start)
        if self.series:
            self._check_series()

    def _check_series(self) -> None:
        times, rates = np.array(self.series, np.float64).T
        good = len(times) > 1 and times[0] >= 0 and times[-1] <= LONGEST and bool(np.all(np.diff(times) > 0))
        if not good or not np.all((rates >= 0) & (rates <= HEAVIEST)) or rates[-1] != 0:
            raise InputError("release.series", entries=len(times))
        total = float(np.sum(np.diff(times) * rates[:-1]))
        if not np.isclose(total, self.mass, rtol=1e-6):
            raise InputError("release.value", name="mass", value=self.mass)

    @classmethod
    def of_series(cls, at: float, series: tuple[tuple[float, float], ...], start: float = 0.0) -> Release:
        """A release whose mass is the sum of its series."""
        mass = sum(rate * (after - time) for (time, rate), (after, _) in pairwise(series))
        return cls(at, mass, start, 0.0, series)

    def boxes(self) -> Array:
        """(k, 3) start [s after `start`], duration [s] and mass [g] of each stretch of even release."""
        if not self.series:
            return np.array([[0.0, self.duration, self.mass]])
        times, rates = np.array(self.series, np.float64).T
        span = np.diff(times)
        boxes = np.column_stack((times[:-1], span, rates[:-1] * span))
        return np.asarray(boxes[boxes[:, 2] > 0], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Inflow:
    """A concentration kept up at the head of the course, as steps: concentration[i] holds from time[i]."""

    time: Array  # (k,) s, increasing, from 0
    concentration: Array  # (k,) g/m3, >= 0

    def __post_init__(self) -> None:
        good = len(self.time) > 0 and self.time.shape == self.concentration.shape and self.time[0] == 0
        if not (good and bool(np.all(np.diff(self.time) > 0)) and bool(np.all(self.concentration >= 0))):
            raise InputError("release.series", entries=len(self.time))


@dataclass(frozen=True, slots=True, eq=False)
class Fate:
    """What becomes of the substance. Each is one number, or one for each reach.

    Sorption is kinetic, as in OTIS: rate (its lambda-hat) and capacity (density of accessible sediment times the
    distribution coefficient).
    """

    decay: float | Array = 0.0  # 1/s, in the water
    storage_decay: float | Array = 0.0  # 1/s, in the storage zone; what settles for good there counts as decayed
    sorption_rate: float | Array = 0.0  # 1/s
    sorption_capacity: float | Array = 0.0  # g on the bed for each g in the water, at equilibrium

    def __post_init__(self) -> None:
        for name in ("decay", "storage_decay", "sorption_rate", "sorption_capacity"):
            values = np.asarray(getattr(self, name), np.float64)
            if not np.all((values >= 0) & (values <= 1e6)):
                raise InputError("release.value", name=name, value=str(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the substance is at the end [g]."""

    entered: float
    left: float  # over the end of the course
    withdrawn: float  # with water that is taken out
    decayed: float
    stored: float  # still in the water, the storage zones, on the bed, in reservoirs

    @property
    def error(self) -> float:
        """What is not accounted for, as a part of what entered."""
        missing = self.entered - self.left - self.withdrawn - self.decayed - self.stored
        return missing / self.entered if self.entered else missing


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Concentration over time at P places."""

    places: tuple[str, ...]  # (P,) ids
    time: Array  # (N,) s, increasing
    concentration: Array  # (N, P) g/m3, >= 0
    balance: Balance

    def at(self, time: Array) -> Array:
        """(k, P) concentration at other times; 0 before the first."""
        columns = [np.interp(time, self.time, column, left=0.0) for column in self.concentration.T]
        return np.array(columns).T.reshape(len(time), len(self.places))


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How well things are known: standard deviations of normal distributions, of the logarithm where no unit stands."""

    flow: float = 0.10  # of the flow on the day
    velocity: float = 0.10  # of the velocity at a known flow: the rating, roughness and section
    dispersion: float = 0.20  # of a calibrated coefficient; where there is none, the formulas differ by themselves
    amount: float = 0.0
    start: float = 0.0  # s

    def __post_init__(self) -> None:
        for name, most in (("flow", 2.0), ("velocity", 2.0), ("dispersion", 2.0), ("amount", 5.0), ("start", LONGEST)):
            if not 0 <= getattr(self, name) <= most:
                raise InputError("release.value", name=name, value=getattr(self, name))


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalTable:
    """When a release arrives at P places, how much of it, and how sure that is.

    Each (P, 5) array holds the quantiles 5, 25, 50, 75 and 95 % over the members; inf = not within the horizon.
    """

    places: tuple[str, ...]
    at: Array  # (P,) m from the start of the course
    limit: float  # g/m3; NaN = a hundredth of each member's own peak
    members: int
    horizon: float  # s
    reached: Array  # (P,) share of the members that rise above the limit
    first: Array  # (P, 5) s, time of first arrival above the limit
    peak: Array  # (P, 5) g/m3
    peak_time: Array  # (P, 5) s
    above: Array  # (P, 5) s, how long it stays above the limit
    end: Array  # (P, 5) s, when it falls below the limit for the last time; inf also where it never is above
    formulas: tuple[str, ...] = field(default=())  # of dispersion; () = the course's coefficients are calibrated
