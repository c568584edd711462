"""Signed-in stays: the cookie, how long a stay may last, and the key that every form must carry.

A stay ends eight hours after it began (kept by the People port) or after thirty idle minutes (kept here, so that a
request does not cost a write; when the node restarts, the idle time counts anew).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from shangyou.core.ports import People, Person

LONGEST = 8 * 3600  # seconds; OWASP ASVS 5.0 V7.3 asks for both limits
IDLE = 30 * 60
KEPT = 10_000
PROOFS = ("shangyou_stay", "shangyou_form")  # cookies that one node gives and no other can read


class Stays:
    """Who is signed in behind which cookie."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._seen: OrderedDict[bytes, int] = OrderedDict()  # digest of the token: last use [ms]
        self._lock = Lock()

    def open(self, name: str, at: int) -> str:
        """Begin a stay; returns its secret token."""
        token = self._people.open_login(name, at, at + LONGEST * 1000)
        self._touch(token, at)
        return token

    def person(self, token: str, at: int, used: bool = True) -> Person | None:
        """Who is behind a token at time `at` [ms]; None if the stay is over. Unless `used`, it goes on being idle."""
        if not token:
            return None
        last = self._seen.get(_digest(token))
        if last is not None and at - last > IDLE * 1000:
            self.close(token)
            return None
        person = self._people.login(token, at)
        if person is not None and (used or last is None):
            self._touch(token, at)
        return person

    def close(self, token: str) -> None:
        """End a stay."""
        self._people.close_login(token)
        with self._lock:
            self._seen.pop(_digest(token), None)

    def _touch(self, token: str, at: int) -> None:
        with self._lock:
            self._seen[_digest(token)] = at
            self._seen.move_to_end(_digest(token))
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def form_key(secret: str) -> str:
    """What each form of this stay (or, before sign-in, of this visit) must bring back.

    Salted anew each time, so that a compressed page tells nothing by its length (BREACH).
    """
    salt = secrets.token_hex(8)
    return f"{salt}.{_keyed(secret, salt)}"


def fits(secret: str, given: str) -> bool:
    """Was this key made from that secret?"""
    salt, _, rest = given.partition(".")
    return bool(secret) and hmac.compare_digest(_keyed(secret, salt).encode(), rest.encode())


def _keyed(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"form {salt}".encode(), "sha256").hexdigest()


def new_secret() -> str:
    """A secret for the forms of somebody who has not signed in."""
    return secrets.token_urlsafe(32)


def cookie_name(request: Request, name: str) -> str:
    """Over TLS a browser holds `__Host-` cookies to this very host; it refuses such a name without TLS.

    It does not tell the ports of a host apart: who signs in to one of several nodes on a machine stays signed in to
    the others because each has names of its own for what proves a stay.
    """
    own = f"{name}_{request.url.port}" if name in PROOFS and request.url.port else name
    return f"__Host-{own}" if request.url.scheme == "https" else own


def read_cookie(request: Request, name: str) -> str:
    """The value of one of our cookies, "" if it is not there."""
    return request.cookies.get(cookie_name(request, name), "")


def set_cookie(response: Response, request: Request, name: str, value: str, seconds: int | None = None) -> None:
    """Give the browser a cookie that no script can read and no other site can make it send with a form."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, request: Request, name: str) -> None:
    """Take it back."""
    set_cookie(response, request, name, "", 0)
