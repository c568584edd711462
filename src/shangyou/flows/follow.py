"""The provider's end of a feed: what is new, revised or withdrawn since a subscriber's cursor, page by page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pyarrow as pa

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.block import KINDS, digest_of, encode
from shangyou.exchange.feed import ROWS, Cursor, cursor, fitting, scopes_name, veiled
from shangyou.exchange.metering import Block, Count, Passage
from shangyou.exchange.outlet import WIRE, Place
from shangyou.exchange.policy.decision import Permitted
from shangyou.exchange.policy.select import selection as compiled
from shangyou.exchange.scope import Scope
from shangyou.flows.blocks import Cargo
from shangyou.flows.passage import Providing, permit, stop, terms


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed. With no rows it only says how far the subscriber has read."""

    cargo: Cargo
    cursor: str  # to ask the next page with
    more: bool  # is there more already


def page(providing: Providing, passage: Passage, given: str, until: str = "", limit: int = ROWS) -> Page:
    """The page after a cursor; "" = from the beginning, "now" = from here on; until: a cursor to end at (backfill).

    The same cursor asked again gives the same rows, and counts once. RefusedError "transfer.refused" stops the passage;
    ConflictError "feed.reset"; InputError "feed.cursor", "feed.resolution".
    """
    at = providing.now()
    asking = terms(providing, passage, at)

    def so_far(start: int | None, stop: int | None) -> tuple[int, int, int]:
        return providing.meters.count(passage.agreement, "provider", start, stop)

    try:
        permitted = permit(asking.decide(so_far))
    except RefusedError as error:
        stop(providing, passage, error)
        raise
    if permitted.resolution != "observed":
        raise InputError("feed.resolution", resolution=permitted.resolution)
    name = scopes_name(passage.agreement, permitted.scopes)
    if given == "now":
        places = tuple(providing.store.here(_horizon(scope, at)) for scope in permitted.scopes)
        return _page(pa.RecordBatch.from_pylist([], WIRE), Cursor(name, places), False)
    count = len(permitted.scopes)
    after = fitting(cursor(given), name, count) if given else Cursor(name, (Place(),) * count)
    end = fitting(cursor(until), name, count).places if until else None
    mark = hashlib.sha256(f"{given} {until}".encode()).hexdigest()[:32]
    pinned = passage.plan.split(" ") if passage.plan else []
    again = bool(pinned) and pinned[0] == mark
    read = _read(providing, permitted, after, end, at, int(pinned[1]) if again else limit)
    made = _page(read.rows, Cursor(name, read.places), read.more)
    if read.rows.num_rows:
        _leave(providing, passage, made, read, mark)
    return made


@dataclass(frozen=True, slots=True)
class _Read:
    rows: pa.RecordBatch
    places: tuple[Place, ...]
    more: bool
    raw: int  # rows before those that may not be seen are taken out


def _horizon(scope: Scope, at: int) -> int | None:
    return at - scope.delay + 1 if scope.delay else None


def _read(
    providing: Providing,
    permitted: Permitted,
    after: Cursor,
    end: tuple[Place, ...] | None,
    at: int,
    limit: int,
) -> _Read:
    parts, places, more, raw = list[pa.RecordBatch](), list[Place](), False, 0
    for number, scope in enumerate(permitted.scopes):
        place = after.places[number]
        wanted = compiled(replace(scope, delay=0), at, providing.registry.sites_of)
        if wanted is None or raw >= limit:
            places.append(place)
            more = more or wanted is not None
            continue
        horizon = _horizon(scope, at) if end is None else end[number].horizon
        row = None if end is None else end[number].row
        found = providing.store.changes(wanted, place, horizon, limit - raw, row)
        raw += found.rows.num_rows
        parts.append(veiled(found.rows, scope.review))
        places.append(found.place)
        more = more or found.more
    whole = pa.Table.from_batches(parts, WIRE).unify_dictionaries().combine_chunks().to_batches()
    rows = whole[0] if whole else pa.RecordBatch.from_pylist([], WIRE)
    return _Read(rows, tuple(places), more, raw)


def _page(rows: pa.RecordBatch, next: Cursor, more: bool) -> Page:
    body = encode(rows, "Arrow")
    return Page(Cargo(body, KINDS["Arrow"], Block("", rows.num_rows, len(body), digest_of(body))), next.text(), more)


def _leave(providing: Providing, passage: Passage, made: Page, read: _Read, mark: str) -> None:
    """Decide on a page and count it, unless these very bytes have left before after the same cursor."""
    at, block = providing.now(), made.cargo.block
    asking = terms(providing, passage, at)

    def weigh(count: Count) -> Block:
        scopes = permit(asking.decide(count)).scopes
        for what, size in (("rows", block.rows), ("bytes", block.bytes)):
            left = [getattr(scope, what) for scope in scopes if getattr(scope, what) is not None]
            if left and size > max(left):
                raise RefusedError("transfer.refused", rule="transfer.quota", reasons=[f"{what}: {size} > {max(left)}"])
        return replace(block, name=name)

    name = f"{mark}/{block.digest}"
    try:
        providing.meters.enter(passage.id, name, at, weigh, last=True)
    except RefusedError as error:
        stop(providing, passage, error)
        raise
    providing.meters.pin(passage.id, f"{mark} {read.raw}", passage.plan)
