"""The stretch: stations from Luzhou to the Three Gorges, the branches whose water they see, and how long it travels;
and a few in the headwaters (Tongtian, Jinsha, Heng), whose water is simulated by itself: it is days away, and what the
stretch gets of it is in the medians of its main stem.

Names of sections and rivers are real but for those that say "fictional"; distances follow the mileage of the waterway
from memory and are rounded, coordinates are near the place and not surveyed. MNs have the national form with numbers
from 9001, which no real station bears. Values are simulated. The falsified monitor and the spill stand at places that
are invented, so that no real one is ever read beside a made-up offence.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from shangyou.core.records import Array
from shangyou.core.registry import Section, Status, section_id

PARAMETERS: Final = (  # the nine of national stations, in the order of every array of this package
    "water_temperature",
    "ph",
    "dissolved_oxygen",
    "conductivity",
    "turbidity",
    "permanganate_index",
    "ammonia_nitrogen",
    "total_phosphorus",
    "total_nitrogen",
)
LEVELS: Final = (  # those that a branch carries; temperature and oxygen are made at each station
    "ph",
    "conductivity",
    "turbidity",
    "permanganate_index",
    "ammonia_nitrogen",
    "total_phosphorus",
    "total_nitrogen",
)
MAIN: Final = "main"
SOURCE: Final = "simulated"  # what every section of the demo says of itself
REACHES: Final = (  # main stem: (from km, mean speed [m/s]); fast as far as Chongqing, then the reservoir's backwater
    (0.0, 1.8),
    (384.0, 1.2),
    (506.0, 0.8),
    (723.0, 0.6),
)


@dataclass(frozen=True, slots=True)
class Station:
    """An automatic station at a section."""

    key: str
    name_zh: str
    name_en: str
    province: str
    city: str
    river: str
    branch: str  # whose water it sees: main, or a tributary's key
    km: float  # on the main stem: below its head at the mouth of the Min; on a tributary: above its mouth
    longitude: float
    latitude: float
    mn: str

    @property
    def section(self) -> Section:
        """The section as the registry keeps it."""
        return Section(
            id=section_id(self.province, self.name_zh),
            name_zh=self.name_zh,
            name_en=self.name_en,
            province=self.province,
            city=self.city,
            basin="长江流域",
            river=self.river,
            longitude=self.longitude,
            latitude=self.latitude,
            status=Status.CONFIRMED,
            source=SOURCE,
            confidence=SOURCE,
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """One water that feeds the stretch, with its medians."""

    key: str
    mouth_km: float  # where it joins the main stem; inf: above the stretch, and part of its main stem already
    flow: float  # yearly geometric mean [m3/s]
    season: float  # amplitude of the yearly course of ln(flow)
    flood: float  # typical height of a flood in ln(flow)
    speed: float  # [m/s]
    warmth: float  # warmer than the main stem by [K]
    level: tuple[float, ...]  # medians of LEVELS, canonical units
    oxygen: float  # saturation of dissolved oxygen, 1 = saturated


@cache
def stations() -> tuple[Station, ...]:
    """All stations, main stem first and downstream, in the order of every array of this package."""
    return tuple(
        Station(
            key=row["key"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            province=row["province"],
            city=row["city"],
            river=row["river"],
            branch=row["branch"],
            km=float(row["km"]),
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
            mn=row["mn"],
        )
        for row in _rows("stations.csv")
    )


@cache
def branches() -> tuple[Branch, ...]:
    """All branches; the first is the main stem above the stretch."""
    return tuple(
        Branch(
            key=row["key"],
            mouth_km=float(row["mouth_km"]),
            flow=float(row["flow"]),
            season=float(row["season"]),
            flood=float(row["flood"]),
            speed=float(row["speed"]),
            warmth=float(row["warmth"]),
            level=tuple(float(row[name]) for name in LEVELS),
            oxygen=float(row["oxygen"]),
        )
        for row in _rows("branches.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shangyou.simulation") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def travel_hours(km: Array | float) -> Array:
    """Time of travel from the head of the main stem to `km` [h]; same shape, increasing.

    >>> float(travel_hours(64.8))
    10.0
    """
    starts = np.array([start for start, _ in REACHES])
    pace = np.array([1000 / 3600 / speed for _, speed in REACHES])  # [h/km]
    lengths = np.clip(np.asarray(km, np.float64)[..., None] - starts, 0.0, np.append(np.diff(starts), np.inf))
    return np.asarray(lengths @ pace, np.float64)


def lag_hours(station: Station, branch: Branch) -> float | None:
    """How long ago the water of a branch, now at the station, was at the branch's mouth [h].

    Negative where the station stands above the mouth of its own tributary; None where it sees nothing of the branch.
    """
    if station.branch == MAIN:
        if branch.mouth_km > station.km:
            return None
        return float(travel_hours(station.km) - travel_hours(branch.mouth_km))
    return -station.km / branch.speed / 3.6 if station.branch == branch.key else None
