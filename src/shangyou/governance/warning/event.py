"""One event, whoever tells of it: an alarm of one's own beside warnings of others, and warnings beside each other.

Members share no series here. What they share is the warning: a place, a substance, a time, and tables of when it
arrives where. All follows from what is held, in whatever order it came: members with the same entries see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.governance.detection.alarm import Alarm, Seen
from shangyou.governance.detection.explain import alike
from shangyou.governance.warning.values import Arrival, Situation

HOUR: Final = 3_600_000
SLACK: Final = 6 * HOUR  # as detection allows between stations of one member
FAST: Final = 0.4  # water may come in so much of the time that was computed
SLOW: Final = 2.0  # or in so many times as much
LONGEST: Final = 20 * 24 * HOUR  # nobody's table binds what is seen later than this: warnings go ten days down
UNKNOWN: Final = 24 * HOUR  # before it was noticed: it began then, where nobody knows when
Hours = Callable[[str, str], float | None]  # of travel from a place down to another; None = not that way, not known


@dataclass(frozen=True, slots=True)
class Told:
    """A warning that tells of an alarm's event."""

    warning: str  # id
    by: str  # member that warned first
    at: int  # when it did, ms since 1970 UTC
    place: str  # where the two meet: a section of the alarm
    expected: int | None  # when the table has it arrive there
    whom: tuple[str, ...]  # members that know of it


def told(alarm: Alarm, warnings: Mapping[str, Situation], me: str, hours: Hours | None = None) -> tuple[Told, ...]:
    """The warnings of an alarm's event, the earliest first.

    Args:
        warnings: by id.
        me: this member. What it warned of from this alarm is of its event; that others name the alarm proves nothing.
        hours: travel times of one's own network, for what was warned of further down than it was seen here.
    """
    found = []
    for id, warning in warnings.items():
        if warning.exercise or not warning.messages:
            continue  # a real alarm is no exercise
        by, at = opened(warning)
        mine = by == me and warning.content.alarm == alarm.id
        met = (alarm.sections[0], None) if mine else _meets(alarm, warning, hours)
        if met is None:
            continue
        place, expected = met
        found.append(Told(id, by, at, place, expected, tuple(warning.members)))
    return tuple(sorted(found, key=lambda each: (each.at, each.warning)))


def opened(warning: Situation) -> tuple[str, int]:
    """Who spoke first, and when."""
    first = warning.messages[0]
    return first.by, first.at


def _meets(alarm: Alarm, warning: Situation, hours: Hours | None) -> tuple[str, int | None] | None:
    for seen in alarm.seen:
        if not alike(seen.parameter, warning.content.substance):
            continue
        for start, stop, expected in windows(warning, seen.section):
            if start <= seen.since <= stop:
                return seen.section, expected
        if hours is not None and _comes_down(seen, warning, hours):
            return seen.section, None
    return None


def _comes_down(seen: Seen, warning: Situation, hours: Hours) -> bool:
    """Was it seen here so long before that it was warned of further down?"""
    if seen.section == warning.content.place:
        return False
    way = hours(seen.section, warning.content.place)
    start, stop = _span(warning)
    if way is None or not way >= 0:
        return False
    first, last = seen.since + way * FAST * HOUR - SLACK, seen.last + way * SLOW * HOUR + SLACK
    return first <= stop and start <= last


def _span(warning: Situation) -> tuple[int, int]:
    """Between when it began at its place."""
    content = warning.content
    return (content.began if content.began is not None else content.noticed - UNKNOWN), content.noticed


def windows(warning: Situation, place: str) -> Iterable[tuple[int, int, int | None]]:
    """When the substance may first be seen at a place, by each table that names it: from, to, expected."""
    start, stop = _span(warning)
    if place == warning.content.place:
        yield start - SLACK, stop + SLACK, None
    for table in warning.tables.values():
        for arrival in table.arrivals:
            if arrival.place == place and (span := _window(arrival, start, stop)) is not None:
                yield (*span, arrival.first)


def _window(arrival: Arrival, start: int, stop: int) -> tuple[int, int] | None:
    known = [at for at in (arrival.first_early, arrival.first, arrival.first_late, arrival.peak) if at is not None]
    if not known:
        return None
    earliest, latest = min(known), max(known)
    late = max(at for at in (arrival.peak_late, arrival.until, latest) if at is not None)
    on_way = min(SLOW * max(0, late - stop), LONGEST)
    return round(start + FAST * max(0, earliest - start)) - SLACK, round(stop + on_way) + SLACK


def same(one: Situation, other: Situation) -> bool:
    """Do two warnings tell of one event? Whichever is asked first."""
    if one.exercise != other.exercise or one.simulated != other.simulated:
        return False
    if not one.messages or not other.messages or not alike(one.content.substance, other.content.substance):
        return False
    return _within(one, other) or _within(other, one)


def _within(one: Situation, other: Situation) -> bool:
    """Is the place of the other where the one arrives, or has been, at that time?"""
    start, stop = _span(other)
    place = other.content.place
    return bool(place) and any(first <= stop and start <= last for first, last, _ in windows(one, place))


def earlier(warnings: Mapping[str, Situation]) -> dict[str, str]:
    """Of each warning that is not the first of its event, the id of the earliest of another member that tells of it.

    By when they were opened, as their authors date it, then by id: all members that hold both find the same.
    """
    order = sorted((id for id in warnings if warnings[id].messages), key=lambda each: (opened(warnings[each])[1], each))
    found = {}
    for place, id in enumerate(order):
        by = opened(warnings[id])[0]
        others = (each for each in order[:place] if opened(warnings[each])[0] != by)
        first = next((each for each in others if same(warnings[each], warnings[id])), None)
        if first is not None:
            found[id] = first
    return found
