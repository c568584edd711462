"""The backup of a node at its desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from shangyou import __version__
from shangyou.faces.api.desk import Desk


def backup(desk: Desk, write: Callable[[bytes], object]) -> object:
    """Write the backup of the node; see adapters.backup."""
    from shangyou.adapters.backup import write_backup
    from shangyou.adapters.state.carry import save

    node = desk.node
    state = partial(save, node.database)
    return write_backup(
        node.settings.home, node.store, state, node.journal, __version__, desk.now(), write, ledger=node.ledger
    )
