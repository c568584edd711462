"""A dataset: a question to a member's own store that others may ask under a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DataLevel(StrEnum):
    """Of 数据安全法: how much harm its loss would do."""

    GENERAL = "general"  # 一般
    IMPORTANT = "important"  # 重要
    CORE = "core"  # 核心


class Sharing(StrEnum):
    """The three sharing attributes of 政务数据共享条例."""

    UNCONDITIONAL = "unconditional"  # 无条件共享
    CONDITIONAL = "conditional"  # 有条件共享
    NONE = "none"  # 不予共享


@dataclass(frozen=True, slots=True)
class DatasetQuery:
    """Which observations of the owner's store. Empty tuples mean no restriction."""

    sections: tuple[str, ...] = ()  # section ids of the registry
    parameters: tuple[str, ...] = ()
    cadences: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    start: int | None = None  # ms since 1970 UTC, from and including
    stop: int | None = None  # up to and not including
    review: int = 0  # at least, records.Review


@dataclass(frozen=True, slots=True)
class Offer:
    """Terms under which a dataset may be had: an ODRL policy without target, assigner and assignee."""

    id: str
    policy: Mapping[str, object]
    automatic: bool = True  # agreed at once where the asker fulfils it; otherwise a person decides


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as its owner describes it. `id` is "owner/name", unique in the federation."""

    id: str
    owner: str  # member id
    title_zh: str
    title_en: str
    query: DatasetQuery
    offers: tuple[Offer, ...]
    level: DataLevel = DataLevel.GENERAL
    sharing: Sharing = Sharing.CONDITIONAL
    about_zh: str = ""
    about_en: str = ""
    keywords: tuple[str, ...] = ()
    issued: int = 0  # ms since 1970 UTC
    changed: int = 0
    simulated: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)  # measured: completeness, flags, timeliness
