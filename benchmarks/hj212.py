"""HJ 212 over TCP: a serving node in one process, the load in another."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.measure import Figure, rss_mb
from shangyou import wiring
from shangyou.adapters.hj212.load import LoadResult, hold, load
from shangyou.core.registry import Device
from shangyou.settings import Settings
from shangyou.settings import load as load_settings

LINES = 500
IDLE = 5_000
SECONDS = 15
HALF = 5_000  # packets a second: half of what is asked for
START = "from shangyou.faces.cli import main; main()"


def devices(count: int = LINES) -> list[tuple[str, str]]:
    return [(f"A51{n:04d}_0001", "123456") for n in range(count)]


def make(folder: Path) -> Settings:
    with socket.socket() as probe:  # a free port: 0 would mean that there is no listener
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=folder, http_port=0, hj212_port=port, unknown_devices="refuse")
    wiring.make_home(settings)
    node = wiring.build(settings)
    for mn, password in devices():
        node.registry.put_device(Device(mn, mn, f"51.{mn}"), password, "bench", 0)
    node.close()
    return settings


def serving(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A node that serves, and the port of its listener."""
    command = [sys.executable, "-c", START, "node", "serve", "--home", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            places = dict(part.split("=", 1) for part in line.split()[1:])
            return process, int(places["hj212"].rpartition(":")[2])
    raise RuntimeError("the node did not come up")


def behind(folder: Path) -> tuple[int, int]:
    """Journal entries, and values in the store, after the node has ended."""
    node = wiring.build(load_settings(folder, {}))
    digest = wiring.digest(node)
    late = digest.behind()
    digest.run()
    count = node.store.size().observations
    node.close()
    return late, count


async def idle(port: int) -> int:
    lines = await hold("127.0.0.1", port, IDLE)
    await asyncio.sleep(2)
    alive = sum(not line.is_closing() for line in lines)
    for line in lines:
        line.close()
    return alive


def run() -> list[Figure]:
    """All figures of the listener."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + 1_000), hard))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        make(folder / "idle")  # a node of its own: five thousand lines that end at once are work for a while
        process, port = serving(folder / "idle")
        try:
            held = asyncio.run(idle(port))
            memory = rss_mb(process.pid)
        finally:
            process.terminate()
            process.wait(60)
        folder = folder / "busy"
        make(folder)
        process, port = serving(folder)
        try:
            half: LoadResult = uvloop.run(load("127.0.0.1", port, devices(), SECONDS, rate=HALF))
            most: LoadResult = uvloop.run(
                load("127.0.0.1", port, devices(), SECONDS, window=4, start_ms=1_786_542_400_000)
            )
            after = rss_mb(process.pid)
        finally:
            process.terminate()
            process.wait(60)
        late, count = behind(folder)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    answered = most.answered + half.answered
    return [
        Figure(
            "packets of ten factors, durable before ack",
            f"{most.rate:,.0f} /s over {LINES} connections ({most.answered:,} in {most.seconds:.0f} s)",
            "≥ 10,000 /s",
        ),
        Figure(
            f"p99 of the acknowledgement at {half.rate:,.0f} /s",
            f"{half.percentile(99) * 1000:.0f} ms (median {half.percentile(50) * 1000:.0f} ms)",
            "≤ 50 ms at half the rate",
        ),
        Figure("idle connections held", f"{held:,} ({memory:.0f} MB resident)", "5,000"),
        Figure(
            "values in the store of what was acknowledged",
            f"{count:,} of {answered * 10:,}; {late:,} packets were still in the journal at the end",
            "all",
            f"{after:.0f} MB resident after it",
        ),
    ]
