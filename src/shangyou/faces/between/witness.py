"""The ledger between nodes: cosigning (C2SP tlog-witness), telling which checkpoints are known, and own proofs.

POST /witness/add-checkpoint                        cosign a checkpoint, or say why not
POST /witness/opening                               hear how a log goes on that can no longer prove its past
GET  /witness/SHA-256(origin)/checkpoint            the checkpoint of a log that was cosigned here last
GET  /witness/checkpoints                           all of them, and our own newest
GET  /witness/log/checkpoint, /witness/log/consistency?old=&new=, /witness/log/entries?agreement=
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.ledger.checkpoint import parse_checkpoint, place_of
from shangyou.exchange.ledger.succession import OPENING_MOST
from shangyou.exchange.ledger.witness import BODY_MOST, SIZE_KIND, parse_request
from shangyou.faces.between.access import CODE, Call, endpoint
from shangyou.flows.succession import hear_opening
from shangyou.flows.told import as_json, tell_checkpoints
from shangyou.flows.witness import tell_consistency, tell_entries, witness
from shangyou.wiring_exchange import Exchange

TEXT: Final = "text/plain; charset=utf-8"


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [
        Route("/witness/add-checkpoint", endpoint(exchange, add_checkpoint, BODY_MOST), methods=["POST"]),
        Route("/witness/opening", endpoint(exchange, opening, OPENING_MOST), methods=["POST"]),
        Route("/witness/checkpoints", endpoint(exchange, checkpoints), methods=["GET"]),
        Route("/witness/log/checkpoint", endpoint(exchange, own_checkpoint), methods=["GET"]),
        Route("/witness/log/consistency", endpoint(exchange, own_consistency), methods=["GET"]),
        Route("/witness/log/entries", endpoint(exchange, own_entries), methods=["GET"]),
        Route("/witness/{place}/checkpoint", endpoint(exchange, checkpoint_of), methods=["GET"]),
    ]


def add_checkpoint(call: Call) -> Response:
    """Cosign, with an answer as tlog-witness says."""
    exchange, ledger = call.exchange, call.exchange.node.ledger
    request = parse_request(call.body)
    verdict, signature = witness(
        ledger, ledger.shelf, exchange.members, exchange.signer, request, call.member.id, exchange.now()
    )
    if signature is not None:
        return _text(signature.line())
    if verdict.status == 409:
        return Response(f"{verdict.size}\n", 409, {CODE: verdict.code, "content-type": SIZE_KIND})
    return Response(verdict.code + "\n", verdict.status, {CODE: verdict.code}, media_type=TEXT)


def opening(call: Call) -> Response:
    """Take in how a member's log goes on; said twice, it is heard once."""
    exchange, ledger = call.exchange, call.exchange.node.ledger
    try:
        text = call.body.decode()
    except UnicodeDecodeError:
        raise InputError("ledger.opening", detail="UTF-8") from None
    hear_opening(ledger, ledger.shelf, exchange.members, text, exchange.now())
    return _text("")


def checkpoints(call: Call) -> Response:
    """All that is known here, for comparing."""
    exchange, ledger = call.exchange, call.exchange.node.ledger
    return _json(tell_checkpoints(ledger.shelf, exchange.me, ledger.hash))


def checkpoint_of(call: Call) -> Response:
    """Of one log by the digest of its origin. NotFoundError "ledger.origin"."""
    place = call.request.path_params["place"]
    for note in call.exchange.node.ledger.shelf.all_cosigned():
        if place_of(parse_checkpoint(note.text).origin) == place:
            return _text(note.bytes().decode())
    raise NotFoundError("ledger.origin", name=place[:64])


def own_checkpoint(call: Call) -> Response:
    """Our own newest, with the cosignatures so far. NotFoundError "ledger.origin" before the first."""
    kept = call.exchange.node.ledger.shelf.checkpoint()
    if kept is None:
        raise NotFoundError("ledger.origin", name=call.exchange.me)
    return _text(kept.note.bytes().decode())


def own_consistency(call: Call) -> Response:
    """That our log only grew between two sizes."""
    old, new = (_number(call, name) for name in ("old", "new"))
    return _json(tell_consistency(call.exchange.node.ledger, old, new))


def own_entries(call: Call) -> Response:
    """What our log holds about an agreement, for its other party."""
    ledger = call.exchange.node.ledger
    agreement = call.request.query_params.get("agreement", "")
    return _json(tell_entries(ledger, ledger.shelf, call.member.id, agreement))


def _number(call: Call, name: str) -> int:
    text = call.request.query_params.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InputError("ledger.witness", detail=f"{name}={text[:20]!r}")
    return int(text)


def _text(text: str) -> Response:
    return Response(text, media_type=TEXT, headers={"cache-control": "no-store"})


def _json(told: dict[str, object]) -> Response:
    return Response(as_json(told), media_type="application/json", headers={"cache-control": "no-store"})
