"""Who asks, and is this whole: every request between nodes goes through here before anything is done.

    async def handle(request: Request) -> Response: ...          a route's own endpoint may call `read` and `peer`
    endpoint(exchange, handler)                                  or leave all of it to this

Nothing is trusted that a token does not say; nothing is read beyond its bounds.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shangyou.core.errors import InputError, ShangyouError, UnavailableError
from shangyou.exchange.member import Member
from shangyou.exchange.token import Asked, Checked, TokenError, check
from shangyou.exchange.wire import MOST_BYTES
from shangyou.faces.api.problem import problem
from shangyou.wiring_exchange import Exchange

log = logging.getLogger("shangyou.between")
SECONDS: Final = 20.0  # until a body must be there: whoever sends slower is no node of ours
CODE: Final = "x-shangyou-code"  # the code again beside the body, for faces whose errors have another shape


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a member, whole and authenticated."""

    exchange: Exchange
    request: Request
    member: Member
    body: bytes


Handler = Callable[[Call], Response]
CLIENT_PIN: Final = "client_pin"  # of a request's state: pin of the certificate that the client has shown (mTLS)


def endpoint(
    exchange: Exchange, handler: Handler, most: int = MOST_BYTES, whatever: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """A plain function as a route's endpoint: body read, member known, run in a thread, errors as problems.

    most: bytes of a body. whatever: answer members of any standing, with a list of any age.
    """

    async def answer(request: Request) -> Response:
        try:
            if most > MOST_BYTES:  # nobody fills our memory who is no member
                await run_in_threadpool(known, request, exchange)
            body = await read(request, most)
            return await run_in_threadpool(_answered, request, body)
        except ShangyouError as error:
            return refused(error, exchange)
        except Exception:  # noqa: BLE001  a fault of ours is told as one, never with its trace
            return fault(request, exchange)

    def _answered(request: Request, body: bytes) -> Response:
        return handler(Call(exchange, request, peer(request, body, exchange, whatever), body))

    return answer


async def read(request: Request, most: int = MOST_BYTES, seconds: float = SECONDS) -> bytes:
    """The body. InputError "wire.size"; UnavailableError "wire.slow"."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise InputError("wire.size", bytes=int(told), most=most)
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                found += piece
                if len(found) > most:
                    raise InputError("wire.size", bytes=len(found), most=most)
    except TimeoutError:
        raise UnavailableError("wire.slow", seconds=seconds) from None
    except ClientDisconnect:
        raise InputError("wire.cut", bytes=len(found)) from None
    return bytes(found)


def peer(request: Request, body: bytes, exchange: Exchange, whatever: bool = False) -> Member:
    """The member behind a request. whatever: of any standing, with a list of any age.

    Raises TokenError "token.missing", "token.certificate" and as `token.check`, `Seen.take`; RefusedError
    "trust.stopped", "peer.standing".
    """
    checked = _checked(request, body, exchange)
    at = exchange.now()
    exchange.seen.take(checked, at)
    if not whatever:
        exchange.need_running(checked.member)
    return checked.member


def known(request: Request, exchange: Exchange) -> Member:
    """Who asks, before the body is read: it is looked at later, and the token is not used up. Raises as `peer`."""
    checked = _checked(request, None, exchange)
    exchange.need_running(checked.member)
    return checked.member


def _checked(request: Request, body: bytes | None, exchange: Exchange) -> Checked:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise TokenError("token.missing")
    asked = Asked(request.method, wire_path(request), body)
    checked = check(token.strip(), exchange.members.member, exchange.me, asked, exchange.now())
    shown, pins = str(getattr(request.state, CLIENT_PIN, "")), checked.member.pins
    if shown and pins and shown not in pins:  # a key alone does not do where the list names the certificate too
        raise TokenError("token.certificate", member=checked.member.id)
    return checked


def wire_path(request: Request) -> str:
    """Path and query as they stood on the line."""
    raw, query = request.scope.get("raw_path") or request.scope["path"].encode(), request.scope.get("query_string", b"")
    path: bytes = raw.partition(b"?")[0]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def refused(error: ShangyouError, exchange: Exchange) -> Response:
    """The answer for an error of ours, with its code in a header too."""
    answer = problem(error, exchange.node.settings.language)
    answer.headers[CODE] = error.code
    answer.headers["cache-control"] = "no-store"
    return answer


def fault(request: Request, exchange: Exchange) -> Response:
    """The answer for a bug: a number for the peer, the trace for our log. Call it where the bug is being handled."""
    reference = secrets.token_hex(4)
    log.error("fault %s at %s\n%s", reference, request.url.path, traceback.format_exc())
    return refused(ShangyouError("api.fault", reference=reference), exchange)
