"""What an alarm says. Plain values: a warning is written from it, a page shows it, a store keeps it as JSON."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Rule(StrEnum):
    """What spoke for an alarm."""

    LIMIT = "limit"  # beyond the limit of the section's target, where it usually is not
    RATE = "rate"  # far from what is usual, within hours
    FORECAST = "forecast"  # on the way beyond the limit, by a robust line with its interval
    CONTRADICTION = "contradiction"  # parameters move against each other as nature does not move them
    JOINT = "joint"  # several parameters at once, each the way that pollution pushes it
    BIOLOGICAL = "biological"  # a monitor of living things
    NEIGHBOUR = "neighbour"  # what was seen upstream arrives when it should
    WARNED = "warned"  # what a member upstream has warned of is due


class Level(IntEnum):
    """How grave."""

    ATTENTION = 1  # unusual, within the limit
    EXCEEDED = 2  # beyond the limit
    SERIOUS = 3  # more than twice the limit, or worse than class V


class Cause(StrEnum):
    """What else it might have been; tried in this order."""

    SPIKE = "spike"  # a single reading
    MARK = "mark"  # the instrument says so itself: fault, maintenance, calibration, no reagent
    CHECK = "check"  # the automatic tests: impossible value, flat line
    FLAT = "flat"  # the value stands still
    SAMPLING = "sampling"  # the whole sample is odd: temperature jumps with it
    PARTS = "parts"  # a part that is more than its whole, in the same water
    LIFE = "life"  # plants by day, breathing by night
    FLOW = "flow"  # rain or a rising river
    NEIGHBOURS = "neighbours"  # the stations above and below say otherwise


@dataclass(frozen=True, slots=True)
class Excluded:
    """One explanation that was tried and does not hold; `how` and `facts` say why."""

    cause: Cause
    how: str  # key of a sentence
    facts: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Sign:
    """What other parameters of the place say for an alarm; `how` and `facts` as of what was excluded."""

    how: str
    facts: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One series in which the event was seen."""

    section: str
    parameter: str
    since: int  # ms since 1970 UTC, first odd reading
    raised: int  # time of the reading with which it was certain enough
    last: int  # newest odd reading
    value: float  # with which it was raised, canonical unit
    usual: float  # median of the days before
    peak: float  # farthest from the usual so far
    peak_at: int
    limit: float | None  # of the section's target; None = there is none
    rules: tuple[Rule, ...]
    excluded: tuple[Excluded, ...]
    quiet: bool = False  # as usual again
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One event, in whatever series and at however many stations it was seen."""

    id: str
    parameter: str  # in which it was seen first
    since: int
    raised: int
    level: Level
    seen: tuple[Seen, ...]  # in order of certainty
    ended: int | None = None  # all series are as usual again

    @property
    def sections(self) -> tuple[str, ...]:
        """Where, in order of certainty."""
        return tuple(dict.fromkeys(one.section for one in self.seen))

    @property
    def value(self) -> float:
        """The reading that raised it."""
        return self.seen[0].value

    @property
    def limit(self) -> float | None:
        """The limit that applies there."""
        return self.seen[0].limit

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """Explanations that were tried before it was raised."""
        return self.seen[0].excluded

    @property
    def evidence(self) -> dict[str, object]:
        """What a warning carries of it."""
        return as_json(self)


def name(section: str, parameter: str, since: int) -> str:
    """The same event first seen in the same series has the same name at every member and after every restart."""
    return hashlib.sha256(f"{section}\n{parameter}\n{since}".encode()).hexdigest()[:16]


def as_json(alarm: Alarm) -> dict[str, Any]:
    """The alarm as plain values."""
    return asdict(alarm)


def of_json(said: dict[str, Any]) -> Alarm:
    """An alarm from what `as_json` made."""
    seen = tuple(
        Seen(
            **{
                **one,
                "rules": tuple(Rule(rule) for rule in one["rules"]),
                "excluded": tuple(Excluded(Cause(e["cause"]), e["how"], e["facts"]) for e in one["excluded"]),
                "signs": tuple(Sign(**sign) for sign in one.get("signs", ())),  # older ones were kept without
            }
        )
        for one in said["seen"]
    )
    return Alarm(**{**said, "level": Level(said["level"]), "seen": seen})
