"""Group commit: what arrived while the last sync ran becomes durable with the next, and is acknowledged after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from shangyou.adapters.hj212.admission import Admission, Verdict
from shangyou.core.journal import Journal, Raw
from shangyou.ingest.hj212.note import KIND, Note
from shangyou.ingest.hj212.packet import Packet

if TYPE_CHECKING:
    from shangyou.adapters.hj212.line import Line

HEARTBEAT: Final = "9015"  # of 2025; holds nothing that a replay would need


class Arrival(NamedTuple):
    """A frame, good or bad, on its way into the journal."""

    line: Line
    received: int  # ms since 1970 UTC
    body: bytes
    packet: Packet | None  # None = it was refused before anybody asked who sent it
    refused: str = ""  # the code of that refusal


class Outcome(NamedTuple):
    """What became of a batch."""

    verdicts: Sequence[Verdict]
    ids: range  # of the new journal entries


class GroupCommit:
    """One thread that judges and writes; the event loop only hands over and hears of the outcome."""

    def __init__(
        self,
        journal: Journal,
        admission: Admission,
        refused_a_minute: int,
        settle: Callable[[Sequence[Arrival], Outcome], None],
        failed: Callable[[Sequence[Arrival], BaseException], None],
    ) -> None:
        self._journal, self._admission = journal, admission
        self._settle, self._failed = settle, failed
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "hj212-commit")
        self._waiting: list[Arrival] = []
        self._busy = self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._refused_limit = refused_a_minute
        self._refused_minute = self._refused_count = 0  # touched by the thread only
        self.held = 0  # bytes that arrived and are not settled

    def put(self, arrival: Arrival) -> None:
        """Take a frame in; it is settled later, after the sync that makes it durable. After `close` it is let drop."""
        if self._closed:
            return
        self._waiting.append(arrival)
        self.held += len(arrival.body)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            self._loop.call_soon(self._start)  # soon, not now: other lines may have something ready as well

    def _start(self) -> None:
        batch, self._waiting = self._waiting, []
        future = self._thread.submit(self._keep, batch)
        future.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._finish, batch, done))

    def _keep(self, batch: Sequence[Arrival]) -> Outcome:
        """In the thread: judge, then write what is to be kept, with one sync."""
        judged = iter(self._admission.judge([arrival.packet for arrival in batch if arrival.packet is not None]))
        verdicts: list[Verdict] = []
        raws: list[Raw] = []
        for line, received, body, packet, refused in batch:
            if packet is None:
                verdict, source = Verdict(Note(refused=refused).text(), False), line.mn or line.peer
            else:
                verdict, source = next(judged), packet.mn
            verdicts.append(verdict)
            if verdict.accepted:
                if packet is not None and packet.cn == HEARTBEAT:
                    continue
            elif not self._worth_keeping():
                continue
            raws.append(Raw(KIND, source, received, body, verdict.note))
        return Outcome(verdicts, self._journal.append(raws) if raws else range(0))

    def _worth_keeping(self) -> bool:
        """Is there still room for refused frames in this minute? They must not be able to fill the disk."""
        minute = int(time.monotonic() / 60)
        if minute != self._refused_minute:
            self._refused_minute, self._refused_count = minute, 0
        self._refused_count += 1
        return self._refused_count <= self._refused_limit

    def _finish(self, batch: Sequence[Arrival], done: Future[Outcome]) -> None:
        self.held -= sum(len(arrival.body) for arrival in batch)
        error = done.exception()
        try:
            if error is None:
                self._settle(batch, done.result())
            else:
                self._failed(batch, error)
        finally:
            if self._waiting:
                self._start()
            else:
                self._busy = False
                self._idle.set()

    async def close(self) -> None:
        """Wait until all that arrived is settled."""
        while self._busy:
            await self._idle.wait()
        self._closed = True
        self._thread.shutdown()
