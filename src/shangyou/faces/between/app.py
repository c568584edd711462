"""The application that answers other nodes: the routes of its parts, joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from shangyou.core.errors import NotFoundError
from shangyou.faces.between import catalogue, data, dossiers, dsp, question, trust, witness
from shangyou.faces.between.access import refused
from shangyou.wiring_exchange import Exchange

PARTS: Final[tuple[Callable[[Exchange], list[Route]], ...]] = (  # each part adds its `routes` here
    trust.routes,
    witness.routes,
    catalogue.routes,
    dsp.routes,
    data.routes,
    question.routes,
    dossiers.routes,
)


def create_between(exchange: Exchange) -> ASGIApp:
    """Everything under the prefixes of `faces.front.BETWEEN`."""

    def lost(request: Request, _: Exception) -> Response:
        return refused(NotFoundError("between.path", path=request.url.path[:200]), exchange)

    return Starlette(
        routes=[route for part in PARTS for route in part(exchange)],
        exception_handlers={404: lost, 405: lost},
    )
