"""Opening the state database and bringing it to the newest schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from shangyou.adapters.state.schema import HEAD
from shangyou.core.errors import UnavailableError

WRITES: Final = "shangyou_writes"  # execution option of connections that write


class StateDatabase:
    """A relational database with our tables, at the newest migration.

    A path opens SQLite in a file (WAL, every commit synced); "" keeps it in memory for tests; an SQLAlchemy
    address such as postgresql+psycopg://... opens that database.
    """

    def __init__(self, path: Path | str) -> None:
        address = str(path)
        if address == "":
            self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        elif "://" in address:
            self.engine = create_engine(address)
        else:
            self.engine = create_engine(URL.create("sqlite", database=address), connect_args={"timeout": 30})
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(**{WRITES: True})
        if self.edition() != HEAD:
            with self.writing() as connection:
                migrate(connection)

    def edition(self) -> str:
        """Migration at which the database stands, "" for an empty one."""
        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            return str(connection.execute(text("select version_num from alembic_version")).scalar_one_or_none() or "")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction; UnavailableError "state.full", "state.write" if the database cannot take it."""
        try:
            with self._writer.begin() as connection:
                yield connection
        except DBAPIError as error:
            full = "full" in str(error.orig).lower()
            raise UnavailableError("state.full" if full else "state.write") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries; UnavailableError "state.read"."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            raise UnavailableError("state.read") from error

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver must not begin and commit on its own: we do, see below
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers wait for each other before they read, so that none decides on what another is about to change."""
    immediate = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("begin immediate" if immediate else "begin")


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations that the database has not seen, all or none."""
    from alembic import command  # 10 MB: only where there is something to migrate
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
