"""Group commit: writers that come at the same time share one transaction, and so one sync of the disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection

from shangyou.adapters.state.database import StateDatabase

T = TypeVar("T")
Work = Callable[[Connection], Any]


class GroupCommit:
    """Runs short pieces of work in shared transactions; each is durable when `run` returns."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        self._waiting: list[tuple[Work, Future[Any]]] = []
        self._enter, self._turn = Lock(), Lock()

    def run(self, work: Callable[[Connection], T]) -> T:
        """What the work returns or raises. If one of a group fails, each of it is tried alone."""
        future: Future[T] = Future()
        with self._enter:
            self._waiting.append((work, future))
        with self._turn:  # whoever gets it works for all who wait; the others find theirs done
            with self._enter:
                group, self._waiting = self._waiting, []
            if group:
                self._together(group)
        return future.result()

    def _together(self, group: list[tuple[Work, Future[Any]]]) -> None:
        try:
            with self._db.writing() as connection:
                results = [work(connection) for work, _ in group]
        except Exception as error:  # noqa: BLE001  whatever it is, it goes to the one whose work failed
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for each in group:
                self._together([each])
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)
