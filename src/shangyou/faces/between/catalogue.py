"""The catalogue between nodes: a member reads what has changed since it last asked, as far as it may see it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from shangyou.core.errors import InputError
from shangyou.exchange.catalogue.entry import FORMATS
from shangyou.exchange.catalogue.feed import PAGE, PATH
from shangyou.faces.between.access import Call, endpoint
from shangyou.flows.feed import page
from shangyou.wiring_exchange import Exchange

DSP = "/dsp/2025-1"


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [Route(PATH, endpoint(exchange, changes), methods=["GET"])]


def changes(call: Call) -> Response:
    """A page of the change feed; `since` and `limit` in the address. InputError "catalogue.since"."""
    exchange = call.exchange
    since, limit = (_number(call, name, otherwise) for name, otherwise in (("since", 0), ("limit", PAGE)))
    service = exchange.members.member(exchange.me).address.rstrip("/") + DSP
    body = page(exchange.catalogue, exchange.me, call.member.id, since, limit, service, FORMATS)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


def _number(call: Call, name: str, otherwise: int) -> int:
    text = call.request.query_params.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InputError("catalogue.since", name=name, value=text[:32])
    return int(text)
