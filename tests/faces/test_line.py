"""Lines to the web server: what never ends takes neither memory nor a place for long, and what is slow is served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import ClassVar

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shangyou.faces.line import HEAD_BYTES, BoundedProtocol
from shangyou.faces.serve import bound

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


class Brisk(BoundedProtocol):
    """The same with less patience."""

    head_seconds: ClassVar[float] = 0.3
    body_seconds: ClassVar[float] = 0.3
    body_bytes: ClassVar[int] = 8
    stuck_seconds: ClassVar[float] = 0.3


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """How long the body was; under /long far more than any line holds, under /late once the sender has waited."""
    request = Request(scope, receive)

    async def without_end() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)  # others have their turn too
            yield bytes(1 << 16)

    if request.url.path == "/long":
        await StreamingResponse(without_end())(scope, receive, send)
        return
    if request.url.path == "/late":
        await asyncio.sleep(3 * Brisk.body_seconds)
    await Response(str(len(await request.body())))(scope, receive, send)


def heard(talk: Talk) -> bytes:
    """What a client hears that talks so to such a server."""

    async def both() -> bytes:
        with bound("127.0.0.1", 0) as door:
            server = uvicorn.Server(uvicorn.Config(answers, http=Brisk, ws="none", lifespan="off", log_config=None))
            door.listen()
            serving = asyncio.create_task(server.serve([door]))
            reader, writer = await asyncio.open_connection(*door.getsockname())
            try:
                async with asyncio.timeout(20):
                    return await talk(reader, writer)
            finally:
                writer.close()
                server.should_exit = True
                await serving

    return asyncio.run(both())


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the line is closed, in whichever way."""
    found = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(1 << 16):
            found += piece
    return bytes(found)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n1234",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n",
    ],
)
def test_a_request_that_never_ends_loses_its_line(begun: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(begun)
        return await rest(reader)

    assert heard(talk) == b""


def test_a_line_on_which_requests_were_answered_is_watched_as_a_new_one_is() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx-")
        return await rest(reader)

    assert heard(talk) == b""


def test_a_head_that_comes_drop_by_drop_has_no_longer_than_any_other() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"a: b\r\n")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.02)
        return b"closed"

    assert heard(talk) == b"closed"


@pytest.mark.parametrize("piece", [b"x: " + b"y" * 1000 + b"\r\n", b"y" * 1000])
def test_a_head_without_end_is_refused_before_it_takes_memory(piece: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nz: ")
        await writer.drain()
        sent = 0
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and sent < 100 * HEAD_BYTES:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        assert sent < 100 * HEAD_BYTES
        return await rest(reader)

    assert heard(talk)[:12] in (b"HTTP/1.1 400", b"")  # a line that is reset may lose the answer


def test_a_body_that_comes_slowly_is_taken_whole() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 120\r\n\r\n")
        for _ in range(12):
            writer.write(b"x" * 10)
            await writer.drain()
            await asyncio.sleep(0.06)
        return await reader.readuntil(b"\r\n\r\n120")

    assert heard(talk).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("expect", [b"", b"expect: 100-continue\r\n"])
def test_a_sender_is_not_late_while_it_is_the_node_that_does_not_read(expect: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST /late HTTP/1.1\r\nhost: a\r\n" + expect + b"content-length: 200000\r\n\r\n")
        if expect:
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"x" * 200_000)
        return await reader.readuntil(b"\r\n\r\n200000")

    assert heard(talk).startswith(b"HTTP/1.1 200")


def test_who_takes_nothing_of_an_answer_loses_the_line() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n")
        await asyncio.sleep(5 * Brisk.stuck_seconds)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await rest(reader)  # what was on its way, and an end
        return b"closed"

    assert heard(talk) == b"closed"
