"""From rows to an HTTP answer: which format is wanted, and the bytes as they are made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shangyou.core.errors import InputError
from shangyou.faces.rows import MEDIA, Rows, encode


def wanted(request: Request) -> str:
    """The format asked for by `format=` or else by the Accept header; JSON where neither says. "rows.format"."""
    named = request.query_params.get("format", "")
    if named:
        if named not in MEDIA:
            raise InputError("rows.format", format=named, known=", ".join(MEDIA))
        return named
    accepted = request.headers.get("accept", "")
    return next((name for name, media in MEDIA.items() if media.partition(";")[0] in accepted), "json")


def answer(rows: Rows, format: str, name: str) -> Response:
    """Rows as an answer. Its first bytes are made here, so that an error still becomes a problem, not a torn file."""
    parts: Iterator[bytes] = encode(rows, format)
    first = next(parts, b"")
    headers = {}
    if format in ("csv", "parquet", "xlsx"):
        headers["content-disposition"] = f'attachment; filename="{name}.{format}"'
    return StreamingResponse(chain([first], parts), media_type=MEDIA[format], headers=headers)
