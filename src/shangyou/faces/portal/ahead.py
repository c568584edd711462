"""Arrival tables that nobody has said yet, computed beside: a page never waits for the transport, and asks once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shangyou.wiring import Node

MADE: Final = "ahead"  # in Node.made
KEPT: Final = 32
Body = Mapping[str, object]


class Ahead:
    """What is being computed at a node for its map, one after the other, and what was."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "ahead")
        self._kept: OrderedDict[Hashable, Future[Body]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, compute: Callable[[], Body]) -> Body | None:
        """The result; None while it is computed, which the first that asks begins.

        Raises what `compute` raised; of a fault that may pass (retryable) the next that asks begins anew.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is None or (found.done() and getattr(found.exception(), "retryable", False)):
                found = self._kept[key] = self._pool.submit(compute)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)[1].cancel()
            self._kept.move_to_end(key)
        return found.result() if found.done() else None

    def close(self) -> None:
        """End; what waits is not begun any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def ahead(node: Node) -> Ahead:
    """The node's, made once."""
    return node.made.once(MADE, Ahead, Ahead.close)
