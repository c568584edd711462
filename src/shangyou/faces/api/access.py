"""Who asks: the command line of this machine by its token, or a person by the portal's stay."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from starlette.requests import Request

from shangyou.core.clock import to_ms
from shangyou.core.errors import RefusedError

if TYPE_CHECKING:
    from shangyou.wiring import Node

SAFE = ("GET", "HEAD", "OPTIONS")
BY = "x-shangyou-by"  # name of whoever works at the command line; trusted only with the token


class UnknownError(RefusedError):
    """Nobody we know asks."""

    status = 401


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    role: str  # of a person; "local" for the command line
    language: str

    def need(self, roles: frozenset[str] | None, what: str) -> None:
        """RefusedError "api.role" unless the caller may; the command line, which could open the home, may all."""
        if roles is not None and self.role != "local" and self.role not in roles:
            raise RefusedError("api.role", role=self.role, what=what, roles=", ".join(sorted(roles)))


def caller(request: Request, node: Node, token: str) -> Caller:
    """Who is behind a request.

    Raises UnknownError "api.sign_in"; RefusedError "api.origin" for a change that another site's page sent.
    """
    given = request.headers.get("authorization", "")
    language = request.query_params.get("lang", "") or node.settings.language
    if given:
        kind, _, secret = given.partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(secret.strip().encode(), token.encode()):
            return Caller(unquote(request.headers.get(BY, "")) or "local", "local", language)
        raise UnknownError("api.sign_in")
    from shangyou.faces.portal import stays  # only who signs in there needs it

    stay = stays.read_cookie(request, "shangyou_stay")
    person = node.people.login(stay, to_ms(node.clock.now())) if stay else None
    if person is None:
        raise UnknownError("api.sign_in")
    if request.method not in SAFE and not _same_origin(request):
        raise RefusedError("api.origin")
    return Caller(person.name, person.role, request.query_params.get("lang", "") or person.language)


def _same_origin(request: Request) -> bool:
    """A browser says where a request comes from; without its word nothing is changed on the strength of a cookie."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")
