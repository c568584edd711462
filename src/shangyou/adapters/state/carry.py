"""All of the state from one database into another, whichever they are: for backups, and to move house."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.tables import every_table
from shangyou.core.errors import ConflictError, UnavailableError

ROWS: Final = 1000  # in memory at a time


def save(database: StateDatabase, file: Path) -> None:
    """Write all of the state, of one moment, as a new SQLite file; UnavailableError as the database raises them."""
    source = database.file
    if source is None:
        with contextlib.closing(StateDatabase(file)) as copy:
            carry(database, copy)
        return
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(file)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise UnavailableError("state.read") from error


def load(file: Path, address: str) -> int:
    """Bring what `save` wrote into the database at an address; returns the number of rows.

    Raises ConflictError "state.taken" if anything is in it, and what opening it raises.
    """
    with contextlib.closing(StateDatabase(address)) as target, contextlib.closing(StateDatabase(file)) as source:
        return carry(source, target)


def carry(source: StateDatabase, target: StateDatabase) -> int:
    """Bring all rows over, all or none; returns their number. ConflictError "state.taken" if there are any already."""
    tables, number = every_table().sorted_tables, 0  # in an order in which no row names one that is not there yet
    with source.reading() as old, target.writing() as new:
        _empty(new, tables, target.place)
        for table in tables:
            number += _carry(old, new, table)
            _go_on(new, table)
    return number


def _empty(connection: Connection, tables: Sequence[Table], place: str) -> None:
    for table in tables:
        if connection.execute(select(text("1")).select_from(table).limit(1)).first() is not None:
            raise ConflictError("state.taken", place=place, table=table.name)


def _carry(old: Connection, new: Connection, table: Table) -> int:
    number = 0
    rows = old.execute(select(table).execution_options(yield_per=ROWS))
    while True:
        try:
            part = rows.mappings().fetchmany(ROWS)
        except DBAPIError as error:  # of the source: the target's would be told as one of writing
            raise UnavailableError("state.read") from error
        if not part:
            return number
        new.execute(insert(table), [dict(row) for row in part])
        number += len(part)


def _go_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows from where the old ones ended; SQLite does it by itself."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    sequence = func.pg_get_serial_sequence(f'"{table.name}"', column.name)
    connection.execute(select(func.setval(sequence, func.max(column))))
