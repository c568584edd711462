"""A device that speaks HJ 212: for simulated monitors, tests and measurements.

It sends, waits for its answers and repeats as the standard says, and answers what it is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import UnavailableError
from shangyou.ingest.hj212.answer import AREA_LIMIT, fields_area, flag_of, parts, reply
from shangyou.ingest.hj212.crc import crc_text
from shangyou.ingest.hj212.frame import Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse, plain_fields
from shangyou.ingest.hj212.times import LegalTime

CHUNK: Final = 1 << 16

History = Callable[[str, int, int], Iterable[bytes]]  # CN, begin and end [ms since 1970 UTC]: data areas


def _none(cn: str, begin: int, end: int) -> Iterable[bytes]:
    return ()


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Who the device is, where it reports, and how it strays."""

    host: str
    port: int
    mn: str
    password: str = "123456"  # noqa: S105 - six characters that the protocol sends in clear, the standard's example
    system: str = "21"  # ST
    edition: int = 2017
    answer_s: float = 10.0  # HJ 212-2017 table 1
    retries: int = 3  # HJ 212-2017 table 1
    area_limit: int = AREA_LIMIT  # longer data areas are split
    deviations: frozenset[str] = frozenset()  # keys of ingest.hj212.codes.DEVIATIONS, for trials


class Delivery(NamedTuple):
    """What became of a packet."""

    acknowledged: bool
    attempts: int


class Hj212Device:
    """One device and its line. All methods belong to one event loop."""

    def __init__(self, settings: DeviceSettings, clock: Clock, history: History = _none) -> None:
        self.settings, self._clock, self._history = settings, clock, history
        self.real_time_interval_s = 30
        self.minute_interval = 10
        self.offset_ms = 0  # of the device's own clock, as 1012 sets it
        self.requests: list[Packet] = []  # what it was asked, oldest first
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._answers: dict[tuple[str, str], asyncio.Future[None]] = {}  # by CN and QN
        self._time = LegalTime()
        self._last_qn = 0

    async def connect(self) -> None:
        """Dial in. Raises UnavailableError "hj212.connect"."""
        try:
            reader, self._writer = await asyncio.open_connection(self.settings.host, self.settings.port)
        except OSError as error:
            raise self._unavailable(error.strerror or str(error)) from error
        self._task = asyncio.get_running_loop().create_task(self._listen(reader))

    @property
    def connected(self) -> bool:
        """Is the line open?"""
        return self._task is not None and not self._task.done()

    async def hung_up(self) -> None:
        """Wait until the line is closed, by whomever."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._task = self._writer = None

    async def send(self, cn: str, area: bytes, wants_answer: bool = True) -> list[Delivery]:
        """Upload a data area, split where it is too long; one Delivery a part.

        Raises UnavailableError "hj212.connect" if there is no line.
        """
        settings = self.settings
        qn = "" if "qn-missing" in settings.deviations else self.next_qn()
        flag = flag_of(settings.edition, wants_answer)
        whole = Packet(settings.mn, cn, settings.system, settings.password, area, qn, flag)
        return [await self._deliver(packet, "9014") for packet in parts(whole, settings.area_limit)]

    async def heartbeat(self) -> Delivery:
        """Say that it is alive, in the way of 2025."""
        return await self._deliver(self._notice("9015", flag_of(2025, True)), "9013")

    async def ask_time(self) -> Delivery:
        """Ask to be told the time; the node answers, and then sets it (HJ 212-2017 table C.4)."""
        return await self._deliver(self._notice("1013", flag_of(self.settings.edition, True)), "9013")

    def next_qn(self) -> str:
        """A QN of its own: the time, or the next millisecond if that was given out."""
        self._last_qn = max(to_ms(self._clock.now()) + self.offset_ms, self._last_qn + 1)
        return self._time.write(self._last_qn, milliseconds=True)

    def write(self, data: bytes) -> None:
        """Put bytes on the line as they are."""
        if self._writer is None or self._writer.is_closing() or not self.connected:
            raise self._unavailable("-")
        self._writer.write(data)

    def _notice(self, cn: str, flag: int) -> Packet:
        settings = self.settings
        return Packet(settings.mn, cn, settings.system, settings.password, b"", self.next_qn(), flag)

    def _unavailable(self, detail: str) -> UnavailableError:
        return UnavailableError("hj212.connect", host=self.settings.host, port=self.settings.port, detail=detail)

    async def _deliver(self, packet: Packet, code: str) -> Delivery:
        """Send until it is answered, as often as the standard says."""
        data = deviant(packet, self.settings.deviations)
        if not packet.wants_answer:
            self.write(data)
            return Delivery(False, 1)
        for attempt in range(1, self.settings.retries + 2):
            answered = self._answers.setdefault((code, packet.qn), asyncio.get_running_loop().create_future())
            self.write(data)
            done, _ = await asyncio.wait([answered], timeout=self.settings.answer_s)
            if done:
                answered.result()
                return Delivery(True, attempt)
        self._answers.pop((code, packet.qn), None)
        return Delivery(False, self.settings.retries + 1)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = PacketReader()
        try:
            while data := await reader.read(CHUNK):
                frames.receive(data)
                while (item := frames.next()) is not None:
                    packet = parse(item.segment) if isinstance(item, Frame) else None
                    if isinstance(packet, Packet):
                        self._hear(packet)
        except OSError:
            pass  # the line is lost; whoever waits is told below
        finally:
            for answered in self._answers.values():
                if not answered.done():
                    answered.set_exception(self._unavailable("-"))
                    answered.exception()  # it is raised where it is awaited, if anywhere
            self._answers.clear()

    def _hear(self, packet: Packet) -> None:
        if packet.cn in ("9013", "9014"):
            answered = self._answers.pop((packet.cn, packet.qn), None)
            if answered is not None and not answered.done():
                answered.set_result(None)
            return
        self.requests.append(packet)
        for area, cn in self._answer(packet):
            self.write(deviant(reply(packet, cn, area), self.settings.deviations - {"qn-missing"}))

    def _answer(self, request: Packet) -> Iterable[tuple[str, str]]:
        """What the device says to a request: data area and CN of each packet."""
        refusal = self._refusal(request)
        if refusal:
            yield f"QnRtn={refusal}", "9011"
            return
        if request.cn in ("2012", "2022"):
            yield "", "9013"
            return
        yield "QnRtn=1", "9011"
        fields = plain_fields(request.cp)
        result = 1
        if request.cn == "1011":
            told = [("PolId", fields["PolId"])] if "PolId" in fields else []
            now = to_ms(self._clock.now()) + self.offset_ms
            yield fields_area([*told, ("SystemTime", self._time.write(now))]), "1011"
        elif request.cn == "1061":
            yield f"RtdInterval={self.real_time_interval_s}", "1061"
        elif request.cn == "1063":
            yield f"MinInterval={self.minute_interval}", "1063"
        elif request.cn in ("2031", "2051", "2061"):
            result = self._send_history(request.cn, fields)
        else:
            result = self._set(request.cn, fields)
        yield f"ExeRtn={result}", "9012"

    def _refusal(self, request: Packet) -> int:
        """QnRtn, or 0 if the request is in order."""
        if request.pw != self.settings.password:
            return 3
        if request.mn != self.settings.mn:
            return 4
        known = ("1011", "1012", "1061", "1062", "1063", "1064", "2012", "2022", "2031", "2051", "2061")
        return 0 if request.cn in known else 8

    def _set(self, cn: str, fields: dict[str, str]) -> int:
        """Change a setting; ExeRtn."""
        if cn == "1012":
            ms = self._time.read(fields.get("SystemTime", "").encode())
            if ms is None:
                return 3
            self.offset_ms = ms - to_ms(self._clock.now())
        elif cn == "1062":
            self.real_time_interval_s = int(fields["RtdInterval"])
        else:
            self.minute_interval = int(fields["MinInterval"])
        return 1

    def _send_history(self, cn: str, fields: dict[str, str]) -> int:
        """Send what was asked for, each packet under a QN of its own; ExeRtn."""
        begin, end = (self._time.read(fields.get(name, "").encode()) for name in ("BeginTime", "EndTime"))
        if begin is None or end is None:
            return 3
        settings, count = self.settings, 0
        for area in self._history(cn, begin, end):
            flag = flag_of(settings.edition, True)
            whole = Packet(settings.mn, cn, settings.system, settings.password, area, self.next_qn(), flag)
            for packet in parts(whole, settings.area_limit):
                self.write(deviant(packet, settings.deviations))
            count += 1
        return 1 if count else 100


def deviant(packet: Packet, deviations: frozenset[str]) -> bytes:
    """The frame of a packet, with deviations that real devices have."""
    if "flag-apart" in deviations:
        packet = packet._replace(cp=packet.cp.replace(b",w", b";w"))
    segment = packet.segment()
    crc = crc_text(segment)
    length = len(segment) + (6 if "length-6" in deviations else 0)
    return b"##%04d%b%b\r\n" % (length, segment, crc.lower() if "crc-case" in deviations else crc)
