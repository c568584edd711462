"""Statements that never change, at the cost of the driver alone.

What every step of every talk reads and writes is a handful of texts. Built, compiled and wrapped each time they would
cost ten times what the database takes for them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from shangyou.core.errors import UnavailableError

Values = Mapping[str, object]
_NAME: Final = re.compile(r":(\w+)")


class Cursor(Protocol):
    """What is used of a driver's cursor, and of SQLAlchemy's result."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        ...

    def fetchall(self) -> Any:
        """All rows."""
        ...


class Plain:
    """A connection, or a transaction on one, that takes SQL as it stands; values are named `:name` in it."""

    __slots__ = ("_execute",)

    def __init__(self, execute: Callable[[str, Values], Cursor]) -> None:
        self._execute = execute

    def rows(self, sql: str, values: Values) -> list[Any]:
        """All rows, as tuples."""
        return list(self._execute(sql, values).fetchall())

    def change(self, sql: str, values: Values) -> int:
        """How many rows were changed."""
        return self._execute(sql, values).rowcount


def on_sqlite(connection: sqlite3.Connection) -> Plain:
    """Straight on the driver, which knows this way to name values."""
    return Plain(connection.execute)


def on_postgresql(connection: Connection) -> Plain:
    """By way of SQLAlchemy, which notices a server that is gone."""
    return Plain(lambda sql, values: connection.exec_driver_sql(_pyformat(sql), dict(values)))


@cache
def _pyformat(sql: str) -> str:
    return _NAME.sub(r"%(\1)s", sql)


def clashed(error: UnavailableError) -> bool:
    """Did a write fail because what must be there once was there already?"""
    return isinstance(error.__cause__, sqlite3.IntegrityError | IntegrityError)
