"""What differs when something has moved among contracts and transfers, so that live pages look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from shangyou.adapters.state.stirring import stirring
from shangyou.faces.portal.node import Node
from shangyou.wiring_exchange import exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node as Whole


def stirred(node: Node) -> tuple[object, ...]:
    """Nothing for a node that is in no federation."""
    found = exchange(cast("Whole", node))
    return () if found is None else stirring(found.node.database)
