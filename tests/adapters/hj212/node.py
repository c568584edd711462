"""A listener on loopback with fakes around it, and a peer that can behave badly."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

from shangyou.adapters.hj212 import Hj212Listener, Limits, ListenerSettings
from shangyou.adapters.hj212.device import DeviceSettings, History, Hj212Device
from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Raw
from shangyou.core.ports import Command, Session
from shangyou.core.registry import Device
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.frame import Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.state import FakeIntake, FakeRegistry

T = TypeVar("T")
PATIENCE_S = 10.0  # after which a test has failed
KNOWN = (
    Device("A510000_0001", "清风峡", "51.清风峡"),
    Device("A510000_0002", "朱沱", "50.朱沱"),
    Device("LOOSE", "宽松", "", profile="lenient"),
    Device("GBK", "国标码", "", encoding="gb18030"),
    Device("ASIDE", "隔离", "", status="quarantined"),
    Device("OUT", "停用", "", status="blocked"),
)
AREA = data_area("20260801080000", {"w01001": {"Rtd": 7.64, "Flag": "N"}, "w21003": {"Rtd": 0.046, "Flag": "N"}})


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a test in an event loop of its own, but not forever."""

    async def bounded() -> T:
        return await asyncio.wait_for(test, PATIENCE_S)

    return asyncio.run(bounded())


class GatedJournal(FakeJournal):
    """A journal whose disk can be made to wait, and that counts its syncs."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.syncs = 0

    def append(self, raws: Sequence[Raw]) -> range:
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        self.syncs += 1
        return super().append(raws)


class WatchedIntake(FakeIntake):
    """Books in which a test can wait for something to be written."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self.broken = False
        self.saves = 0  # of sessions

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def save_session(self, session: Session) -> int:
        if self.broken:
            raise UnavailableError("state.write")
        self.saves += 1
        found = super().save_session(session)
        self._tell()
        return found

    def ask(self, command: Command) -> int:
        found = super().ask(command)
        self._tell()
        return found

    def move(self, id: int, state: str, at: int, outcome: str = "", qn: str = "", attempts: int = 0) -> None:
        super().move(id, state, at, outcome, qn, attempts)
        self._tell()

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until the books say so."""

        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(wanted, PATIENCE_S)

        assert await asyncio.to_thread(wait)


class Place:
    """A listener with what stands around it."""

    def __init__(self, limits: Limits, unknown: str) -> None:
        self.journal, self.registry, self.intake = GatedJournal(), FakeRegistry(), WatchedIntake()
        self.clock = FakeClock()
        for device in KNOWN:
            self.registry.put_device(device, "123456", "test", 0)
        self.kept: list[range] = []
        self.peers: list[Peer] = []
        self._kept = asyncio.Event()
        self.limits, self._unknown = limits, unknown
        self.listener = self.listener_with(self.intake)

    def listener_with(self, intake: WatchedIntake) -> Hj212Listener:
        """A listener over these books."""
        settings = ListenerSettings(port=0, unknown=self._unknown, limits=self.limits)
        return Hj212Listener(self.journal, self.registry, intake, self.clock, settings, self._keep)

    def _keep(self, new: range) -> None:
        self.kept.append(new)
        self._kept.set()

    async def until_kept(self, count: int) -> list[Raw]:
        """The raw journal, once it holds so many entries."""
        while len(self.journal.raws) < count:
            self._kept.clear()
            await self._kept.wait()
        return self.journal.raws

    def device(self, mn: str = "A510000_0001", history: History | None = None, **changes: Any) -> Hj212Device:
        host, port = self.listener.address
        settings = replace(DeviceSettings(host, port, mn), **changes)
        return Hj212Device(settings, self.clock, history) if history else Hj212Device(settings, self.clock)

    async def peer(self) -> Peer:
        host, port = self.listener.address
        self.peers.append(Peer(*await asyncio.open_connection(host, port)))
        return self.peers[-1]


@asynccontextmanager
async def place(unknown: str = "refuse", **limits: Any) -> AsyncIterator[Place]:
    """A listener at work; its rounds are quick, so that tests need not wait."""
    found = Place(replace(Limits(sweep_s=0.01), **limits), unknown)
    await found.listener.start()
    try:
        yield found
    finally:
        found.journal.gate.set()
        await found.listener.close()
        for peer in found.peers:
            await peer.close()


@asynccontextmanager
async def dialled(device: Hj212Device) -> AsyncIterator[Hj212Device]:
    """The device, connected."""
    await device.connect()
    try:
        yield device
    finally:
        await device.close()


class Peer:
    """Bare bytes over a line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames = PacketReader("strict")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Packet:
        """The next packet that comes."""
        while (item := self._frames.next()) is None:
            data = await self.reader.read(4096)
            assert data, "the line was closed"
            self._frames.receive(data)
        assert isinstance(item, Frame)
        packet = parse(item.segment)
        assert isinstance(packet, Packet)
        return packet

    async def silence(self, seconds: float = 0.05) -> bool:
        """Does nothing come for a while?"""
        try:
            return not await asyncio.wait_for(self.reader.read(1), seconds)
        except TimeoutError:
            return True

    async def until_closed(self) -> bytes:
        """What still comes until the listener hangs up."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def packet(mn: str = "A510000_0001", qn: str = "20260801080000001", **changes: Any) -> Packet:
    """A real-time packet that asks to be answered."""
    return Packet(mn, "2011", "21", "123456", AREA, qn, 5)._replace(**changes)
