"""exchange.metering.Meters in the state database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from shangyou.adapters.state import schema_meters as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.plain import Plain
from shangyou.core.errors import NotFoundError
from shangyou.exchange.metering import OPEN, Block, Count, Passage, Receipt, Tally, hour_of

EVER: Final = 1 << 62  # ms: before and after all times that are counted


class SqlMeters:
    """Passages, meters and receipts of this node.

    Writers of the state go one after the other, so whoever counts decides before the next one does.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    # ---- passages -------------------------------------------------------------------------------------------------

    def put(self, passage: Passage) -> Passage:
        """See Meters."""
        with self._db.writing() as connection:
            known = connection.execute(select(tables.passage).where(tables.passage.c.id == passage.id)).one_or_none()
            if known is not None:
                return _passage(known)
            connection.execute(insert(tables.passage).values(_columns(passage)))
        return passage

    def passage(self, id: str) -> Passage:
        """See Meters."""
        with self._db.plain_reading() as connection:
            found = connection.rows(_PASSAGE, {"id": id})
        if not found:
            raise NotFoundError("transfer.unknown", id=id[:80])
        return _passage(found[0])

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
        with self._db.plain_writing() as connection:
            passages = connection.rows(_COUNTED, {"id": id})
            if not passages:
                raise NotFoundError("transfer.unknown", id=id[:80])
            agreement, role, place = passages[0]
            known = connection.rows(_BLOCK, {"passage": id, "name": name})
            if known:
                return Block(*known[0])
            found = weigh(lambda start, stop: _count(connection, agreement, role, start, stop))
            if last:
                connection.change(_FORGET, {"passage": id})
            values = asdict(found) | {"passage": id, "name": name, "place": place, "at": at}
            connection.change(_ENTER, values)
            _add(connection, agreement, role, at, Tally(found.rows, found.bytes))
            connection.change(_MORE, {"id": id, "rows": found.rows, "bytes": found.bytes, "at": at})
        return found

    def ask(self, agreement: str, role: str, at: int) -> None:
        """See Meters."""
        with self._db.plain_writing() as connection:
            _add(connection, agreement, role, at, Tally(requests=1))

    def spend(self, agreement: str, role: str, at: int, weigh: Callable[[Count], Tally]) -> Tally:
        """Count what passes outside of any passage: an answer. `weigh` makes it, knowing what passed so far, while
        nothing else of the agreement is counted. What it raises leaves everything as it was.
        """
        with self._db.plain_writing() as connection:
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
        with self._db.plain_reading() as connection:
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


def _passage(row: Sequence[Any]) -> Passage:
    """From its columns in the order of the table."""
    id, role, peer, agreement, state, rows, bytes, blocks, opened, changed, plan, body = row
    return replace(
        Passage(id=id, role=role, peer=peer, agreement=agreement, **json.loads(body)),
        state=state,
        blocks=blocks,
        opened=opened,
        changed=changed,
        plan=plan,
        passed=Tally(rows, bytes),
    )


def _count(connection: Plain, agreement: str, role: str, start: int | None, stop: int | None) -> tuple[int, int, int]:
    span = {"start": -EVER if start is None else start, "stop": EVER if stop is None else stop}
    [(rows, bytes, requests)] = connection.rows(_SUM, {"agreement": agreement, "role": role, **span})
    return int(rows), int(bytes), int(requests)


def _add(connection: Plain, agreement: str, role: str, at: int, tally: Tally) -> None:
    this = {"agreement": agreement, "role": role, "hour": hour_of(at)}
    connection.change(_ADD, this | tally._asdict())


# The statements of every block and every answer.
_PASSAGE: Final = (
    "select id, role, peer, agreement, state, rows, bytes, blocks, opened, changed, plan, body from passage "
    "where id = :id"
)
_COUNTED: Final = "select agreement, role, blocks from passage where id = :id"
_MORE: Final = (
    "update passage set rows = rows + :rows, bytes = bytes + :bytes, blocks = blocks + 1, changed = :at where id = :id"
)
_BLOCK: Final = "select name, rows, bytes, digest from passage_block where passage = :passage and name = :name"
_FORGET: Final = "delete from passage_block where passage = :passage"
_ENTER: Final = (
    "insert into passage_block (passage, name, place, rows, bytes, digest, at) values "
    "(:passage, :name, :place, :rows, :bytes, :digest, :at)"
)
_SUM: Final = (
    "select coalesce(sum(rows), 0), coalesce(sum(bytes), 0), coalesce(sum(requests), 0) from meter "
    "where agreement = :agreement and role = :role and hour >= :start and hour < :stop"
)
_ADD: Final = (
    "insert into meter (agreement, role, hour, rows, bytes, requests) values "
    "(:agreement, :role, :hour, :rows, :bytes, :requests) on conflict (agreement, role, hour) do update set "
    "rows = meter.rows + excluded.rows, bytes = meter.bytes + excluded.bytes, "
    "requests = meter.requests + excluded.requests"
)
