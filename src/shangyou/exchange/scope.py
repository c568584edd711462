"""What a decision lets through: the part of a store that may leave, for one request at one time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Limits that hold together. None means no limit, an empty set of names means nothing at all.

    Made by `exchange.policy`, compiled into the question to the store, so that what may not leave is never read.
    """

    sections: frozenset[str] | None = None  # section ids
    parameters: frozenset[str] | None = None
    cadences: frozenset[str] | None = None
    statistics: frozenset[str] | None = None
    start: int | None = None  # phenomenon time [ms since 1970 UTC], from and including
    stop: int | None = None  # up to and not including
    delay: int = 0  # [ms] only what was observed at least so long ago
    resolution: str = ""  # finest that may leave: "" as observed, or hour, day, month, year (means of it)
    review: int = 0  # at least, records.Review
    rows: int | None = None  # left of the quota
    bytes: int | None = None  # left of the quota
    rate: int | None = None  # requests an hour
    until: int | None = None  # this decision holds up to then [ms since 1970 UTC]; decide again after it
