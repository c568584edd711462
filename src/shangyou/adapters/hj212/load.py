"""Load on a listener: many lines that send as fast as they are answered, or at a given rate.

Meant to run in a process of its own beside the listener that is measured.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

import numpy as np

from shangyou.core.records import Array
from shangyou.ingest.hj212.frame import frame
from shangyou.ingest.hj212.times import LegalTime

FACTORS: Final = (  # the ten of a national surface-water station, with values that a river could have
    *(("w01010", "18.4"), ("w01001", "7.64"), ("w01009", "8.21"), ("w01014", "312.5"), ("w01003", "14.8")),
    *(("w01019", "1.9"), ("w21003", "0.046"), ("w21011", "0.061"), ("w21001", "1.38"), ("w01016", "0.004")),
)
TICK_S: Final = 0.005  # of a given rate: so often some lines send


@dataclass(frozen=True, slots=True, eq=False)
class LoadResult:
    """What a run of load came to."""

    sent: int
    answered: int
    seconds: float  # from the first packet sent to the last answer
    waits: Array  # (answered,) seconds from sending to answer

    @property
    def rate(self) -> float:
        """Answered packets a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """Seconds within which so many percent were answered."""
        return float(np.percentile(self.waits, percent)) if len(self.waits) else float("nan")


@lru_cache(maxsize=4096)  # all lines send the same times
def _qn(ms: int) -> bytes:
    return LegalTime().write(ms, milliseconds=True).encode()


class _Sender(asyncio.Protocol):
    """One device: sends, and counts its answers, which come in order."""

    def __init__(self, mn: str, password: str, start_ms: int) -> None:
        values = ";".join(f"{code}-Rtd={value},{code}-Flag=N" for code, value in FACTORS)
        self._head = f"QN=%b;ST=21;CN=2011;PW={password};MN={mn};Flag=5;CP=&&DataTime=%b;{values}&&".encode()
        self._ms = start_ms
        self._loop = asyncio.get_running_loop()
        self._sent_at: deque[float] = deque()
        self._transport: asyncio.Transport | None = None
        self.waits: list[float] = []
        self.sent = 0
        self.again = False  # send the next when one is answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def send(self) -> None:
        """Send the next packet, one second of data time after the last."""
        assert self._transport is not None
        self._ms += 1000
        qn = _qn(self._ms)
        self._sent_at.append(self._loop.time())
        self._transport.write(frame(self._head % (qn, qn[:14])))
        self.sent += 1

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        for _ in range(min(data.count(b"\r\n"), len(self._sent_at))):
            self.waits.append(now - self._sent_at.popleft())
            if self.again:
                self.send()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def load(
    host: str,
    port: int,
    devices: Sequence[tuple[str, str]],
    seconds: float,
    rate: float | None = None,
    window: int = 1,
    start_ms: int = 1_785_542_400_000,
) -> LoadResult:
    """Send real-time packets of ten factors from all devices at once.

    devices: (MN, password), one line each.
    rate: packets a second of all together; None: each line keeps `window` packets unanswered.
    start_ms: data time of the first packet [ms since 1970 UTC]; each next is a second later.
    """
    loop = asyncio.get_running_loop()
    senders = [_Sender(mn, password, start_ms) for mn, password in devices]
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, host, port)  # type: ignore[misc]
    started = loop.time()
    if rate is None:
        for sender in senders:
            sender.again = True
            for _ in range(window):
                sender.send()
        await asyncio.sleep(seconds)
    else:
        await _send_at(rate, senders, started, seconds)
    for sender in senders:
        sender.again = False
    ended = loop.time()
    for _ in range(100):  # up to two seconds for the last answers
        if sum(len(sender.waits) for sender in senders) == sum(sender.sent for sender in senders):
            break
        await asyncio.sleep(0.02)
    for sender in senders:
        sender.close()
    waits = np.array([wait for sender in senders for wait in sender.waits])
    return LoadResult(sum(sender.sent for sender in senders), len(waits), ended - started, waits)


async def _send_at(rate: float, senders: Sequence[_Sender], started: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    sent = 0
    while (elapsed := loop.time() - started) < seconds:
        while sent < elapsed * rate:
            senders[sent % len(senders)].send()
            sent += 1
        await asyncio.sleep(TICK_S)


async def hold(host: str, port: int, count: int) -> list[asyncio.StreamWriter]:
    """Open so many lines that say nothing; close the writers to end them."""
    return [(await asyncio.open_connection(host, port))[1] for _ in range(count)]
