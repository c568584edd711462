"""From the journal into the store: in order, once, and refusals with their reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from shangyou.core.errors import InputError, UnavailableError
from shangyou.core.journal import Raw
from shangyou.core.ports import ObservationStore, Progress, Selection
from shangyou.core.records import Check, Counts, Flag, Observations, Parsed, Refusal, SeriesKey
from shangyou.core.registry import Device, Section
from shangyou.flows.digest import Digest
from shangyou.flows.receive import receive
from shangyou.ingest.hj212.crc import crc_text
from shangyou.ingest.hj212.stretch import AT_A_STRETCH
from shangyou.quality.reader import packaged_plan
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.observations import FakeObservations
from tests.fakes.state import FakeIntake, FakeRegistry

HOUR = 3_600_000
START = 1_790_000_000_000 - 1_790_000_000_000 % HOUR
PH = SeriesKey("51.甲", "ph", "hour", "mean")


def read_lines(raw: Raw) -> Iterator[Parsed]:
    """A reader of lines "hour value"; each blank line begins another part."""
    for part in raw.body.decode().split("\n\n"):
        rows, refusals = [], []
        for number, line in enumerate(part.split("\n"), start=1):
            hour, _, value = line.partition(" ")
            if hour == "surprise":
                raise LookupError(line)
            try:
                rows.append((PH, START + int(hour) * HOUR, float(value), 0, 1))
            except ValueError:
                refusals.append(Refusal("lines.number", {"text": line}, number, None, line))
        yield Parsed(Observations.build(rows), (Section("51.甲", "甲", source=raw.source),), tuple(refusals))


class Bench:
    """A digest over fakes."""

    def __init__(self, store: ObservationStore | None = None) -> None:
        self.journal, self.store = FakeJournal(), store or FakeObservations()
        self.registry, self.intake, self.clock = FakeRegistry(), FakeIntake(), FakeClock()
        self.digest = self.begin()

    def begin(self) -> Digest:
        """As after a start."""
        return Digest(self.journal, self.store, self.registry, self.intake, {"lines": read_lines}, packaged_plan())

    def put(self, text: str, name: str = "a.txt", kind: str = "lines") -> int:
        return receive(self.journal, self.store, self.clock, name, text.encode(), kind).batch

    def packet(self, hour: int, ph: float, qn: int = 0, flag: str = "4", parts: str = "") -> None:
        stamp = np.datetime_as_string(np.datetime64(START + hour * HOUR + 8 * HOUR, "ms"), unit="s")
        moment = "".join(c for c in stamp if c.isdigit())
        text = (
            f"QN=20260921{qn:09d};ST=21;CN=2061;PW=123456;MN=A510000_0001;Flag={flag};{parts}"
            f"CP=&&DataTime={moment};w01001-Avg={ph},w01001-Flag=N&&"
        )
        segment = text.encode()
        frame = b"##%04d%s%s\r\n" % (len(segment), segment, crc_text(segment))
        self.journal.append([Raw("hj212", "A510000_0001", START + hour * HOUR + 60_000, frame)])

    def values(self) -> list[tuple[int, float]]:
        rows = self.store.select(Selection(parameters=("ph",))).to_pylist()
        return [(int(row["time"].timestamp() * 1000 - START) // HOUR, row["value"]) for row in rows]


def test_a_file_ends_up_in_the_store_with_its_section() -> None:
    bench = Bench()
    bench.put("0 7.1\n1 7.2")
    assert bench.digest.run() == Counts(2, 2)
    assert bench.values() == [(0, 7.1), (1, 7.2)]
    assert [(s.id, s.status) for s in bench.registry.sections()] == [("51.甲", "unconfirmed")]
    assert bench.digest.behind() == 0


def test_what_cannot_be_read_is_kept_aside_with_its_reason_and_the_rest_is_taken() -> None:
    bench = Bench()
    id = bench.put("0 7.1\nnonsense\n2 x\n3 7.3")
    assert bench.digest.run() == Counts(4, 2, refused=2)
    assert [(r.entry, r.refusal.line, r.refusal.text) for r in bench.intake.refused()][::-1] == [
        (id, 2, "nonsense"),
        (id, 3, "2 x"),
    ]


def test_the_same_bytes_again_are_not_taken_in_twice() -> None:
    bench = Bench()
    first = bench.put("0 7.1")
    bench.digest.run()
    again = receive(bench.journal, bench.store, bench.clock, "copy.txt", b"0 7.1", "lines")
    assert again.batch == first
    assert again.before is not None
    assert again.before.counts == Counts(1, 1)
    assert bench.journal.end() == 1


def test_after_a_roll_back_the_same_bytes_are_taken_in_again() -> None:
    bench = Bench()
    id = bench.put("0 7.1")
    bench.digest.run()
    bench.store.withdraw(id, START)
    bench.put("0 7.1")
    bench.digest.run()
    assert bench.values() == [(0, 7.1)]


def test_a_file_in_several_parts_is_one_batch() -> None:
    bench = Bench()
    bench.put("0 7.1\n1 7.2\n\n2 7.3\nx y\n\n3 7.4")
    bench.digest.run()
    (state,) = bench.store.batches()
    assert state.counts == Counts(5, 4, refused=1)


def test_an_empty_file_and_one_of_an_unknown_kind_are_said_to_be_so() -> None:
    bench = Bench()
    with pytest.raises(InputError, match=r"receive\.empty"):
        bench.put("")
    bench.put("?", kind="parchment")
    assert bench.digest.run() == Counts(1, refused=1)
    assert [r.refusal.code for r in bench.intake.refused()] == ["receive.kind"]
    assert bench.digest.behind() == 0


def test_packets_go_under_the_section_of_their_device() -> None:
    bench = Bench()
    bench.registry.put_device(Device("A510000_0001", "站", "51.甲"), "123456", "li", 1)
    bench.packet(0, 7.1)
    bench.packet(1, 7.2)
    assert bench.digest.run().new == 2
    assert bench.values() == [(0, 7.1), (1, 7.2)]
    assert bench.store.select(Selection()).column("entry").to_pylist() == [0, 1]
    assert bench.store.series() == [PH]


def test_a_repeated_packet_changes_nothing() -> None:
    bench = Bench()
    bench.packet(0, 7.1, qn=5)
    bench.packet(0, 7.1, qn=5)
    assert bench.digest.run().new == 1
    assert bench.store.size().observations == 1


def test_a_spike_is_seen_when_the_next_value_comes() -> None:
    bench = Bench()
    for hour, ph in enumerate((7.10, 7.11, 7.12, 7.11, 9.9)):
        bench.packet(hour, ph, qn=hour)
        bench.digest.run()
    bench.packet(5, 7.12, qn=5)
    bench.digest.run()
    rows = bench.store.select(Selection(versions=True)).to_pylist()
    spike = [row for row in rows if row["value"] == 9.9]
    assert [bool((row["suspect"] | row["fail"]) & Check.SPIKE) for row in spike] == [False, True]
    assert spike[-1]["flag"] in (Flag.SUSPECT, Flag.FAIL)
    assert [row["revision"] for row in rows if row["value"] in (7.10, 7.12)] == [0, 0, 0]


class Failing(FakeObservations):
    """Fails once at a chosen append, before or after it took effect."""

    def __init__(self, at: int, after: bool) -> None:
        super().__init__()
        self.at, self.after, self.calls = at, after, 0

    def append(self, *told: Any, **more: Any) -> Counts:
        self.calls += 1
        if self.calls == self.at and not self.after:
            raise UnavailableError("store.full")
        counts = super().append(*told, **more)
        if self.calls == self.at:
            raise UnavailableError("store.write")
        return counts


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_stopped_at_any_step_and_begun_again_nothing_is_lost_or_doubled(at: int, after: bool) -> None:
    plain, broken = Bench(), Bench(Failing(at, after))
    for bench in (plain, broken):
        bench.put("0 7.1\n1 7.2\nbad\n\n2 7.3\n0 7.9\n\n4 7.0")
        for hour in range(3, 6):
            bench.packet(hour, 7.0 + hour / 100, qn=hour)
        bench.put("2 7.9", name="b.txt")
    plain.digest.run()
    with pytest.raises(UnavailableError, match="store"):
        broken.digest.run()
    broken.begin().run()
    assert (
        broken.store.select(Selection(versions=True)).to_pylist()
        == plain.store.select(Selection(versions=True)).to_pylist()
    )
    assert [r.refusal for r in broken.intake.refused()] == [r.refusal for r in plain.intake.refused()]


def test_a_file_on_which_the_reader_fails_is_refused_and_does_not_stop_the_others() -> None:
    bench = Bench()
    id = bench.put("0 7.1\n\nsurprise 1", kind="lines")
    bench.put("1 7.2", name="b.txt")
    bench.digest.run()
    assert [(r.entry, r.refusal.code) for r in bench.intake.refused()] == [(id, "receive.fault")]
    assert bench.values() == [(0, 7.1), (1, 7.2)]


def test_times_that_nothing_can_hold_are_refused_by_number() -> None:
    bench = Bench()
    bench.put("0 7.1\n99999999 7.2")
    assert bench.digest.run() == Counts(2, 1, refused=1)
    assert [r.refusal.code for r in bench.intake.refused()] == ["receive.time"]


def test_a_file_that_came_twice_before_it_was_read_is_taken_in_once() -> None:
    bench = Bench()
    for _ in range(2):
        bench.put("0 7.1")
    assert bench.journal.end() == 2
    bench.digest.run()
    assert [state.batch.id for state in bench.store.batches()] == [0]
    bench.store.withdraw(0, START)
    bench.put("0 7.1")
    bench.digest.run()
    assert bench.values() == [(0, 7.1)]


def test_a_part_is_waited_for_through_restarts_and_files_between() -> None:
    bench = Bench()
    bench.packet(0, 7.1, qn=1, flag="6", parts="PNUM=2;PNO=1;")
    bench.digest.run()
    for number in range(2):
        bench.put(f"{number + 5} 7.3", name=f"{number}.txt")
        bench.begin().run()
    bench.packet(0, 7.1, qn=1, flag="6", parts="PNUM=2;PNO=2;")
    bench.begin().run()
    assert bench.intake.refused() == []
    assert (0, 7.1) in bench.values()


def test_what_was_known_when_is_the_same_live_and_from_a_backlog() -> None:
    live, late = Bench(), Bench()
    for bench in (live, late):
        for hour in range(4):
            bench.packet(hour, 7.0 + hour / 100, qn=hour)
            if bench is live:
                bench.digest.run()
    late.digest.run()
    for hour in range(4):
        known = Selection(as_of=START + hour * HOUR + 60_000)
        assert live.store.select(known).num_rows == late.store.select(known).num_rows == hour + 1


def test_a_store_that_is_ahead_of_its_journal_is_not_passed_over() -> None:
    bench = Bench()
    bench.store.advance(Progress(5, 5))
    with pytest.raises(UnavailableError, match=r"digest\.behind"):
        bench.digest.run()


def test_it_stops_when_asked_and_goes_on_later() -> None:
    bench = Bench()
    for hour in range(5):
        bench.put(f"{hour} 7.{hour}", name=str(hour))
    told: list[tuple[int, int]] = []
    bench.digest.run(stop=lambda: len(told) >= 2, tell=lambda done, end: told.append((done, end)))
    assert told == [(1, 5), (2, 5)]
    assert bench.digest.behind() == 3
    bench.begin().run()
    assert [hour for hour, _ in bench.values()] == [0, 1, 2, 3, 4]


def test_a_value_that_is_none_is_kept_as_missing() -> None:
    bench = Bench()
    bench.put("0 nan")
    bench.digest.run()
    (row,) = bench.store.select(Selection()).to_pylist()
    assert math.isnan(row["value"])
    assert row["flag"] == Flag.MISSING


def test_it_gives_way_every_few_packets_and_comes_to_the_same() -> None:
    bench, steady = Bench(), Bench()
    turns: list[int] = []
    for hour in range(3 * AT_A_STRETCH):
        bench.packet(hour, 7.0 + hour / 1000, qn=hour)
        steady.packet(hour, 7.0 + hour / 1000, qn=hour)
    counts = bench.digest.run(give_way=lambda: turns.append(len(turns)))
    assert counts == steady.digest.run()
    assert bench.values() == steady.values()
    assert len(turns) == 2 * 3 + 1  # as they come out of the journal, as they are read, and before they are tested
