"""A line to the web server, and what a request may take of it.

The server's own protocol waits for ever for the rest of a request, and takes a head of any length: a thousand lines
that say nothing would lock everybody out, and a single one that never ends its head would take all memory.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 1 << 16  # of address and headers: what common servers take, eight times over


class BoundedProtocol(HttpToolsProtocol):
    """The web server's protocol with bounds; a line that goes beyond them is closed.

    While it is we who do not read, nobody is late.
    """

    head_seconds: ClassVar[float] = 30.0  # until the head of a request is whole
    body_seconds: ClassVar[float] = 60.0  # in which so many bytes of a body must come, or its end
    body_bytes: ClassVar[int] = 1 << 14  # 2 kbit/s: less than the slowest line of a station
    stuck_seconds: ClassVar[float] = 300.0  # until something of an answer must have been taken

    _in_head, _begun = True, 0  # the head of a request is to come; how many requests have begun
    _taken = 0  # bytes of the head, or of the body since the last look
    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. The piece with which a head or a body begins is not counted: one piece is bounded."""
        before = self._in_head, self._begun
        super().data_received(data)
        if before == (self._in_head, self._begun):
            self._taken += len(data)
            if self._in_head and self._taken > HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._begun, self._taken = True, self._begun + 1, 0
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._stop_waiting()
        self._in_head, self._taken = False, 0
        self._late = self.loop.call_later(self.body_seconds, self._look)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self._stop_waiting()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.stuck_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _look(self) -> None:
        """Has enough of a body come?"""
        if self._taken < self.body_bytes and not self.flow.read_paused and not self.cycle.waiting_for_100_continue:
            self.transport.abort()
            return
        self._taken = 0
        self._late = self.loop.call_later(self.body_seconds, self._look)
