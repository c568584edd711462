"""One connection of a device: bytes in, arrivals to the commit, answers out; and what it may not do."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from shangyou.adapters.hj212.admission import Verdict
from shangyou.adapters.hj212.commit import Arrival, GroupCommit
from shangyou.adapters.hj212.limits import Limits
from shangyou.core.clock import Clock, to_ms
from shangyou.core.ports import Session
from shangyou.ingest.hj212.answer import answer
from shangyou.ingest.hj212.frame import BadFrame, Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse

KEEPALIVE: Final = {  # a half-open line is noticed after 60 + 4 * 15 s, however long the device may be silent
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
}


@dataclass(slots=True)
class Figures:
    """What a listener has done since it started."""

    opened: int = 0  # connections
    turned_away: int = 0  # connections over the limit
    bytes: int = 0
    packets: int = 0  # accepted and durable
    refused: int = 0
    answered: int = 0
    heartbeats: int = 0
    journal_failures: int = 0  # batches that did not become durable, and were not acknowledged
    books_failures: int = 0  # sessions or commands that could not be written
    last_failure: str = ""


class Station(NamedTuple):
    """How a device is reached now."""

    line: Line
    system: str  # ST
    password: str  # PW of its last packet


@dataclass(slots=True)
class Room:
    """What all lines of a listener share."""

    limits: Limits
    clock: Clock
    loop: asyncio.AbstractEventLoop
    figures: Figures = field(default_factory=Figures)
    lines: set[Line] = field(default_factory=set)
    gone: list[Line] = field(default_factory=list)  # closed, and not yet in the books
    stations: dict[str, Station] = field(default_factory=dict)  # by MN
    addresses: dict[str, int] = field(default_factory=dict)  # lines by address of the peer
    held_up: set[Line] = field(default_factory=set)  # not read from until the commit has caught up
    commit: GroupCommit | None = None


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._reader = PacketReader()
        self.transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._paused: set[str] = set()
        self._begun: float | None = None  # when the first byte of an unfinished frame came
        self._deaf: float | None = None  # since when the peer leaves its answers unread
        self._bad = 0  # refused in a row
        self._fresh = self._debt = 0.0  # bytes since the last sweep, and above the allowed average
        self._heard = self._since = self._closing = 0.0  # by the loop's clock
        self._pending = 0  # arrivals that are not settled
        self._ended = False  # the peer sends no more, and may still wait for answers
        self._mns: set[str] = set()  # whose station this line is
        self.peer = self.mn = self.reason = ""
        self.opened = self.last = 0  # ms since 1970 UTC
        self.closed: int | None = None
        self.packets = self.refused = self.bytes = 0
        self.session = 0  # its id in the books
        self.changed = False  # since it was last written there
        self.saved_at = 0.0  # by the loop's clock

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has connected."""
        room, limits = self._room, self._room.limits
        self.transport = transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        address, port = (transport.get_extra_info("peername") or ("?", 0))[:2]
        self.peer = f"{address}:{port}"
        self.opened = self.last = to_ms(room.clock.now())
        self._heard = self._since = room.loop.time()
        here = room.addresses.get(address, 0)
        if len(room.lines) >= limits.connections or (limits.per_address and here >= limits.per_address):
            room.figures.turned_away += 1
            self.reason = "hj212.closed_full"
            transport.abort()
            return
        room.addresses[address] = here + 1
        room.lines.add(self)
        room.figures.opened += 1
        transport.set_write_buffer_limits(high=limits.unread_bytes)
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.unread_bytes)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE.items():
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        room, reader = self._room, self._reader
        self.bytes += len(data)
        self._fresh += len(data)
        room.figures.bytes += len(data)
        self._heard = room.loop.time()
        received = to_ms(room.clock.now())
        reader.receive(data)
        found = False
        while not self.reason and (item := reader.next()) is not None:
            found = True
            self._take(item, received)
        if not reader.waiting:
            self._begun = None
        elif found or self._begun is None:
            self._begun = self._heard
        if room.commit is not None and room.commit.held > room.limits.held_bytes:
            room.held_up.add(self)
            self.pause("held")

    def eof_received(self) -> bool:
        """The peer sends no more; the line stays open until its last packet is answered."""
        self._take_rest()
        self._ended = True
        if not self._pending:
            self.close("hj212.closed_peer")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is closed."""
        room = self._room
        if self not in room.lines:
            return
        if not self.reason:
            self._take_rest()
        self.reason = self.reason or ("hj212.closed_lost" if exc else "hj212.closed_peer")
        self.closed = to_ms(room.clock.now())
        self.changed = True
        room.lines.discard(self)
        room.held_up.discard(self)
        room.gone.append(self)
        for mn in self._mns:
            if (station := room.stations.get(mn)) is not None and station.line is self:
                del room.stations[mn]
        address = self.peer.rpartition(":")[0]
        room.addresses[address] -= 1
        if not room.addresses[address]:
            del room.addresses[address]

    def pause_writing(self) -> None:
        """The peer leaves its answers unread: nothing more is read from it, so that no more answers arise."""
        self._deaf = self._room.loop.time()
        self.pause("deaf")

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._deaf = None
        self.resume("deaf")

    # what the listener calls

    def pause(self, why: str) -> None:
        """Read nothing more for a reason."""
        if not self._paused and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self._paused.add(why)

    def resume(self, why: str) -> None:
        """A reason has gone; read on if it was the last."""
        if why in self._paused:
            self._paused.discard(why)
            if not self._paused and self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()

    def send(self, data: bytes) -> None:
        """Send at once, if the line is open."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self, reason: str, at_once: bool = False) -> None:
        """Close the line; what was written goes out first, unless `at_once`."""
        if self.transport is None or self.reason:
            return
        self.reason, self._closing = reason, self._room.loop.time()
        if at_once:
            self.transport.abort()
        else:
            self.transport.close()

    def settle(self, arrival: Arrival, verdict: Verdict | None) -> bool:
        """An arrival is durable, refused, or (None) could not be kept. Is this the first answer to wait for `flush`?"""
        self._pending -= 1
        if self._ended and not self._pending:
            self._room.loop.call_soon(self.close, "hj212.closed_peer")
        packet = arrival.packet
        if packet is None or verdict is None:
            return False
        self.last = arrival.received
        if not verdict.accepted:
            self._refuse()
            return False
        self._bad = 0
        self.packets += 1
        self.changed = True
        self.mn = packet.mn
        if verdict.system:
            self._be_station(packet, verdict.system)
        found = answer(packet)
        if found is None:
            return False
        self._out.append(found)
        return len(self._out) == 1

    def flush(self) -> None:
        """Send the answers of a commit together."""
        data, count = b"".join(self._out), len(self._out)
        self._out.clear()
        if not self.reason:
            self.send(data)
            self._room.figures.answered += count

    def sweep(self, now: float, elapsed: float) -> None:
        """Look whether the line keeps its limits; now and elapsed in seconds of the loop's clock."""
        limits = self._room.limits
        if self.reason:
            if now - self._closing > limits.deaf_s and self.transport is not None:
                self.transport.abort()  # what was still to be sent is not taken
            return
        if self._deaf is not None and now - self._deaf > limits.deaf_s:
            self.close("hj212.closed_deaf", at_once=True)
        elif self._begun is not None and not self._paused and now - self._begun > limits.frame_s:
            self.close("hj212.closed_slow", at_once=True)
        elif not self.packets and now - self._since > limits.first_packet_s:
            self.close("hj212.closed_silent", at_once=True)
        elif now - self._heard > limits.idle_s:
            self.close("hj212.closed_idle", at_once=True)
        self._debt = max(0.0, self._debt + self._fresh - limits.line_bytes_a_second * elapsed)
        self._fresh = 0.0
        if self._debt:
            self.pause("rate")
        else:
            self.resume("rate")

    def abort(self) -> None:
        """Close the line at once and count it as closed."""
        if self.transport is not None:
            self.transport.abort()
        self.connection_lost(None)

    def unsaved(self) -> bool:
        """Is there something that the books do not have? Whoever only knocks leaves no row there."""
        return self.changed and bool(self.packets or self.refused or self.session)

    def value(self) -> Session:
        """The session as the books have it."""
        return Session(
            id=self.session,
            peer=self.peer,
            mn=self.mn,
            opened=self.opened,
            last=self.last,
            packets=self.packets,
            refused=self.refused,
            bytes=self.bytes,
            closed=self.closed,
            reason=self.reason if self.closed is not None else "",
        )

    def _take(self, item: Frame | BadFrame, received: int) -> None:
        """Hand a frame to the commit."""
        commit = self._room.commit
        assert commit is not None
        self._pending += 1
        packet = [item.refusal] if isinstance(item, BadFrame) else parse(item.segment, item.deviations)
        if isinstance(packet, Packet):
            commit.put(Arrival(self, received, item.body, packet))
        else:
            commit.put(Arrival(self, received, item.body, None, packet[0].code))
            self._refuse()

    def _take_rest(self) -> None:
        """What the peer left unfinished is kept as refused."""
        rest = self._reader.finish()
        if rest is not None and self._room.commit is not None:
            self._take(rest, to_ms(self._room.clock.now()))

    def _be_station(self, packet: Packet, system: str) -> None:
        """The device is reached by this line from now on."""
        stations = self._room.stations
        station = stations.get(packet.mn)
        if station is None or station.line is not self or station.password != packet.pw:
            stations[packet.mn] = Station(self, system, packet.pw)
            self._mns.add(packet.mn)

    def _refuse(self) -> None:
        self.refused += 1
        self.changed = True
        self._room.figures.refused += 1
        self._bad += 1
        if self._bad >= self._room.limits.bad_in_a_row:
            self.close("hj212.closed_bad")
