"""Which warnings, of whichever member, tell of the events that this node's alarms have seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from shangyou.core.errors import NotFoundError
from shangyou.faces.alarms import alarms, travel_hours

if TYPE_CHECKING:
    from shangyou.governance.detection.alarm import Alarm
    from shangyou.governance.warning.event import Told
    from shangyou.wiring import Node


def told_of(node: Node, of: Iterable[Alarm]) -> dict[str, tuple[Told, ...]]:
    """By the id of the alarm, the earliest first; of a node in no federation nothing."""
    from shangyou.wiring_exchange import exchange

    asked, joined = list(of), exchange(node)
    if joined is None or not asked:
        return {}
    from shangyou.faces.together import of as together  # 10 MB: a node that is alone does without
    from shangyou.flows import warn
    from shangyou.governance.warning.event import told

    held = {seen.id: seen.situation for seen in warn.warnings(together(joined))}
    hours = travel_hours(node) if held else None
    return {alarm.id: told(alarm, held, joined.me, hours) for alarm in asked}


def told_by_id(node: Node, id: str) -> tuple[Told, ...]:
    """Of the alarm that a warning names; () where this node has none of that id."""
    try:
        alarm = alarms(node).alarm(id).alarm
    except NotFoundError:  # written by hand, or of another system
        return ()
    return told_of(node, [alarm]).get(alarm.id, ())
