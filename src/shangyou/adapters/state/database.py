"""Opening the state database and bringing it to the newest schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from shangyou.adapters.state.plain import Plain, on_postgresql, on_sqlite
from shangyou.adapters.state.schema import HEAD
from shangyou.core.errors import ConflictError, InputError, UnavailableError

WRITES: Final = "shangyou_writes"  # execution option of connections that write
POSTGRESQL: Final = ("postgresql", "postgres", "postgresql+psycopg")  # how an address of one begins


class StateDatabase:
    """A relational database with our tables, at the newest migration.

    A path opens SQLite in a file (WAL, every commit synced); "" keeps it in memory for tests; an address such as
    postgresql+psycopg://user@host/name opens that database. On both writers go one after the other, each sees what
    the one before wrote, and a reader sees one moment.

    Raises InputError "state.address"; UnavailableError "state.driver", "state.unreachable"; ConflictError
    "state.newer"; what PostgreSQL must be besides: see `postgres.accept`.
    """

    def __init__(self, path: Path | str) -> None:
        address = str(path)
        url = _url(address) if "://" in address else URL.create("sqlite", database=address or None)
        self.place = url.render_as_string(hide_password=True)
        self._held: Connection | None = None  # for as long as this process works on it
        in_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
        self.file = Path(str(url.database)) if in_file else None  # that of SQLite
        if url.get_backend_name() == "postgresql":
            self._open_postgresql(url)
        else:
            self._open_sqlite(url)
        try:
            self._come_to_head()
        except BaseException:
            self.close()
            raise

    def _open_sqlite(self, url: URL) -> None:
        if url.database:
            self.engine = create_engine(url, connect_args={"timeout": 30})
        else:
            self.engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self.engine, "connect", _prepare_sqlite)
        event.listen(self.engine, "begin", _begin_sqlite)
        self._writer: Engine = self.engine.execution_options(**{WRITES: True})
        self._reader: Engine = self.engine

    def _open_postgresql(self, url: URL) -> None:
        from shangyou.adapters.state import postgres  # psycopg is an extra, and 20 MB: only where it is wanted

        try:
            self.engine = postgres.engine(url)
        except ImportError as error:
            raise UnavailableError("state.driver", extra="postgres", detail=str(error).splitlines()[0]) from error
        self._writer = postgres.writer(self.engine)
        self._reader = postgres.reader(self.engine)

    def _come_to_head(self) -> None:
        if self.edition() == HEAD:
            return
        with self.writing() as connection:
            if self.engine.dialect.name == "postgresql":
                from shangyou.adapters.state import postgres

                postgres.accept(connection)
                migrate(connection)
                postgres.compare_by_code_point(connection)
            else:
                migrate(connection)

    def hold(self, home: str) -> None:
        """Take the database for one home and one process; a file in the home needs no more than the home's own lock.

        home: its id, letters and digits. Raises ConflictError "state.owner": another home has written it, so two nodes
        would mix what they hold; "state.in_use": another process works on it.
        """
        if self.engine.dialect.name != "postgresql":
            return
        from shangyou.adapters.state import postgres

        try:
            self._held = postgres.alone(self.engine)
        except DBAPIError as error:
            raise self._unavailable(error, "state.read") from error
        if self._held is None:
            raise ConflictError("state.in_use", place=self.place)
        with self.writing() as connection:
            owner = postgres.owned(connection, home)
        if owner != home:
            raise ConflictError("state.owner", place=self.place, owner=owner[:32], home=home)

    def edition(self) -> str:
        """Migration at which the database stands, "" for an empty one."""
        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            return str(connection.execute(text("select version_num from alembic_version")).scalar_one_or_none() or "")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction; UnavailableError "state.full", "state.write", "state.unreachable" if it cannot be."""
        try:
            with self._writer.begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            raise self._unavailable(error, "state.write") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries, all of one moment; UnavailableError "state.read", "state.unreachable"."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            raise self._unavailable(error, "state.read") from error

    @contextmanager
    def plain_writing(self) -> Iterator[Plain]:
        """As `writing`, for statements that never change."""
        if self.engine.dialect.name != "sqlite":
            with self.writing() as connection:
                yield on_postgresql(connection)
            return
        with self._on_driver("state.write") as driver:
            driver.execute("begin immediate")
            try:
                yield on_sqlite(driver)
                driver.execute("commit")
            except BaseException:
                driver.rollback()
                raise

    @contextmanager
    def plain_reading(self) -> Iterator[Plain]:
        """As `reading`, for one statement that never changes."""
        if self.engine.dialect.name != "sqlite":
            with self.reading() as connection:
                yield on_postgresql(connection)
            return
        with self._on_driver("state.read") as driver:
            yield on_sqlite(driver)  # a statement sees one moment by itself

    @contextmanager
    def _on_driver(self, code: str) -> Iterator[sqlite3.Connection]:
        """A connection of the pool without what is around it."""
        try:
            pooled = self.engine.raw_connection()
            try:
                driver = pooled.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                yield driver
            finally:
                pooled.close()
        except PoolTimeout as error:
            raise UnavailableError(code) from error
        except sqlite3.Error as error:
            full = code == "state.write" and "full" in str(error).lower()
            raise UnavailableError("state.full" if full else code) from error

    def _unavailable(self, error: DBAPIError | PoolTimeout, code: str) -> UnavailableError:
        if isinstance(error, PoolTimeout):
            return UnavailableError(code)
        if self.engine.dialect.name == "postgresql":
            from shangyou.adapters.state import postgres

            if postgres.gone(error):
                return UnavailableError("state.unreachable", place=self.place, detail=postgres.said(error))
            return UnavailableError("state.full" if postgres.full(error) else code)
        full = code == "state.write" and "full" in str(error.orig).lower()
        return UnavailableError("state.full" if full else code)

    def server(self) -> str:
        """Which programme keeps it, with its version."""
        with self.reading() as connection:
            if connection.dialect.name == "sqlite":
                return f"SQLite {connection.execute(text('select sqlite_version()')).scalar_one()}"
            return f"PostgreSQL {connection.execute(text('show server_version')).scalar_one()}"

    def close(self) -> None:
        """Let go of all connections."""
        if self._held is not None:
            self._held.invalidate()  # ends the session, and the lock with it, also where the server is gone
            self._held.close()
        self.engine.dispose()


def _url(address: str) -> URL:
    """An address as it is used: of one of the databases that we know, with the driver that we know."""
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise InputError("state.address", known="postgresql+psycopg://") from error
    if url.drivername in POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite":
        return url
    raise InputError("state.address", known="postgresql+psycopg://")


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
    """Run the migrations that the database has not seen, all or none.

    ConflictError "state.newer" if it was brought further by a newer edition of the programme.
    """
    from alembic import command  # 10 MB: only where there is something to migrate
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        found = connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
        raise ConflictError("state.newer", found=str(found), known=HEAD) from error
