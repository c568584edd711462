"""Contracts between two nodes on loopback, each a process of its own: how long one takes, and how many a second."""

from __future__ import annotations

import json
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


def wait_for(home: Path, count: int, seconds: float = 60) -> list[tuple[int, int]]:
    """(opened, finalized) of that many negotiations [ms], from the consumer's own state."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with closing(sqlite3.connect(home / "state.sqlite")) as state:
            bodies = state.execute("select body from talk where kind = 'negotiation'").fetchall()
        talks = [json.loads(body) for (body,) in bodies]
        done = [(talk["opened"], talk["since"]) for talk in talks if talk["state"] == "FINALIZED"]
        if len(done) >= count:
            return sorted(done)
        time.sleep(0.05)
    raise RuntimeError(f"{len(done)} of {count} finalized: {talks[-1]}")


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
        single = wait_for(consumer, ONE_BY_ONE)
        took = np.array([done - opened for opened, done in single])[5:]  # the first load what the node has not needed

        def many(count: int) -> None:
            with client(consumer) as asking:
                for _ in range(count):
                    asking.do("contracts/request", dataset=DATASET)

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(many, [AT_ONCE // CLIENTS] * CLIENTS))
        done = wait_for(consumer, ONE_BY_ONE + AT_ONCE // CLIENTS * CLIENTS)[ONE_BY_ONE:]
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
            f"{len(done) / seconds:.0f} a second; p95 {np.percentile(waits, 95):.0f} ms",
            "≥ 50 a second",
        ),
    ]
