"""Facts that ship with the product: agencies, rivers, principal sections, and a schematic base map.

They are typed or carried over from public sources into `facts/*.csv`; every section says from which source and how
sure it is. Coordinates that nobody gave are missing, and most that are there are approximate: the confidence of a
section says so. Nothing here overrides what a node's own registry holds.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from shangyou.core.registry import Agency, River, Section, Status, WaterKind, section_id

APPROXIMATE: Final = "coordinates approximate, from general geography"
SINGLE: Final = "coordinates from a single source"
_COORDINATES: Final = {"approx": APPROXIMATE, "single": SINGLE}


@dataclass(frozen=True, slots=True)
class SectionFact:
    """A section with what the registry has no column for."""

    section: Section
    mn: str  # code under which its national station reports, "" = not known; admits no device by itself
    note: str  # border that it watches (黔→渝), or why its river is set as it is


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shangyou.standards") / "facts" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def agencies() -> tuple[Agency, ...]:
    """The national centre and the six provincial-level agencies, by administrative code."""
    return tuple(Agency(**row) for row in _rows("agencies.csv"))


@cache
def rivers() -> tuple[River, ...]:
    """Chief rivers and lakes; `into` is the id of the water that they flow into, "" outside the list."""
    return tuple(River(**row) for row in _rows("rivers.csv"))


@cache
def section_facts() -> tuple[SectionFact, ...]:
    """Principal sections of the six provinces, and those of neighbours that watch their borders.

    Sections under an older name are MERGED into the one of today, so that data of both years meet.
    """
    sources = {row["id"]: f"{row['name_zh']} / {row['name_en']}" for row in _rows("sources.csv")}
    return tuple(SectionFact(_section(row, sources), row["mn"], row["note"]) for row in _rows("sections.csv"))


def sections() -> tuple[Section, ...]:
    """The sections alone, as a registry takes them."""
    return tuple(fact.section for fact in section_facts())


@cache
def stations() -> dict[str, str]:
    """Id of the section at which the national station of an MN stands."""
    return {fact.mn: fact.section.id for fact in section_facts() if fact.mn}


@cache
def basemap() -> bytes:
    """Rivers, lakes, provinces and their borders as GeoJSON (WGS 84), schematic: not for measurement.

    Every feature has `kind` (river, lake, province, border), `name_zh`, `name_en`, `schematic` and `source`; rivers
    have `order` 1 to 3 (1 the largest) and the id of `rivers()`, provinces `label`, borders `between`.
    """
    return (files("shangyou.standards") / "facts" / "basemap.geojson").read_bytes()


def _section(row: dict[str, str], sources: dict[str, str]) -> Section:
    own = section_id(row["province"], row["name_zh"])
    merged_into = section_id(row["province"], row["same_as"]) if row["same_as"] else ""
    trusted = Status.CONFIRMED if row["confidence"] == "high" else Status.UNCONFIRMED
    coordinates = row["coordinates"]
    return Section(
        id=own,
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        province=row["province"],
        city=row["city"],
        basin=row["basin"],
        river=row["river"],
        kind=WaterKind(row["kind"]),
        longitude=float(row["longitude"]) if row["longitude"] else None,
        latitude=float(row["latitude"]) if row["latitude"] else None,
        status=Status.MERGED if merged_into else trusted,
        merged_into=merged_into,
        source=sources[row["source"]],
        confidence="; ".join(filter(None, (row["confidence"], _COORDINATES.get(coordinates, coordinates)))),
    )
