"""What differs when something has moved, so that live pages look again."""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING, cast

from shangyou.adapters.state.stirring import stirring
from shangyou.core.errors import UnavailableError
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.shelf import state
from shangyou.wiring_exchange import exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node as Whole


def stirred(node: Node) -> tuple[object, ...]:
    """Nothing for a node that is in no federation."""
    found = exchange(cast("Whole", node))
    return () if found is None else stirring(found.node.database)


def stamp(node: Node) -> str:
    """Of what the node holds now: a page carries the one from before it was made, and /live goes on from there.

    Without it, what came in between the making of a page and the opening of its line would never be shown.
    Empty when the node cannot be asked: then the line begins with whatever it finds.
    """
    try:
        return blake2s(repr((*state(node), *stirred(node))).encode(), digest_size=8).hexdigest()
    except UnavailableError:
        return ""
