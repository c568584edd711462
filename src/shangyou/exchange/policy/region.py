"""Sets of requests, moments and rows, as boxes: what permissions cover and prohibitions take away.

A region is a limit for some axes (operands); an axis that it does not name is not limited. Exact: meet, minus and
within lose nothing, whatever the names turn out to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError

MOST: Final = 2000  # regions at a time; a policy that needs more is refused


@dataclass(frozen=True, slots=True)
class Names:
    """These names, or all but these."""

    values: frozenset[str]
    but: bool = False

    @property
    def empty(self) -> bool:
        """No name at all."""
        return not self.but and not self.values

    def meet(self, other: Names) -> Names:
        """Names of both."""
        if self.but and other.but:
            return Names(self.values | other.values, True)
        if self.but:
            return Names(other.values - self.values)
        return Names(self.values - other.values if other.but else self.values & other.values)

    def inverse(self) -> tuple[Names, ...]:
        """All other names."""
        return (Names(self.values, not self.but),)

    def holds(self, name: str) -> bool:
        """Is a name among them?"""
        return (name in self.values) is not self.but


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `start` up to and not including `stop`; None = open."""

    start: int | None = None
    stop: int | None = None

    @property
    def empty(self) -> bool:
        """No number at all."""
        return self.start is not None and self.stop is not None and self.start >= self.stop

    def meet(self, other: Span) -> Span:
        """Numbers of both."""
        starts = [s for s in (self.start, other.start) if s is not None]
        stops = [s for s in (self.stop, other.stop) if s is not None]
        return Span(max(starts) if starts else None, min(stops) if stops else None)

    def inverse(self) -> tuple[Span, ...]:
        """All other numbers: below, and above."""
        below = (Span(None, self.start),) if self.start is not None else ()
        above = (Span(self.stop, None),) if self.stop is not None else ()
        return below + above

    def holds(self, number: int) -> bool:
        """Is a number among them?"""
        return (self.start is None or number >= self.start) and (self.stop is None or number < self.stop)


Extent = Names | Span
Region = Mapping[str, Extent]
EVERYTHING: Final[Region] = {}


def bounded(regions: list[Region]) -> list[Region]:
    """The same; InputError "policy.complex" if they are too many to go on with."""
    if len(regions) > MOST:
        raise InputError("policy.complex", most=MOST)
    return regions


def meet(one: Region, other: Region) -> Region | None:
    """What lies in both; None if nothing does."""
    both = dict(one)
    for axis, extent in other.items():
        mine = both.get(axis)
        found = extent if mine is None else _meet(mine, extent)
        if found.empty:
            return None
        both[axis] = found
    return both


def _meet(one: Extent, other: Extent) -> Extent:
    if isinstance(one, Names) and isinstance(other, Names):
        return one.meet(other)
    if isinstance(one, Span) and isinstance(other, Span):
        return one.meet(other)
    raise InputError("policy.complex", most=0)  # an axis is of one kind, see terms.OPERANDS


def products(factors: Iterable[list[Region]]) -> list[Region]:
    """What lies in one region of each factor."""
    found: list[Region] = [EVERYTHING]
    for factor in factors:
        found = bounded([both for one in found for other in factor if (both := meet(one, other)) is not None])
    return found


def without(region: Region, other: Region) -> list[Region]:
    """What lies in the one and not in the other, as regions that may overlap: each has one limit more, no other."""
    if meet(region, other) is None:
        return [region]
    pieces = [meet(region, {axis: rest}) for axis, extent in other.items() for rest in extent.inverse()]
    return [piece for piece in pieces if piece is not None]


def minus(region: Region, other: Region) -> list[Region]:
    """The same as regions that do not overlap."""
    if meet(region, other) is None:
        return [region]
    pieces: list[Region] = []
    inside: Region = region
    for axis, extent in other.items():
        for rest in extent.inverse():
            piece = meet(inside, {axis: rest})
            if piece is not None:
                pieces.append(piece)
        narrowed = meet(inside, {axis: extent})
        if narrowed is None:  # cannot be: the two do meet
            return pieces
        inside = narrowed
    return pieces


def rest(region: Region, others: Iterable[Region]) -> list[Region]:
    """What of a region lies in none of the others, without overlap."""
    left = [region]
    for other in others:
        left = bounded([piece for each in left for piece in minus(each, other)])
        if not left:
            break
    return left
