"""Packets read beside the node: the same as here, and a process that dies or rests loses and doubles nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.adapters.journal import FileJournal
from shangyou.adapters.journal_view import JournalView
from shangyou.adapters.observations import DuckStore
from shangyou.adapters.reading import BUSY, QUIET, ReadingBeside
from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Raw
from shangyou.core.ports import Selection
from shangyou.core.records import Flagged, Observations
from shangyou.core.registry import Device
from shangyou.core.stretch import Stretch, Stretches
from shangyou.flows.digest import Digest
from shangyou.flows.stretch import PacketStretches, stretches
from shangyou.ingest.hj212.packet import Packet
from shangyou.quality.reader import packaged_plan
from shangyou.wiring import READING
from tests.fakes.state import FakeIntake, FakeRegistry

MN = "A510000_0001"
START = 1_790_000_000_000


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A journal on disk with packets, and what reads it."""

    def __init__(self, home: Path) -> None:
        self.path = home / "journal"
        self.journal, self.clock = FileJournal(self.path, segment_bytes=20_000), Clock()
        self.registry, self.intake, self.store = FakeRegistry(), FakeIntake(), DuckStore(":memory:")
        self.registry.put_device(Device(MN, "甲", "51.甲"), "123456", "test", 0)
        self.beside = ReadingBeside(self.path, READING, self.here, self.registry, self.clock)

    def here(self) -> Stretches:
        return stretches(self.journal, self.registry, packaged_plan())

    def packets(self, count: int, first: int = 0) -> None:
        self.journal.append([self.packet(number) for number in range(first, first + count)])

    def packet(self, number: int) -> Raw:
        area = f"DataTime={20260922000000 + number % 60 + number // 60 * 100};w01001-Rtd=7.{number % 90},w01001-Flag=N"
        frame = Packet(MN, "2011", "21", "123456", area.encode(), f"2026092200{number:07d}", 5).frame()
        return Raw("hj212", MN, START + number, frame)

    def digest(self) -> Digest:
        return Digest(self.journal, self.store, self.registry, self.intake, {}, packaged_plan(), self.beside.choose)

    def close(self) -> None:
        self.beside.close()
        self.store.close()
        self.journal.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def rows(taken: Stretch) -> list[tuple[object, ...]]:
    return [*columns(taken.flagged, taken.received.tolist()), *columns(taken.again, [0] * len(taken.again.flag))]


def columns(flagged: Flagged, received: list[int]) -> list[tuple[object, ...]]:
    o = flagged.observations
    keys = [o.keys[series] for series in o.series.tolist()]
    found = (o.time, o.value, o.mark, o.entry, flagged.flag, flagged.suspect, flagged.fail)
    return list(zip(keys, *(column.tolist() for column in found), received, strict=True))


def nothing() -> None:
    """Nobody else wants a turn."""


def unknown(observations: Observations) -> None:
    """The store has nothing yet."""


def take(reader: Stretches, start: int, stop: int, anew: bool = False) -> Stretch:
    return reader.take(start, stop, 0, anew, unknown, nothing)


@pytest.mark.parametrize("cuts", [(300,), (1, 300), (100, 101, 299, 300), (50, 150, 250, 300)])
def test_what_is_read_beside_is_what_is_read_here_wherever_it_is_cut(bench: Bench, cuts: tuple[int, ...]) -> None:
    bench.packets(300)
    beside, here = bench.beside.choose(BUSY, True), bench.here()
    start = 0
    for stop in cuts:
        one, other = (take(reader, start, stop) for reader in (beside, here))
        assert rows(one) == rows(other)
        assert (one.stop, one.fresh, one.first, one.at) == (other.stop, other.fresh, other.first, other.at)
        assert one.refused == other.refused
        start = stop


def test_what_the_store_has_of_a_series_is_asked_for_once_and_again_when_a_file_has_come(bench: Bench) -> None:
    asked: list[int] = []

    def earlier(observations: Observations) -> None:
        asked.append(len(observations.keys))

    bench.packets(30)
    beside = bench.beside.choose(BUSY, True)
    for start, anew in ((0, False), (10, False), (20, True)):
        beside.take(start, start + 10, 0, anew, earlier, nothing)
    assert asked == [1, 1]


def test_a_store_that_cannot_be_asked_ends_the_process_and_the_next_begins_anew(bench: Bench) -> None:
    def broken(observations: Observations) -> None:
        raise UnavailableError("store.locked")

    bench.packets(10)
    beside = bench.beside.choose(BUSY, True)
    with pytest.raises(UnavailableError, match=r"store\.locked"):
        beside.take(0, 10, 0, False, broken, nothing)
    assert take(bench.beside.choose(BUSY, True), 0, 10).stop == 10


def test_a_view_of_a_journal_reads_on_while_it_grows_and_skips_what_is_not_asked_for(bench: Bench) -> None:
    view = JournalView(bench.path)
    bench.packets(150)
    assert [entry.id for entry in view.read(0, 100)] == list(range(100))
    bench.packets(150, 150)
    assert [entry.id for entry in view.read(120, 300)] == list(range(120, 300))
    assert list(view.read(30, 40)) == list(bench.journal.read(30, 40))


def test_a_view_says_where_a_journal_is_damaged(bench: Bench) -> None:
    bench.packets(50)
    last = max(bench.path.glob("*.log"))
    last.write_bytes(last.read_bytes()[:-10])
    with pytest.raises(UnavailableError, match=r"journal\.damaged"):
        list(JournalView(bench.path).read(0, 50))


def test_a_stretch_ends_before_an_entry_that_is_no_packet(bench: Bench) -> None:
    bench.packets(3)
    bench.journal.append([Raw("lines", "a.txt", START, b"0 7.1")])
    bench.packets(2, 3)
    beside = bench.beside.choose(BUSY, True)
    assert [take(beside, start, 6).stop for start in (0, 3, 4)] == [3, 3, 6]


def test_a_killed_process_loses_and_doubles_nothing(bench: Bench) -> None:
    digest = bench.digest()
    bench.packets(BUSY)
    digest.run()
    process = bench.beside.process()
    assert process is not None
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    bench.packets(BUSY, BUSY)
    digest.run()
    assert bench.beside.process() not in (None, process)
    assert bench.store.select(Selection()).num_rows == 2 * BUSY


def test_a_process_that_dies_at_work_is_told_and_the_next_reads_the_same_again(bench: Bench) -> None:
    bench.packets(10)
    beside = bench.beside.choose(BUSY, True)
    process = bench.beside.process()
    assert process is not None
    os.kill(process, signal.SIGKILL)
    with pytest.raises(UnavailableError, match=r"digest\.reader"):
        take(beside, 0, 10)
    assert take(bench.beside.choose(BUSY, True), 0, 10).stop == 10


def test_the_process_is_there_while_much_arrives_and_gone_when_it_is_quiet(bench: Bench) -> None:
    assert isinstance(bench.beside.choose(BUSY - 1, True), PacketStretches)
    assert bench.beside.process() is None
    busy = bench.beside.choose(BUSY, False)
    bench.clock.now += QUIET - 1
    assert bench.beside.choose(1, False) is busy
    bench.clock.now += 1
    assert isinstance(bench.beside.choose(1, False), PacketStretches)
    assert bench.beside.process() is None


def test_a_reader_that_is_to_begin_anew_remembers_nothing(bench: Bench) -> None:
    bench.packets(5)
    first = bench.beside.choose(BUSY, True)
    assert len(rows(take(first, 0, 5))) == 5
    anew = bench.beside.choose(BUSY, True)
    assert anew is not first
    assert len(rows(take(anew, 0, 5))) == 5


def test_once_closed_it_begins_no_process_however_much_waits(bench: Bench) -> None:
    bench.beside.choose(BUSY, True)
    bench.beside.close()
    assert isinstance(bench.beside.choose(BUSY, True), PacketStretches)
    assert bench.beside.process() is None
