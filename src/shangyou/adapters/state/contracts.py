"""exchange.dsp.talk.Talks and exchange.ports.Contracts in the state database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Row, select

from shangyou.adapters.state import schema_contracts as tables
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.group import GroupCommit
from shangyou.adapters.state.plain import Plain, clashed
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
            if clashed(error) and change.talk is not None and change.talk.version == 0:
                return False  # the other end's request came twice at once
            raise

    def talk(self, kind: str, id: str) -> Talk:
        """See Talks."""
        with self._db.plain_reading() as connection:
            found = connection.rows(_TALK, {"id": id, "kind": kind})
        if not found:
            raise NotFoundError("dsp.unknown", kind=kind, id=id)
        return _talk(found[0][0])

    def opened(self, kind: str, role: str, peer: str, other: str) -> Talk | None:
        """See Talks."""
        with self._db.plain_reading() as connection:
            found = connection.rows(_OPENED, {"kind": kind, "role": role, "peer": peer, "other": other})
        return _talk(found[0][0]) if found else None

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
        given = {"now": now, "limit": limit}
        with self._db.plain_reading() as connection:
            if not connection.rows(_WAITING, {"now": now, "limit": 1}):
                return []  # the usual case: nothing is written, nothing is synced

        def work(connection: Plain) -> list[Letter]:
            found = [Letter(*row) for row in connection.rows(_WAITING, given)]
            for each in found:
                connection.change(_HOLD, {"id": each.id, "held": until})
            return found

        return self._group.run(work)

    def letter(self, talk: str) -> Letter | None:
        """See Talks."""
        with self._db.reading() as connection:
            row = connection.execute(select(tables.letter).where(tables.letter.c.talk == talk)).one_or_none()
        return _letter(row) if row is not None else None

    def delivered(self, id: str) -> None:
        """See Talks."""
        self._group.run(lambda connection: connection.change(_GONE, {"id": id}))

    def failed(self, id: str, due: int, error: str) -> None:
        """See Talks."""
        values = {"id": id, "due": due, "error": error[:1000]}
        self._group.run(lambda connection: connection.change(_FAILED, values))

    # ---- acts -----------------------------------------------------------------------------------------------------

    def acts(self, limit: int = 1000) -> list[tuple[int, Act]]:
        """See Talks."""
        with self._db.plain_reading() as connection:
            rows = connection.rows(_ACTS, {"limit": limit})
        return [(id, Act(kind, json.loads(facts), at)) for id, kind, facts, at in rows]

    def recorded(self, numbers: Sequence[int]) -> None:
        """See Talks."""

        def work(connection: Plain) -> None:
            for number in numbers:
                connection.change(_RECORDED, {"id": number})

        self._group.run(work)

    # ---- agreements -----------------------------------------------------------------------------------------------

    def put(self, agreement: Agreement) -> None:
        """See Contracts."""
        self._group.run(lambda connection: _put(connection, agreement))

    def agreement(self, id: str) -> Agreement:
        """See Contracts."""
        with self._db.plain_reading() as connection:
            found = connection.rows(_AGREEMENT, {"id": id})
        if not found:
            raise NotFoundError("exchange.agreement", id=id)
        return _agreement(found[0])

    def agreements(self, peer: str = "", dataset: str = "", active: bool = False) -> list[Agreement]:
        """See Contracts."""
        wanted = {"peer": peer, "dataset": dataset, "state": AgreementState.ACTIVE.value if active else ""}
        terms = " and ".join(_AGREEMENTS_WHERE[name] for name, value in wanted.items() if value)
        query = f"{_AGREEMENTS}{' where ' if terms else ''}{terms} order by agreed desc, id"
        with self._db.plain_reading() as connection:
            return [_agreement(row) for row in connection.rows(query, wanted)]


# The statements of every step of every talk.
_TALK: Final = "select body from talk where id = :id and kind = :kind"
_OPENED: Final = "select body from talk where kind = :kind and role = :role and peer = :peer and other = :other"
_SAME: Final = "select id from talk where id = :id"
_OPEN: Final = (
    "insert into talk (id, kind, role, peer, other, state, agreement, opened, due, version, body) values "
    "(:id, :kind, :role, :peer, :other, :state, :agreement, :opened, :due, :version, :body)"
)
_MOVE: Final = (
    "update talk set other = :other, state = :state, agreement = :agreement, due = :due, version = :version, "
    "body = :body where id = :id and version = :read"
)
_DROP: Final = "delete from letter where talk = :talk"
_GONE: Final = "delete from letter where id = :id"
_POST: Final = (
    "insert into letter (id, talk, peer, base, path, body, due, held, attempts, error) values "
    "(:id, :talk, :peer, :base, :path, :body, :due, :held, :attempts, :error)"
)
_WAITING: Final = (
    "select id, talk, peer, base, path, body, due, attempts, error from letter where due <= :now and held <= :now "
    "order by due limit :limit"
)
_HOLD: Final = "update letter set held = :held where id = :id"
_FAILED: Final = "update letter set due = :due, held = 0, attempts = attempts + 1, error = :error where id = :id"
_ACT: Final = "insert into act (kind, facts, at) values (:kind, :facts, :at)"
_ACTS: Final = "select id, kind, facts, at from act order by id limit :limit"
_RECORDED: Final = "delete from act where id = :id"
_AGREEMENTS: Final = (
    "select id, provider, consumer, dataset, agreed, state, changed, reason, replaces, policy from agreement"
)
_AGREEMENTS_WHERE: Final = {
    "peer": "(provider = :peer or consumer = :peer)",
    "dataset": "dataset = :dataset",
    "state": "state = :state",
}
_AGREEMENT: Final = f"{_AGREEMENTS} where id = :id"
_AGREE: Final = (
    "insert into agreement (id, provider, consumer, dataset, agreed, state, changed, reason, replaces, policy) values "
    "(:id, :provider, :consumer, :dataset, :agreed, :state, :changed, :reason, :replaces, :policy) "
    "on conflict (id) do update set provider = :provider, consumer = :consumer, dataset = :dataset, agreed = :agreed, "
    "state = :state, changed = :changed, reason = :reason, replaces = :replaces, policy = :policy"
)


def _write(connection: Plain, change: Change) -> bool:
    if change.talk is not None and not _write_talk(connection, change.talk):
        return False
    letter = change.letter
    if letter is not None or change.settled:
        talk = letter.talk if letter is not None else change.talk.id if change.talk is not None else ""
        if change.talk is None or change.talk.version:  # a new talk has none
            connection.change(_DROP, {"talk": talk})
    if letter is not None:
        held = letter.due + LEASE_MS  # by the writer, who sends it now
        connection.change(_POST, {name: getattr(letter, name) for name in LETTER} | {"held": held})
    for act in change.acts:
        connection.change(_ACT, {"kind": act.kind, "facts": _json(act.facts), "at": act.at})
    for agreement in change.agreements:
        _put(connection, agreement)
    return True


LETTER: Final = ("id", "talk", "peer", "base", "path", "body", "due", "attempts", "error")


def _write_talk(connection: Plain, talk: Talk) -> bool:
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
        return bool(connection.change(_MOVE, values | {"read": talk.version}))
    values |= {"kind": new.kind, "role": new.role, "peer": new.peer, "opened": new.opened}
    if connection.rows(_SAME, {"id": new.id}):
        return False
    if new.other and connection.rows(_OPENED, {n: values[n] for n in ("kind", "role", "peer", "other")}):
        return False
    connection.change(_OPEN, values)
    return True


def _put(connection: Plain, agreement: Agreement) -> None:
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
    connection.change(_AGREE, values)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _talk(body: str) -> Talk:
    return _TALKS.decode(body)


_TALKS: Final = msgspec.json.Decoder(Talk)


def _letter(row: Row[Any]) -> Letter:
    return Letter(row.id, row.talk, row.peer, row.base, row.path, row.body, row.due, row.attempts, row.error)


def _agreement(row: Sequence[Any]) -> Agreement:
    """From the columns in the order in which they are in the table."""
    id, provider, consumer, dataset, agreed, state, changed, reason, replaces, policy = row
    return Agreement(
        id=id,
        provider=provider,
        consumer=consumer,
        dataset=dataset,
        policy=json.loads(policy),
        agreed=agreed,
        state=AgreementState(state),
        changed=changed,
        reason=reason,
        replaces=replaces,
    )
