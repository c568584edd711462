"""How a page of a member's change feed changes the catalogue, within one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from shangyou.adapters.state import catalogue_index
from shangyou.adapters.state.schema_catalogue import entry, refusal, source
from shangyou.core.errors import ConflictError
from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.catalogue.feed import Page, Summary, digest, facts_of
from shangyou.exchange.catalogue.port import Cursor, Taken

MANY = 500  # SQLite bounds the parameters of a statement
REFUSALS = 1000  # kept of one member


def cursor_of(connection: Connection, owner: str, make: bool = False) -> tuple[Cursor, int]:
    """Where the crawl of a member stands, and the number of its reading from 0."""
    row = connection.execute(select(source).where(source.c.owner == owner)).first()
    if row is not None:
        return Cursor(row.epoch, row.sequence, row.anew), int(row.generation)
    if make:
        values = {"epoch": "", "sequence": 0, "anew": True, "generation": 1, "failures": 0, "code": "", "facts": "{}"}
        connection.execute(insert(source).values(owner=owner, due=0, crawled="{}", **values))
    return Cursor("", 0, True), 1


def take(connection: Connection, page: Page, at: int, most: int) -> Taken | None:
    """See Catalogue.take."""
    cursor, generation = cursor_of(connection, page.owner, make=True)
    if page.since != cursor.sequence:
        return None  # an answer that came twice, or late
    if cursor.epoch and page.epoch != cursor.epoch:
        return _again(connection, page, generation)
    held = Crawled(connection, page.owner, generation, at)
    before = held.count()
    new, changed = held.put(list(zip(page.entries, page.bodies, strict=True)))
    removed = held.remove([gone.id for gone in page.gone])
    held.refuse(page)
    if before + new - removed > most:
        raise ConflictError("catalogue.many", owner=page.owner, most=most)  # rolls the page back
    counts = Taken(new, changed, removed, len(page.refused))
    if page.more:
        _move(connection, page, cursor.anew, generation)
        return counts
    if cursor.anew:
        counts += Taken(removed=held.sweep())
    summary = held.summary()
    if summary is None or summary == page.summary:
        _move(connection, page, False, generation)
        return counts + Taken(complete=True)
    return counts + _again(connection, page, generation)


def _move(connection: Connection, page: Page, anew: bool, generation: int) -> None:
    values = {"epoch": page.epoch, "sequence": page.next, "anew": anew, "generation": generation}
    connection.execute(update(source).where(source.c.owner == page.owner).values(values))


def _again(connection: Connection, page: Page, generation: int) -> Taken:
    """Read from 0; what is not met until the end will fall."""
    values = {"epoch": page.epoch, "sequence": 0, "anew": True, "generation": generation + 1}
    connection.execute(update(source).where(source.c.owner == page.owner).values(values))
    connection.execute(delete(refusal).where(refusal.c.owner == page.owner))
    return Taken(anew=True)


class Crawled:
    """The entries of one member while they change."""

    def __init__(self, connection: Connection, owner: str, generation: int, at: int) -> None:
        self._connection, self._owner, self._generation, self._at = connection, owner, generation, at

    def count(self) -> int:
        """How many there are."""
        counted = select(func.count()).select_from(entry).where(entry.c.owner == self._owner)
        return int(self._connection.execute(counted).scalar_one())

    def put(self, found: Sequence[tuple[Entry, bytes]]) -> tuple[int, int]:
        """Enter or change; returns how many were new and how many had changed."""
        known = self._known([each.dataset.id for each, _ in found])
        catalogue_index.drop(self._connection, [number for number, _ in known.values()])
        rows = [self._row(each, body) for each, body in found]
        changed = sum(known[row["id"]][1] != row["sequence"] for row in rows if row["id"] in known)
        new = [row | {"first_seen": self._at} for row in rows if row["id"] not in known]
        old = [
            {f"_{name}": value for name, value in row.items() if name not in ("owner", "id")}
            | {"_number": known[row["id"]][0]}
            for row in rows
            if row["id"] in known
        ]
        if new:
            self._connection.execute(insert(entry), new)
        if old:
            names = [name[1:] for name in old[0] if name != "_number"]
            self._connection.execute(
                update(entry)
                .where(entry.c.number == bindparam("_number"))
                .values({name: bindparam(f"_{name}") for name in names}),
                old,
            )
        numbers = self._known([each.dataset.id for each, _ in found])
        catalogue_index.add(self._connection, [(numbers[each.dataset.id][0], each) for each, _ in found])
        self._accept([each.dataset.id for each, _ in found])
        return len(new), changed

    def _row(self, found: Entry, body: bytes) -> dict[str, Any]:
        dataset = found.dataset
        return {
            "id": dataset.id,
            "owner": self._owner,
            "sequence": found.sequence,
            "generation": self._generation,
            "title": dataset.title_zh,
            "changed": dataset.changed,
            "body": body.decode(),
            "words": catalogue_index.words_of(found),
            "last_seen": self._at,
        }

    def _known(self, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Number and sequence of those entries that are there."""
        found: dict[str, tuple[int, int]] = {}
        for start in range(0, len(ids), MANY):
            part = entry.c.id.in_(ids[start : start + MANY])
            rows = self._connection.execute(
                select(entry.c.id, entry.c.number, entry.c.sequence).where(part, entry.c.owner == self._owner)
            )
            found |= {row.id: (int(row.number), int(row.sequence)) for row in rows}
        return found

    def remove(self, ids: Sequence[str]) -> int:
        """Take entries away; returns how many were there."""
        numbers = [number for number, _ in self._known(ids).values()]
        self._delete(numbers)
        self._accept(ids)
        return len(numbers)

    def sweep(self) -> int:
        """Take away what a whole reading from 0 has not met."""
        unmet = select(entry.c.number).where(entry.c.owner == self._owner, entry.c.generation < self._generation)
        numbers = [int(number) for number in self._connection.scalars(unmet)]
        self._delete(numbers)
        return len(numbers)

    def _delete(self, numbers: Sequence[int]) -> None:
        catalogue_index.drop(self._connection, numbers)
        for start in range(0, len(numbers), MANY):
            self._connection.execute(delete(entry).where(entry.c.number.in_(numbers[start : start + MANY])))

    def _accept(self, ids: Sequence[str]) -> None:
        """What was refused of these before is of no matter any more."""
        if self._connection.execute(select(refusal.c.id).where(refusal.c.owner == self._owner)).first() is None:
            return
        for start in range(0, len(ids), MANY):
            part = refusal.c.id.in_(ids[start : start + MANY])
            self._connection.execute(delete(refusal).where(refusal.c.owner == self._owner, part))

    def refuse(self, page: Page) -> None:
        """Keep why entries could not be taken."""
        rows = {
            id: {
                "owner": self._owner,
                "id": id,
                "sequence": page.next,
                "code": error.code,
                "facts": json.dumps(dict(facts_of(error)), ensure_ascii=False),
                "at": self._at,
            }
            for id, error in page.refused[:REFUSALS]
        }
        self._accept(list(rows))
        kept = select(func.count()).select_from(refusal).where(refusal.c.owner == self._owner)
        if rows and self._connection.execute(kept).scalar_one() < REFUSALS:
            self._connection.execute(insert(refusal), list(rows.values()))

    def summary(self) -> Summary | None:
        """Of what is here; None if some entries could not be taken."""
        if self._connection.execute(select(refusal.c.id).where(refusal.c.owner == self._owner)).first() is not None:
            return None
        rows = self._connection.execute(select(entry.c.id, entry.c.sequence).where(entry.c.owner == self._owner))
        return digest((row.id, row.sequence) for row in rows)
