"""The trust list between nodes: versions, lists handed over and fetched, drafts to sign, requests to join, the pulse.

A list speaks for itself by its anchors' signatures, so handing one over needs no token: a node whose list is too old to
know our key must still be able to learn it. A request to join carries its own proof. All else needs a token.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shangyou import __version__
from shangyou.core.errors import InputError, RefusedError, ShangyouError
from shangyou.exchange.wire import parsed_object
from shangyou.faces.between.access import Call, endpoint, fault, read, refused
from shangyou.flows import federation, joining, telling
from shangyou.wiring_exchange import FORK, Exchange

MOST_LISTS = 4 << 20  # bytes of lists handed over at once
MOST_STEPS = 64


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [
        Route("/federation/list/version", _open(exchange, version, 0), methods=["GET"]),
        Route("/federation/list", endpoint(exchange, lists_after, whatever=True), methods=["GET"]),
        Route("/federation/list", _open(exchange, take_lists, MOST_LISTS), methods=["POST"]),
        Route("/federation/join", _open(exchange, join, 65_536), methods=["POST"]),
        Route("/federation/drafts", endpoint(exchange, take_draft, whatever=True), methods=["POST"]),
        Route("/federation/pulse", endpoint(exchange, pulse, whatever=True), methods=["GET"]),
    ]


def version(exchange: Exchange, body: bytes) -> Response:
    """Version of the list in force here."""
    return PlainTextResponse(str(exchange.trust.trusted.version))


def take_lists(exchange: Exchange, body: bytes) -> Response:
    """Newer lists, handed over by anybody; answered with our word that we have the one in force."""
    lists = parsed_object(body, MOST_LISTS).get("lists")
    if not isinstance(lists, list) or len(lists) > MOST_STEPS:
        raise InputError("trust.document", where="lists", detail="list")
    try:
        exchange.trust.accept(lists, exchange.now())
    except RefusedError as error:
        if error.code == FORK:  # signed by our own anchors, or it would have been refused before
            exchange.tell("alarm", {"code": FORK, "list": exchange.trust.trusted.version})
        raise
    return JSONResponse(telling.receipt(exchange.trust, exchange.signer, exchange.now()))


def join(exchange: Exchange, body: bytes) -> Response:
    """A newcomer asks to be let in; asked again, it hears how far that is."""
    sealed = parsed_object(body, 65_536)
    answered = joining.receive(exchange.trust, sealed, exchange.now())
    if answered.outcome is not None:
        exchange.hand_on(answered.outcome)
        answered = joining.receive(exchange.trust, sealed, exchange.now())
    lists = joining.lists_for(exchange.trust, sealed, exchange.now()) if answered.state == "admitted" else []
    return _json({"state": answered.state, "lists": lists})


def lists_after(call: Call) -> Response:
    """The lists after a version, oldest first."""
    asked = call.request.query_params.get("after", "0")
    if not asked.isdigit() or len(asked) > 9:
        raise InputError("trust.document", where="after", detail=asked[:32])
    return _json({"lists": call.exchange.trust.after(int(asked))})


def take_draft(call: Call) -> Response:
    """A next version that waits for signatures."""
    exchange = call.exchange
    outcome = federation.take_draft(exchange.trust, parsed_object(call.body).get("draft"), exchange.now())
    if not outcome.lacking:
        exchange.hand_on(outcome)
    return JSONResponse({"version": outcome.version, "lacking": outcome.lacking})


def pulse(call: Call) -> Response:
    """How this node is, to a member."""
    exchange = call.exchange
    told = {"version": exchange.trust.trusted.version, "time": exchange.now(), "program": __version__}
    return JSONResponse(told)


def _open(
    exchange: Exchange, handler: Callable[[Exchange, bytes], Response], most: int
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that needs no token, for what proves itself."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(handler, exchange, await read(request, most))
        except ShangyouError as error:
            return refused(error, exchange)
        except Exception:  # noqa: BLE001  a fault of ours is told as one, never with its trace
            return fault(request, exchange)

    return answer


def _json(value: object) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), media_type="application/json")
