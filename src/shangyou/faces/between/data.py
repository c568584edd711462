"""Data between nodes: blocks of a pull, pages of a feed, why it stopped, receipts.

GET  /data/transfers/{id}           how many blocks there are, and the digest of those that have left
GET  /data/transfers/{id}?block=n   a block; If-Match: its digest, where it was had before
GET  /data/transfers/{id}/notice    the signed notice that it was stopped
POST /data/feeds/{id}               a page of what is new since a cursor; waits a while for it
POST /data/push/{name}?block=n      a block that the provider pushes; ?whole=digest: that was all
POST /data/receipts                 a consumer's receipt, to be countersigned

Beside the token of the member each names the secret of the transfer's DataAddress in x-transfer-authorization.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError
from shangyou.exchange.metering import Passage
from shangyou.exchange.wire import parsed_object
from shangyou.faces.between.access import Call, endpoint, fault, peer, read, refused
from shangyou.faces.moving import Moving, moving
from shangyou.flows.blocks import Cargo, block, manifest
from shangyou.flows.deliver import DIGEST, RECEIPTS, SECRET, countersign
from shangyou.flows.follow import Page, page
from shangyou.flows.passage import admitted, stop
from shangyou.flows.push import PATH, expected, take, whole
from shangyou.flows.subscribe import CURSOR, MORE
from shangyou.wiring_exchange import Exchange

PIECE: Final = 1 << 18  # bytes between two looks at whether the transfer was stopped
LONGEST: Final = 20_000  # ms that a request may wait for something new
LOOK: Final = 1.0  # seconds between two decisions on a request that waits
MOST_BLOCK: Final = 32 << 20  # bytes of a block that is pushed
PLAIN: Final = {"cache-control": "no-store"}


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [
        Route("/data/transfers/{id}", endpoint(exchange, pull), methods=["GET"]),
        Route("/data/transfers/{id}/notice", endpoint(exchange, notice), methods=["GET"]),
        Route("/data/feeds/{id}", feeding(exchange), methods=["POST"]),
        Route("/data/feeds/{id}/notice", endpoint(exchange, notice), methods=["GET"]),
        Route(f"{PATH}/{{name}}", endpoint(exchange, pushed, MOST_BLOCK), methods=["POST"]),
        Route(RECEIPTS, endpoint(exchange, receive_receipt), methods=["POST"]),
    ]


def pull(call: Call) -> Response:
    """A block, or how many there are."""
    plane, passage = _asked(call)
    asked = call.request.query_params.get("block")
    try:
        if asked is None:
            return _json(manifest(plane.providing, passage))
        cargo = block(plane.providing, passage, _number(asked))
    except RefusedError as error:
        if plane.providing.meters.passage(passage.id).state == "started":  # what is asked for is refused as a whole
            stop(plane.providing, passage, error)
        raise
    wanted = call.request.headers.get("if-match", "").strip('"')
    if wanted and wanted != cargo.block.digest:
        raise ConflictError("transfer.changed", id=passage.id, number=asked)
    return _body(plane, passage, cargo)


def notice(call: Call) -> Response:
    """That and why the passage was stopped. NotFoundError "transfer.unknown"; "transfer.no_notice" while it was not."""
    plane = moving(call.exchange)
    passage = plane.providing.meters.passage(call.request.path_params["id"])
    if passage.peer != call.member.id:
        raise NotFoundError("transfer.unknown", id=passage.id[:80])
    if not passage.notice:
        raise NotFoundError("transfer.no_notice", id=passage.id)
    return _json(passage.notice)


def pushed(call: Call) -> Response:
    """A block that a provider pushes, or its word that this was all of them."""
    plane, asked = moving(call.exchange), call.request.query_params
    secret = call.request.headers.get(SECRET, "")
    passage = expected(plane.taking, call.request.url.path, call.member.id, secret)
    if "whole" in asked:
        whole(plane.taking, passage, asked["whole"])
        plane.pool.submit(plane.receipted, passage.id)
    else:
        digest = call.request.headers.get(DIGEST, "")
        take(plane.taking, passage, _number(asked.get("block", "")), call.body, digest)
    return Response(status_code=204, headers=PLAIN)


def receive_receipt(call: Call) -> Response:
    """Countersign what a consumer says that it received."""
    exchange, plane = call.exchange, moving(call.exchange)
    meters, at = plane.providing.meters, exchange.now()
    told = countersign(meters, exchange.members, exchange.signer, call.member.id, call.body, at, record=exchange.tell)
    return _json(told)


class Bell:
    """Wakes requests that wait for something new in the store."""

    def __init__(self) -> None:
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    def ring(self) -> None:
        """From any thread."""
        with self._lock:
            for loop, event in self._waiting:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(event.set)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set at each ring while within."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(mine)
        try:
            yield mine[1]
        finally:
            with self._lock:
                self._waiting.discard(mine)


def feeding(exchange: Exchange) -> Callable[[Request], Awaitable[Response]]:
    """A page of a feed; a request that finds nothing waits as long as it says, without a thread."""
    bell = Bell()
    exchange.node.store.on_change(bell.ring)

    def first(request: Request, body: bytes) -> Call:
        return Call(exchange, request, peer(request, body, exchange), body)

    async def answer(request: Request) -> Response:
        try:
            body = await read(request)
            call = await run_in_threadpool(first, request, body)
            asked = _feed_asked(parsed_object(body))
            with bell.heard() as event:
                until = time.monotonic() + asked.wait / 1000
                while True:
                    event.clear()
                    found = await run_in_threadpool(_fed, call, asked)
                    left = until - time.monotonic()
                    if found.cargo.block.rows or found.more or left <= 0:
                        return _fed_page(found)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(event.wait(), min(left, LOOK))
        except ShangyouError as error:
            return refused(error, exchange)
        except Exception:  # noqa: BLE001  a fault of ours is told as one, never with its trace
            return fault(request, exchange)

    return answer


@dataclass(frozen=True, slots=True)
class _FeedAsked:
    cursor: str
    until: str
    wait: int


def _feed_asked(told: Mapping[str, object]) -> _FeedAsked:
    at, until, wait = told.get("cursor"), told.get("until", ""), told.get("wait", 0)
    if not isinstance(at, str) or not isinstance(until, str) or type(wait) is not int or not 0 <= wait <= LONGEST:
        raise InputError("feed.cursor")
    return _FeedAsked(at, until, wait)


def _fed(call: Call, asked: _FeedAsked) -> Page:
    """Standing is asked each time too: a request may have waited while the list changed."""
    call.exchange.need_running(call.exchange.members.member(call.member.id))
    plane, passage = _asked(call)
    return page(plane.providing, passage, asked.cursor, asked.until)


def _fed_page(found: Page) -> Response:
    headers = {DIGEST: found.cargo.block.digest, CURSOR: found.cursor, MORE: "1" if found.more else "0"}
    return Response(found.cargo.body, media_type=found.cargo.kind, headers=PLAIN | headers)


def _asked(call: Call) -> tuple[Moving, Passage]:
    plane = moving(call.exchange)
    secret = call.request.headers.get(SECRET, "")
    return plane, admitted(plane.providing, call.request.path_params["id"], call.member.id, secret)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InputError("transfer.block_name", name=text[:32])
    return int(text)


def _body(plane: Moving, passage: Passage, cargo: Cargo) -> Response:
    """The bytes of a block, in pieces; a transfer that is stopped meanwhile breaks off."""
    headers = {
        DIGEST: cargo.block.digest,
        "etag": f'"{cargo.block.digest}"',
        "x-block-rows": str(cargo.block.rows),
        "content-length": str(cargo.block.bytes),
    }
    pieces = _pieces(cargo.body, lambda: passage.id in plane.halted)
    return StreamingResponse(pieces, media_type=cargo.kind, headers=PLAIN | headers)


async def _pieces(body: bytes, halted: Callable[[], bool]) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        if halted():
            return  # the peer sees a body that is too short, and asks why
        yield body[start : start + PIECE]


def _json(told: object) -> Response:
    return Response(msgspec.json.encode(told), media_type="application/json", headers=PLAIN)
