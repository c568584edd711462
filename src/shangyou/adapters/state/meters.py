"""exchange.metering.Meters in the state database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from shangyou.adapters.state import schema_meters as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.core.errors import NotFoundError
from shangyou.exchange.metering import OPEN, Block, Count, Passage, Receipt, Tally, hour_of

GATE: Final = -1  # the hour of a row that counts nothing: whoever counts under an agreement holds it


class SqlMeters:
    """Passages, meters and receipts of this node."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    # ---- passages -------------------------------------------------------------------------------------------------

    def put(self, passage: Passage) -> Passage:
        """See Meters."""
        with self._db.writing() as connection:
            known = _row(connection, passage.id)
            if known is not None:
                return _passage(known)
            _hold(connection, passage.agreement, passage.role)
            connection.execute(insert(tables.passage).values(_columns(passage)))
        return passage

    def passage(self, id: str) -> Passage:
        """See Meters."""
        with self._db.reading() as connection:
            row = _row(connection, id)
        if row is None:
            raise NotFoundError("transfer.unknown", id=id[:80])
        return _passage(row)

    def passages(self, active: bool = False, agreement: str = "", limit: int = 200) -> list[Passage]:
        """See Meters."""
        at = tables.passage.c
        query = select(tables.passage).order_by(at.opened.desc(), at.id).limit(limit)
        query = query.where(at.state.in_(OPEN)) if active else query
        query = query.where(at.agreement == agreement) if agreement else query
        with self._db.reading() as connection:
            return [_passage(row) for row in connection.execute(query)]

    def change(self, passage: Passage) -> Passage:
        """See Meters."""
        values = _columns(passage)
        kept = {name: values[name] for name in ("state", "changed", "body")}
        with self._db.writing() as connection:
            connection.execute(update(tables.passage).where(tables.passage.c.id == passage.id).values(kept))
        return passage

    def pin(self, id: str, plan: str, before: str = "") -> str:
        """See Meters."""
        at = tables.passage.c
        with self._db.writing() as connection:
            connection.execute(update(tables.passage).where(at.id == id, at.plan == before).values(plan=plan))
            return str(connection.execute(select(at.plan).where(at.id == id)).scalar_one())

    # ---- counting -------------------------------------------------------------------------------------------------

    def enter(self, id: str, name: str, at: int, weigh: Callable[[Count], Block], last: bool = False) -> Block:
        """See Meters."""
        with self._db.writing() as connection:
            row = _row(connection, id)
            if row is None:
                raise NotFoundError("transfer.unknown", id=id[:80])
            _hold(connection, row.agreement, row.role)
            known = _known(connection, id, name)
            if known is not None:
                return known

            def so_far(start: int | None, stop: int | None) -> tuple[int, int, int]:
                return _count(connection, row.agreement, row.role, start, stop)

            found = weigh(so_far)
            if last:
                connection.execute(delete(tables.block).where(tables.block.c.passage == id))
            connection.execute(
                insert(tables.block).values(passage=id, **asdict(found) | {"name": name}, place=row.blocks, at=at)
            )
            _add(connection, row.agreement, row.role, at, Tally(found.rows, found.bytes))
            more = tables.passage.c
            connection.execute(
                update(tables.passage)
                .where(more.id == id)
                .values(rows=more.rows + found.rows, bytes=more.bytes + found.bytes, blocks=more.blocks + 1, changed=at)
            )
        return found

    def ask(self, agreement: str, role: str, at: int) -> None:
        """See Meters."""
        with self._db.writing() as connection:
            _hold(connection, agreement, role)
            _add(connection, agreement, role, at, Tally(requests=1))

    def spend(self, agreement: str, role: str, at: int, weigh: Callable[[Count], Tally]) -> Tally:
        """Count what passes outside of any passage: an answer. `weigh` makes it, knowing what passed so far, while
        nothing else of the agreement is counted. What it raises leaves everything as it was.
        """
        with self._db.writing() as connection:
            _hold(connection, agreement, role)
            found = weigh(lambda start, stop: _count(connection, agreement, role, start, stop))
            _add(connection, agreement, role, at, found)
        return found

    def blocks(self, id: str) -> list[Block]:
        """See Meters."""
        at = tables.block.c
        query = select(at.name, at.rows, at.bytes, at.digest).where(at.passage == id).order_by(at.place)
        with self._db.reading() as connection:
            return [Block(*row) for row in connection.execute(query)]

    def count(self, agreement: str, role: str, start: int | None, stop: int | None) -> tuple[int, int, int]:
        """See Meters."""
        with self._db.reading() as connection:
            return _count(connection, agreement, role, start, stop)

    # ---- receipts -------------------------------------------------------------------------------------------------

    def put_receipt(self, receipt: Receipt) -> None:
        """See Meters."""
        values = {"agreement": receipt.agreement, "at": receipt.at, "body": json.dumps(asdict(receipt))}
        with self._db.writing() as connection:
            connection.execute(delete(tables.receipt).where(tables.receipt.c.id == receipt.id))
            connection.execute(insert(tables.receipt).values(id=receipt.id, **values))

    def receipt(self, id: str) -> Receipt | None:
        """See Meters."""
        query = select(tables.receipt.c.body).where(tables.receipt.c.id == id)
        with self._db.reading() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else _receipt(body)

    def receipts(self, agreement: str = "", limit: int = 200) -> list[Receipt]:
        """See Meters."""
        at = tables.receipt.c
        query = select(at.body).order_by(at.at.desc(), at.id).limit(limit)
        query = query.where(at.agreement == agreement) if agreement else query
        with self._db.reading() as connection:
            return [_receipt(body) for body in connection.execute(query).scalars()]


def _receipt(body: str) -> Receipt:
    found = json.loads(body)
    return Receipt(**found | {"differences": tuple(found["differences"])})


def _columns(passage: Passage) -> dict[str, Any]:
    whole = asdict(passage)
    whole["passed"] = list(passage.passed)
    own = ("id", "role", "peer", "agreement", "state", "blocks", "opened", "changed", "plan")
    body = json.dumps({name: value for name, value in whole.items() if name not in (*own, "passed")})
    counted = {"rows": passage.passed.rows, "bytes": passage.passed.bytes}
    return {name: whole[name] for name in own} | counted | {"body": body}


def _row(connection: Connection, id: str) -> Row[Any] | None:
    return connection.execute(select(tables.passage).where(tables.passage.c.id == id)).one_or_none()


def _passage(row: Row[Any]) -> Passage:
    found = Passage(id=row.id, role=row.role, peer=row.peer, agreement=row.agreement, **json.loads(row.body))
    counted = Tally(row.rows, row.bytes)
    return replace(
        found,
        state=row.state,
        blocks=row.blocks,
        opened=row.opened,
        changed=row.changed,
        plan=row.plan,
        passed=counted,
    )


def _hold(connection: Connection, agreement: str, role: str) -> None:
    """Until the end of the transaction nobody else counts under the agreement: one decides, then the next."""
    at = tables.meter.c
    gate = select(at.hour).where(at.agreement == agreement, at.role == role, at.hour == GATE).with_for_update()
    if connection.execute(gate).one_or_none() is None:
        connection.execute(
            insert(tables.meter).values(agreement=agreement, role=role, hour=GATE, rows=0, bytes=0, requests=0)
        )


def _known(connection: Connection, id: str, name: str) -> Block | None:
    at = tables.block.c
    query = select(at.name, at.rows, at.bytes, at.digest).where(at.passage == id, at.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else Block(*row)


def _count(
    connection: Connection, agreement: str, role: str, start: int | None, stop: int | None
) -> tuple[int, int, int]:
    at = tables.meter.c
    sums = [func.coalesce(func.sum(column), 0) for column in (at.rows, at.bytes, at.requests)]
    query = select(*sums).where(at.agreement == agreement, at.role == role)
    query = query.where(at.hour >= start) if start is not None else query
    query = query.where(at.hour < stop) if stop is not None else query
    rows, bytes, requests = connection.execute(query).one()
    return int(rows), int(bytes), int(requests)


def _add(connection: Connection, agreement: str, role: str, at: int, tally: Tally) -> None:
    meter, hour = tables.meter.c, hour_of(at)
    this = (meter.agreement == agreement, meter.role == role, meter.hour == hour)
    more = {
        "rows": meter.rows + tally.rows,
        "bytes": meter.bytes + tally.bytes,
        "requests": meter.requests + tally.requests,
    }
    if not connection.execute(update(tables.meter).where(*this).values(more)).rowcount:
        connection.execute(insert(tables.meter).values(agreement=agreement, role=role, hour=hour, **tally._asdict()))
