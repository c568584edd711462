"""Nodes as processes of their own, on failing lines and killed in the midst of what they do, come to the same."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faces.processes import run, wait_until
from tests.faults.apart import CONSUMER, PROVIDER, SITE, Apart, apart
from tests.faults.proxy import Fate, Proxy

DATASET = f"{PROVIDER}/all"
BULK = "51.s0"  # one of the hundred series that were there from the beginning
SEED = 11


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with apart(tmp_path_factory.mktemp("apart")) as found:
        found[PROVIDER].do("datasets/publish", name="all", title_zh="全部", template="unconditional")
        yield found


@pytest.fixture(autouse=True)
def sound(pair: Apart) -> Iterator[None]:
    """Lines that deliver, before and after."""
    yield
    for seat in pair.seats.values():
        seat.proxy.fate = lambda path: Fate.DELIVER


class Trap:
    """Kills a node when the n-th request of some kind is on its way to a node."""

    def __init__(self, pair: Apart, victim: str, line: str, part: str, count: int) -> None:
        self.pair, self.victim, self.part, self.left = pair, victim, part, count
        self.sprung = threading.Event()
        self.line: Proxy = pair[line].proxy
        self.line.fate = self

    def __call__(self, path: str) -> Fate:
        if self.part in path and not self.sprung.is_set():
            self.left -= 1
            if self.left == 0:
                served = self.pair[self.victim].served
                assert served is not None
                served.process.kill()
                self.sprung.set()
        return Fate.DELIVER

    def revive(self) -> None:
        """Wait for the death, and start the node again from what is on its disk."""
        assert self.sprung.wait(60)
        self.pair[self.victim].kill()
        self.pair[self.victim].start()


@pytest.mark.parametrize("victim", [PROVIDER, CONSUMER])
def test_a_node_killed_in_a_negotiation_comes_to_the_same_as_the_other(pair: Apart, victim: str) -> None:
    trap = Trap(pair, victim, victim, "/negotiations/", 1)
    id = pair.request(DATASET)
    trap.revive()
    agreement = pair.agreed(id)
    assert wait_until(lambda: pair.agree(agreement) or None)


@pytest.mark.parametrize("victim", [PROVIDER, CONSUMER])
def test_a_node_killed_in_a_pull_goes_on_with_the_block_that_is_missing(pair: Apart, victim: str) -> None:
    agreement = pair.agreed(pair.request(DATASET))
    trap = Trap(pair, victim, PROVIDER, "block=", 2)
    id = pair.start(agreement)
    trap.revive()
    assert pair.moved(id)["state"] == "COMPLETED"
    assert wait_until(lambda: pair.agree(agreement) or None)
    assert pair.same(BULK)
    meters = [row for seat in pair.seats.values() for row in seat.ask("meters") if row["agreement"] == agreement]
    assert len({(row["rows"], row["bytes"]) for row in meters}) == 1
    assert meters[0]["rows"] >= 300_000


def test_the_data_of_a_transfer_go_into_a_file_through_the_node_that_serves(pair: Apart, tmp_path: Path) -> None:
    agreement = pair.agreed(pair.request(DATASET))
    id, file = pair.start(agreement), tmp_path / "all.parquet"
    assert pair.moved(id)["state"] == "COMPLETED"
    done = run("--home", pair[CONSUMER].home, "transfer", "fetch", id, "--to", file)
    assert done.returncode == 0, done.stderr
    assert pq.ParquetFile(file).metadata.num_rows >= 300_000


def test_what_a_station_sends_while_its_subscriber_is_dead_comes_once_when_it_is_back(pair: Apart) -> None:
    agreement = pair.agreed(pair.request(DATASET))
    pair[CONSUMER].do("feeds/add", agreement=agreement, backfill=False)
    wait_until(lambda: [row for row in pair[CONSUMER].ask("passages", feeds=True) if row["state"] == "started"])
    pair[PROVIDER].send(1)
    wait_until(lambda: pair.same(SITE))
    trap = Trap(pair, CONSUMER, PROVIDER, "/data/feeds/", 1)
    pair[PROVIDER].send(2)
    assert trap.sprung.wait(60)
    for number in range(3, 9):
        pair[PROVIDER].send(number)
    trap.revive()
    assert wait_until(lambda: pair.same(SITE) and len(pair.series(CONSUMER, SITE)) == 8)
    assert wait_until(lambda: pair.agree(agreement) or None)


def test_over_a_line_that_delays_cuts_loses_and_doubles_both_ends_come_to_the_same(pair: Apart) -> None:
    chance, lock = random.Random(SEED), threading.Lock()
    ill = (Fate.DELIVER, Fate.DELIVER, Fate.DELAY, Fate.CUT, Fate.LOSE_ANSWER, Fate.DOUBLE)

    def fate(path: str) -> Fate:
        with lock:
            return chance.choice(ill)

    for seat in pair.seats.values():
        seat.proxy.fate = fate
    agreement = pair.agreed(pair.request(DATASET))
    pull = pair.start(agreement)
    assert pair.moved(pull)["state"] == "COMPLETED"
    met = {each: sum(seat.proxy.met[each] for seat in pair.seats.values()) for each in ill}
    assert all(met.values()), met
    for seat in pair.seats.values():
        seat.proxy.fate = lambda path: Fate.DELIVER
    assert wait_until(lambda: pair.agree(agreement) or None)
    assert pair.same(BULK)


def test_a_negotiation_begun_while_the_line_is_down_ends_when_it_is_up(pair: Apart) -> None:
    agreement = pair.agreed(pair.request(DATASET))
    pair[PROVIDER].proxy.fate = lambda path: Fate.CUT
    pair[CONSUMER].proxy.fate = lambda path: Fate.CUT
    id = str(pair[CONSUMER].do("contracts/renew", agreement=agreement)["id"])
    wait_until(lambda: pair[PROVIDER].proxy.met[Fate.CUT] > 1)
    for seat in pair.seats.values():
        seat.proxy.fate = lambda path: Fate.DELIVER
    renewed = pair.agreed(id)
    assert wait_until(lambda: pair.agree(renewed) or None)
    states = {row["id"]: row["state"] for row in pair[PROVIDER].ask("contracts/agreements")}
    assert (states[agreement], states[renewed]) == ("replaced", "active")
