"""Which warnings, of whichever member, tell of the events that this node's alarms have seen, or make one likely."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.faces.alarms import alarms, travel_hours

if TYPE_CHECKING:
    from shangyou.basin.network.network import Network
    from shangyou.flows.warn import Seen
    from shangyou.governance.detection.alarm import Alarm
    from shangyou.governance.detection.readings import Expected
    from shangyou.governance.warning.event import Told
    from shangyou.wiring import Node
    from shangyou.wiring_exchange import Exchange


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


class Expecting:
    """What members upstream have warned of, for detection; worked out anew when something was said or has changed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._at: tuple[object, ...] = ()
        self._found: tuple[Expected, ...] = ()

    def __call__(self) -> tuple[Expected, ...]:
        """Of a node in no federation, or without a network of its rivers, nothing."""
        from shangyou.wiring import rivers
        from shangyou.wiring_exchange import exchange

        joined = exchange(self._node)
        if joined is None:
            return ()
        from shangyou.exchange.member import Standing
        from shangyou.faces.together import of as together
        from shangyou.flows import warn

        with_others = together(joined)
        headings = tuple((each.id, each.entries) for each in with_others.dossiers.headings(warn.SUBJECT))
        if not headings:
            return ()
        try:
            network = rivers(self._node).network()
        except ShangyouError:  # what lies upstream is not known
            return ()
        active = frozenset(each.id for each in joined.members.members() if each.standing is Standing.ACTIVE)
        if self._at != (headings, network, active):
            self._found = _expected(joined, warn.warnings(with_others), network, active)
            self._at = headings, network, active
        return self._found


def _expected(
    joined: Exchange, warnings: Iterable[Seen], network: Network, active: frozenset[str]
) -> tuple[Expected, ...]:
    from shangyou.basin.network.way import travel
    from shangyou.governance.warning.evidence import evidence

    way = travel(network)

    def upstream(member: str, place: str, section: str) -> bool:
        if member not in active or not (network.has(place) and network.has(section)):
            return False
        at = network.index(place)
        owners = {*network.places[at].owner.split(), *network.reaches[int(network.reach_of[at])].owner.split()}
        return member in owners and way.hours(place, section) is not None

    held = {seen.id: seen.situation for seen in warnings}
    return evidence(held, joined.me, joined.node.settings.simulated, upstream)
