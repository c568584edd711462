"""core.ports.Intake in the state database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from shangyou.adapters.state import schema
from shangyou.adapters.state.database import StateDatabase
from shangyou.core.errors import NotFoundError
from shangyou.core.journal import Entry, Raw
from shangyou.core.ports import Command, Refused, Session
from shangyou.core.records import Refusal

TEXT_LIMIT = 500  # of a refused text; the whole of it stands in the raw journal


class SqlIntake:
    """Refusals, sessions, commands and column maps."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    def refuse(self, entry: int, source: str, kind: str, received: int, refusals: Sequence[Refusal]) -> None:
        """Keep refusals; repeating the same entry changes nothing."""
        self.refuse_all([(Entry(entry, Raw(kind, source, received, b"")), refusals)])

    def refuse_all(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        """The same for many entries at once."""
        if not any(refusals for _, refusals in refused):
            return
        table = schema.refusal
        with self._db.writing() as connection:
            for entry, refusals in refused:
                known = connection.scalar(select(func.count()).where(table.c.entry == entry.id)) or 0
                rows = [_row(entry, number, refusal) for number, refusal in enumerate(refusals) if number >= known]
                if rows:
                    connection.execute(insert(table), rows)

    def refuse_anew(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        """What is refused of entries by now, in place of what was."""
        if not refused:
            return
        table = schema.refusal
        rows = [_row(entry, number, refusal) for entry, told in refused for number, refusal in enumerate(told)]
        with self._db.writing() as connection:
            gone = delete(table).where(table.c.entry == bindparam("cured"))
            connection.execute(gone, [{"cured": entry.id} for entry, _ in refused])
            if rows:
                connection.execute(insert(table), rows)

    def refused(self, limit: int = 100, source: str | None = None, since: int | None = None) -> list[Refused]:
        """Newest first."""
        table = schema.refusal
        query = select(table).order_by(table.c.received.desc(), table.c.id.desc()).limit(limit)
        if source is not None:
            query = query.where(table.c.source == source)
        if since is not None:
            query = query.where(table.c.received >= since)
        with self._db.reading() as connection:
            return [_refused(row) for row in connection.execute(query)]

    def refused_count(self, since: int | None = None) -> int:
        """How many there are."""
        query = select(func.count()).select_from(schema.refusal)
        if since is not None:
            query = query.where(schema.refusal.c.received >= since)
        with self._db.reading() as connection:
            return connection.scalar(query) or 0

    def save_session(self, session: Session) -> int:
        """Enter (id 0) or update a session; returns its id."""
        values = asdict(session)
        id = values.pop("id")
        with self._db.writing() as connection:
            if id:
                connection.execute(update(schema.session).where(schema.session.c.id == id).values(values))
                return int(id)
            key = connection.execute(insert(schema.session).values(values)).inserted_primary_key
        return int(key[0]) if key else 0

    def sessions(self, limit: int = 200, open_only: bool = False) -> list[Session]:
        """Those with the newest packets first."""
        table = schema.session
        query = select(table).order_by(table.c.last.desc()).limit(limit)
        if open_only:
            query = query.where(table.c.closed.is_(None))
        with self._db.reading() as connection:
            return [Session(**row._mapping) for row in connection.execute(query)]

    def ask(self, command: Command) -> int:
        """Queue a command; returns its id."""
        values = asdict(command) | {"arguments": json.dumps(command.arguments, ensure_ascii=False)}
        values.pop("id")
        with self._db.writing() as connection:
            key = connection.execute(insert(schema.command).values(values)).inserted_primary_key
        return int(key[0]) if key else 0

    def commands(self, mn: str | None = None, states: Sequence[str] = (), limit: int = 100) -> list[Command]:
        """Newest first."""
        table = schema.command
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if mn is not None:
            query = query.where(table.c.mn == mn)
        if states:
            query = query.where(table.c.state.in_(states))
        with self._db.reading() as connection:
            rows = connection.execute(query).all()
        return [Command(**dict(row._mapping) | {"arguments": json.loads(row.arguments)}) for row in rows]

    def move(self, id: int, state: str, at: int, outcome: str = "", qn: str = "", attempts: int = 0) -> None:
        """Set the state of a command; blank `qn` and zero `attempts` leave theirs. NotFoundError "command.unknown"."""
        values: dict[str, object] = {"state": state, "changed": at, "outcome": outcome}
        if qn:
            values["qn"] = qn
        if attempts:
            values["attempts"] = attempts
        with self._db.writing() as connection:
            query = update(schema.command).where(schema.command.c.id == id).values(values)
            if not connection.execute(query).rowcount:
                raise NotFoundError("command.unknown", id=id)

    def save_map(self, name: str, body: str, at: int) -> None:
        """Keep a column map of tables under a name."""
        table, values = schema.column_map, {"name": name, "body": body, "changed": at}
        with self._db.writing() as connection:
            if not connection.execute(update(table).where(table.c.name == name).values(values)).rowcount:
                connection.execute(insert(table).values(values))

    def maps(self) -> dict[str, str]:
        """All column maps by name."""
        with self._db.reading() as connection:
            return {row.name: row.body for row in connection.execute(select(schema.column_map))}


def _row(entry: Entry, number: int, refusal: Refusal) -> dict[str, object]:
    return {
        "entry": entry.id,
        "number": number,
        "source": _sound(entry.raw.source),
        "kind": entry.raw.kind,
        "received": entry.raw.received,
        "code": refusal.code,
        "facts": json.dumps(refusal.facts, default=str),  # all in ASCII: foreign text may hold half a character
        "line": refusal.line,
        "column": _sound(refusal.column) if refusal.column is not None else None,
        "text": _sound(refusal.text[:TEXT_LIMIT]),
    }


def _sound(text: str) -> str:
    """Text that can be written as UTF-8: half characters, which JSON and file names can hold, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _refused(row: Row[tuple[object, ...]]) -> Refused:
    at = row._mapping
    refusal = Refusal(at["code"], json.loads(at["facts"]), at["line"], at["column"], at["text"])
    return Refused(at["id"], at["entry"], at["source"], at["kind"], at["received"], refusal)
