"""One look at whether anything has moved among contracts, transfers, dossiers: cheap enough for every two seconds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from shangyou.adapters.state import schema_contracts as contracts
from shangyou.adapters.state import schema_dossiers as dossiers
from shangyou.adapters.state import schema_meters as meters
from shangyou.adapters.state import schema_notices as notices
from shangyou.adapters.state.database import StateDatabase

NEWEST: Final = 200  # of a kind: what pages show


def stirring(database: StateDatabase) -> tuple[int, ...]:
    """Figures of which one differs after every step of the newest talks, letters, agreements, passages and receipts,
    after every entry of a dossier, and after every word of another member or channel on one.
    """
    talk, passage = contracts.talk.c, meters.passage.c
    talks = [
        select(talk.version).where(talk.kind == kind).order_by(talk.opened.desc()).limit(NEWEST).subquery()
        for kind in ("negotiation", "transfer")
    ]
    passages = select(passage.rows, passage.changed).order_by(passage.opened.desc()).limit(NEWEST).subquery()
    said, reception, notice = dossiers.dossier.c, dossiers.reception.c, notices.notice.c
    questions = (
        select(func.count(), func.sum(said.entries), func.max(said.changed)),
        select(func.count(reception.received), func.count().filter(reception.trouble != "")),
        select(func.count(), func.sum(notice.attempts), func.sum(notice.dropped)),
        *(select(func.count(), func.sum(each.c.version)).select_from(each) for each in talks),
        select(func.count(), func.sum(contracts.letter.c.attempts)),
        select(func.count(), func.max(contracts.agreement.c.changed)),
        select(func.count(), func.sum(passages.c.rows), func.max(passages.c.changed)).select_from(passages),
        select(func.count(), func.max(meters.receipt.c.at)),
    )
    with database.reading() as connection:
        return tuple(int(value or 0) for each in questions for value in connection.execute(each).one())
