"""Turn a function that writes into an iterator that can be read."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

HELD = 64  # pieces that wait for a slow reader


class _GoneError(Exception):
    """The reader is not there any more."""


def pieces(produce: Callable[[Callable[[bytes], None]], object]) -> Iterator[bytes]:
    """What a writing function writes, as it writes it; it runs in a thread and never gets far ahead of the reader."""
    waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(HELD)
    gone = threading.Event()

    def put(piece: bytes | BaseException | None) -> None:
        while not gone.is_set():
            try:
                waiting.put(piece, timeout=1.0)
            except queue.Full:
                continue
            return
        raise _GoneError

    def work() -> None:
        try:
            produce(put)
            put(None)
        except _GoneError:
            return
        except BaseException as error:  # noqa: BLE001  it is raised again where it is read
            put(error)

    thread = threading.Thread(target=work, name="backup")
    thread.start()
    try:
        while (piece := waiting.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        gone.set()
        thread.join()
