"""Conditions to regions: where a permission surely holds, or where a prohibition possibly does.

Two kinds of doubt are kept apart by `sure`: what is not understood, and whether a section lies on a river or reach
that nobody has entered. In doubt a permission does not hold, and a prohibition does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shangyou.exchange.policy.policy import Atom, Condition, Group, Reach, Unknown
from shangyou.exchange.policy.region import EVERYTHING, Extent, Names, Region, Span, bounded, products
from shangyou.exchange.policy.terms import OPERANDS, RESOLUTIONS, REVIEWS, Kind


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of where sections lie."""

    rivers: Mapping[str, str] = field(default_factory=dict)  # section id: its river, "" = not known
    waters: tuple[tuple[str, ...], ...] = ()  # of a river each: its section ids in the direction of flow


def regions(condition: Condition, places: Places | None, sure: bool) -> list[Region]:
    """Where a condition surely (or: possibly) holds; regions may overlap.

    places: None leaves rivers and reaches as axes of their own, for comparing policies whatever is known of places.

    InputError "policy.complex" if it takes too many.
    """
    return _regions(condition, places, sure, False)


def _regions(condition: Condition, places: Places | None, sure: bool, negated: bool) -> list[Region]:
    if isinstance(condition, Unknown):
        return [] if sure else [EVERYTHING]
    if isinstance(condition, Atom):
        return [{axis: extent} for axis, extent in _extents(condition, places, sure, negated) if not extent.empty]
    plus = [_regions(member, places, sure, False) for member in condition.members]
    if condition.word == "xone":
        return _exactly_one(condition, plus, places, sure, negated)
    if (condition.word == "and") is negated:  # or; and not(a and b) is not a or not b
        found = [_regions(member, places, sure, True) for member in condition.members] if negated else plus
        return bounded([region for each in found for region in each])
    return products(_regions(member, places, sure, True) for member in condition.members) if negated else products(plus)


def _exactly_one(
    group: Group, plus: list[list[Region]], places: Places | None, sure: bool, negated: bool
) -> list[Region]:
    """One holds and no other does; negated: none does, or some two do."""
    minus = [_regions(member, places, sure, True) for member in group.members]
    count = len(plus)
    found: list[Region] = []
    if negated:
        found = products(minus)
        for i in range(count):
            for j in range(i + 1, count):
                found = bounded(found + products([plus[i], plus[j]]))
        return found
    for i in range(count):
        found = bounded(found + products([plus[i], *minus[:i], *minus[i + 1 :]]))
    return found


def _extents(atom: Atom, places: Places | None, sure: bool, negated: bool) -> list[tuple[str, Extent]]:
    """A constraint as alternatives on one axis."""
    if isinstance(atom.value, Reach):
        if places is None:
            known = "out" if negated else "in"
            return [(reach_axis(atom.value), Names(frozenset({known} if sure else {known, "?"})))]
        return [("section", _reach(atom.value, places, sure, negated))]
    if isinstance(atom.value, tuple):
        but = (atom.operator == "isNoneOf") is not negated
        if atom.operand == "river" and places is not None:
            return [("section", _rivers(frozenset(atom.value), places, sure, but))]
        if OPERANDS[atom.operand].kind is Kind.LEVEL:
            return [(atom.operand, _clipped(atom.operand, span)) for span in _steps(atom.value, but)]
        if atom.operand in ("purpose", "river"):
            return [(atom.operand, _unsaid(frozenset(atom.value), sure, but))]
        return [(atom.operand, Names(frozenset(atom.value), but))]
    span = span_of(atom.operator, atom.value)
    return [(atom.operand, _clipped(atom.operand, each)) for each in (span.inverse() if negated else (span,))]


def _clipped(operand: str, span: Span) -> Span:
    """Only what there is: "at least the lowest" is no limit, and one more is at least one."""
    if OPERANDS[operand].kind is Kind.COUNT:
        counted = span.meet(Span(1, None))
        return counted if counted.empty else Span(None if counted.start == 1 else counted.start, counted.stop)
    if OPERANDS[operand].kind is not Kind.LEVEL:
        return span
    most = len(RESOLUTIONS if operand == "resolution" else REVIEWS)
    both = span.meet(Span(0, most))
    return both if both.empty else Span(both.start or None, None if both.stop == most else both.stop)


def span_of(operator: str, value: int) -> Span:
    """The numbers that an order operator leaves."""
    bounds = {"lt": (None, value), "lteq": (None, value + 1), "gt": (value + 1, None), "gteq": (value, None)}
    return Span(*bounds[operator])


def _steps(values: tuple[str, ...], but: bool) -> list[Span]:
    """Some words of the ordered resolutions, as one span each."""
    return [Span(i, i + 1) for i, word in enumerate(RESOLUTIONS) if (word in values) is not but]


def reach_axis(reach: Reach) -> str:
    """The axis of one reach: a section is in, out, or "?"."""
    return f"reach {reach.start}..{reach.stop}"


def _unsaid(values: frozenset[str], sure: bool, but: bool) -> Names:
    """Some purposes or rivers, or all but some. What is not said or known, "", may be any."""
    return Names(values | {""} if but is sure else values, but)


def _rivers(rivers: frozenset[str], places: Places, sure: bool, but: bool) -> Names:
    """Sections on (but: off) some rivers. A section whose river nobody knows may be on any."""
    known = {section: river for section, river in places.rivers.items() if river}
    if sure:
        return Names(frozenset(s for s, river in known.items() if (river in rivers) is not but))
    return Names(frozenset(s for s, river in known.items() if (river in rivers) is but), True)


def _reach(reach: Reach, places: Places, sure: bool, negated: bool) -> Names:
    """Sections within (negated: outside of) a reach. One that is on no known list may be anywhere."""
    inside, outside = _sides(reach, places)
    yes, no = (outside, inside) if negated else (inside, outside)
    return Names(yes) if sure else Names(no, True)


def _sides(reach: Reach, places: Places) -> tuple[frozenset[str], frozenset[str]]:
    """Sections known to lie within a reach, and those known to lie outside; both empty if its ends are not known."""
    ends = [end for end in (reach.start, reach.stop) if end]
    for water in places.waters:
        if not all(end in water for end in ends):
            continue
        first = water.index(reach.start) if reach.start else 0
        last = water.index(reach.stop) if reach.stop else len(water) - 1
        if first > last:
            continue
        inside = frozenset(water[first : last + 1])
        own = {places.rivers.get(section, "") for section in water}
        elsewhere = set() if "" in own else {s for s, river in places.rivers.items() if river and river not in own}
        return inside, frozenset(set(water) | elsewhere) - inside
    return frozenset(), frozenset()
