"""Bodies of requests, bounded before anything reads them: nobody fills the memory of a node who may not even ask.

Frameworks take a body whole before they ask who sent it. Here it is counted as it comes, whether or not its length was
said in advance; what is too long is answered at once, and the rest of it is thrown away as it arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shangyou.core.errors import ShangyouError, TooLargeError

ANYBODY: Final = 1 << 16  # bytes that anybody may send, before it is asked who it is: of 1000 at once 64 MB


class Bounded:
    """An ASGI application that is given no more of a body than its sender may send."""

    def __init__(
        self,
        app: ASGIApp,
        most: int,
        need_known: Callable[[Request], object],
        refusal: Callable[[Request, ShangyouError], Response],
        streamed: Collection[str] = (),
    ) -> None:
        """most: bytes of who is known. need_known: raises where nobody known asks. streamed: paths that see to it."""
        self._app, self._most, self._need_known, self._refusal = app, most, need_known, refusal
        self._streamed = frozenset(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in self._streamed:
            await self._app(scope, receive, send)
            return
        request, taken, begun = Request(scope), 0, False
        refused: ShangyouError | None = None

        async def counted() -> Message:
            nonlocal taken, refused
            message = await receive()
            before, taken = taken, taken + len(message.get("body", b""))
            refused = refused or await self._fault(request, before, taken)
            return {"type": "http.disconnect"} if refused else message  # whatever reads it then gives up

        async def answered(message: Message) -> None:
            nonlocal begun
            if refused is None:
                begun = True
                await send(message)

        told = request.headers.get("content-length", "")
        refused = await self._fault(request, 0, int(told) if told.isdecimal() else 0)
        try:
            if refused is None:
                await self._app(scope, counted, answered)
        except Exception:
            if refused is None:
                raise
        if refused is not None and not begun:
            await self._refusal(request, refused)(scope, receive, send)

    async def _fault(self, request: Request, before: int, size: int) -> ShangyouError | None:
        """What is wrong with a body of so many bytes, of which so many were looked at before."""
        if size > self._most:
            return TooLargeError("api.size", most=self._most)
        if before <= ANYBODY < size:
            try:
                await run_in_threadpool(self._need_known, request)
            except ShangyouError as error:
                return error
        return None
