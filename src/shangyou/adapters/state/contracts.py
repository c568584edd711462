"""exchange.dsp.talk.Talks and exchange.ports.Contracts in the state database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from shangyou.adapters.state import schema_contracts as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.group import GroupCommit
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dsp.tables import FINAL
from shangyou.exchange.dsp.talk import Act, Change, Letter, Talk

LEASE_MS: Final = 30_000  # whoever writes a letter sends it; after so long anybody may


class SqlContracts:
    """Talks, letters and agreements at this end."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        self._group = GroupCommit(database)

    # ---- talks ----------------------------------------------------------------------------------------------------

    def commit(self, change: Change) -> bool:
        """See Talks."""
        try:
            return self._group.run(lambda connection: _write(connection, change))
        except UnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, IntegrityError) and change.talk is not None and change.talk.version == 0:
                return False  # the other end's request came twice at once
            raise

    def talk(self, kind: str, id: str) -> Talk:
        """See Talks."""
        with self._db.reading() as connection:
            body = connection.execute(_TALK, {"id": id, "kind": kind}).scalar_one_or_none()
        if body is None:
            raise NotFoundError("dsp.unknown", kind=kind, id=id)
        return _talk(body)

    def opened(self, kind: str, role: str, peer: str, other: str) -> Talk | None:
        """See Talks."""
        at = tables.talk.c
        found = self._talks([at.kind == kind, at.role == role, at.peer == peer, at.other == other], 1)
        return found[0] if found else None

    def talks(self, kind: str, active: bool = False, agreement: str = "", limit: int = 1000) -> list[Talk]:
        """See Talks."""
        at = tables.talk.c
        where: list[ColumnElement[bool]] = [at.kind == kind]
        if active:
            where.append(at.state.not_in(FINAL))
        if agreement:
            where.append(at.agreement == agreement)
        return self._talks(where, limit)

    def due(self, now: int, limit: int = 100) -> list[Talk]:
        """See Talks."""
        return self._talks([tables.talk.c.due <= now], limit)

    def _talks(self, where: list[ColumnElement[bool]], limit: int) -> list[Talk]:
        at = tables.talk.c
        query = select(at.body).where(*where).order_by(at.opened.desc(), at.id).limit(limit)
        with self._db.reading() as connection:
            return [_talk(body) for body in connection.execute(query).scalars()]

    # ---- letters --------------------------------------------------------------------------------------------------

    def take(self, now: int, until: int, limit: int = 100) -> list[Letter]:
        """See Talks."""
        at = tables.letter.c
        query = select(tables.letter).where(at.due <= now, at.held <= now).order_by(at.due).limit(limit)
        with self._db.reading() as connection:
            if not connection.execute(query.limit(1)).first():
                return []  # the usual case: nothing is written, nothing is synced

        def work(connection: Connection) -> list[Letter]:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            ids = [row.id for row in rows]
            connection.execute(update(tables.letter).where(at.id.in_(ids)).values(held=until))
            return [_letter(row) for row in rows]

        return self._group.run(work)

    def letter(self, talk: str) -> Letter | None:
        """See Talks."""
        with self._db.reading() as connection:
            row = connection.execute(select(tables.letter).where(tables.letter.c.talk == talk)).one_or_none()
        return _letter(row) if row is not None else None

    def delivered(self, id: str) -> None:
        """See Talks."""
        self._group.run(lambda connection: connection.execute(_GONE, {"id": id}))

    def failed(self, id: str, due: int, error: str) -> None:
        """See Talks."""
        at = tables.letter.c
        values = {"due": due, "held": 0, "attempts": at.attempts + 1, "error": error[:1000]}
        self._group.run(lambda connection: connection.execute(update(tables.letter).where(at.id == id).values(values)))

    # ---- acts -----------------------------------------------------------------------------------------------------

    def acts(self, limit: int = 1000) -> list[tuple[int, Act]]:
        """See Talks."""
        with self._db.reading() as connection:
            rows = connection.execute(select(tables.act).order_by(tables.act.c.id).limit(limit)).all()
        return [(row.id, Act(row.kind, json.loads(row.facts), row.at)) for row in rows]

    def recorded(self, numbers: Sequence[int]) -> None:
        """See Talks."""
        gone = delete(tables.act).where(tables.act.c.id.in_(numbers))
        self._group.run(lambda connection: connection.execute(gone))

    # ---- agreements -----------------------------------------------------------------------------------------------

    def put(self, agreement: Agreement) -> None:
        """See Contracts."""
        self._group.run(lambda connection: _put(connection, agreement))

    def agreement(self, id: str) -> Agreement:
        """See Contracts."""
        with self._db.reading() as connection:
            row = connection.execute(select(tables.agreement).where(tables.agreement.c.id == id)).one_or_none()
        if row is None:
            raise NotFoundError("exchange.agreement", id=id)
        return _agreement(row)

    def agreements(self, peer: str = "", dataset: str = "", active: bool = False) -> list[Agreement]:
        """See Contracts."""
        at = tables.agreement.c
        query = select(tables.agreement).order_by(at.agreed.desc(), at.id)
        if peer:
            query = query.where(or_(at.provider == peer, at.consumer == peer))
        if dataset:
            query = query.where(at.dataset == dataset)
        if active:
            query = query.where(at.state == AgreementState.ACTIVE.value)
        with self._db.reading() as connection:
            return [_agreement(row) for row in connection.execute(query)]


# The statements of every step of every talk: as plain text they cost a third of what built ones do.
_TALK = text("select body from talk where id = :id and kind = :kind")
_KNOWN = text("select id from talk where kind = :kind and role = :role and peer = :peer and other = :other")
_SAME = text("select id from talk where id = :id")
_OPEN = text(
    "insert into talk (id, kind, role, peer, other, state, agreement, opened, due, version, body) values "
    "(:id, :kind, :role, :peer, :other, :state, :agreement, :opened, :due, :version, :body)"
)
_MOVE = text(
    "update talk set other = :other, state = :state, agreement = :agreement, due = :due, version = :version, "
    "body = :body where id = :id and version = :read"
)
_DROP = text("delete from letter where talk = :talk")
_GONE = text("delete from letter where id = :id")
_POST = text(
    "insert into letter (id, talk, peer, base, path, body, due, held, attempts, error) values "
    "(:id, :talk, :peer, :base, :path, :body, :due, :held, :attempts, :error)"
)
_ACT = text("insert into act (kind, facts, at) values (:kind, :facts, :at)")


def _write(connection: Connection, change: Change) -> bool:
    if change.talk is not None and not _write_talk(connection, change.talk):
        return False
    letter = change.letter
    if letter is not None or change.settled:
        talk = letter.talk if letter is not None else change.talk.id if change.talk is not None else ""
        if change.talk is None or change.talk.version:  # a new talk has none
            connection.execute(_DROP, {"talk": talk})
    if letter is not None:
        held = letter.due + LEASE_MS  # by the writer, who sends it now
        connection.execute(_POST, {name: getattr(letter, name) for name in LETTER} | {"held": held})
    for act in change.acts:
        connection.execute(_ACT, {"kind": act.kind, "facts": _json(act.facts), "at": act.at})
    for agreement in change.agreements:
        _put(connection, agreement)
    return True


LETTER: Final = ("id", "talk", "peer", "base", "path", "body", "due", "attempts", "error")


def _write_talk(connection: Connection, talk: Talk) -> bool:
    new = replace(talk, version=talk.version + 1)
    values: dict[str, Any] = {
        "id": new.id,
        "other": new.other or None,
        "state": new.state,
        "agreement": new.agreement,
        "due": new.due,
        "version": new.version,
        "body": _json(new),
    }
    if talk.version:
        return bool(connection.execute(_MOVE, values | {"read": talk.version}).rowcount)
    values |= {"kind": new.kind, "role": new.role, "peer": new.peer, "opened": new.opened}
    if connection.execute(_SAME, {"id": new.id}).first() is not None:
        return False
    if new.other and connection.execute(_KNOWN, {n: values[n] for n in ("kind", "role", "peer", "other")}).first():
        return False
    connection.execute(_OPEN, values)
    return True


def _put(connection: Connection, agreement: Agreement) -> None:
    values = {
        "id": agreement.id,
        "provider": agreement.provider,
        "consumer": agreement.consumer,
        "dataset": agreement.dataset,
        "agreed": agreement.agreed,
        "state": agreement.state.value,
        "changed": agreement.changed,
        "reason": agreement.reason,
        "replaces": agreement.replaces,
        "policy": _json(agreement.policy),
    }
    at = tables.agreement.c
    if not connection.execute(update(tables.agreement).where(at.id == agreement.id).values(values)).rowcount:
        connection.execute(insert(tables.agreement).values(values))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _talk(body: str) -> Talk:
    return msgspec.json.decode(body, type=Talk)


def _letter(row: Row[Any]) -> Letter:
    return Letter(row.id, row.talk, row.peer, row.base, row.path, row.body, row.due, row.attempts, row.error)


def _agreement(row: Row[Any]) -> Agreement:
    return Agreement(
        id=row.id,
        provider=row.provider,
        consumer=row.consumer,
        dataset=row.dataset,
        policy=json.loads(row.policy),
        agreed=row.agreed,
        state=AgreementState(row.state),
        changed=row.changed,
        reason=row.reason,
        replaces=row.replaces,
    )
