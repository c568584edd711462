"""What PostgreSQL needs so that the state keeps the same promises on it as on SQLite."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from shangyou.core.errors import InputError

CONNECTIONS: Final = 5  # kept open; a node's listeners and loop need no more
MORE: Final = 15  # for a moment, as many as the threads of the faces ask for
WAIT_S: Final = 30  # for one of these
CONNECT_S: Final = 10  # for an answer of the server, where the address says nothing else
OLDEST: Final = 120_000  # server_version_num: 12, which has what we use; the tests run on the newest
TURN: Final = text("select pg_advisory_xact_lock(hashtextextended('shangyou ' || current_schema(), 0))")
ALONE: Final = text("select pg_try_advisory_lock(hashtextextended('shangyou home ' || current_schema(), 0))")
OWNER: Final = text("select obj_description(to_regclass('alembic_version'), 'pg_class')")
SYNCED: Final = (
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"
)
NUL: Final = "\\x00"  # what PostgreSQL keeps instead of U+0000, which its texts cannot hold


def engine(url: URL) -> Engine:
    """A pool of connections; one that died, as when the server was started anew, is replaced before it is used."""
    limit = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_S}
    made = create_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=MORE,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        connect_args={"application_name": "shangyou", **limit},
    )
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: Any, _: object) -> None:
    from psycopg.types.string import StrDumper

    class Sound(StrDumper):
        """Foreign text may hold U+0000: it is kept escaped, rather than stop the whole of what it came with."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", NUL) if "\0" in obj else obj)

    connection.adapters.register_dumper(str, Sound)
    cursor = connection.cursor()
    cursor.execute(SYNCED)  # what is acknowledged is on disk, whatever the server's default is
    cursor.close()
    connection.commit()


def writer(engine: Engine) -> Engine:
    """For transactions that write: one after the other, so that none decides on what another is about to change.

    The lock is taken before anything is read and let go after the commit is durable, so at "read committed" each
    sees all that the one before wrote. Nothing fails to be serialized and nothing has to be tried twice.
    """
    made = engine.execution_options(isolation_level="READ COMMITTED")
    event.listen(made, "begin", _take_turn)
    return made


def _take_turn(connection: Connection) -> None:
    connection.execute(TURN)


def reader(engine: Engine) -> Engine:
    """For queries: all of a connection see one moment, and none can write."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def accept(connection: Connection) -> None:
    """Is it a database that can hold our tables? InputError "state.server", "state.encoding", "state.foreign"."""
    version = int(connection.execute(text("show server_version_num")).scalar_one())
    if version < OLDEST:
        raise InputError("state.server", found=version // 10_000, known=OLDEST // 10_000)
    encoding = str(connection.execute(text("show server_encoding")).scalar_one())
    if encoding != "UTF8":
        raise InputError("state.encoding", found=encoding)


def owned(connection: Connection, home: str) -> str:
    """Whose database it is: the id of the home that took it first, this one if none had. It stands beside the tables,
    as a comment on one, so that no backup carries it to another database.
    """
    found = connection.execute(OWNER).scalar_one_or_none()
    if found:
        return str(found)
    connection.exec_driver_sql(f"comment on table alembic_version is '{_plain(home)}'")
    return home


def _plain(id: str) -> str:
    if not id.isalnum():
        raise ValueError(id)
    return id


def alone(engine: Engine) -> Connection | None:
    """A connection that holds the database for one process, until it is closed; None if another process has it."""
    connection = engine.connect()
    if connection.execute(ALONE).scalar_one():
        connection.commit()
        return connection
    connection.close()
    return None


def compare_by_code_point(connection: Connection) -> None:
    """Let all texts of ours be compared and put in order by code point, as on SQLite.

    The order of a language depends on the server's locale and changes with its C library, which would break indices.
    """
    wanted = text(
        "select table_name, column_name, data_type from information_schema.columns join information_schema.tables "
        "using (table_schema, table_name) where table_schema = current_schema() and table_type = 'BASE TABLE' "
        "and data_type in ('text', 'character varying') and collation_name is distinct from 'C' "
        "order by table_name, ordinal_position"
    )
    changes: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(wanted).all():
        changes.setdefault(table, []).append(f'alter column "{column}" type {_kind(kind)} collate "C"')
    for table, columns in changes.items():
        connection.exec_driver_sql(f'alter table "{table}" {", ".join(columns)}')


def _kind(data_type: str) -> str:
    return "text" if data_type == "text" else "varchar"


def gone(error: DBAPIError) -> bool:
    """Was there no server to talk to, or did it end the conversation?"""
    state = _state(error)
    return error.connection_invalidated or state[:2] in ("08", "28", "3D", "57") or (not state and _operational(error))


def full(error: DBAPIError) -> bool:
    """Had the server no room on its disk?"""
    return _state(error) == "53100"


def said(error: DBAPIError) -> str:
    """The driver's own words, on one line; they name host and user, and no password."""
    return " ".join(str(error.orig).split())[:500]


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _operational(error: DBAPIError) -> bool:
    return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
