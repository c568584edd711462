"""What several pages look at, computed once for all readers."""

from __future__ import annotations

from shangyou.core.clock import LEGAL
from shangyou.faces.portal.visit import Visit
from shangyou.flows.overview import Horizon, Overview, State, current, overview


def whole(visit: Visit) -> Overview:
    """The state of the basin."""
    node = visit.node
    return visit.once("overview", lambda: overview(node.store, node.registry, node.intake, visit.now, LEGAL))


def states(visit: Visit) -> tuple[Horizon, list[State]]:
    """Every section with its class."""
    node = visit.node
    return visit.once("states", lambda: current(node.store, node.registry, visit.now, LEGAL))
