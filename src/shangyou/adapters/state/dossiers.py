"""exchange.dossier.cabinet.Cabinet in the state database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.group import GroupCommit
from shangyou.adapters.state.plain import Plain
from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.exchange.dossier import border
from shangyou.exchange.dossier.cabinet import Kept, Queued, Signed, Top
from shangyou.exchange.dossier.entry import OPEN, Entry
from shangyou.exchange.dossier.port import Heading, Reception
from shangyou.exchange.dossier.roll import INVITE, named, subject_of


class SqlDossiers:
    """Dossiers, their entries, and where each stands with the other members."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database
        self._group = GroupCommit(database)

    # ---- saying and hearing -----------------------------------------------------------------------------------------

    def say(self, dossier: str, make: Callable[[Top | None], Signed], me: str, now: int) -> Signed:
        """See Cabinet."""

        def work(connection: Plain) -> Signed:
            signed = make(_top(connection, dossier))
            if not connection.rows(_HELD, {"id": signed.id}):
                _write(connection, signed, me, now)
                _tell(connection, [signed], _top_of(connection, signed.entry.dossier).members, me, now)
                _welcome(connection, signed, me, now)
                _act(connection, signed, "said", now)
            return signed

        return self._group.run(work)

    def keep(self, batch: Sequence[Signed], me: str, now: int) -> Kept:
        """See Cabinet."""
        return self._group.run(lambda connection: _keep(connection, batch, me, now))

    def entries(self, dossier: str) -> list[Signed]:
        """See Cabinet."""
        with self._db.plain_reading() as connection:
            found = connection.rows(_ENTRIES, {"dossier": dossier})
        if not found:
            raise NotFoundError("dossier.unknown", id=dossier[:80])
        return [border.read(sealed) for (sealed,) in found]

    # ---- what there is ----------------------------------------------------------------------------------------------

    def tops(self, member: str) -> list[Top]:
        """See Cabinet."""
        with self._db.plain_reading() as connection:
            found = [_read_top(row) for row in connection.rows(_TOPS, {})]
        return [top for top in found if member in top.members]

    def headings(self, subject: str = "", limit: int = 200) -> list[Heading]:
        """See Cabinet."""
        sql = _HEADINGS_OF if subject else _HEADINGS
        with self._db.plain_reading() as connection:
            rows = connection.rows(sql, {"subject": subject, "limit": limit} if subject else {"limit": limit})
        return [
            Heading(id, about, tuple(json.loads(members)), opened, changed, entries)
            for id, about, members, opened, changed, entries in rows
        ]

    def receptions(self, dossier: str) -> list[Reception]:
        """See Cabinet."""
        with self._db.plain_reading() as connection:
            return [Reception(*row) for row in connection.rows(_RECEPTIONS, {"dossier": dossier})]

    # ---- what is to go to whom --------------------------------------------------------------------------------------

    def waiting(self, now: int) -> list[str]:
        """See Cabinet."""
        with self._db.plain_reading() as connection:
            return [member for (member,) in connection.rows(_WAITING, {"now": now})]

    def take(self, member: str, now: int, until: int, limit: int) -> list[Queued]:
        """See Cabinet."""

        def work(connection: Plain) -> list[Queued]:
            rows = connection.rows(_DUE, {"member": member, "now": now, "limit": limit})
            for id, _, _ in rows:
                connection.change(_HOLD, {"entry": id, "member": member, "held": until})
            return [Queued(border.read(sealed), attempts) for _, sealed, attempts in rows]

        return self._group.run(work)

    def queue(self, member: str, signed: Iterable[Signed], now: int) -> int:
        """See Cabinet."""
        listed = list(signed)

        def work(connection: Plain) -> int:
            return sum(_lay(connection, each, member, now, again=True) for each in listed)

        return self._group.run(work)

    def confirmed(self, member: str, signed: Iterable[Signed], at: int, receipt: str) -> None:
        """See Cabinet."""
        listed = list(signed)

        def work(connection: Plain) -> None:
            for each in listed:
                _lay(connection, each, member, at)
                connection.change(_CONFIRM, {"entry": each.id, "member": member, "at": at, "receipt": receipt})

        self._group.run(work)

    def failed(self, member: str, ids: Iterable[str], due: int, trouble: str) -> None:
        """See Cabinet."""
        listed = list(ids)

        def work(connection: Plain) -> None:
            for id in listed:
                connection.change(_FAIL, {"entry": id, "member": member, "due": due, "trouble": trouble[:200]})

        self._group.run(work)

    def hasten(self, member: str, now: int) -> bool:
        """See Cabinet."""
        with self._db.plain_reading() as connection:
            if not connection.rows(_LATER, {"member": member, "now": now}):
                return False  # the usual case: nothing is written, nothing is synced
        return bool(self._group.run(lambda connection: connection.change(_HASTEN, {"member": member, "now": now})))


# ---- in a transaction ------------------------------------------------------------------------------------------------


def _keep(connection: Plain, batch: Sequence[Signed], me: str, now: int) -> Kept:
    kept = Kept()
    arrived = {
        each.entry.dossier: each.entry for each in batch if each.entry.kind == INVITE and me in named(each.entry)
    }
    for signed in sorted(batch, key=lambda each: each.entry.number):
        entry = signed.entry
        if connection.rows(_HELD, {"id": signed.id}):
            kept.received.append(signed.id)
            continue
        top = _top(connection, entry.dossier)
        before = _before(connection, entry)
        if len(before) < len(entry.after):
            kept.lacking[entry.dossier] = sorted(top.heads) if top is not None else []
            continue
        try:
            if top is not None:
                border.need_fitting(entry, top, before, _all_if_new(connection, entry, top))
            elif me not in named(entry) and entry.dossier not in arrived:
                raise NotFoundError("dossier.not_ours", id=entry.dossier)
        except ShangyouError as error:
            kept.refused[signed.id] = error.code
            continue
        _write(connection, signed, me, now)
        _welcome(connection, signed, me, now)
        _act(connection, signed, "heard", now)
        kept.received.append(signed.id)
        kept.fresh.append(signed)
    return kept


def _before(connection: Plain, entry: Entry) -> list[Entry]:
    found = [connection.rows(_SEALED, {"id": id}) for id in entry.after]
    return [border.read(rows[0][0]).entry for rows in found if rows]


def _all_if_new(connection: Plain, entry: Entry, top: Top) -> list[Entry]:
    """All entries, if the opening does not name the author: then it counts what it had read itself."""
    rows = connection.rows(_ENTRIES, {"dossier": top.dossier})
    if entry.author in named(border.read(rows[0][0]).entry):
        return []
    return [border.read(sealed).entry for (sealed,) in rows]


def _write(connection: Plain, signed: Signed, me: str, now: int) -> None:
    entry = signed.entry
    values = {name: getattr(entry, name) for name in ("dossier", "number", "author", "kind", "at")}
    connection.change(_ENTER, {**values, "id": signed.id, "came": now, "sealed": signed.sealed})
    if entry.kind == OPEN:
        members = named(entry)
        connection.change(
            _BEGIN,
            {
                "id": entry.dossier,
                "subject": subject_of(entry),
                "ours": int(me in members),
                "now": now,
                "at": entry.at,
                "members": json.dumps(members),
                "heads": json.dumps({signed.id: 1}),
            },
        )
        return
    top = _top_of(connection, entry.dossier)
    gone = set(entry.after)
    heads = {id: number for id, number in top.heads.items() if id not in gone} | {signed.id: entry.number}
    members = tuple(sorted({*top.members, *named(entry)}))
    connection.change(
        _GO_ON,
        {
            "id": entry.dossier,
            "ours": int(me in members),
            "now": now,
            "number": max(top.number, entry.number),
            "at": max(top.at, entry.at),
            "members": json.dumps(members),
            "heads": json.dumps(heads),
        },
    )


def _tell(connection: Plain, signed: Iterable[Signed], members: Iterable[str], me: str, now: int) -> None:
    """Queue entries for members, due at once."""
    for each in signed:
        for member in members:
            if member != me:
                _lay(connection, each, member, now)


def _welcome(connection: Plain, signed: Signed, me: str, now: int) -> None:
    """Who is invited gets what was said before: all of it from who invites, what is our own from us."""
    if signed.entry.kind != INVITE:
        return
    rows = connection.rows(_ENTRIES, {"dossier": signed.entry.dossier})
    said = [border.read(sealed) for (sealed,) in rows]
    mine = said if signed.entry.author == me else [each for each in said if each.entry.author == me]
    _tell(connection, mine, named(signed.entry), me, now)


def _lay(connection: Plain, signed: Signed, member: str, due: int, again: bool = False) -> int:
    """A row for an entry that a member is to have. again: also if it confirmed it before."""
    place = {"entry": signed.id, "member": member}
    known = connection.rows(_LAID, place)
    if not known:
        connection.change(_LAY, {**place, "dossier": signed.entry.dossier, "due": due})
        return 1
    if again and known[0][0] is not None:
        return connection.change(_AGAIN, {**place, "due": due})
    return 0


def _act(connection: Plain, signed: Signed, what: str, now: int) -> None:
    """What is said and heard goes into the ledger, by way of the same table as the acts of contracts."""
    entry = signed.entry
    facts = {"act": f"dossier.{what}", "author": entry.author, "dossier": entry.dossier, "entry": signed.id}
    connection.change(_ACT, {"kind": "notice", "facts": json.dumps({**facts, "said": entry.kind}), "at": now})


def _top(connection: Plain, dossier: str) -> Top | None:
    rows = connection.rows(_TOP, {"id": dossier})
    return _read_top(rows[0]) if rows else None


def _top_of(connection: Plain, dossier: str) -> Top:
    found = _top(connection, dossier)
    assert found is not None
    return found


def _read_top(row: Sequence[Any]) -> Top:
    id, members, heads, number, at, entries = row
    known: Mapping[str, int] = json.loads(heads)
    return Top(id, tuple(json.loads(members)), known, number, at, entries)


_TOP: Final = "select id, members, heads, number, at, entries from dossier where id = :id"
_TOPS: Final = "select id, members, heads, number, at, entries from dossier order by id"
_HEADINGS: Final = (
    "select id, subject, members, opened, changed, entries from dossier where ours = 1 "
    "order by changed desc, id limit :limit"
)
_HEADINGS_OF: Final = _HEADINGS.replace("where", "where subject = :subject and")
_HELD: Final = "select 1 from dossier_entry where id = :id"
_SEALED: Final = "select sealed from dossier_entry where id = :id"
_ENTRIES: Final = "select sealed from dossier_entry where dossier = :dossier order by number, author, id"
_ENTER: Final = (
    "insert into dossier_entry (id, dossier, number, author, kind, at, came, sealed) values "
    "(:id, :dossier, :number, :author, :kind, :at, :came, :sealed)"
)
_BEGIN: Final = (
    "insert into dossier (id, subject, ours, opened, changed, entries, number, at, members, heads) values "
    "(:id, :subject, :ours, :at, :now, 1, 1, :at, :members, :heads)"
)
_GO_ON: Final = (
    "update dossier set ours = :ours, changed = :now, entries = entries + 1, number = :number, at = :at, "
    "members = :members, heads = :heads where id = :id"
)
_RECEPTIONS: Final = (
    "select entry, member, received, attempts, trouble from dossier_reception where dossier = :dossier "
    "order by entry, member"
)
_WAITING: Final = "select distinct member from dossier_reception where due <= :now and held <= :now order by member"
_DUE: Final = (
    "select r.entry, e.sealed, r.attempts from dossier_reception r join dossier_entry e on e.id = r.entry "
    "where r.member = :member and r.due <= :now and r.held <= :now order by e.at, e.number, e.id limit :limit"
)
_HOLD: Final = "update dossier_reception set held = :held where entry = :entry and member = :member"
_LAID: Final = "select received from dossier_reception where entry = :entry and member = :member"
_LAY: Final = (
    "insert into dossier_reception (entry, member, dossier, due, held, attempts, trouble, received, receipt) values "
    "(:entry, :member, :dossier, :due, 0, 0, '', null, '')"
)
_AGAIN: Final = (
    "update dossier_reception set due = :due, held = 0, received = null, receipt = '' "
    "where entry = :entry and member = :member"
)
_CONFIRM: Final = (
    "update dossier_reception set due = null, held = 0, attempts = attempts + 1, trouble = '', "
    "received = :at, receipt = :receipt where entry = :entry and member = :member and received is null"
)
_FAIL: Final = (
    "update dossier_reception set due = :due, held = 0, attempts = attempts + 1, trouble = :trouble "
    "where entry = :entry and member = :member and received is null"
)
# What was refused waits its time: two who refuse each other's entries must not spur each other on.
_LATER: Final = (
    "select 1 from dossier_reception where member = :member and due > :now and held <= :now "
    "and trouble = 'peer.unreachable' limit 1"
)
_HASTEN: Final = (
    "update dossier_reception set due = :now where member = :member and due > :now and held <= :now "
    "and trouble = 'peer.unreachable'"
)
_ACT: Final = "insert into act (kind, facts, at) values (:kind, :facts, :at)"
