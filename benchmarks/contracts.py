"""Contracts between two nodes on loopback, each a process of its own: how long one takes, and how many a second."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from benchmarks.hj212 import serving
from benchmarks.measure import Figure
from shangyou import wiring
from shangyou.adapters.node_client import NodeClient
from shangyou.adapters.serving import find_serving
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.faces.api import federation_deeds as federation
from shangyou.faces.api.desk import Desk
from shangyou.settings import Settings
from shangyou.wiring_exchange import member_exchange

ONE_BY_ONE = 100
AT_ONCE = 600
CLIENTS = 16
OFFER = {"permission": [{"action": "use"}], "prohibition": [{"action": "distribute"}]}
DATASET = "sichuan/tuojiang"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def found(homes: dict[str, Path]) -> None:
    """Two nodes in one federation; the first publishes a dataset that anybody may have."""
    with ExitStack() as stack:
        desks, places = {}, {}
        for id, home in homes.items():
            port = free_port()
            settings = Settings(home=home, http_port=port, hj212_port=free_port(), simulated=True, adm_code="510000")
            wiring.make_home(settings)
            node = stack.enter_context(closing(wiring.build(settings)))
            desks[id], places[id] = Desk(node, by="bench"), f"http://127.0.0.1:{port}"
        sichuan, chongqing = desks["sichuan"], desks["chongqing"]
        federation.init(sichuan, "sichuan", places["sichuan"])
        invitation = str(federation.invite(sichuan)["invitation"])
        asked = federation.join(chongqing, invitation, "chongqing", places["chongqing"], ask=False)
        federation.sign(sichuan, document=str(asked["request"]))
        lists = {"lists": member_exchange(sichuan.node).trust.after(0)}
        federation.sign(chongqing, document=json.dumps(lists))
        offer = Offer(f"{DATASET}#open", OFFER)
        dataset = Dataset(
            DATASET, "sichuan", "沱江（模拟）", "Tuo (simulated)", DatasetQuery(), (offer,), simulated=True
        )
        member_exchange(sichuan.node).catalogue.put(dataset)


def client(home: Path) -> NodeClient:
    place = find_serving(home)
    assert place is not None
    return NodeClient(place, "bench", "en")


def talks(home: Path) -> list[tuple[int, int]]:
    """(opened, finalized) of each negotiation that is done [ms], from the node's own state."""
    with closing(sqlite3.connect(home / "state.sqlite")) as state:
        bodies = state.execute("select body from talk where kind = 'negotiation' and state = 'FINALIZED'").fetchall()
    return sorted((talk["opened"], talk["since"]) for talk in (json.loads(body) for (body,) in bodies))


def wait_for(home: Path, count: int, seconds: float = 60) -> None:
    """Until that many negotiations are done at a node; asked so that it takes the nodes no time."""
    end, done = time.monotonic() + seconds, 0
    with closing(sqlite3.connect(home / "state.sqlite")) as state:
        while time.monotonic() < end:
            [done] = state.execute(
                "select count(*) from talk where kind = 'negotiation' and state = 'FINALIZED'"
            ).fetchone()
            if done >= count:
                return
            time.sleep(0.02)
    raise RuntimeError(f"{done} of {count} finalized")


def cpu_ms(pid: int) -> float:
    """CPU time that a process has used [ms], in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def run() -> list[Figure]:
    """Both figures."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        homes = {id: Path(name) / id for id in ("sichuan", "chongqing")}
        found(homes)
        processes: list[subprocess.Popen[str]] = []
        for home in homes.values():
            process, _ = serving(home)
            processes.append(process)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        consumer = homes["chongqing"]
        with client(consumer) as asking:
            for n in range(ONE_BY_ONE):
                asking.do("contracts/request", dataset=DATASET)
                wait_for(consumer, n + 1)
        single = talks(consumer)
        took = np.array([done - opened for opened, done in single])[5:]  # the first load what the node has not needed

        def many(count: int) -> None:
            with client(consumer) as asking:
                for _ in range(count):
                    asking.do("contracts/request", dataset=DATASET)

        count = AT_ONCE // CLIENTS * CLIENTS
        before = [cpu_ms(each.pid) for each in processes]
        own = time.process_time()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(many, [AT_ONCE // CLIENTS] * CLIENTS))
        for home in homes.values():
            wait_for(home, ONE_BY_ONE + count)
        own = (time.process_time() - own) * 1000 / count
        used = [(cpu_ms(each.pid) - start) / count for each, start in zip(processes, before, strict=True)]
        done = talks(consumer)[ONE_BY_ONE:]
        seconds = (max(each for _, each in done) - done[0][0]) / 1000
        waits = np.array([end - opened for opened, end in done])
    return [
        Figure(
            "negotiation from request to FINALIZED at the consumer, one at a time",
            f"p50 {np.percentile(took, 50):.0f} ms, p95 {np.percentile(took, 95):.0f} ms",
            "p95 ≤ 300 ms",
        ),
        Figure(
            f"negotiations a second, {CLIENTS} clients asking one node, both nodes and the clients on this machine",
            f"{len(done) / seconds:.0f} a second; p95 {np.percentile(waits, 95):.0f} ms; CPU for each: provider "
            f"{used[0]:.1f} ms, consumer {used[1]:.1f} ms, client {own:.1f} ms",
            "≥ 50 a second",
        ),
    ]
