"""What travels as whole files: intake, and the backup of a node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import FastAPI, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from shangyou.core.errors import InputError
from shangyou.faces.api.access import Caller
from shangyou.faces.api.backup import backup
from shangyou.faces.api.deeds import KEEPERS, STEWARDS
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.intake import take_in
from shangyou.faces.api.pieces import pieces
from shangyou.flows.receive import LARGEST

INGEST: Final = "/api/v1/ingest"  # whose body is a file
AT_ONCE = 2  # files held in memory at a time, of up to a gigabyte each


def add_transfers(app: FastAPI, desk: Desk, asked: Callable[[Request], Caller]) -> None:
    """Add the addresses of intake and backup."""
    room = asyncio.Semaphore(AT_ONCE)

    @app.post(INGEST, tags=["intake"], summary="Take a file in; the body is the file.")
    async def ingest(
        request: Request,
        name: Annotated[str, Query(description="file name, with enough of its path to name the year", min_length=1)],
        kind: Annotated[str, Query(description="cnemc-csv, cnemc-json, cnemc-page or table; none: by its bytes")] = "",
        note: Annotated[str, Query(description="what the reader must know beside the bytes")] = "",
    ) -> Response:
        who = await run_in_threadpool(asked, request)
        who.need(STEWARDS, "ingest")
        async with room:
            body = await _body(request, name)
            taken = await run_in_threadpool(take_in, desk, name, body, kind, note)
        if desk.running is not None:
            desk.running.worker.wake()
        return JSONResponse(taken)

    @app.get("/api/v1/backup", tags=["node"], summary="The whole node as a tar file, packed with zstd.")
    def whole(request: Request) -> Response:
        asked(request).need(KEEPERS, "backup")
        return StreamingResponse(pieces(lambda write: backup(desk, write)), media_type="application/zstd")


async def _body(request: Request, name: str) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise InputError("receive.large", name=name, bytes=len(body), largest=LARGEST)
    return bytes(body)
