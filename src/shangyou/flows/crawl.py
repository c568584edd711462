"""Reading the catalogues of other members: what changed since the last time, from each owner itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from shangyou.core.errors import InputError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.catalogue.feed import PAGE, PATH, Page, facts_of, read_page
from shangyou.exchange.catalogue.port import Catalogue, Cursor, Source, Taken
from shangyou.exchange.member import Role, Standing
from shangyou.exchange.ports import Members, Peers

MOST: Final = 100_000  # entries of one member
PAGES: Final = 2 * MOST // PAGE  # of one attempt: twice the whole, so that beginning anew has room
EVERY: Final = 60_000  # ms between two readings of a member
LONGEST: Final = 3_600_000  # ms between two attempts at a member that fails
SECONDS: Final = 30.0  # for one page


def crawl(owner: str, peers: Peers, catalogue: Catalogue, now: Callable[[], int], most: int = MOST) -> Source:
    """Read a member's catalogue on from where it stood, and note how it went.

    Entries are taken from their owner alone, so nothing comes twice or in a circle. Each page is entered in a
    transaction with the cursor: after a break at any point the next attempt goes on. A failure is no error of
    the caller: it stands in the source, with its reason, and the entries that were there stay.
    """
    counts, failure = Taken(), None
    try:
        counts = _read(owner, peers, catalogue, now, most)
    except ShangyouError as error:
        failure = (error.code, facts_of(error))
    at = now()
    due = at + (EVERY if failure is None else _pause(catalogue, owner))
    catalogue.settle(owner, at, due, counts, failure)
    return _source(catalogue, owner)


def _read(owner: str, peers: Peers, catalogue: Catalogue, now: Callable[[], int], most: int) -> Taken:
    """Pages until the last; raises what went wrong."""
    counts, anew = Taken(), 0
    for _ in range(PAGES):
        cursor = catalogue.cursor(owner)
        taken = catalogue.take(_page(owner, peers, cursor), now(), most)
        if taken is None:  # another reader was quicker: go on from where that one is
            continue
        counts += taken
        if taken.complete:
            return counts
        anew += taken.anew
        if anew > 1:  # read from 0 and still not what the owner says it has
            raise InputError("catalogue.summary", owner=owner)
    raise InputError("catalogue.endless", owner=owner, pages=PAGES)


def _page(owner: str, peers: Peers, cursor: Cursor) -> Page:
    path = f"{PATH}?{urlencode({'since': cursor.sequence, 'limit': PAGE})}"
    answer = peers.call(owner, "GET", path, seconds=SECONDS)
    if answer.status in (401, 403):
        raise RefusedError("catalogue.refused", owner=owner, status=answer.status)
    if answer.status != 200:
        raise UnavailableError("catalogue.answer", owner=owner, status=answer.status)
    return read_page(answer.body, owner, cursor.sequence)


def _pause(catalogue: Catalogue, owner: str) -> int:
    """Twice as long after each failure, an hour at most [ms]."""
    failures = next((source.failures for source in catalogue.sources() if source.owner == owner), 0)
    return min(LONGEST, EVERY << min(failures, 10))


def _source(catalogue: Catalogue, owner: str) -> Source:
    return next(source for source in catalogue.sources() if source.owner == owner)


def others(members: Members) -> list[str]:
    """Members whose catalogues are read: all other providers that are in good standing."""
    return [
        member.id
        for member in members.members()
        if member.id != members.me and member.standing is Standing.ACTIVE and Role.PROVIDER in member.roles
    ]


def due(members: Members, catalogue: Catalogue, at: int) -> list[str]:
    """Members that are to be asked now, who waited longest first."""
    waiting: Mapping[str, int] = {source.owner: source.due for source in catalogue.sources()}
    return sorted((id for id in others(members) if waiting.get(id, 0) <= at), key=lambda member: waiting.get(member, 0))


def leave(members: Members, catalogue: Catalogue) -> None:
    """Remove the entries of members that have left for good."""
    gone = {member.id for member in members.members() if member.standing is Standing.REVOKED} - {members.me}
    if gone:
        for source in catalogue.sources():
            if source.owner in gone:
                catalogue.forget(source.owner)


def crawl_due(members: Members, peers: Peers, catalogue: Catalogue, now: Callable[[], int]) -> list[Source]:
    """Read all members that are due, one after the other."""
    leave(members, catalogue)
    return [crawl(owner, peers, catalogue, now) for owner in due(members, catalogue, now())]
