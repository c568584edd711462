"""The front of a serving node: which application answers which path.

Portal and API cost 20 MB and a second; each is loaded when the first request for it comes, so that an idle node stays
small and is ready soon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.faces.api.access import caller
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.problem import problem

LOOPBACK = ("127.0.0.1", "::1")
BETWEEN = (  # other nodes
    *("/dsp/", "/federation/", "/witness/", "/data/", "/question/", "/dossiers/"),
    "/.well-known/dspace-version",
)
HEADERS = (  # of every answer of the API: it is data, for whoever asked, once
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)


def _guarded(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *HEADERS]
        await send(message)

    return with_headers


class Front:
    """Portal, API, health and metrics of one node, as an ASGI application."""

    def __init__(self, desk: Desk, token: str, ready: Callable[[], str]) -> None:
        """`ready` gives the code of what is wrong, "" while all parts are up."""
        self._desk, self._token, self._ready = desk, token, ready
        self._made: dict[str, ASGIApp] = {}
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if scope["type"] != "http":
            return
        if path == "/healthz":
            await self._health()(scope, receive, send)
        elif path == "/metrics":
            await (await run_in_threadpool(self._metrics, Request(scope)))(scope, receive, send)
        elif path == "/api" or path.startswith("/api/"):
            await (await self._app("api", self._api))(scope, receive, _guarded(send))
        elif path.startswith(BETWEEN):
            await (await self._between())(scope, receive, _guarded(send))
        else:
            await (await self._app("portal", self._portal))(scope, receive, send)

    async def _app(self, name: str, make: Callable[[], ASGIApp]) -> ASGIApp:
        """An application, made once; the loop goes on meanwhile."""
        if name not in self._made:
            async with self._making:
                if name not in self._made:
                    self._made[name] = await run_in_threadpool(make)
        return self._made[name]

    async def _between(self) -> ASGIApp:
        """What answers other nodes; a node that is in no federation says so, until it is in one."""
        if "between" not in self._made:
            from shangyou.wiring_exchange import exchange

            found = await run_in_threadpool(exchange, self._desk.node)
            if found is None:
                return problem(NotFoundError("federation.none"), self._desk.node.settings.language)

            def make() -> ASGIApp:
                from shangyou.faces.between.app import create_between

                return create_between(found)

            return await self._app("between", make)
        return self._made["between"]

    def _api(self) -> ASGIApp:
        from shangyou.faces.api.app import create_api

        return create_api(self._desk, self._token)

    def _portal(self) -> ASGIApp:
        from shangyou.faces.portal import create_portal

        running = self._desk.running
        listener = running.listener if running is not None else None
        return create_portal(self._desk.node, listener.wake if listener is not None else lambda: None)

    def _health(self) -> Response:
        wrong = self._ready()
        return JSONResponse({"ready": not wrong, "code": wrong}, 503 if wrong else 200, {"cache-control": "no-store"})

    def _metrics(self, request: Request) -> Response:
        """For programmes on this machine, and for people who are signed in."""
        from shangyou.faces.api.metrics import metrics

        try:
            if request.client is None or request.client.host not in LOOPBACK:
                caller(request, self._desk.node, self._token)
            return PlainTextResponse(metrics(self._desk), media_type="text/plain; version=0.0.4; charset=utf-8")
        except ShangyouError as error:
            return problem(error, self._desk.node.settings.language)
