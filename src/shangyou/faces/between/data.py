"""Data between nodes: blocks of a pull, why it stopped, receipts.

GET  /data/transfers/{id}           how many blocks there are, and the digest of those that have left
GET  /data/transfers/{id}?block=n   a block; If-Match: its digest, where it was had before
GET  /data/transfers/{id}/notice    the signed notice that it was stopped
POST /data/receipts                 a consumer's receipt, to be countersigned

Beside the token of the member each names the secret of the transfer's DataAddress in x-transfer-authorization.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.exchange.metering import Passage
from shangyou.faces.between.access import Call, endpoint
from shangyou.faces.moving import Moving, moving
from shangyou.flows.blocks import Cargo, block, manifest
from shangyou.flows.deliver import DIGEST, RECEIPTS, SECRET, countersign
from shangyou.flows.passage import admitted, stop
from shangyou.wiring_exchange import Exchange

PIECE: Final = 1 << 18  # bytes between two looks at whether the transfer was stopped
PLAIN: Final = {"cache-control": "no-store"}


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    return [
        Route("/data/transfers/{id}", endpoint(exchange, pull), methods=["GET"]),
        Route("/data/transfers/{id}/notice", endpoint(exchange, notice), methods=["GET"]),
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
            stop(plane.providing, passage, str(error.facts.get("rule") or error.code), str(error.facts.get("reasons")))
        raise
    wanted = call.request.headers.get("if-match", "").strip('"')
    if wanted and wanted != cargo.block.digest:
        raise ConflictError("transfer.changed", id=passage.id, number=asked)
    return _body(plane, passage, cargo)


def notice(call: Call) -> Response:
    """That and why the passage was stopped. NotFoundError "transfer.no_notice" while it was not."""
    plane = moving(call.exchange)
    passage = plane.providing.meters.passage(call.request.path_params["id"])
    if passage.peer != call.member.id or not passage.notice:
        raise NotFoundError("transfer.no_notice", id=passage.id)
    return _json(passage.notice)


def receive_receipt(call: Call) -> Response:
    """Countersign what a consumer says that it received."""
    exchange, plane = call.exchange, moving(call.exchange)
    made, told = countersign(
        plane.providing.meters, exchange.members, exchange.signer, call.member.id, call.body, exchange.now()
    )
    document = told["receipt"]
    assert isinstance(document, Mapping)
    exchange.tell("receipt", document["document"])
    if made.differences:
        exchange.tell("alarm", {"code": "receipt.difference", "facts": {"differences": list(made.differences)}})
    return _json(told)


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
