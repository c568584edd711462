"""Notices by webhook: a POST of JSON whose body is signed, so that the receiver knows where it comes from.

Headers: `X-Shangyou-Time` (s since 1970 UTC) and `X-Shangyou-Signature: sha256=<hex>`, the HMAC-SHA-256 under the
shared secret of the time, a full stop, and the body as sent. A receiver refuses what is older than a few minutes, and
tells doubles by `X-Shangyou-Id`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shangyou.core.errors import InputError, UnavailableError
from shangyou.governance.warning.notice import Notice

SECONDS: Final = 10.0
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Webhook:
    """Posts notices to addresses of the settings."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def send(self, address: str, notice: Notice) -> None:
        """See Channel. No redirection is followed: the address is the operator's, and nobody else's."""
        parts = _parts(address)
        body = json.dumps(
            {"id": notice.id, "at": notice.at, "title": notice.title, "text": notice.text, "link": notice.link},
            ensure_ascii=False,
        ).encode()
        at = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "x-shangyou-id": notice.id,
            "x-shangyou-time": at,
            "x-shangyou-signature": signature(self._secret, at, body),
        }
        path = parts.path or "/"
        try:
            line = _line(parts)
            try:
                line.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
                status = line.getresponse().status
            finally:
                line.close()
        except (OSError, HTTPException) as error:
            detail = f"{type(error).__name__}: {error}"[:200]
            raise UnavailableError("channel.failed", channel="webhook", address=_shown(parts), detail=detail) from error
        if not 200 <= status < 300:
            raise UnavailableError("channel.failed", channel="webhook", address=_shown(parts), detail=f"HTTP {status}")


def signature(secret: str, at: str, body: bytes) -> str:
    """What stands in the header."""
    return "sha256=" + hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        port_right = parts.port is None or parts.port > 0
    except ValueError:
        raise InputError("channel.address", channel="webhook", address=address[:200]) from None
    plain = address.isascii() and address.isprintable() and " " not in address
    if not (secure and parts.hostname and port_right and plain):
        raise InputError("channel.address", channel="webhook", address=address[:200])
    return parts


def _line(parts: SplitResult) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return HTTPSConnection(host, parts.port, timeout=SECONDS, context=ssl.create_default_context())
    return HTTPConnection(host, parts.port, timeout=SECONDS)


def _shown(parts: SplitResult) -> str:
    """Without what may be secret in it."""
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
