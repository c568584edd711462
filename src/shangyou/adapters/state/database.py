"""Opening the state database and bringing it to the newest schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from shangyou.adapters.state.schema import HEAD
from shangyou.core.errors import UnavailableError


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
            self.engine = create_engine(f"sqlite:///{address}", connect_args={"timeout": 30})
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        if self.edition() != HEAD:
            migrate(self.engine)

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
            with self.engine.begin() as connection:
                yield connection
        except (OperationalError, DBAPIError) as error:
            full = "full" in str(error.orig).lower()
            raise UnavailableError("state.full" if full else "state.write") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries; UnavailableError "state.read"."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except (OperationalError, DBAPIError) as error:
            raise UnavailableError("state.read") from error

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def migrate(engine: Engine, to: str = "head") -> None:
    """Run the migrations that the database has not seen."""
    from alembic import command  # 10 MB: only where there is something to migrate
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
