"""flows.detect.Alarms in the state database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from shangyou.adapters.state import schema_alarms as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.governance.detection.alarm import Alarm, as_json, of_json
from shangyou.governance.detection.kept import Closing, Kept


class SqlAlarms:
    """Alarms of this node."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    def put(self, alarms: Sequence[Alarm], at: int) -> int:
        """See Alarms."""
        changed = 0
        with self._db.writing() as connection:
            for alarm in alarms:
                known = connection.execute(select(tables.alarm.c.body).where(tables.alarm.c.id == alarm.id)).scalar()
                values: dict[str, object] = {
                    "raised": alarm.raised,
                    "last": max(seen.last for seen in alarm.seen),
                    "ended": alarm.ended,
                }
                values |= {"changed": at, "body": json.dumps(as_json(alarm), ensure_ascii=False, sort_keys=True)}
                if known is None:
                    empty = {"closed": None, "closed_by": "", "outcome": "", "note": ""}
                    connection.execute(insert(tables.alarm).values(id=alarm.id, **values, **empty))
                elif known != values["body"]:
                    connection.execute(update(tables.alarm).where(tables.alarm.c.id == alarm.id).values(values))
                else:
                    continue
                changed += 1
        return changed

    def alarms(self, open_since: int | None = None, limit: int = 200) -> list[Kept]:
        """See Alarms."""
        at = tables.alarm.c
        query = select(tables.alarm).order_by(at.raised.desc(), at.id).limit(limit)
        if open_since is not None:
            query = query.where(at.closed.is_(None), at.ended.is_(None), at.last >= open_since)
        with self._db.reading() as connection:
            return [_kept(row) for row in connection.execute(query)]

    def alarm(self, id: str) -> Kept:
        """See Alarms."""
        at = tables.alarm.c
        query = select(tables.alarm).where(at.id.startswith(id, autoescape=True)).order_by(at.id).limit(2)
        with self._db.reading() as connection:
            rows = connection.execute(query).all() if id else []
        if len(rows) != 1:
            raise NotFoundError("alarm.unknown", id=id[:80], found=len(rows))
        return _kept(rows[0])

    def close(self, id: str, closing: Closing) -> Kept:
        """See Alarms."""
        known = self.alarm(id)
        values = {"closed": closing.at, "closed_by": closing.by, "outcome": closing.outcome, "note": closing.note}
        with self._db.writing() as connection:
            at = tables.alarm.c
            done = connection.execute(
                update(tables.alarm)
                .where(at.id == known.alarm.id, at.closed.is_(None))
                .values(**values, changed=closing.at)
            )
        if not done.rowcount:
            raise ConflictError(
                "alarm.closed", id=known.alarm.id, outcome=known.closing.outcome if known.closing else ""
            )
        return self.alarm(known.alarm.id)


def _kept(row: Row[Any]) -> Kept:
    closing = None if row.closed is None else Closing(row.closed, row.closed_by, row.outcome, row.note)
    return Kept(of_json(json.loads(row.body)), row.last, closing)
