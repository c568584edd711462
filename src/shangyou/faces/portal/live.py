"""Server-sent events: the node says that something changed, and the pages ask for the parts that show it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shangyou.core.errors import UnavailableError
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.serve import Endpoint, Portal
from shangyou.faces.portal.shelf import state
from shangyou.faces.portal.stirring import stirred

EVERY = 2.0  # seconds between looks
LONGEST = 300.0  # then the browser comes again by itself, and the stay is checked anew
RETRY_MS = 3000
log = logging.getLogger("shangyou.portal")


async def events(node: Node, every: float = EVERY, longest: float = LONGEST) -> AsyncIterator[str]:
    """A line of life at once and at each look, and a `change` event whenever the node's state has changed."""
    yield f"retry: {RETRY_MS}\n\n"
    try:
        known = await run_in_threadpool(_whole, node)
        for _ in range(int(longest / every)):
            await anyio.sleep(every)
            found = await run_in_threadpool(_whole, node)
            yield "event: change\ndata:\n\n" if found != known else ": still here\n\n"
            known = found
    except UnavailableError as error:
        log.warning("live events end: %s", error)  # the browser shows that the line is lost and comes again


def _whole(node: Node) -> tuple[object, ...]:
    return (*state(node), *stirred(node))


def live(portal: Portal) -> Endpoint:
    """The address of the events; 204 tells the browser of somebody who is not signed in not to come again."""

    async def serve(request: Request) -> Response:
        visit = await run_in_threadpool(portal.visit, request, False)
        if visit.person is None:
            return Response(status_code=204)
        return StreamingResponse(
            events(portal.node), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    return serve
