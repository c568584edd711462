"""Data between two nodes, each a process of its own, over HTTP on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measure import Figure, rss_mb
from shangyou import wiring
from shangyou.adapters.blocks import FileSink
from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.core.ports import Batch
from shangyou.core.records import Flagged, Observations, SeriesKey
from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.member import Level
from shangyou.faces.moving import Moving, moving
from shangyou.faces.serving import POOL
from shangyou.flows.deliver import StoreSink, fetch
from shangyou.flows.federation import Facts, make_federation
from shangyou.flows.subscribe import turn
from shangyou.settings import Settings
from shangyou.wiring_exchange import exchange

SERIES, TIMES = 2_000, 5_000
AGREEMENT = "urn:uuid:00000000-0000-4000-8000-000000000001"
DATASET = "sichuan/all"
MEMORY = "64MB"  # for DuckDB at both ends
FRESH = 100  # observations whose way to the subscriber is timed
SAID = "BENCH "
START = f"""
import os, runpy, sys
os.environ.setdefault(*{POOL!r})
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
runpy.run_module("benchmarks.exchange", run_name="__main__")
"""  # as a node is served; pandas is no dependency of ours; where it happens to be installed pyarrow loads it, 40 MB


def run() -> list[Figure]:
    """Rate and memory of a pull, and the latency of a feed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        found = _measured(Path(name))
    pull, rows = found["pull"], SERIES * TIMES
    figures = [
        Figure(
            f"pull of {rows / 1e6:.0f} M rows as Arrow, into an Arrow file",
            f"{rows / pull['seconds'] / 1e6:.2f} M rows/s ({pull['bytes'] / rows:.0f} bytes a row)",
            "≥ 2 M rows/s",
        ),
        Figure(
            "seconds of a core for a million rows, provider and consumer",
            f"{pull['cpu'] / rows * 1e6:.2f} and {pull['own_cpu'] / rows * 1e6:.2f}",
            "",
        ),
        Figure("memory of the provider, most", f"{pull['provider']:.0f} MB ({pull['base']:.0f} before)", "≤ 300 MB"),
        Figure("memory of the consumer, most", f"{pull['consumer']:.0f} MB", "≤ 300 MB"),
    ]
    taken, feed = found["store"], found["feed"]
    figures.append(
        Figure("the same into the consumer's own store", f"{rows / taken['seconds'] / 1e6:.2f} M rows/s", "")
    )
    figures.append(
        Figure(
            f"from stored here to stored there by a feed, {FRESH} observations",
            f"p50 {feed['p50']:.0f} ms, p95 {feed['p95']:.0f} ms",
            "p95 ≤ 2 s",
        )
    )
    return figures


def _measured(folder: Path) -> Mapping[str, Mapping[str, float]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _found(folder, port)
    provider = _child("provide", folder, str(port))
    try:
        assert provider.stdout is not None
        assert provider.stdout.readline().startswith(SAID)
        found: dict[str, Mapping[str, float]] = {}
        for what in ("pull", "store", "feed"):
            consumer = _child(what, folder, str(provider.pid))
            out, _ = consumer.communicate(timeout=600)
            told = [line for line in out.splitlines() if line.startswith(SAID)]
            found[what] = json.loads(told[-1].removeprefix(SAID))
    finally:
        provider.terminate()
        provider.wait(30)
    return found


def _child(what: str, folder: Path, argument: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, what, str(folder), argument]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _found(folder: Path, port: int) -> None:
    """Two members, an agreement between them, transfers that have started, and the provider's observations."""
    seats = []
    for id, code, at in (("sichuan", "510000", port), ("chongqing", "500000", port + 1)):
        wiring.make_home(_settings(folder / id))
        facts = Facts(id, id, id, Level.PROVINCIAL, code, f"http://127.0.0.1:{at}")
        seats.append((TrustFolder(folder / id), facts))
    make_federation(seats, int(time.time() * 1000), "bench", 2, 1, None, 30 * 86_400_000)
    node = wiring.build(_settings(folder / "sichuan"))
    _fill(node)
    node.close()


def _settings(home: Path) -> Settings:
    return Settings(home=home, name_zh=home.name, http_port=0, hj212_port=0, memory=MEMORY, threads=2)


def _fill(node: wiring.Node) -> None:
    keys = tuple(SeriesKey(f"51.断面{i // 10:03}", f"parameter_{i % 10}", "4h") for i in range(SERIES))
    chance, per = np.random.default_rng(1), 250
    for number in range(TIMES // per):
        count = SERIES * per
        time_ = (number * per + np.tile(np.arange(per), SERIES)) * 14_400_000 + 1_500_000_000_000
        value = chance.random(count) * 10
        node.store.append(Batch(number + 1, "table", "bench", 1_700_000_000_000), _flagged(keys, per, time_, value))
    node.store.checkpoint()


def _flagged(keys: tuple[SeriesKey, ...], per: int, time_: np.ndarray, value: np.ndarray) -> Flagged:
    count = len(time_)
    series = np.repeat(np.arange(len(keys), dtype=np.int32), per)
    ones, nothing = np.ones(count, np.uint8), np.zeros(count, np.uint32)
    o = Observations(keys, series, time_.astype(np.int64), value, np.zeros(count, np.uint8), ones)
    return Flagged(o, ones, nothing, nothing)


def _plane(home: Path) -> Moving:
    node = wiring.build(_settings(home))
    joined = exchange(node)
    assert joined is not None
    plane = moving(joined)
    plane.by_itself = False
    parties = {"target": DATASET, "assigner": "sichuan", "assignee": "chongqing"}
    policy = {"@type": "Agreement", "@id": AGREEMENT, **parties, "permission": [{"action": "use"}]}
    agreement = Agreement(AGREEMENT, "sichuan", "chongqing", DATASET, policy, to_ms(node.clock.now()))
    SqlContracts(node.database).put(agreement)
    return plane


def provide(folder: Path, port: int) -> None:
    """The provider: serves, and appends an observation now and then while a feed is asked for."""
    import uvicorn

    from shangyou.faces.between.app import create_between

    plane = _plane(folder / "sichuan")
    joined = plane.joined
    joined.catalogue.put(Dataset(DATASET, "sichuan", "x", "x", DatasetQuery(), (Offer("o", {}),)))
    for what, format in (("pull", "Arrow-PULL"), ("store", "Arrow-PULL"), ("feed", "Arrow-FEED")):
        wanted = {"backfill": False} if what == "feed" else None
        transfer = Transfer(what, f"c-{what}", "provider", "chongqing", AGREEMENT, format, "STARTED", None, wanted)
        (folder / f"{what}.json").write_text(json.dumps(plane.offer(transfer)))
        plane.begin(transfer)
    threading.Thread(target=_appending, args=(plane, folder), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(create_between(joined), host="127.0.0.1", port=port, log_level="error"))
    print(SAID, flush=True)
    server.run()
    joined.node.close()


def _appending(plane: Moving, folder: Path) -> None:
    """Once a feed is there: a value that is the time at which it was stored."""
    while not (folder / "feeding").exists():
        time.sleep(0.1)
    for number in range(FRESH):
        now = time.time() * 1000
        keys = (SeriesKey("51.新", "ph", "minute"),)
        at = np.array([1_800_000_000_000 + number * 60_000])
        batch = Batch(1_000 + number, "table", "fresh", int(now))
        plane.joined.node.store.append(batch, _flagged(keys, 1, at, np.array([now])))
        time.sleep(0.15)


def consume(what: str, folder: Path, provider: int) -> dict[str, float]:
    """The consumer: one transfer, timed."""
    plane = _plane(folder / "chongqing")
    address = json.loads((folder / f"{what}.json").read_text())
    format = "Arrow-FEED" if what == "feed" else "Arrow-PULL"
    wanted = {"backfill": False} if what == "feed" else None
    plane.begin(Transfer(f"c-{what}", what, "consumer", "sichuan", AGREEMENT, format, "STARTED", address, wanted))
    passage = plane.taking.meters.passage(f"c-{what}")
    if what == "feed":
        return _fed(plane, folder)
    start, spent = time.perf_counter(), time.process_time()
    theirs, base = _cpu(provider), rss_mb(provider)
    if what == "pull":
        with FileSink(folder / "out.arrow") as sink:
            over = fetch(plane.taking, passage, sink)
    else:
        over = fetch(plane.taking, passage, StoreSink(plane.taking.store, passage, plane.joined.now))
    seconds = time.perf_counter() - start
    cpu = {"own_cpu": time.process_time() - spent, "cpu": _cpu(provider) - theirs, "base": base}
    assert over.passed.rows == SERIES * TIMES
    peaks = {"provider": rss_mb(provider, most=True), "consumer": rss_mb(most=True)}
    return {"seconds": seconds, "bytes": over.passed.bytes, **peaks, **cpu}


def _cpu(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _fed(plane: Moving, folder: Path) -> dict[str, float]:
    passage = plane.taking.meters.passage("c-feed")
    turn(plane.taking, passage)
    (folder / "feeding").touch()
    took: list[float] = []
    heard = time.time() * 1000
    while len(took) < FRESH:
        turn(plane.taking, passage, 5_000)
        now = time.time() * 1000
        table: pa.Table = plane.joined.node.store.latest(("51.新",))
        newest = table.column("value")[0].as_py() if table.num_rows else 0.0
        if newest > heard:
            heard = newest
            took.append(now - newest)
        elif took and now - heard > 5_000:
            break
    return {"p50": float(np.percentile(took, 50)), "p95": float(np.percentile(took, 95))}


if __name__ == "__main__":
    part, home, argument = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if part == "provide":
        provide(home, argument)
    else:
        print(SAID + json.dumps(consume(part, home, argument)), flush=True)
