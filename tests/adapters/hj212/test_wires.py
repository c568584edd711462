"""Many sockets in one turn: nothing lost, nobody waits for another, one fault costs one line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import uvloop

from shangyou.adapters.hj212.wires import LINES_A_TURN, Switchboard, Wire

PATIENCE_S = 20


class Echo(asyncio.Protocol):
    """Sends back what it hears, and notes what it is told."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.told = hall, list[str]()
        self.heard = b""
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast(Wire, transport)
        self.hall.lines.append(self)
        self.hall.came.set()

    def data_received(self, data: bytes) -> None:
        if data == b"fail":
            raise RuntimeError("a fault of ours")
        self.heard += data
        self.hall.came.set()
        self.wire.write(data)

    def eof_received(self) -> bool:
        self.told.append("eof")
        self.wire.write(b"bye")
        self.wire.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost" if exc else "closed")
        self.lost.set()

    def pause_writing(self) -> None:
        self.told.append("full")

    def resume_writing(self) -> None:
        self.told.append("free")


class Hall:
    """A switchboard of echoes, and peers that connect to it."""

    def __init__(self) -> None:
        self.lines: list[Echo] = []
        self.came = asyncio.Event()
        self.board = Switchboard(lambda: Echo(self))
        self.address = ("", 0)

    async def peer(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        count = len(self.lines)
        made = await asyncio.open_connection(*self.address)
        await self.until(lambda: len(self.lines) > count)
        return made

    async def until(self, wanted: Any) -> None:
        while not wanted():
            self.came.clear()
            await self.came.wait()


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    made = Hall()
    made.address = await made.board.listen("127.0.0.1", 0, 100)
    try:
        yield made
    finally:
        made.board.stop_listening()
        for line in made.lines:
            line.wire.abort()
            await line.lost.wait()
        made.board.close()


def run(test: Coroutine[Any, Any, None], fast: bool = False) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if fast else None) as runner:
        runner.run(asyncio.wait_for(test, PATIENCE_S))


@pytest.mark.parametrize("fast", [False, True])
def test_what_is_sent_comes_back_whole_from_every_line(fast: bool) -> None:
    async def test() -> None:
        async with hall() as here:
            peers = [await here.peer() for _ in range(20)]
            for step in range(5):
                for number, (_, writer) in enumerate(peers):
                    writer.write(b"%d-%d;" % (number, step))
            for number, (reader, writer) in enumerate(peers):
                wanted = b"".join(b"%d-%d;" % (number, step) for step in range(5))
                assert await reader.readexactly(len(wanted)) == wanted
                writer.close()

    run(test(), fast)


def test_all_that_has_come_is_read_in_one_turn() -> None:
    async def test() -> None:
        async with hall() as here:
            peers = [socket.create_connection(here.address) for _ in range(50)]
            await here.until(lambda: len(here.lines) == len(peers) < LINES_A_TURN)
            for peer in peers:  # all of it has come before the loop looks
                peer.sendall(b"x")
            await here.until(lambda: any(line.heard for line in here.lines))
            assert [line.heard for line in here.lines] == [b"x"] * len(peers)
            for peer in peers:
                peer.close()

    run(test())


def test_a_peer_that_reads_late_gets_all_and_the_line_is_told_when_it_is_full_and_free() -> None:
    async def test() -> None:
        async with hall() as here:
            reader, writer = await here.peer()
            (line,) = here.lines
            much = bytes(range(256)) * 65_536  # 16 MB: more than the kernel holds
            line.wire.write(much)
            assert line.told == ["full"]
            assert await reader.readexactly(len(much)) == much
            assert line.told == ["full", "free"]
            writer.close()

    run(test())


def test_a_peer_that_only_ends_its_side_still_gets_its_answer() -> None:
    async def test() -> None:
        async with hall() as here:
            reader, writer = await here.peer()
            writer.write(b"last")
            writer.write_eof()
            assert await reader.read() == b"lastbye"
            await here.lines[0].lost.wait()
            assert here.lines[0].told == ["eof", "closed"]
            writer.close()

    run(test())


def test_a_line_that_is_paused_reads_nothing_until_it_goes_on() -> None:
    async def test() -> None:
        async with hall() as here:
            (_, writer), (other_reader, other) = await here.peer(), await here.peer()
            here.lines[0].wire.pause_reading()
            writer.write(b"later")
            other.write(b"now")
            assert await other_reader.readexactly(3) == b"now"
            assert here.lines[0].heard == b""
            here.lines[0].wire.resume_reading()
            await here.until(lambda: here.lines[0].heard == b"later")
            writer.close()
            other.close()

    run(test())


def test_a_fault_costs_one_line_and_no_other() -> None:
    async def test() -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
        async with hall() as here:
            (reader, writer), (other_reader, other) = await here.peer(), await here.peer()
            writer.write(b"fail")
            other.write(b"well")
            assert await reader.read() == b""
            assert await other_reader.readexactly(4) == b"well"
            assert [str(fault) for fault in faults] == ["a fault of ours"]
            writer.close()
            other.close()

    run(test())
