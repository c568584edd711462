"""The load that measurements put on a listener: every answer is counted, every packet can be read."""

from __future__ import annotations

import asyncio

import pytest

from shangyou.adapters.hj212.load import FACTORS, hold, load
from shangyou.core.registry import Device
from shangyou.ingest.hj212.read import Reader
from tests.adapters.hj212.node import place, run

DEVICES = [("A510000_0001", "123456"), ("A510000_0002", "123456")]


@pytest.mark.parametrize("rate", [None, 500.0])
def test_every_packet_sent_is_answered_durable_and_readable(rate: float | None) -> None:
    async def test() -> None:
        async with place() as here:
            host, port = here.listener.address
            result = await load(host, port, DEVICES, 0.1, rate, window=3)
            assert result.sent == result.answered == len(here.journal.raws) > 0
            assert 0 < result.percentile(50) <= result.percentile(99)
            assert result.rate > 0
            reading = Reader().read(list(here.journal.read(0)), lambda mn: Device(mn, "", mn))
            assert len(reading.parsed.observations) == result.sent * len(FACTORS)
            assert (reading.refused, reading.duplicates) == ((), 0)

    run(test())


def test_lines_that_say_nothing_are_held() -> None:
    async def test() -> None:
        async with place() as here:
            host, port = here.listener.address
            writers = await hold(host, port, 50)
            while here.listener.connections < 50:
                await asyncio.sleep(0)
            result = await load(host, port, DEVICES, 0.05)
            assert result.answered == result.sent > 0
            for writer in writers:
                writer.close()
                await writer.wait_closed()

    run(test())
