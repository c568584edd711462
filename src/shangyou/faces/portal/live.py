"""Server-sent events: the node says that something changed, and the pages ask for the parts that show it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shangyou.faces.portal.node import Node
from shangyou.faces.portal.serve import Endpoint, Portal
from shangyou.faces.portal.stirring import stamp

EVERY = 2.0  # seconds between looks
LONGEST = 300.0  # then the browser comes again by itself, and the stay is checked anew
RETRY_MS = 3000
log = logging.getLogger("shangyou.portal")


async def events(node: Node, seen: str = "", every: float = EVERY, longest: float = LONGEST) -> AsyncIterator[str]:
    """A line of life at each look, and a `change` whenever the node's state differs from what the page has seen.

    The stamp goes along as the event's id, so a browser that lost the line says by itself where it stopped.
    """
    yield f"retry: {RETRY_MS}\n\n"
    for look in range(int(longest / every) + 1):
        if look:
            await anyio.sleep(every)
        found = await run_in_threadpool(stamp, node)
        if not found:
            log.warning("live events end: the node cannot be asked")
            return  # the browser shows that the line is lost and comes again
        known, seen = seen or found, found
        yield f"event: change\nid: {found}\ndata:\n\n" if found != known else ": still here\n\n"


def live(portal: Portal) -> Endpoint:
    """The address of the events; 204 tells the browser of somebody who is not signed in not to come again."""

    async def serve(request: Request) -> Response:
        visit = await run_in_threadpool(portal.visit, request, False)
        if visit.person is None:
            return Response(status_code=204)
        seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")
        return StreamingResponse(
            events(portal.node, seen), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    return serve
