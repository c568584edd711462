"""What warnings of members upstream make likely at one's own sections: evidence for detection, and only as far as that.

A warning speaks where and while its arrival table says so. What was not warned of by those whose waters it comes from,
what lies above, an exercise, simulated water beside real, and what was taken back by an all-clear, is no evidence. The
same entries give the same evidence whenever they are asked: of an all-clear, what had been read before it stays read
with the warning, so that detection comes to the same alarms after every restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from shangyou.governance.detection.readings import Expected
from shangyou.governance.warning.event import opened
from shangyou.governance.warning.values import Arrival, Situation

HOUR: Final = 3_600_000
MARGIN: Final = 3 * HOUR  # before the earliest 5 % and after the latest 95 % of a table
LONGEST: Final = 10 * 24 * HOUR  # a table that never ends says nothing of when
Upstream = Callable[[str, str, str], bool]  # member, place, section: are those its waters, and do they come down here?


def evidence(warnings: Mapping[str, Situation], me: str, simulated: bool, upstream: Upstream) -> tuple[Expected, ...]:
    """What is due at sections of this node, the earliest first.

    Args:
        warnings: by id; entries of members that the federation has verified.
        me: this member: its own warnings, and others that only follow them, prove nothing to it.
        simulated: are this node's data simulated?
        upstream: by this node's own network and the trust list, not by what the warning says.
    """
    mine = {id for id, warning in warnings.items() if warning.messages and opened(warning)[0] == me}
    found: list[Expected] = []
    for id, warning in warnings.items():
        if id not in mine and mine.isdisjoint(warning.refers) and _counts(warning, me, simulated):
            found += _expected(id, warning, me, upstream)
    return tuple(sorted(found, key=lambda each: (each.first, each.warning, each.section)))


def _counts(warning: Situation, me: str, simulated: bool) -> bool:
    if warning.exercise or warning.simulated != simulated or warning.state == "asked":
        return False
    return bool(warning.messages) and me not in warning.in_charge and bool(warning.content.substance)


def _expected(id: str, warning: Situation, me: str, upstream: Upstream) -> Iterator[Expected]:
    by, told = opened(warning)
    over = _over(warning, me)
    windows: dict[str, tuple[int, int]] = {}
    for table in warning.tables.values():
        if table.by != me and table.by not in warning.in_charge:
            continue  # anybody who takes part may say when it comes to them; that is not what was warned of
        for arrival in table.arrivals:
            window = _window(arrival, warning)
            if window is not None:
                held = windows.get(arrival.place, window)
                windows[arrival.place] = min(held[0], window[0]), max(held[1], window[1])
    for section, (first, last) in windows.items():
        first, last = max(first, told), last if over is None else min(last, over - 1)
        if first <= last and upstream(by, warning.content.place, section):
            yield Expected(id, by, section, warning.content.substance, first, last)


def _over(warning: Situation, me: str) -> int | None:
    """When it was taken back: for all by those in charge, or by this member for its own waters."""
    own = [each.at for each in warning.messages if each.kind == "clear" and each.by == me and me in warning.cleared]
    return min((at for at in (warning.ended, *own) if at is not None), default=None)


def _window(arrival: Arrival, warning: Situation) -> tuple[int, int] | None:
    """The 90 % band of an arrival with its margin; None where the table has no band: it says when, not how surely."""
    late = [at for at in (arrival.first_late, arrival.peak_late) if at is not None]
    if arrival.first_early is None or not late:
        return None
    last = max(*late, arrival.until or 0)
    content = warning.content
    began = content.began if content.began is not None else content.noticed
    return arrival.first_early - MARGIN, min(last, began + LONGEST) + MARGIN
