"""The trust list between nodes: which version, the lists since a version, and new ones handed over.

A list speaks for itself by its anchors' signatures, so handing one over needs no token: a node whose list is too old to
know our key must still be able to learn it. Reading the lists needs one, of a member of whatever standing.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shangyou.core.errors import InputError, ShangyouError
from shangyou.exchange.wire import parsed_object
from shangyou.faces.between.access import Call, endpoint, fault, read, refused
from shangyou.wiring_exchange import Exchange

MOST_LISTS = 4 << 20  # bytes of lists handed over at once


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""

    async def version(request: Request) -> Response:
        return PlainTextResponse(str(exchange.trust.trusted.version))

    async def take(request: Request) -> Response:
        try:
            body = parsed_object(await read(request, MOST_LISTS), MOST_LISTS)
            lists = body.get("lists")
            if not isinstance(lists, list) or len(lists) > 64:
                raise InputError("trust.document", where="lists", detail="list")
            return JSONResponse({"version": exchange.trust.accept(lists, exchange.now()).trusted.version})
        except ShangyouError as error:
            return refused(error, exchange)
        except Exception:  # noqa: BLE001
            return fault(request, exchange)

    return [
        Route("/federation/list/version", version, methods=["GET"]),
        Route("/federation/list", endpoint(exchange, lists_after, whatever=True), methods=["GET"]),
        Route("/federation/list", take, methods=["POST"]),
    ]


def lists_after(call: Call) -> Response:
    """The lists after a version, oldest first."""
    asked = call.request.query_params.get("after", "0")
    if not asked.isdigit() or len(asked) > 9:
        raise InputError("trust.document", where="after", detail=asked[:32])
    body = json.dumps({"lists": call.exchange.trust.after(int(asked))}, ensure_ascii=False)
    return Response(body, media_type="application/json")
