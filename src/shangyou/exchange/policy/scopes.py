"""Regions to scopes that share no row, and scopes to regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.exchange.policy.decision import Facts
from shangyou.exchange.policy.region import Names, Region, Span, meet, rest
from shangyou.exchange.policy.terms import METERS
from shangyou.exchange.scope import Scope

NAMED: Final = ("section", "parameter", "cadence", "statistic")
ROWS: Final = (*NAMED, "observed", "delay", "review")
AGAIN: Final = 60_000  # [ms] a limit that moves with the time, "no older than", is compiled anew so often


@dataclass(frozen=True, slots=True)
class _Box:
    """A region of rows at one moment, with what its rules leave of the quotas."""

    rows: Region  # names, observed (delay put in), review
    stop: int | None  # of `observed` without the delay
    delay: int
    left: tuple[int | None, int | None, int | None]  # rows, bytes, rate


def region_of(scope: Scope) -> Region:
    """The rows that a scope limits; an empty set of names is a limit that nothing meets."""
    found: dict[str, Names | Span] = {}
    for axis, names in zip(NAMED, (scope.sections, scope.parameters, scope.cadences, scope.statistics), strict=True):
        if names is not None:
            found[axis] = Names(names)
    if scope.start is not None or scope.stop is not None:
        found["observed"] = Span(scope.start, scope.stop)
    if scope.delay:
        found["delay"] = Span(scope.delay, None)
    if scope.review:
        found["review"] = Span(scope.review, None)
    return found


def scopes_of(regions: Sequence[Region], facts: Facts, resolution: str, at: int) -> tuple[tuple[Scope, ...], bool]:
    """Scopes whose union are the regions; and whether any limit moves with the time.

    What a scope cannot say (a review below a level) is left out: in doubt nothing leaves.
    """
    boxes = [box for region in regions if (box := _box(region, facts, at)) is not None]
    boxes.sort(key=_rank)
    kept: list[Region] = []
    found: list[Scope] = []
    for box in boxes:
        pieces = rest(box.rows, kept)
        kept += pieces
        found += [_scope(box, piece, facts, resolution) for piece in pieces]
    moving = any(_span(region, "delay").stop is not None for region in regions)
    return tuple(scope for scope in found if not _nothing(scope)), moving


def _rank(box: _Box) -> tuple[int, int, int, int]:
    """Low reviews first, so that the rest of a later one is again "at least"; the larger quota first."""
    rows, bytes, rate = (-1 if left is None else 0 for left in box.left)
    return (_span(box.rows, "review").start or 0, rows + bytes + rate, -(box.left[0] or 0), box.delay)


def _box(region: Region, facts: Facts, at: int) -> _Box | None:
    left = _left(region, facts)
    if left is None or _span(region, "review").stop not in (None, 4):
        return None
    age = _span(region, "delay")
    rows = {axis: region[axis] for axis in (*NAMED, "observed", "review") if axis in region}
    aged: Region = {
        "observed": Span(
            None if age.stop is None else at - age.stop + 1, None if age.start is None else at - age.start + 1
        )
    }
    whole = meet(rows, aged) if "delay" in region else rows
    if whole is None:
        return None
    stop = _span(region, "observed").stop
    if age.start == 0:  # a scope cannot say "nothing of the future" by a delay of 0
        stop = _span(whole, "observed").stop
    return _Box(whole, stop, age.start or 0, left)


def _span(region: Region, axis: str) -> Span:
    extent = region.get(axis)
    return extent if isinstance(extent, Span) else Span()


def _left(region: Region, facts: Facts) -> tuple[int | None, int | None, int | None] | None:
    """What is left of rows and bytes, and the rate; None if a quota is used up, or nobody knows how much was used."""
    left: dict[str, int] = {}
    for meter in METERS:
        stop = _span(region, meter).stop
        if stop is None:
            continue
        used = facts.used.get(meter)
        if used is None or used + 1 >= stop:
            return None
        unit = "rate" if meter == "rate" else "rows" if meter.startswith("rows") else "bytes"
        more = stop - 1 if unit == "rate" else stop - 1 - used
        left[unit] = min(more, left.get(unit, more))
    return left.get("rows"), left.get("bytes"), left.get("rate")


def _scope(box: _Box, piece: Region, facts: Facts, resolution: str) -> Scope:
    names = [_names(piece, axis, facts) for axis in NAMED]
    span, whole = _span(piece, "observed"), _span(box.rows, "observed")
    rows, bytes, rate = box.left
    return Scope(
        sections=names[0],
        parameters=names[1],
        cadences=names[2],
        statistics=names[3],
        start=span.start,
        stop=box.stop if span.stop == whole.stop else span.stop,
        delay=box.delay,
        resolution="" if resolution == "observed" else resolution,
        review=_span(piece, "review").start or 0,
        rows=rows,
        bytes=bytes,
        rate=rate,
    )


def _names(piece: Region, axis: str, facts: Facts) -> frozenset[str] | None:
    extent = piece.get(axis)
    if not isinstance(extent, Names):
        return None
    if not extent.but:
        return extent.values
    known = {
        "section": frozenset(facts.places.rivers),
        "parameter": facts.parameters,
        "cadence": facts.cadences,
        "statistic": facts.statistics,
    }[axis]
    return known - extent.values


def _nothing(scope: Scope) -> bool:
    return any(
        names is not None and not names
        for names in (scope.sections, scope.parameters, scope.cadences, scope.statistics)
    )
