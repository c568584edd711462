"""exchange.catalogue.port.Catalogue in the state database."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache

from sqlalchemy import Column, Connection, Row, delete, func, insert, or_, select, update

from shangyou.adapters.state import catalogue_index
from shangyou.adapters.state.catalogue_crawl import Crawled, cursor_of, take
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.schema_catalogue import entry, feed, own, refusal, source
from shangyou.core.errors import NotFoundError
from shangyou.exchange.catalogue.entry import Entry, dataset_body, encoded, read_entry
from shangyou.exchange.catalogue.feed import OwnChange, Page, Summary, digest
from shangyou.exchange.catalogue.port import FACETS, Cursor, Found, RefusedEntry, Source, Taken, Wanted
from shangyou.exchange.catalogue.sharing import audience
from shangyou.exchange.dataset import Dataset

EVERYBODY = "*"


class SqlCatalogue:
    """Own datasets with their change feed, and the entries of all members with where they came from."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        with database.writing() as connection:
            catalogue_index.prepare(connection)
            if connection.execute(select(feed.c.id)).first() is None:
                connection.execute(insert(feed).values(id=1, epoch=secrets.token_hex(8), sequence=0))

    # ---- own datasets -----------------------------------------------------------------------------------------

    def put(self, dataset: Dataset) -> None:
        """Publish or change; InputError "catalogue.entry_size" ... if no member could take it as it is."""
        body = encoded(dataset_body(dataset, "", dataset.owner))
        read_entry(body, dataset.owner, 0)  # what others would refuse is refused here
        known = audience(dataset)
        now = {EVERYBODY} if known is None else set(known)
        with self._db.writing() as connection:
            sequence = self._next(connection)
            row = connection.execute(select(own.c.shown).where(own.c.id == dataset.id)).first()
            values = {
                "sequence": sequence,
                "at": dataset.changed,
                "gone": False,
                "body": body.decode(),
                "audience": _names(now),
                "shown": _names(now | set(str(row.shown).split() if row else ())),
            }
            if row is None:
                connection.execute(insert(own).values(id=dataset.id, **values))
            else:
                connection.execute(update(own).where(own.c.id == dataset.id).values(values))
            held = Crawled(connection, dataset.owner, 0, dataset.changed)
            held.put([(read_entry(body, dataset.owner, sequence), body)])

    def remove(self, id: str, at: int) -> None:
        """Withdraw; a tombstone stays. NotFoundError "catalogue.dataset"."""
        with self._db.writing() as connection:
            known = connection.execute(select(own.c.id).where(own.c.id == id, own.c.gone.is_(False))).first()
            if known is None:
                raise NotFoundError("catalogue.dataset", id=id)
            sequence = self._next(connection)
            values = {"sequence": sequence, "at": at, "gone": True, "body": "", "audience": ""}
            connection.execute(update(own).where(own.c.id == id).values(values))
            Crawled(connection, id.partition("/")[0], 0, at).remove([id])

    def _next(self, connection: Connection) -> int:
        """The next sequence; the row stays locked until the commit, so that sequences become visible in order."""
        changed = update(feed).where(feed.c.id == 1).values(sequence=feed.c.sequence + 1).returning(feed.c.sequence)
        return int(connection.execute(changed).scalar_one())

    def dataset(self, id: str) -> Dataset:
        """One of the own datasets; NotFoundError "catalogue.dataset"."""
        with self._db.plain_reading() as connection:
            found = connection.rows("select body from own_dataset where id = :id and not gone", {"id": id})
        if not found:
            raise NotFoundError("catalogue.dataset", id=id)
        return _read(found[0][0], id.partition("/")[0])

    def datasets(self) -> list[Dataset]:
        """All own datasets, by id."""
        with self._db.reading() as connection:
            rows = connection.execute(select(own).where(own.c.gone.is_(False)).order_by(own.c.id)).all()
        return [_own(row) for row in rows]

    # ---- the change feed --------------------------------------------------------------------------------------

    def head(self) -> tuple[str, int]:
        """Epoch and newest sequence of the own change feed."""
        with self._db.reading() as connection:
            row = connection.execute(select(feed)).one()
        return str(row.epoch), int(row.sequence)

    def changes(self, since: int, limit: int, member: str) -> list[OwnChange]:
        """See Catalogue."""
        marks = [f"% {name} %" for name in (EVERYBODY, member)]
        seen = or_(*(own.c.audience.like(mark) for mark in marks)).label("seen")
        known = or_(*(own.c.shown.like(mark) for mark in marks))
        wanted = select(own, seen).where(own.c.sequence > since, known).order_by(own.c.sequence).limit(limit)
        with self._db.reading() as connection:
            rows = connection.execute(wanted).all()
        return [OwnChange(int(row.sequence), row.id, _own(row) if row.seen else None) for row in rows]

    def listed(self, member: str) -> Summary:
        """See Catalogue."""
        seen = or_(*(own.c.audience.like(f"% {name} %") for name in (EVERYBODY, member)))
        with self._db.reading() as connection:
            return digest(
                (row.id, row.sequence) for row in connection.execute(select(own.c.id, own.c.sequence).where(seen))
            )

    # ---- entries of others ------------------------------------------------------------------------------------

    def cursor(self, owner: str) -> Cursor:
        """See Catalogue."""
        with self._db.reading() as connection:
            return cursor_of(connection, owner)[0]

    def take(self, page: Page, at: int, most: int) -> Taken | None:
        """See Catalogue."""
        with self._db.writing() as connection:
            return take(connection, page, at, most)

    def settle(
        self, owner: str, at: int, due: int, crawled: Taken, failure: tuple[str, Mapping[str, object]] | None
    ) -> None:
        """See Catalogue."""
        values: dict[str, object] = {"tried": at, "due": due, "crawled": json.dumps(asdict(crawled))}
        with self._db.writing() as connection:
            cursor_of(connection, owner, make=True)
            if failure is None:
                values |= {"succeeded": at, "failing": None, "failures": 0, "code": "", "facts": "{}"}
            else:
                facts = json.dumps(dict(failure[1]), ensure_ascii=False, default=str)[:4000]
                values |= {"failing": func.coalesce(source.c.failing, at), "failures": source.c.failures + 1}
                values |= {"code": failure[0], "facts": facts if len(facts) < 4000 else "{}"}
            connection.execute(update(source).where(source.c.owner == owner).values(values))

    def sources(self) -> list[Source]:
        """All members that were ever asked, by id."""
        with self._db.reading() as connection:
            rows = connection.execute(select(source).order_by(source.c.owner)).all()
            held = _counted(connection, entry.c.owner)
            refused = _counted(connection, refusal.c.owner)
        return [
            Source(
                owner=row.owner,
                entries=held.get(row.owner, 0),
                tried=row.tried,
                succeeded=row.succeeded,
                failing=row.failing,
                failures=row.failures,
                code=row.code,
                facts=json.loads(row.facts),
                refused=refused.get(row.owner, 0),
                due=row.due,
                crawled=Taken(**json.loads(row.crawled)),
            )
            for row in rows
        ]

    def summary(self, owner: str) -> Summary | None:
        """See Catalogue."""
        with self._db.reading() as connection:
            return Crawled(connection, owner, 0, 0).summary()

    def refusals(self, owner: str = "") -> list[RefusedEntry]:
        """See Catalogue."""
        wanted = select(refusal).order_by(refusal.c.owner, refusal.c.id).limit(1000)
        if owner:
            wanted = wanted.where(refusal.c.owner == owner)
        with self._db.reading() as connection:
            rows = connection.execute(wanted).all()
        return [RefusedEntry(r.owner, r.id, r.sequence, r.code, json.loads(r.facts), r.at) for r in rows]

    def forget(self, owner: str) -> int:
        """See Catalogue."""
        with self._db.writing() as connection:
            ids = list(connection.scalars(select(entry.c.id).where(entry.c.owner == owner)))
            Crawled(connection, owner, 0, 0).remove(ids)
            connection.execute(delete(refusal).where(refusal.c.owner == owner))
            connection.execute(delete(source).where(source.c.owner == owner))
        return len(ids)

    # ---- finding ----------------------------------------------------------------------------------------------

    def entry(self, id: str) -> Entry:
        """See Catalogue."""
        with self._db.reading() as connection:
            row = connection.execute(select(entry).where(entry.c.id == id)).first()
        if row is None:
            raise NotFoundError("catalogue.dataset", id=id)
        return _entry(row)

    def entries(self, owner: str = "") -> Iterator[Entry]:
        """Entries by id, of one member or of all; in pieces, so that memory stays small."""
        last = ""
        while True:
            wanted = select(entry).where(entry.c.id > last).order_by(entry.c.id).limit(500)
            if owner:
                wanted = wanted.where(entry.c.owner == owner)
            with self._db.reading() as connection:
                rows = connection.execute(wanted).all()
            yield from map(_entry, rows)
            if len(rows) < 500:
                return
            last = rows[-1].id

    def search(self, wanted: Wanted) -> Found:
        """What fits, the newest change first; with how many would fit each other choice of a facet."""
        with self._db.reading() as connection:
            numbers = catalogue_index.fitting(connection, wanted)
            total = connection.execute(select(func.count()).select_from(numbers.subquery())).scalar_one()
            rows = connection.execute(
                select(entry)
                .where(entry.c.number.in_(numbers))
                .order_by(entry.c.changed.desc(), entry.c.id)
                .offset(wanted.offset)
                .limit(wanted.limit)
            ).all()
            facets = {kind: catalogue_index.counts(connection, wanted, kind) for kind in FACETS}
        return Found([_entry(row) for row in rows], int(total), facets)

    def seen(self, id: str) -> tuple[int, int]:
        """See Catalogue; NotFoundError "catalogue.dataset"."""
        with self._db.reading() as connection:
            row = connection.execute(select(entry.c.first_seen, entry.c.last_seen).where(entry.c.id == id)).first()
        if row is None:
            raise NotFoundError("catalogue.dataset", id=id)
        return int(row.first_seen), int(row.last_seen)


def _names(members: set[str]) -> str:
    """Members as they stand in a column: a space around each, so that LIKE finds one."""
    return f" {' '.join(sorted(members))} " if members else ""


def _counted(connection: Connection, column: Column[str]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column)).all()
    return {str(owner): int(n) for owner, n in rows}


def _own(row: Row[tuple[object, ...]]) -> Dataset:
    return _read(str(row.body), str(row.id).partition("/")[0])


@lru_cache(maxsize=16)  # a negotiation looks at its dataset four times, and bodies are up to 64 KiB
def _read(body: str, owner: str) -> Dataset:
    return read_entry(body.encode(), owner, 0).dataset


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return read_entry(str(row.body).encode(), str(row.owner), int(row.sequence))
