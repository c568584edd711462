"""Arrival tables of two members beside each other: where do they differ, and by so much that people should talk?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.governance.warning.values import Arrival, Table
from shangyou.standards.library import Edition

MINUTE: Final = 60_000  # ms


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in two tables."""

    place: str
    mine: Arrival | None
    theirs: Arrival | None
    first: int | None  # ms by which the other table has it arrive later; negative: earlier
    peak: int | None
    factor: float | None  # its concentration over ours
    apart: bool  # so far that it is shown as a difference


def differences(mine: Table, theirs: Table, began: int, rules: Edition) -> tuple[Difference, ...]:
    """Places of both tables, in the order of the first, then those that only the other has.

    Args:
        began: when the substance began to flow, or was noticed [ms since 1970 UTC].
        rules: an edition of the family warning_clocks, for how far apart is apart.
    """
    here, there = ({each.place: each for each in table.arrivals} for table in (mine, theirs))
    return tuple(_difference(id, here.get(id), there.get(id), began, rules) for id in {**here, **there})


def _difference(place: str, mine: Arrival | None, theirs: Arrival | None, began: int, rules: Edition) -> Difference:
    if mine is None or theirs is None:
        return Difference(place, mine, theirs, None, None, None, apart=True)
    first, peak = _later(mine.first, theirs.first), _later(mine.peak, theirs.peak)
    factor = None
    if mine.concentration and theirs.concentration is not None:
        factor = theirs.concentration / mine.concentration
    apart = any(
        abs(late) > max(rules.body["differences"]["minutes"] * MINUTE, rules.body["differences"]["share"] * way)
        for late, at in ((first, mine.first), (peak, mine.peak))
        if late is not None and at is not None
        for way in (max(0, at - began),)
    )
    only_one = (mine.first is None) != (theirs.first is None)
    return Difference(place, mine, theirs, first, peak, factor, apart or only_one)


def _later(mine: int | None, theirs: int | None) -> int | None:
    return None if mine is None or theirs is None else theirs - mine
