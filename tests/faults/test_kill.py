"""Killed at any moment, a node loses nothing that it acknowledged and stores nothing twice."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from shangyou import wiring
from shangyou.core.ports import Selection
from shangyou.core.registry import Device
from shangyou.ingest.hj212.frame import frame
from shangyou.settings import Settings, load

KILLS = 200
MN = "A510000_0001"
START = datetime(2026, 9, 1, tzinfo=UTC)


def packet(number: int) -> bytes:
    """The packet of one second; its value tells its number."""
    moment = (START + timedelta(seconds=number)).strftime("%Y%m%d%H%M%S")
    area = f"DataTime={moment};w01010-Rtd={number / 1000:.3f},w01010-Flag=N;w01001-Rtd=7.1,w01001-Flag=N"
    return frame(f"QN={moment}000;ST=21;CN=2011;PW=123456;MN={MN};Flag=5;CP=&&{area}&&".encode())


class Zygote:
    """Forks nodes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def start(self, home: Path) -> tuple[int, int]:
        self._in.write(f"{home}\n")
        self._in.flush()
        pid, port = self._out.readline().split()
        return int(pid), int(port)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert self._out.readline() == "ended\n"


@contextmanager
def zygote() -> Iterator[Zygote]:
    command = [sys.executable, "-m", "tests.faults.zygote"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Zygote(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def send_until_killed(forks: Zygote, pid: int, port: int, sent: int, answers: int) -> tuple[int, set[str]]:
    """Send packets until so many were answered, and kill the node while more are under way.

    Returns the number after the last packet sent, and the times of the acknowledged ones.
    """
    told = b""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        for _ in range(answers + 5):
            line.sendall(packet(sent))
            sent += 1
        while told.count(b"\r\n") < answers:
            told += line.recv(65536)
        forks.kill(pid)
        with suppress(OSError):
            while more := line.recv(65536):
                told += more
    return sent, {found.decode() for found in re.findall(rb"QN=(\d{14})000;ST=91;CN=9014", told)}


@pytest.mark.timeout(1200)
def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, hj212_port=0, threads=1)
    wiring.make_home(settings)
    node = wiring.build(settings)
    node.registry.put_device(Device(MN, "站", "51.甲"), "123456", "test", 0)
    node.close()
    chance, sent, acknowledged = random.Random(7), 0, set[str]()
    with zygote() as forks:
        for _ in range(KILLS):
            pid, port = forks.start(tmp_path)
            sent, answered = send_until_killed(forks, pid, port, sent, chance.randrange(1, 40))
            acknowledged |= answered
    node = wiring.build(load(tmp_path, {}))
    wiring.digest(node).run()
    rows = node.store.select(Selection(parameters=("water_temperature",), versions=True)).to_pylist()
    node.close()
    stored = [(row["time"] + timedelta(hours=8)).strftime("%Y%m%d%H%M%S") for row in rows]
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)
    assert len(acknowledged) > KILLS
    for row in rows:
        second = round((row["time"] - START).total_seconds()) + 8 * 3600
        assert row["value"] == round(second / 1000, 3)
        assert row["site"] == "51.甲"
