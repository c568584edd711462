"""River or lake? Which limits of GB 3838 a section falls under, and on what ground we say so."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from shangyou.core.registry import Section, Status, WaterKind
from shangyou.standards.library import load

SURE: Final = ("high", "medium")  # confidence of a reader that had more to go by than the section's name


class Ground(StrEnum):
    """How we know what kind of water it is, best first."""

    REGISTERED = "registered"  # the registry says so
    LISTED = "listed"  # the section stands in lakes.yaml, with its source
    INFERRED = "inferred"  # from the name of the body of water or of the section
    ASSUMED = "assumed"  # nothing speaks for a lake


class Water(NamedTuple):
    """Kind of water with its ground."""

    kind: WaterKind
    ground: Ground


@cache
def _endings() -> tuple[str, ...]:
    return tuple(load("lakes.yaml")["endings"])


def is_lake_name(water: str) -> bool:
    """Does the name of a body of water say that it is a lake or reservoir?

    >>> is_lake_name("滇池"), is_lake_name("呼伦湖（达赉湖）"), is_lake_name("清水江"), is_lake_name("")
    (True, True, False, False)
    """
    bare = water.split("（")[0].split("(")[0].strip()
    return bare.endswith(_endings())


def _named_as_lake(name: str) -> bool:
    facts = load("lakes.yaml")
    return any(word in name for word in facts["name_words"]) and not any(word in name for word in facts["name_not"])


def water_of(section: Section) -> Water:
    """Kind of water at a section. Never fails: what nothing is known of is assumed to be a river.

    A confirmed entry of the registry counts first, then the list of lake sections, then what the reader of the source
    made of it, then names.
    """
    if section.status is Status.CONFIRMED:
        return Water(section.kind, Ground.REGISTERED)
    if section.name_zh in load("lakes.yaml")["sections"].get(section.province, {}):
        return Water(WaterKind.LAKE, Ground.LISTED)
    if section.kind is WaterKind.LAKE:
        return Water(WaterKind.LAKE, Ground.INFERRED)
    if section.river:
        return Water(WaterKind.LAKE if is_lake_name(section.river) else WaterKind.RIVER, Ground.INFERRED)
    if section.confidence.startswith(SURE):
        return Water(WaterKind.RIVER, Ground.INFERRED)
    if _named_as_lake(section.name_zh):
        return Water(WaterKind.LAKE, Ground.INFERRED)
    return Water(WaterKind.RIVER, Ground.ASSUMED)
