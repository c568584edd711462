"""What a network is made of: reaches between nodes, and places on them. Everything says whose it is and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from shangyou.core.errors import InputError
from shangyou.core.records import Refusal

UNKNOWN: Final = math.nan
Line = tuple[tuple[float, float], ...]  # longitude, latitude [degrees, WGS 84], downstream


class Kind(StrEnum):
    """What stands at a place."""

    SECTION = "section"  # 断面
    INTAKE = "intake"  # 取水口
    OUTLET = "outlet"  # 排放口
    DAM = "dam"  # 水库、电站大坝
    GATE = "gate"  # 闸
    BORDER = "border"  # 省界
    RISK = "risk"  # 风险源
    CONTROL = "control"  # 应急拦截点: where a spill can be held
    GAUGE = "gauge"  # 水文站
    END = "end"  # where a network may end


HOLDING: Final = frozenset({Kind.DAM, Kind.GATE, Kind.CONTROL})  # where a spill can be held


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of one river from node to node. Figures hold at `flow`; NaN = not known."""

    id: str
    river: str  # id of core.registry.River
    start: str  # node at its head
    end: str  # node at its foot
    length: float  # m along the water
    slope: float = UNKNOWN  # m/m of the water surface
    width: float = UNKNOWN  # m at the surface
    roughness: float = UNKNOWN  # Manning's n [s/m^(1/3)]
    flow: float = UNKNOWN  # m3/s, typical (mean of many years)
    area: float = UNKNOWN  # m2 of the cross-section; NaN = from Manning's formula
    dispersion: float = UNKNOWN  # m2/s, calibrated
    storage_ratio: float = 0.0  # area of the storage zone over that of the channel
    storage_rate: float = 0.0  # exchange with it [1/s]
    owner: str = ""  # members in charge, "sichuan xizang" where the river is the border
    source: str = ""
    confidence: str = ""
    line: Line = ()  # () = no geometry is known


@dataclass(frozen=True, slots=True)
class Place:
    """Something at a point of the network: so far down a reach, or so far above the mouth of a river."""

    id: str
    kind: Kind
    name_zh: str
    name_en: str = ""
    reach: str = ""  # "" = the place is told by river and `above`
    at: float = UNKNOWN  # m below the head of the reach
    river: str = ""
    above: float = UNKNOWN  # m above the mouth of the river
    owner: str = ""  # member in charge; of a border the one above it
    beyond: str = ""  # of a border: the member below it
    longitude: float = UNKNOWN
    latitude: float = UNKNOWN
    volume: float = 0.0  # m3 of the whole reservoir
    mixed: float = 0.0  # m3 in which what arrives mixes before it is released
    source: str = ""
    confidence: str = ""
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Reaches and places as they were given, not yet checked as a whole."""

    reaches: tuple[Reach, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def items(self) -> tuple[Reach | Place, ...]:
        """All of them, reaches first."""
        return (*self.reaches, *self.places)

    def find(self, what: str, id: str) -> Reach | Place | None:
        """The reach or place of an id. what: "reach" or "place"."""
        return next((each for each in (self.reaches if what == "reach" else self.places) if each.id == id), None)


class NetworkError(InputError):
    """A network with faults; all of them are in `faults`."""

    def __init__(self, faults: tuple[Refusal, ...]) -> None:
        first = faults[0]
        super().__init__("network.faults", count=len(faults), first=first.code, line=first.line or 0, faults=faults)
        self.faults = faults


def same(one: Reach | Place, other: Reach | Place) -> bool:
    """Do two say the same? NaN is equal to NaN here."""
    if type(one) is not type(other):
        return False
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return all(a == b or (isinstance(a, float) and isinstance(b, float) and a != a and b != b) for a, b in pairs)
