"""Errors as `application/problem+json` (RFC 9457) with our code, sentence, remedy and facts."""

from __future__ import annotations

import logging
import secrets
import traceback

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.sentences import sentence

log = logging.getLogger("shangyou.api")
MEDIA = "application/problem+json"


def problem(error: ShangyouError, language: str) -> Response:
    """The answer for an error of ours."""
    said = sentence(error.code, error.facts, language if language in ("zh", "en") else "zh")
    body = {
        "type": f"urn:shangyou:error:{error.code}",
        "title": error.code,
        "status": error.status,
        "detail": said.text,
        "remedy": said.remedy,
        "code": error.code,
        "facts": {name: plain(value) for name, value in error.facts.items()},
    }
    headers = {"retry-after": "5"} if error.retryable else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(msgspec.json.encode(body), error.status, headers, MEDIA)


def plain(value: object) -> object:
    """A fact as JSON holds it."""
    if isinstance(value, bool | int | float | str | None):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return str(value)


def fault(request: Request, error: Exception, language: str) -> Response:
    """The answer for a bug: a number for the reader, the trace for the log."""
    reference = secrets.token_hex(4)
    log.error("fault %s at %s\n%s", reference, request.url.path, "".join(traceback.format_exception(error)))
    return problem(ShangyouError("api.fault", reference=reference), language)
