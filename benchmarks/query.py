"""One question to seven nodes, each a process with its own store, and the same to one store that holds everything."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure, in_turn
from shangyou import wiring
from shangyou.adapters.state import SqlCatalogue, SqlContracts
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.core.registry import PROVINCES, Section
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dataset import Dataset, DatasetQuery
from shangyou.exchange.member import Level
from shangyou.exchange.question import Question
from shangyou.flows.answer import Own
from shangyou.flows.federation import Facts, make_federation
from shangyou.flows.query import Alone, ask, summed
from shangyou.settings import Settings
from shangyou.wiring_exchange import member_exchange

NAMES = ("chongqing", "sichuan", "guizhou", "yunnan", "xizang", "qinghai")
SECTIONS, HOURS = 20, 24 * 365  # of a node; of a series
PARAMETERS = ("ph", "dissolved_oxygen", "permanganate_index", "ammonia_nitrogen", "total_phosphorus")
START, HOUR = 1_609_430_400_000, 3_600_000  # 2021-01-01 legal time [ms]; ms
SERVE = "from shangyou.faces.cli import main; main()"
YEAR = START + HOUR * HOURS
QUESTIONS = {
    "monthly means and 90th percentiles of every section": Question(percentiles=True, start=START, stop=YEAR),
    "yearly means of every province": Question(label="province", period="year", start=START, stop=YEAR),
}


def port() -> int:
    """A free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fill(node: wiring.Node, provinces: list[tuple[str, str]]) -> None:
    """A year of hourly values of some provinces; the same wherever they are put."""
    for number, (name, code) in enumerate(provinces):
        ids = [f"{code}.断面{n}" for n in range(SECTIONS)]
        node.registry.meet([Section(id, id[3:], province=name, river="长江") for id in ids], 0)
        keys = tuple(SeriesKey(id, parameter, "hour") for id in ids for parameter in PARAMETERS)
        size = len(keys) * HOURS
        series = np.repeat(np.arange(len(keys), dtype=np.int32), HOURS)
        time = np.tile(START + HOUR * np.arange(HOURS, dtype=np.int64), len(keys))
        value = np.random.default_rng(int(code)).gamma(2.0, 0.5, size).round(3)
        nothing = np.zeros(size, np.uint32)
        rows = Observations(keys, series, time, value, np.zeros(size, np.uint8), np.ones(size, np.uint8))
        flag = np.full(size, Flag.GOOD, np.uint8)
        node.store.append(Batch(number + 1, "table", "bench", START), Flagged(rows, flag, nothing, nothing))


def settings(folder: Path, http: int) -> Settings:
    """Of one node."""
    return Settings(home=folder, http_port=http, hj212_port=port())


@contextlib.contextmanager
def processes(folder: Path, homes: dict[str, Settings]) -> Iterator[None]:
    """The six provinces, serving."""
    started: list[subprocess.Popen[str]] = []
    try:
        for name in NAMES:
            command = [sys.executable, "-c", SERVE, "node", "serve", "--home", str(folder / name)]
            started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        for process in started:
            assert process.stdout is not None
            if not process.stdout.readline().startswith("ready"):
                raise RuntimeError("a node did not come up")
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def agree(node: wiring.Node, name: str) -> None:
    """Let the ministry have everything of a node."""
    dataset, id = f"{name}/all", f"urn:uuid:{name}"
    ends = {"@id": id, "target": dataset, "assigner": name, "assignee": "ministry"}
    policy = {"@type": "Agreement", **ends, "permission": [{"action": "use"}]}
    SqlCatalogue(node.database).put(Dataset(dataset, name, "全部", "All", DatasetQuery(), ()))
    SqlContracts(node.database).put(Agreement(id, name, "ministry", dataset, policy, 1))


def run() -> list[Figure]:
    """Both questions."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        homes = {id: settings(folder / id, port()) for id in ("ministry", *NAMES, "one")}
        for each in homes.values():
            wiring.make_home(each)
        seats = [
            (
                TrustFolder(folder / id),
                Facts(id, id, id, Level.PROVINCIAL, f"{n:06}", f"http://127.0.0.1:{homes[id].http_port}"),
            )
            for n, id in enumerate(("ministry", *NAMES), 100000)
        ]
        make_federation(seats, to_ms(wiring.SystemClock().now()))
        provinces = list(PROVINCES.items())
        for id, province in zip(NAMES, provinces, strict=True):
            with contextlib.closing(wiring.build(homes[id])) as node:
                fill(node, [province])
                agree(node, id)
        with contextlib.closing(wiring.build(homes["one"])) as one, processes(folder, homes):
            fill(one, provinces)
            with contextlib.closing(wiring.build(homes["ministry"])) as ministry:
                return _compare(one, ministry)


def _compare(one: wiring.Node, ministry: wiring.Node) -> list[Figure]:
    exchange = member_exchange(ministry)
    own, whole = Own("ministry", ministry.store, ministry.registry), Own("local", one.store, one.registry)
    figures, found = [], len(NAMES) * SECTIONS * len(PARAMETERS) * HOURS
    for what, question in QUESTIONS.items():
        shares = (90.0,) if question.percentiles else ()

        def basin(question: Question = question, shares: tuple[float, ...] = shares) -> object:
            replies = ask(question, own, exchange.members, exchange.peers, exchange.now, seconds=120.0)
            if sum(line.values for line in replies.lines) != found:
                raise RuntimeError(str(replies.lines))
            return summed(replies, shares).drop(["nodes"])

        def alone(question: Question = question, shares: tuple[float, ...] = shares) -> object:
            return summed(ask(question, whole, Alone(), Alone(), exchange.now), shares).drop(["nodes"])

        if not basin().replace_schema_metadata(None).equals(alone().replace_schema_metadata(None)):  # type: ignore[attr-defined]
            raise RuntimeError("the basin's answer is not that of one store")
        many, single = in_turn(basin, alone)
        figures.append(
            Figure(
                f"{what}, {found / 1e6:.1f} M values over seven nodes, the same answer",
                f"{many * 1000:.0f} ms, {many / single:.2f}x",
                "≤ 1.5x one store",
                f"one store: {single * 1000:.0f} ms",
            )
        )
    return figures
