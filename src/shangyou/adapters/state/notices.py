"""flows.notify.Notices in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.group import GroupCommit
from shangyou.adapters.state.plain import Plain
from shangyou.governance.warning.notice import Notice, Posted


class SqlNotices:
    """What people here are to be told."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        self._group = GroupCommit(database)

    def post(self, notices: Sequence[Posted]) -> int:
        """See Notices."""
        with self._db.plain_reading() as connection:
            new = [each for each in notices if not connection.rows(_KNOWN, {"id": each.notice.id})]
        if not new:
            return 0  # the usual case: nothing is written, nothing is synced

        def work(connection: Plain) -> int:
            return sum(connection.change(_POST, _values(each)) for each in new)

        return self._group.run(work)

    def take(self, now: int, until: int, limit: int = 20) -> list[Posted]:
        """See Notices."""
        with self._db.plain_reading() as connection:
            if not connection.rows(_DUE, {"now": now, "limit": 1}):
                return []

        def work(connection: Plain) -> list[Posted]:
            found = [_posted(row) for row in connection.rows(_DUE, {"now": now, "limit": limit})]
            for each in found:
                connection.change(_HOLD, {"id": each.notice.id, "held": until})
            return found

        return self._group.run(work)

    def sent(self, id: str, at: int) -> None:
        """See Notices."""
        self._group.run(lambda connection: connection.change(_SENT, {"id": id, "at": at}))

    def failed(self, id: str, due: int | None, code: str, detail: str) -> None:
        """See Notices."""
        values = {"id": id, "due": due, "code": code, "detail": detail[:1000]}
        self._group.run(lambda connection: connection.change(_FAILED, values))

    def drop(self, dossier: str, message: str) -> int:
        """See Notices."""
        return self._group.run(lambda connection: connection.change(_DROP, {"dossier": dossier, "message": message}))

    def of(self, dossier: str) -> list[Posted]:
        """See Notices."""
        with self._db.plain_reading() as connection:
            return [_posted(row) for row in connection.rows(_OF, {"dossier": dossier})]


_COLUMNS: Final = (
    "select id, at, title, body, link, dossier, message, role, channel, address, due, attempts, trouble, detail, "
    "sent, dropped from notice "
)
_DUE: Final = _COLUMNS + "where due <= :now and held <= :now order by due, id limit :limit"
_OF: Final = _COLUMNS + "where dossier = :dossier order by at, role, id"
_KNOWN: Final = "select 1 from notice where id = :id"
_POST: Final = (
    "insert into notice (id, at, title, body, link, dossier, message, role, channel, address, due, held, attempts, "
    "trouble, detail, sent, dropped) values (:id, :at, :title, :body, :link, :dossier, :message, :role, :channel, "
    ":address, :due, 0, 0, '', '', null, 0) on conflict (id) do nothing"
)
_HOLD: Final = "update notice set held = :held where id = :id"
_SENT: Final = (
    "update notice set sent = :at, due = null, held = 0, attempts = attempts + 1, trouble = '', detail = '' "
    "where id = :id"
)
_FAILED: Final = (
    "update notice set due = :due, held = 0, attempts = attempts + 1, trouble = :code, detail = :detail "
    "where id = :id and due is not null"
)
_DROP: Final = (
    "update notice set due = null, dropped = 1 where dossier = :dossier and message = :message and due is not null"
)


def _values(posted: Posted) -> dict[str, object]:
    notice = posted.notice
    values = {name: getattr(posted, name) for name in ("dossier", "message", "role", "channel", "address", "due")}
    return values | {"id": notice.id, "at": notice.at, "title": notice.title, "body": notice.text, "link": notice.link}


def _posted(row: Sequence[Any]) -> Posted:
    id, at, title, body, link, dossier, message, role, channel, address, due, attempts, trouble, detail, sent, off = row
    told = Notice(id, at, title, body, link)
    return Posted(
        told, dossier, message, role, channel, address, due, attempts, trouble, detail, sent, dropped=bool(off)
    )
