"""The TCP listener for HJ 212: frame, admission, raw journal, acknowledgement; in that order, for every packet."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeVar

from shangyou.adapters.hj212.admission import Admission, Devices
from shangyou.adapters.hj212.commit import HEARTBEAT, Arrival, GroupCommit, Outcome
from shangyou.adapters.hj212.limits import ListenerSettings
from shangyou.adapters.hj212.line import Figures, Line, Room
from shangyou.adapters.hj212.talks import Books, Move, Talks
from shangyou.adapters.hj212.wires import Switchboard
from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.core.journal import Journal
from shangyou.core.ports import Command
from shangyou.ingest.hj212.packet import Packet

BACKLOG: Final = 4096  # connections that wait to be accepted: after a power cut all stations dial in at once
TURNS: Final = 100  # of the loop, in which lines may write out what is left and close
FILES_BESIDE: Final = 256  # file descriptors that the node needs besides its lines
GONE: Final = 10_000  # closed sessions waiting for the books; older ones are left out

T = TypeVar("T")


def _nothing(new: range) -> None:
    """The default of `kept`."""


class Hj212Listener:
    """A TCP server for devices. Make it and use it in one event loop.

    kept: told, in the event loop, of each range of new journal entries; must return at once.
    """

    def __init__(
        self,
        journal: Journal,
        devices: Devices,
        books: Books,
        clock: Clock,
        settings: ListenerSettings,
        kept: Callable[[range], None] = _nothing,
    ) -> None:
        self._journal, self._books, self._clock, self._settings = journal, books, clock, settings
        self._kept = kept
        self._admission = Admission(devices, settings.unknown, settings.limits.registry_s)
        self._clerk = ThreadPoolExecutor(1, "hj212-books")
        self._board: Switchboard | None = None
        self._address = ("", 0)
        self._tasks: list[asyncio.Task[None]] = []
        self._room: Room | None = None
        self._talks: Talks | None = None
        self._wake: asyncio.Event | None = None
        self._stopping = False

    async def start(self) -> None:
        """Listen. Raises UnavailableError "hj212.listen"."""
        loop, settings = asyncio.get_running_loop(), self._settings
        _allow_files(settings.limits.connections + FILES_BESIDE)
        room = Room(settings.limits, self._clock, loop)
        room.commit = GroupCommit(
            self._journal, self._admission, settings.limits.refused_a_minute, self._settle, self._fail
        )
        self._board = Switchboard(lambda: Line(room))
        try:
            self._address = await self._board.listen(settings.host, settings.port, BACKLOG)
        except OSError as error:
            self._board.close()
            await room.commit.close()
            facts = {"host": settings.host, "port": settings.port, "detail": error.strerror or str(error)}
            raise UnavailableError("hj212.listen", **facts) from error
        self._room, self._wake, self._stopping = room, asyncio.Event(), False
        self._talks = Talks(self._books, self._clock, settings.limits, loop.time, room.stations)
        self._tasks = [loop.create_task(self._sweep(room)), loop.create_task(self._keep_books(room, self._wake))]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port at which it listens."""
        assert self._board is not None
        return self._address

    @property
    def figures(self) -> Figures:
        """What it has done so far, as a copy."""
        return replace(self._room.figures) if self._room else Figures()

    @property
    def connections(self) -> int:
        """Lines that are open."""
        return len(self._room.lines) if self._room else 0

    @property
    def lines(self) -> tuple[Line, ...]:
        """The open lines."""
        return tuple(self._room.lines) if self._room else ()

    def waiting(self) -> bool:
        """Has something arrived that is not acknowledged yet? May be called from any thread."""
        return self._room is not None and self._room.commit is not None and self._room.commit.held > 0

    def refresh(self) -> None:
        """Devices have changed: ask the registry again. May be called from any thread."""
        self._admission.forget()

    def wake(self) -> None:
        """A command was queued: look now, not at the next round. May be called from any thread."""
        if self._room is not None and self._wake is not None:
            self._room.loop.call_soon_threadsafe(self._wake.set)

    async def close(self) -> None:
        """Take no more, finish what arrived, close all lines, and write the books."""
        room, board = self._room, self._board
        if room is None or board is None or room.commit is None:
            return
        board.stop_listening()
        sweeping, keeping_books = self._tasks
        sweeping.cancel()
        self._stopping = True
        self.wake()
        await asyncio.gather(sweeping, keeping_books, return_exceptions=True)  # a round that is begun is finished
        for line in list(room.lines):
            line.pause("stopping")
        await room.commit.close()
        for line in list(room.lines):
            line.close("hj212.closed_stopped")
        for _ in range(TURNS):
            if not room.lines:
                break
            await asyncio.sleep(0)
        for line in list(room.lines):  # their peers do not take what was written
            line.abort()
        with contextlib.suppress(ShangyouError):
            await self._write(room, len(room.gone))
        self._clerk.shutdown()
        board.close()
        self._room = self._board = None

    # after the commit, in the event loop

    def _settle(self, batch: Sequence[Arrival], outcome: Outcome) -> None:
        """Everything in the batch is durable: answer it."""
        room, talks = self._room, self._talks
        answering: list[Line] = []
        packets = 0
        for arrival, verdict in zip(batch, outcome.verdicts, strict=True):
            line, packet = arrival.line, arrival.packet
            if line.settle(arrival, verdict):
                answering.append(line)
            if packet is not None and verdict.accepted:
                packets += 1
                if talks is not None and verdict.system and talks.concerns(packet):
                    self._hear(talks, packet)
                if packet.cn == HEARTBEAT and room is not None:
                    room.figures.heartbeats += 1
        for line in answering:
            line.flush()
        if room is not None:
            room.figures.packets += packets
            self._let_go(room)
        if outcome.ids:
            self._kept(outcome.ids)

    def _hear(self, talks: Talks, packet: Packet) -> None:
        talks.hear(packet)
        if (talks.moves or talks.wishes) and self._wake is not None:
            self._wake.set()

    def _fail(self, batch: Sequence[Arrival], error: BaseException) -> None:
        """Nothing in the batch is durable: nobody is answered, and devices will send again."""
        for arrival in batch:
            arrival.line.settle(arrival, None)
        if self._room is not None:
            self._room.figures.journal_failures += 1
            self._room.figures.last_failure = str(error)
            self._let_go(self._room)
        if not isinstance(error, ShangyouError):
            context = {"message": "HJ 212 packets could not be kept", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _let_go(self, room: Room) -> None:
        """Read again from lines that were held up, once half of what was held is settled."""
        if room.held_up and room.commit is not None and room.commit.held <= room.limits.held_bytes // 2:
            for line in room.held_up:
                line.resume("held")
            room.held_up.clear()

    # rounds

    async def _sweep(self, room: Room) -> None:
        before = room.loop.time()
        while True:
            await asyncio.sleep(room.limits.sweep_s)
            now = room.loop.time()
            for line in list(room.lines):
                line.sweep(now, now - before)
            before = now

    async def _keep_books(self, room: Room, wake: asyncio.Event) -> None:
        talks = self._talks
        assert talks is not None
        budget = max(1, round(room.limits.sessions_a_second * room.limits.sweep_s))
        recovered = False
        while not self._stopping:
            try:
                if not recovered:
                    await self._in_books(room, self._recover)
                    recovered = True
                talks.tick()
                begun = talks.start(await self._in_books(room, talks.queued))
                await self._write(room, budget)
                talks.send(begun)
            except ShangyouError as error:
                room.figures.books_failures += 1
                room.figures.last_failure = str(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), room.limits.sweep_s)
            wake.clear()

    async def _write(self, room: Room, budget: int) -> None:
        """Write moves of commands, and sessions that changed: closed ones first, then those that waited longest."""
        talks = self._talks
        assert talks is not None
        moves, talks.moves = talks.moves, []
        wishes, talks.wishes = talks.wishes, []
        del room.gone[:-GONE]
        lines, room.gone = [line for line in room.gone[:budget] if line.unsaved()], room.gone[budget:]
        waiting = sorted((line for line in room.lines if line.unsaved()), key=lambda line: line.saved_at)
        lines += waiting[: budget - len(lines)]
        for line in lines:
            line.changed, line.saved_at = False, room.loop.time()
        try:
            await self._in_books(room, lambda: self._write_in_books(talks, moves, wishes, lines))
        finally:  # what could not be written is tried again
            talks.moves[:0], talks.wishes[:0] = moves, wishes
            for line in lines:
                line.changed = True
            room.gone[:0] = [line for line in lines if line.closed is not None]

    async def _in_books(self, room: Room, work: Callable[[], T]) -> T:
        return await room.loop.run_in_executor(self._clerk, work)

    # in the thread of the books

    def _recover(self) -> None:
        """Settle in the books what an earlier life left open."""
        assert self._talks is not None
        self._talks.recover()
        at = to_ms(self._clock.now())
        for session in self._books.sessions(limit=100_000, open_only=True):
            self._books.save_session(replace(session, closed=at, reason="hj212.closed_stopped"))

    def _write_in_books(self, talks: Talks, moves: list[Move], wishes: list[Command], lines: list[Line]) -> None:
        talks.write(moves, wishes)
        while lines:
            lines[0].session = self._books.save_session(lines[0].value())
            del lines[0]


def _allow_files(count: int) -> None:
    """Raise the soft limit of open files as far as it may go."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
