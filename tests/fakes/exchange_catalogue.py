"""Members with catalogues who ask each other without a wire, which may lose, cut and spoil what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import delete

from shangyou.adapters.state import SqlCatalogue, StateDatabase
from shangyou.adapters.state.schema_catalogue import entry, facet, feed, own, refusal, source
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.exchange.dataset import DataLevel, Dataset, DatasetQuery, Offer, Sharing
from shangyou.exchange.member import Level, Member, Standing
from shangyou.exchange.ports import Answer
from shangyou.flows.feed import page

OPEN = {"permission": [{"action": "use"}]}


def a_dataset(id: str, title: str = "", at: int = 1, **more: object) -> Dataset:
    """A dataset that anybody may have, with some of its fields as given."""
    owner = id.partition("/")[0]
    query = DatasetQuery(sections=("51.甲",), parameters=("ammonia_nitrogen",), cadences=("hour",))
    made = Dataset(
        id, owner, title or f"{id} 的小时值", f"Hours of {id}", query, (Offer(f"{id}#open", OPEN),), changed=at
    )
    return replace(made, **more)  # type: ignore[arg-type]


def not_shared(id: str) -> Dataset:
    """One that is for its owner alone."""
    return a_dataset(id, sharing=Sharing.NONE, offers=(), level=DataLevel.IMPORTANT)


class FewMembers:
    """A trust list of members that are named."""

    def __init__(self, me: str, *others: str) -> None:
        self.me = me
        self._all = {
            id: Member(id, id, id, Level.PROVINCIAL, "510000", f"https://{id}.example", ()) for id in (me, *others)
        }

    def member(self, id: str) -> Member:
        """See Members."""
        if id not in self._all:
            raise NotFoundError("federation.member", id=id)
        return self._all[id]

    def members(self) -> list[Member]:
        """See Members."""
        return list(self._all.values())

    def stand(self, id: str, standing: Standing) -> None:
        """Let a member stand otherwise."""
        self._all[id] = replace(self._all[id], standing=standing)


class Wire:
    """Calls of one member to catalogues of others. `spoil` may change or refuse each answer."""

    def __init__(self, me: str, catalogues: Mapping[str, SqlCatalogue], limit: int = 500) -> None:
        self._me, self._catalogues, self._limit = me, catalogues, limit
        self.calls = 0
        self.spoil: Callable[[int, Answer], Answer] = lambda number, answer: answer

    def call(
        self,
        member: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """See Peers."""
        self.calls += 1
        if member not in self._catalogues:
            raise UnavailableError("peer.unreachable", member=member)
        asked = parse_qs(urlsplit(path).query)
        limit = min(int(asked["limit"][0]), self._limit)
        said = page(
            self._catalogues[member], member, self._me, int(asked["since"][0]), limit, "https://x", ("CSV-PULL",)
        )
        return self.spoil(self.calls, Answer(200, "application/json", said))

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """See Peers; nothing streams here."""
        raise UnavailableError("peer.unreachable", member=member)


def in_memory() -> SqlCatalogue:
    """A catalogue that is gone with the test."""
    return SqlCatalogue(StateDatabase(""))


def emptied(database: StateDatabase) -> SqlCatalogue:
    """A catalogue without anything in a database that was used before: making one anew costs a tenth of a second."""
    with database.writing() as connection:
        for table in (facet, entry, own, feed, source, refusal):
            connection.execute(delete(table))
        connection.exec_driver_sql("drop table if exists catalogue_words")
    return SqlCatalogue(database)


def changed(answer: Answer, change: Callable[[dict[str, object]], object]) -> Answer:
    """An answer whose JSON was changed on its way."""
    said = json.loads(answer.body)
    change(said)
    return replace(answer, body=json.dumps(said, ensure_ascii=False).encode())
