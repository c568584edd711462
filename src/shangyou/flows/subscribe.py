"""The subscriber's end of a feed: fresh pages first, then what was there before; each page and its cursor at once.

The cursor is kept in the store, in the transaction that takes the rows in. A page that is lost is asked for again, one
that comes twice finds that the cursor has moved on; so each change is in effect exactly once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from shangyou.core.errors import ConflictError, InputError, ShangyouError, UnavailableError
from shangyou.exchange.block import decode, digest_of
from shangyou.exchange.feed import MOST
from shangyou.exchange.metering import Block, Passage
from shangyou.exchange.outlet import WIRE
from shangyou.flows.deliver import DIGEST, PAUSES, Taking, ask, batch_of, halted

CURSOR: Final = "x-feed-cursor"
MORE: Final = "x-feed-more"
DONE: Final = "done"  # the mark of a backfill that is over
NOTHING: Final = pa.RecordBatch.from_pylist([], WIRE)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a feed brought."""

    rows: int = 0
    more: bool = False  # is there more already, fresh or from before


def marks(passage: Passage) -> tuple[str, str, str]:
    """Names of the marks of a feed in the store: fresh, back, and where the backfill ends."""
    return (f"feed {passage.id}", f"feed {passage.id} back", f"feed {passage.id} end")


def turn(taking: Taking, passage: Passage, wait: int = 0) -> Turn:
    """Ask for what is fresh; where there is none, for a page of what was there before the subscription.

    wait [ms]: how long the provider may keep the request open for something new; none while there is a backfill.
    Raises UnavailableError where it goes on later; what the provider refuses stops the passage.
    """
    fresh, back, end = marks(passage)
    try:
        at = taking.store.mark(fresh)
        if not at:
            return _begin(taking, passage)
        behind = taking.store.mark(back) != DONE
        found = _page(taking, passage, fresh, at, "", 0 if behind else wait)
        if found.rows or found.more or not behind:
            return Turn(found.rows, found.more or behind)
        before = taking.store.mark(back)
        found = _page(taking, passage, back, before, taking.store.mark(end), 0)
        if not found.more:
            taking.store.take(batch_of(passage, taking.now()), NOTHING, (back, taking.store.mark(back), DONE))
        return Turn(found.rows, True)
    except ConflictError as error:
        if error.code != "feed.reset":
            raise _held(taking, passage, error) from error
        _reset(taking, passage)
        return Turn(0, True)
    except UnavailableError:
        raise
    except ShangyouError as error:
        raise _held(taking, passage, error) from error


def _held(taking: Taking, passage: Passage, error: ShangyouError) -> ShangyouError:
    if error.code in PAUSES or error.facts.get("state") in ("offered", "paused"):
        return UnavailableError("transfer.waiting", why=error.code)
    halted(taking, passage, error)
    return error


def _begin(taking: Taking, passage: Passage) -> Turn:
    """Learn where the provider's store ends now: all before it is the backfill, all after it is fresh."""
    fresh, back, end = marks(passage)
    answer = _asked(taking, passage, "now", "", 0)
    batch = batch_of(passage, taking.now())
    wanted = passage.selection.get("backfill", True) is not False
    taking.store.take(batch, NOTHING, (end, taking.store.mark(end), answer[1]))
    taking.store.take(batch, NOTHING, (back, taking.store.mark(back), "" if wanted else DONE))
    taking.store.take(batch, NOTHING, (fresh, "", answer[1]))  # last: only with it the feed has begun
    return Turn(0, wanted)


def _reset(taking: Taking, passage: Passage) -> None:
    """The provider's store or the terms are others now: begin again; what is there already is not doubled."""
    batch = batch_of(passage, taking.now())
    for name in marks(passage):
        taking.store.take(batch, NOTHING, (name, taking.store.mark(name), ""))


def _page(taking: Taking, passage: Passage, mark: str, given: str, until: str, wait: int) -> Turn:
    rows, next, more = _asked(taking, passage, given, until, wait)
    batch = batch_of(passage, taking.now())
    taking.store.take(batch, rows, (mark, given, next))
    return Turn(rows.num_rows, more)


def _asked(taking: Taking, passage: Passage, given: str, until: str, wait: int) -> tuple[pa.RecordBatch, str, bool]:
    body = json.dumps({"cursor": given, "until": until, "wait": wait}).encode()
    answer = ask(taking, passage, passage.endpoint, "POST", body)
    next, digest = answer.headers.get(CURSOR, ""), digest_of(answer.body)
    if answer.headers.get(DIGEST, "") != digest:
        raise UnavailableError("transfer.damaged", number=-1)
    if not next or len(next) > MOST:
        raise InputError("feed.cursor")
    rows = decode(answer.body, "Arrow")
    if rows.num_rows:  # counted before it is kept: a page that is asked for again has the same name
        name = f"{hashlib.sha256(f'{given} {until}'.encode()).hexdigest()[:32]}/{digest}"
        block = Block(name, rows.num_rows, len(answer.body), digest)
        taking.meters.enter(passage.id, name, taking.now(), lambda _: block, last=True)
    return rows, next, answer.headers.get(MORE) == "1"
