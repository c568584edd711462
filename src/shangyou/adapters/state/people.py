"""core.ports.People in the state database: argon2id for passwords, digests of tokens only."""

from __future__ import annotations

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, insert, select, update

from shangyou.adapters.state import schema
from shangyou.adapters.state.database import StateDatabase
from shangyou.core.ports import Person

IDLE_MS = 30 * 60_000  # a login that nobody used for so long is over
AT_ONCE = 2  # an argon2 check takes 64 MiB: so many at a time, or sign-in floods would take the memory


class SqlPeople:
    """Who may sign in, and who is signed in."""

    def __init__(self, database: StateDatabase, hasher: PasswordHasher | None = None) -> None:
        self._db = database
        self._hasher = hasher or PasswordHasher()
        self._room = BoundedSemaphore(AT_ONCE)
        self._nobody = ""

    def put_person(self, person: Person, password: str) -> None:
        """Enter or change; whoever was signed in under the name is signed out."""
        with self._room:
            digest = self._hasher.hash(password)
        with self._db.writing() as connection:
            connection.execute(delete(schema.login).where(schema.login.c.name == person.name))
            connection.execute(delete(schema.person).where(schema.person.c.name == person.name))
            connection.execute(
                insert(schema.person).values(
                    name=person.name,
                    role=person.role,
                    display=person.display,
                    language=person.language,
                    password=digest,
                )
            )

    def check(self, name: str, password: str) -> Person | None:
        """The person, if the password is right. An unknown name takes as long as a wrong password."""
        with self._db.reading() as connection:
            row = connection.execute(select(schema.person).where(schema.person.c.name == name)).one_or_none()
        with self._room:
            if not self._nobody:
                self._nobody = self._hasher.hash(secrets.token_hex(8))
            try:
                self._hasher.verify(row.password if row is not None else self._nobody, password)
            except (VerifyMismatchError, InvalidHashError):
                return None
        return Person(row.name, row.role, row.display, row.language) if row is not None else None

    def open_login(self, name: str, at: int, until: int) -> str:
        """Start a signed-in stay; returns its secret token (only a digest is kept)."""
        token = secrets.token_urlsafe(32)
        with self._db.writing() as connection:
            connection.execute(delete(schema.login).where(schema.login.c.until < at))
            connection.execute(
                insert(schema.login).values(digest=_digest(token), name=name, opened=at, until=until, last=at)
            )
        return token

    def login(self, token: str, at: int) -> Person | None:
        """Whose token it is, if the stay is not over; using it keeps it from idling out."""
        table, person = schema.login, schema.person
        with self._db.reading() as connection:
            row = connection.execute(
                select(table.c.last, table.c.until, person)
                .join(person, person.c.name == table.c.name)
                .where(table.c.digest == _digest(token))
            ).one_or_none()
        if row is None or at > row.until or at > row.last + IDLE_MS:
            return None
        if at > row.last + 60_000:  # once a minute is often enough, and spares a sync for each page
            with self._db.writing() as connection:
                connection.execute(update(table).where(table.c.digest == _digest(token)).values(last=at))
        return Person(row.name, row.role, row.display, row.language)

    def close_login(self, token: str) -> None:
        """Sign out."""
        with self._db.writing() as connection:
            connection.execute(delete(schema.login).where(schema.login.c.digest == _digest(token)))

    def people(self) -> list[Person]:
        """All who may sign in, by name."""
        table = schema.person
        with self._db.reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.name)).all()
        return [Person(row.name, row.role, row.display, row.language) for row in rows]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
