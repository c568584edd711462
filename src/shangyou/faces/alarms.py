"""What a node needs to detect, and to show, alarms; made when it is first needed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from shangyou.core.errors import ShangyouError

if TYPE_CHECKING:
    from shangyou.adapters.state.alarms import SqlAlarms
    from shangyou.flows.detect import Watching
    from shangyou.governance.detection.readings import Hours
    from shangyou.wiring import Node

ALARMS: Final = "alarms"  # in Node.made


def alarms(node: Node) -> SqlAlarms:
    """The node's alarms."""

    def make() -> SqlAlarms:
        from shangyou.adapters.state.alarms import SqlAlarms

        return SqlAlarms(node.database)

    return node.made.once(ALARMS, make)


def watching(node: Node) -> Watching:
    """What follows the node's store."""
    from shangyou.faces.told import Expecting
    from shangyou.flows.detect import Watching

    hours, expected = partial(travel_hours, node), Expecting(node)
    return Watching(node.store, node.registry, alarms(node), hours, node.clock, expected=expected)


def travel_hours(node: Node) -> Hours | None:
    """Travel times between places of the node's river network; None where it cannot be read."""
    from shangyou.basin.network.way import travel
    from shangyou.wiring import rivers

    try:
        network = rivers(node).network()
    except ShangyouError:
        return None
    times = travel(network)

    def hours(start: str, stop: str) -> float | None:
        if not (network.has(start) and network.has(stop)):
            return None
        return times.hours(start, stop)

    return hours
