"""Who and what there is on the river: agencies, rivers, sections, devices.

A section that a source names and nobody has registered is entered as UNCONFIRMED with all that the source
says. It can be confirmed, renamed and merged; ids never change and old names keep leading to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PROVINCES = {  # first two digits of the administrative code, GB/T 2260
    "重庆市": "50",
    "四川省": "51",
    "贵州省": "52",
    "云南省": "53",
    "西藏自治区": "54",
    "青海省": "63",
}


class Status(StrEnum):
    """How far an entry is trusted."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    MERGED = "merged"  # it is the same as another, whose id stands in merged_into


class WaterKind(StrEnum):
    """Which limits apply."""

    RIVER = "river"
    LAKE = "lake"


@dataclass(frozen=True, slots=True)
class Agency:
    """A bureau of the federation."""

    id: str
    name_zh: str
    name_en: str
    level: str  # national, provincial, municipal
    adm_code: str  # 行政区划代码, six digits


@dataclass(frozen=True, slots=True)
class River:
    """A river or lake."""

    id: str
    name_zh: str
    name_en: str
    into: str = ""  # id of the water that it flows into
    basin: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A place on a water where its quality is assessed (断面); most have an automatic station."""

    id: str  # "51.清风峡": province code and first known name
    name_zh: str
    name_en: str = ""
    province: str = ""  # as in PROVINCES, or any other name
    city: str = ""
    basin: str = ""  # 长江流域 ...
    river: str = ""
    kind: WaterKind = WaterKind.RIVER
    longitude: float | None = None  # WGS 84 degrees; None = not known, and shown as such
    latitude: float | None = None
    status: Status = Status.UNCONFIRMED
    merged_into: str = ""
    source: str = ""  # who says so
    confidence: str = ""  # high, mem, unknown ... as the source marks it


@dataclass(frozen=True, slots=True)
class Device:
    """A monitor that reports under an MN; it stands at a section or at an outlet."""

    mn: str
    name: str
    section: str  # id of the section or outlet, "" = none yet: its data are kept under the MN
    system: str = "21"  # ST: 21 surface water, 32 waste water ...
    profile: str = "strict"  # strict, or lenient: known deviations are accepted and marked
    unit_profile: str = "surface"  # surface: metals in mg/L as national stations send; hj212: units of appendix B
    status: str = "active"  # active, quarantined, blocked
    encoding: str = "utf-8"  # or gb18030
    outlet: bool = False


def section_id(province: str, name: str) -> str:
    """Deterministic id of a section: province code (or name) and name.

    >>> section_id("四川省", "清风峡")
    '51.清风峡'
    """
    return f"{PROVINCES.get(province, province or '00')}.{name}"
