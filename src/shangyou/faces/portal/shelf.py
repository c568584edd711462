"""What was computed for one page and is true for the next one too, as long as nothing came in and no minute went by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar

from shangyou.faces.portal.node import Node

T = TypeVar("T")
KEPT: Final = 32
FRESH: Final = 15_000  # ms; a change that the state does not show, such as a new name of a section, is seen after it


def state(node: Node) -> tuple[object, ...]:
    """What differs when a page might show something else."""
    heard = max((session.last for session in node.intake.sessions(limit=5)), default=0)
    size = node.store.size()
    return (
        node.journal.end(),
        *node.store.progress(),
        size.observations,
        size.series,
        node.intake.refused_count(),
        heard,
    )


class Shelf:
    """A few results, each kept with the state that it was computed from."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._kept: OrderedDict[Hashable, tuple[tuple[object, ...], int, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, now: int, compute: Callable[[], T]) -> T:
        """What is kept under a key if it still holds at `now` [ms]; else it is computed, by one reader for all."""
        with self._lock:
            known, at, value = self._kept.get(key, ((), 0, None))
            present = state(self._node)
            if known == present and 0 <= now - at < FRESH:
                return value  # type: ignore[no-any-return]
            value = compute()
            self._kept[key] = (present, now, value)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return value
