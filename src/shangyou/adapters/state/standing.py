"""exchange.standing.Wishes in the state database."""

from __future__ import annotations

import json
from dataclasses import asdict

from sqlalchemy import delete, insert, select

from shangyou.adapters.state import schema_standing as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.exchange.standing import Wish


class SqlWishes:
    """The wishes of this node."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    def wishes(self) -> list[Wish]:
        """See Wishes."""
        with self._db.reading() as connection:
            found = connection.execute(select(tables.wish.c.body).order_by(tables.wish.c.source)).scalars()
            bodies = [json.loads(body) for body in found]
        return [Wish(**{**body, "datasets": tuple(body["datasets"])}) for body in bodies]

    def put(self, wish: Wish) -> None:
        """See Wishes."""
        with self._db.writing() as connection:
            connection.execute(delete(tables.wish).where(tables.wish.c.source == wish.source))
            connection.execute(insert(tables.wish).values(source=wish.source, body=json.dumps(asdict(wish))))

    def drop(self, source: str) -> bool:
        """See Wishes."""
        with self._db.writing() as connection:
            return bool(connection.execute(delete(tables.wish).where(tables.wish.c.source == source)).rowcount)
