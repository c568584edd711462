"""What a tracing is given: the way of the water, the pulses seen, where it may have come from, what is known before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes, Censor, Ints

Flags = NDArray[np.bool_]
Index = NDArray[np.intp]

MOST_VALUES: Final = 2_000  # of all stations; a fortnight of hours at six of them
MOST_CANDIDATES: Final = 2_000
MOST_STATIONS: Final = 24
SUDDEN: Final = 60.0  # s: a tank that bursts is empty in less, and no river tells one minute from none


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way of the water down past the stations: reaches in order of flow, with their hydraulics at the day's flow."""

    length: Array  # (n,) m
    velocity: Array  # (n,) m/s
    dispersion: Array  # (n,) m2/s, longitudinal
    discharge: Array  # (n,) m3/s
    storage_ratio: Array  # (n,) storage zone area over channel area; 0 = none
    storage_rate: Array  # (n,) exchange 1/s
    volume: Array  # (n,) m3 mixed at the end of the reach; 0 = none
    stations: Array  # (s,) m from the start, in the order of the problem's pulses; NaN = not on this way

    def __post_init__(self) -> None:
        n = len(self.length)
        for name in ("length", "velocity", "dispersion", "discharge"):
            column = getattr(self, name)
            wrong = np.flatnonzero(~((column > 0) & np.isfinite(column))) if column.shape == (n,) else np.zeros(1, int)
            if len(wrong) or n == 0:
                raise InputError("trace.way", column=name, reach=int(wrong[0]) + 1 if len(wrong) else 0)
        for name in ("storage_ratio", "storage_rate", "volume"):
            column = getattr(self, name)
            if column.shape != (n,) or not np.all((column >= 0) & np.isfinite(column)):
                raise InputError("trace.way", column=name, reach=0)

    @property
    def end(self) -> float:
        """Its length [m]."""
        return float(self.length.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """What one station saw: the pulse, and enough before it to know the background."""

    station: str
    time: Ints  # (m,) ms since 1970 UTC: the instant, or the middle of the period that a value stands for
    value: Array  # (m,) g/m3; with Censor.BELOW or ABOVE it is the bound
    censor: Bytes  # (m,) Censor NONE, BELOW or ABOVE
    noise: Array  # (m,) standard deviation of a value: analysis and sampling [g/m3], > 0
    background: float = 0.0  # without the release [g/m3], and how well that is known
    background_sd: float = 0.0
    support: float = 0.0  # s over which a value is a mean

    def __post_init__(self) -> None:
        m = len(self.time)
        for name in ("value", "censor", "noise"):
            if getattr(self, name).shape != (m,):
                raise InputError("trace.pulse", station=self.station, column=name)
        if m == 0 or np.any(np.diff(self.time) <= 0):
            raise InputError("trace.pulse", station=self.station, column="time")
        if not np.all(np.isfinite(self.value)) or not np.all((self.noise > 0) & np.isfinite(self.noise)):
            raise InputError("trace.pulse", station=self.station, column="value")
        if np.any(self.censor > Censor.ABOVE):
            raise InputError("trace.pulse", station=self.station, column="censor")
        if not (self.background_sd >= 0 and self.support >= 0 and np.isfinite(self.background)):
            raise InputError("trace.pulse", station=self.station, column="background")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that the release may have come from: an outlet, or a stretch anywhere along which it may have been."""

    id: str
    at: float  # m from the start of the way: an outlet's place, or where a stretch begins
    to: float | None = None  # where the stretch ends; None = an outlet
    way: int = 0  # index of the problem's ways
    weight: float = 1.0  # before anything is seen, against the other candidates; > 0. Of a stretch: as a whole
    name_zh: str = ""
    name_en: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.at) and self.at >= 0 and self.weight > 0 and np.isfinite(self.weight)):
            raise InputError("trace.candidate", id=self.id)
        if self.to is not None and not (np.isfinite(self.to) and self.to > self.at):
            raise InputError("trace.candidate", id=self.id)

    @property
    def width(self) -> float:
        """Length of the stretch [m]; 0 of an outlet."""
        return 0.0 if self.to is None else self.to - self.at


@dataclass(frozen=True, slots=True)
class Priors:
    """What is known before the pulses are looked at."""

    start_from: int  # ms since 1970 UTC: the release began at or after this
    start_to: int  # and at or before this
    shortest: float = SUDDEN  # s that it lasted; even odds for each doubling
    longest: float = 86_400.0
    least: float = 1.0  # g that were released; even odds for each doubling
    most: float = 1e12
    even: bool = False  # the amount has even odds for each gram instead
    velocity_sd: float = 0.05  # relative, of the velocities as a whole
    velocity_shared: float = 0.8  # share of that variance that all legs between stations have in common
    discharge_sd: float = 0.1  # relative, of the discharge as a whole: the amount is known no better
    station_sd: float = 0.03  # relative, of each station's against the others': gauging, mixing, dilution
    dispersion_sd: float = 0.6  # of the logarithm of dispersion; formulas spread about so much
    decay: float = 0.0  # 1/s

    def __post_init__(self) -> None:
        fine = {
            "start": self.start_to > self.start_from,
            "duration": 0 < self.shortest <= self.longest < np.inf,
            "amount": 0 < self.least < self.most < np.inf,
            "velocity": 0 < self.velocity_sd < 1 and 0 <= self.velocity_shared <= 1,
            "discharge": 0 <= self.discharge_sd < 1 and 0 <= self.station_sd < 1,
            "dispersion": 0 < self.dispersion_sd < 3,
            "decay": 0 <= self.decay < np.inf,
        }
        for name, well in fine.items():
            if not well:
                raise InputError("trace.prior", prior=name)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """All that a tracing needs."""

    ways: tuple[Way, ...]
    pulses: tuple[Pulse, ...]  # in the order of each way's stations
    candidates: tuple[Candidate, ...]
    priors: Priors
    discrepancy: float = 0.02  # error of the model itself, as a share of the highest value of each station
    origin: int = field(init=False, default=0)  # ms since 1970 UTC, from which seconds are counted

    def __post_init__(self) -> None:
        if not self.pulses or not self.candidates or not self.ways:
            raise InputError("trace.empty")
        count = sum(len(pulse.time) for pulse in self.pulses)
        sizes = ((count, MOST_VALUES), (len(self.candidates), MOST_CANDIDATES), (len(self.pulses), MOST_STATIONS))
        for found, most in sizes:
            if found > most:
                raise InputError("trace.size", found=found, most=most)
        for candidate in self.candidates:
            if not 0 <= candidate.way < len(self.ways) or max(candidate.at, candidate.to or 0) > self._end(candidate):
                raise InputError("trace.candidate", id=candidate.id)
        if any(way.stations.shape != (len(self.pulses),) for way in self.ways):
            raise InputError("trace.way", column="stations", reach=0)
        object.__setattr__(self, "origin", int(min(pulse.time[0] for pulse in self.pulses)))

    def _end(self, candidate: Candidate) -> float:
        return self.ways[candidate.way].end * (1 + 1e-9)

    def seconds(self, ms: Ints | int) -> Array:
        """Times of the problem in seconds from its origin."""
        return np.asarray((np.asarray(ms, np.int64) - self.origin) / 1000.0)
