"""Questions of other members: answered from this node's store as far as its agreements with them reach."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.exchange.metering import Count, Tally
from shangyou.exchange.question import parsed
from shangyou.exchange.reply import MEDIA, digest, packed
from shangyou.faces.between.access import Call, endpoint
from shangyou.faces.contracting import contracting
from shangyou.flows.allow import Provider
from shangyou.flows.answer import Own, answer_member
from shangyou.flows.ledger import record
from shangyou.flows.query import PATH
from shangyou.wiring import rivers
from shangyou.wiring_exchange import Exchange

PROVIDER: Final = "provider"
MOST: Final = 1 << 20  # bytes of a question


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [Route(PATH, endpoint(exchange, question, MOST), methods=["POST"])]


def own_of(exchange: Exchange) -> Own:
    """What this node answers from."""
    node = exchange.node
    return Own(exchange.me, node.store, node.registry, node.settings.simulated)


def provider_of(exchange: Exchange) -> Provider:
    """What it needs besides to answer others."""
    meters = SqlMeters(exchange.node.database)

    def spend(agreement: str, tally: Tally, before: tuple[int, int, int] | None) -> None:
        def weigh(count: Count) -> Tally:
            if before is not None and count(None, None) != before:
                raise UnavailableError("query.busy", agreement=agreement)
            return tally

        meters.spend(agreement, PROVIDER, exchange.now(), weigh)

    def meter(agreement: str) -> Count:
        return lambda start, stop: meters.count(agreement, PROVIDER, start, stop)

    waters = rivers(exchange.node).waters
    return Provider(contracting(exchange).control.contracts, exchange.catalogue.dataset, meter, spend, waters)


def question(call: Call) -> Response:
    """Answer it, and write down what was decided before anything leaves."""
    exchange, asked, at = call.exchange, parsed(call.body), call.exchange.now()
    facts: dict[str, object] = {"consumer": call.member.id, "question": digest(asked), "purpose": asked.purpose}
    try:
        header, table = answer_member(own_of(exchange), provider_of(exchange), call.member, asked, at)
    except ShangyouError as error:
        if error.status == 403:
            codes = sorted({str(each["code"]) for each in _left(error)})
            record(exchange.node.ledger, "decision", {**facts, "outcome": "refused", "codes": [error.code, *codes]}, at)
        raise
    body = packed(table, header)
    codes = sorted({each.code for each in header.left})
    outcome = {"outcome": "narrowed" if codes else "permitted", "agreements": list(header.agreements), "codes": codes}
    record(exchange.node.ledger, "decision", {**facts, **outcome, "rows": len(table), "values": header.values}, at)
    return Response(body, media_type=MEDIA)


def _left(error: ShangyouError) -> list[dict[str, object]]:
    left = error.facts.get("left")
    return [each for each in left if isinstance(each, dict)] if isinstance(left, list) else []
