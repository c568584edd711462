from __future__ import annotations

import asyncio
import json
import time

import pytest

from shangyou.adapters.hj212 import Hj212Listener, ListenerSettings
from shangyou.core.registry import Device
from shangyou.faces.demo.monitors import BROKEN, STRANGE_PACKETS, STRANGER, Monitors
from shangyou.faces.demo.packets import PW, STRAYING
from shangyou.ingest.hj212.read import Reader
from shangyou.simulation.scenario import HOUR_MS, Scenario
from shangyou.simulation.stretch import PARAMETERS, stations
from shangyou.wiring import SystemClock
from tests.fakes.journal import FakeJournal
from tests.fakes.state import FakeIntake, FakeRegistry

PATIENCE = 60  # seconds


class Node:
    """What monitors see of a node: a listener, which may be closed and come back at the same port."""

    def __init__(self) -> None:
        self.journal, self.registry, self.intake = FakeJournal(), FakeRegistry(), FakeIntake()
        for station in stations():
            profile = "lenient" if station.key in STRAYING else "strict"
            device = Device(station.mn, station.name_zh, station.section.id, profile=profile)
            self.registry.put_device(device, PW, "test", 0)
        self.came = asyncio.Event()
        self.port = 0

    async def start(self) -> None:
        self.came.clear()
        settings = ListenerSettings("127.0.0.1", self.port, "quarantine")
        self._listener = Hj212Listener(
            self.journal, self.registry, self.intake, SystemClock(), settings, lambda new: self.came.set()
        )
        await self._listener.start()
        self.port = self._listener.address[1]

    async def close(self) -> None:
        await self._listener.close()


def scenario() -> Scenario:
    return Scenario(5, int(time.time() * 1000) // HOUR_MS * HOUR_MS, 9)


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_history_is_sent_whole_and_what_was_done_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> Node:
        node = Node()
        await node.start()
        monitors = Monitors(scenario(), {"": node.port})
        await monitors.connect()
        await monitors.send_history()
        await monitors.close()
        await node.close()
        return node

    node = asyncio.run(asyncio.wait_for(run(), PATIENCE))
    told = said(capsys)[-1]
    assert told["said"] == "history"
    assert told["sent"] == told["acknowledged"]
    assert told["unknown"] == STRANGER
    reading = Reader().read(list(node.journal.read(0)), node.registry.device)
    keys = [key.site for key in reading.parsed.observations.keys]
    assert set(keys) == {station.section.id for station in stations()}
    distinct = set(
        zip(reading.parsed.observations.series.tolist(), reading.parsed.observations.time.tolist(), strict=True)
    )
    assert len(distinct) == told["values"] == int(str(told["sent"])) * len(PARAMETERS)
    codes = [refusal.code for _, refusal in reading.refused]
    assert codes.count("hj212.device_unknown") == STRANGE_PACKETS
    assert codes.count("hj212.checksum") == told["broken"] == BROKEN


def test_nothing_is_sent_that_lies_ahead_of_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> Node:
        node = Node()
        await node.start()
        monitors = Monitors(scenario(), {"": node.port})
        await monitors.connect()
        live = asyncio.create_task(monitors.live())
        await node.came.wait()
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)
        await monitors.close()
        await node.close()
        return node

    node = asyncio.run(asyncio.wait_for(run(), PATIENCE))
    reading = Reader().read(list(node.journal.read(0)), node.registry.device)
    assert len(reading.parsed.observations) > 0
    assert {key.cadence for key in reading.parsed.observations.keys} == {"instant"}
    received = max(raw.received for raw in node.journal.raws)
    assert reading.parsed.observations.time.max() <= received


def test_monitors_dial_in_again_when_the_node_comes_back() -> None:
    async def run() -> int:
        node = Node()
        await node.start()
        monitors = Monitors(scenario(), {"": node.port})
        await monitors.connect()
        live = asyncio.create_task(monitors.live())
        await node.came.wait()
        await node.close()
        before = node.journal.end()
        await node.start()
        await node.came.wait()
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)
        await monitors.close()
        after = node.journal.end()
        await node.close()
        return after - before

    assert asyncio.run(asyncio.wait_for(run(), PATIENCE)) > 0
