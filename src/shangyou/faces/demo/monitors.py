"""The simulated monitors as a process of their own: `python -m shangyou.faces.demo.monitors ORDER`, ORDER as JSON.

It knows of each node no more than its address: a monitor dials the node of its own province. When it is told `history`
on stdin it sends that as fast as it is acknowledged, and says what it did as JSON lines on stdout; it goes live when it
is told `live`, and ends when stdin ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from shangyou.adapters.hj212.device import DeviceSettings, Hj212Device
from shangyou.core.errors import UnavailableError
from shangyou.faces.demo.packets import HOURLY, MINUTELY, PW, REAL_TIME, STRAYING, Upload, area, hourly
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.times import LegalTime
from shangyou.simulation.instruments import TICK_S, Readings, moment, readings
from shangyou.simulation.scenario import DAY_HOURS, HOUR_MS, Scenario
from shangyou.simulation.stretch import PARAMETERS, stations

HOST: Final = "127.0.0.1"
DIAL_SECONDS: Final = 90.0  # that the node may take until it listens
WINDOW: Final = 16  # packets of one monitor that may be on their way
TELL_EVERY: Final = 0.3
REPEATED: Final = 24  # packets that a monitor sends again because it believes that they were lost
STRANGER: Final = "A500000_9999"  # MN that nobody registered
STRANGE_PROVINCE: Final = "重庆市"  # whose node it dials
STRANGE_PACKETS: Final = 5
BROKEN: Final = 3  # packets whose check sum is wrong
TEN_MINUTES_MS: Final = 600_000


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)


def port_of(ports: Mapping[str, int], province: str) -> int:
    """Where the monitors of a province dial in."""
    return ports[province] if province in ports else ports[""]


def say(**words: object) -> None:
    """One JSON line to whoever started this process."""
    print(json.dumps(words), flush=True)  # noqa: T201


@dataclass(slots=True)
class Counts:
    """What was done so far."""

    all: int
    sent: int = 0
    acknowledged: int = 0

    def add(self, acknowledged: bool) -> None:
        """One more packet."""
        self.sent += 1
        self.acknowledged += acknowledged


class Monitors:
    """All monitors and their lines."""

    def __init__(self, scenario: Scenario, ports: Mapping[str, int]) -> None:
        """ports: of the node of each province; "" = of the node that all dial whose province has none."""
        self._scenario = scenario
        hours = np.arange(scenario.first_hour, scenario.present_hour, dtype=np.int64)
        self._history = hourly(readings(scenario, hours), scenario.present_hour)
        self._devices = [
            self._device(station.mn, port_of(ports, station.province), i) for i, station in enumerate(stations())
        ]
        self._stranger = self._device(STRANGER, port_of(ports, STRANGE_PROVINCE))

    def _device(self, mn: str, port: int, index: int = -1) -> Hj212Device:
        deviations = STRAYING.get(stations()[index].key, frozenset()) if index >= 0 else frozenset()
        settings = DeviceSettings(HOST, port, mn, PW, deviations=deviations)

        def asked(cn: str, begin: int, end: int) -> Iterable[bytes]:
            return self._areas(index, begin, end) if cn == HOURLY and index >= 0 else ()

        return Hj212Device(settings, SystemClock(), asked)

    def _areas(self, index: int, begin: int, end: int) -> Iterable[bytes]:
        """What a monitor's memory holds of an hour period: all that was not lost."""
        first = max(-(-begin // HOUR_MS), self._scenario.first_hour)
        hours = np.arange(first, min(end // HOUR_MS + 1, int(time.time()) // 3600), dtype=np.int64)
        return (
            [upload.area for upload in hourly(readings(self._scenario, hours), int(time.time()) // 3600)[index]]
            if len(hours)
            else []
        )

    async def connect(self) -> None:
        """Dial in, as soon as the node listens. Raises UnavailableError "hj212.connect"."""
        limit = time.monotonic() + DIAL_SECONDS
        for device in (*self._devices, self._stranger):
            while True:
                try:
                    await device.connect()
                    break
                except UnavailableError:
                    if time.monotonic() > limit:
                        raise
                    await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Hang up."""
        for device in (*self._devices, self._stranger):
            await device.close()

    async def send_history(self) -> None:
        """Send all of the history, then what goes wrong on purpose, and say what was done."""
        counts = Counts(sum(map(len, self._history)))
        begun = time.monotonic()
        told = asyncio.create_task(self._tell(counts))
        async with asyncio.TaskGroup() as group:
            for device, uploads in zip(self._devices, self._history, strict=True):
                group.create_task(_upload(device, uploads, counts))
        seconds = time.monotonic() - begun
        told.cancel()
        again = [upload for uploads in self._history for upload in uploads[-1:]][:REPEATED]
        extra = Counts(len(again))
        for upload in again:
            await _upload(self._devices[upload.station], [upload], extra)
        await self._send_misfits()
        say(
            said="history",
            lines=len(self._devices) + 1,
            sent=counts.sent,
            acknowledged=counts.acknowledged,
            repeated=extra.acknowledged,
            values=counts.acknowledged * len(PARAMETERS),
            unknown=STRANGER,
            broken=BROKEN,
            seconds=round(seconds, 3),
        )

    async def _send_misfits(self) -> None:
        """A monitor that nobody knows, and packets that were damaged on the line."""
        for upload in self._history[0][-STRANGE_PACKETS:]:
            await self._stranger.send(upload.cn, upload.area)
        device = self._devices[1]
        for upload in self._history[1][-BROKEN:]:
            packet = Packet(device.settings.mn, upload.cn, "21", PW, upload.area, device.next_qn(), 5)
            whole = bytearray(packet.frame())
            whole[-6:-2] = b"0000" if whole[-6:-2] != b"0000" else b"1111"
            device.write(bytes(whole))
        last = self._history[1][-1]
        await device.send(last.cn, last.area)  # answered after them, so they have been read

    async def _tell(self, counts: Counts) -> None:
        while True:
            say(said="sending", done=counts.sent, all=counts.all)
            await asyncio.sleep(TELL_EVERY)

    # ---- live -----------------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Real-time values all the time, ten-minute values, and each new hour; lines that break are dialled again."""
        hour, rounds = self._scenario.present_hour, list[Readings]()
        ten = int(time.time() * 1000) // TEN_MINUTES_MS
        first = True
        while True:
            begun = time.monotonic()
            now = moment(self._scenario, int(time.time()) // TICK_S)
            rounds.append(now)
            for i in range(len(self._devices)):
                if not first:
                    await asyncio.sleep(max(0.0, begun + TICK_S * (i + 1) / len(self._devices) - time.monotonic()))
                if now.sent[0, i] == now.hours[0] + 1:  # else its line is down
                    await self._send(Upload(i, REAL_TIME, self._area(REAL_TIME, now, i, int(time.time() * 1000))))
            if first:
                say(said="live")
            first = False
            if int(time.time() * 1000) // TEN_MINUTES_MS > ten:
                await self._send_means(rounds, ten * TEN_MINUTES_MS)
                ten, rounds = int(time.time() * 1000) // TEN_MINUTES_MS, []
            if int(time.time()) // 3600 > hour:
                hour = int(time.time()) // 3600
                await self._send_hour(hour)

    def _area(self, cn: str, now: Readings, station: int, ms: int) -> bytes:
        return area(cn, LegalTime().write(ms), now.value[0, station].tolist(), now.mark[0, station].tolist())

    async def _send_means(self, rounds: Sequence[Readings], start: int) -> None:
        mean = Readings(rounds[-1].hours, np.mean([r.value for r in rounds], axis=0), rounds[-1].mark, rounds[-1].sent)
        for i in range(len(self._devices)):
            if mean.sent[0, i] == mean.hours[0] + 1:
                await self._send(Upload(i, MINUTELY, self._area(MINUTELY, mean, i, start)))

    async def _send_hour(self, hour: int) -> None:
        """What is due at a full hour: the hour that ended, and what a line that is back had kept."""
        got = readings(self._scenario, np.arange(hour - DAY_HOURS, hour, dtype=np.int64))
        for n, i in zip(*np.nonzero(got.sent == hour), strict=True):
            one = Readings(got.hours[[n]], got.value[[n]], got.mark[[n]], got.sent[[n]])
            await self._send(Upload(int(i), HOURLY, self._area(HOURLY, one, int(i), int(got.hours[n]) * HOUR_MS)))

    async def _send(self, upload: Upload) -> None:
        device = self._devices[upload.station]
        try:
            if not device.connected:
                await device.close()
                await device.connect()
            await device.send(upload.cn, upload.area)
        except UnavailableError:  # the node is away: this value is lost, the next round dials in again
            await asyncio.sleep(1.0)


async def _upload(device: Hj212Device, uploads: Sequence[Upload], counts: Counts) -> None:
    for start in range(0, len(uploads), WINDOW):
        part = uploads[start : start + WINDOW]
        for deliveries in await asyncio.gather(*(device.send(upload.cn, upload.area) for upload in part)):
            counts.add(all(delivery.acknowledged for delivery in deliveries))


async def _run(order: dict[str, Any]) -> None:
    scenario = Scenario(order["seed"], order["present"], order["days"])
    monitors = Monitors(scenario, order["ports"])
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await monitors.connect()
    if await reader.readline():  # "history"; nothing if whoever started us has gone
        await monitors.send_history()
    if await reader.readline():  # "live"; nothing if whoever started us has gone
        live = loop.create_task(monitors.live())
        ended = loop.create_task(reader.read())
        await asyncio.wait((live, ended), return_when=asyncio.FIRST_COMPLETED)
        if live.done():
            live.result()


def main() -> None:
    """Run until stdin ends."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
