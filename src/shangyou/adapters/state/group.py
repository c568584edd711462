"""Group commit: writers that come at the same time share one transaction, and so one sync of the disk."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar, cast

from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.plain import Plain

T = TypeVar("T")
Work = Callable[[Plain], Any]


class _Piece:
    """A piece of work that waits: for its outcome, or for its turn to lead a group."""

    __slots__ = ("error", "leads", "result", "turn", "work")

    def __init__(self, work: Work) -> None:
        self.work, self.turn = work, Lock()  # let go of once, when the wait is over
        self.turn.acquire()
        self.leads = False
        self.result: Any = None
        self.error: Exception | None = None


class GroupCommit:
    """Runs short pieces of work in shared transactions; each is durable when `run` returns."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        self._lock = Lock()
        self._waiting: list[_Piece] = []
        self._busy = False  # somebody leads

    def run(self, work: Callable[[Plain], T]) -> T:
        """What the work returns or raises. If one of a group fails, each of it is tried alone."""
        piece = _Piece(work)
        with self._lock:
            self._waiting.append(piece)
            piece.leads = not self._busy
            self._busy = True
        if not piece.leads:
            piece.turn.acquire()  # whose work is done goes on at once, while the next group is already being written
        if piece.leads:
            self._lead()
        if piece.error is not None:
            raise piece.error
        return cast("T", piece.result)

    def _lead(self) -> None:
        """Write for all who wait, the leader among them; then somebody who has come meanwhile leads."""
        with self._lock:
            group, self._waiting = self._waiting, []
        try:
            self._together(group)
        finally:
            with self._lock:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].turn.release()

    def _together(self, group: list[_Piece]) -> None:
        try:
            with self._db.plain_writing() as connection:
                results = [piece.work(connection) for piece in group]
        except Exception as error:  # noqa: BLE001  whatever it is, it goes to the one whose work failed
            if len(group) > 1:
                for each in group:
                    self._together([each])
                return
            results, group[0].error = [None], error
        for piece, result in zip(group, results, strict=True):
            piece.result = result
            piece.turn.release()
