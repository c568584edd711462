"""Refused packets are read again once their device is known: nothing is lost, nothing is doubled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.journal import Raw
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Counts
from shangyou.core.registry import Device
from shangyou.flows.again import AGAIN, order, reader
from shangyou.flows.digest import Digest
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.packet import Packet
from shangyou.quality.reader import packaged_plan
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.observations import FakeObservations
from tests.fakes.state import FakeIntake, FakeRegistry

MN = "A510000_0001"
STATION = Device(MN, "站", "51.清风峡")
UNKNOWN = "refused hj212.device_unknown"


class Bench:
    """A digest over fakes, to which nobody has told the device yet."""

    def __init__(self, store: ObservationStore | None = None) -> None:
        self.journal, self.store = FakeJournal(), store or FakeObservations()
        self.registry, self.intake, self.clock = FakeRegistry(), FakeIntake(), FakeClock()

    def packet(self, hour: int, ph: float, note: str = UNKNOWN, pw: str = "123456", qn: bool = True) -> int:
        stamp = f"20261120{hour:02d}0000"
        area = data_area(stamp, {"w01001": {"Avg": ph, "Flag": "N"}})
        body = Packet(MN, "2061", "21", pw, area, f"{stamp}{len(self.journal.raws):03d}" if qn else "", 5).frame()
        self.clock.move(minutes=1)
        received = int(self.clock.now().timestamp() * 1000)
        return self.journal.append([Raw("hj212", MN, received, body, note)]).start

    def register(self, device: Device = STATION, password: str = "123456") -> None:
        self.registry.put_device(device, password, "li", 1)

    def digest(self) -> Counts:
        again = reader(self.journal, self.store, self.registry, self.intake)
        return Digest(self.journal, self.store, self.registry, self.intake, {AGAIN: again}, packaged_plan()).run()

    def read_again(self) -> Counts:
        self.clock.move(minutes=1)
        order(self.journal, self.intake, self.registry, self.clock, MN, "li")
        return self.digest()

    def values(self, versions: bool = False) -> list[tuple[str, float, int]]:
        found = self.store.select(Selection(parameters=("ph",), versions=versions)).to_pylist()
        return [(row["site"], row["value"], row["entry"]) for row in found]

    def reasons(self) -> list[tuple[int, str]]:
        return sorted((r.entry, r.refusal.code) for r in self.intake.refused())


def test_packets_of_a_device_that_was_unknown_are_in_the_store_with_their_origin() -> None:
    bench = Bench()
    first, second = bench.packet(8, 7.1), bench.packet(9, 7.2)
    bench.digest()
    assert bench.reasons() == [(first, "hj212.device_unknown"), (second, "hj212.device_unknown")]
    bench.register()
    assert bench.read_again() == Counts(2, 2)
    assert bench.values() == [("51.清风峡", 7.1, first), ("51.清风峡", 7.2, second)]
    assert bench.reasons() == []
    assert bench.store.batches(kind=AGAIN)[0].batch.source == MN


def test_to_read_again_twice_doubles_nothing() -> None:
    bench = Bench()
    bench.packet(8, 7.1)
    bench.digest()
    bench.register()
    for _ in range(2):  # somebody presses twice before the first is done
        order(bench.journal, bench.intake, bench.registry, bench.clock, MN, "li")
    bench.digest()
    assert bench.read_again() == Counts()
    assert len(bench.values(versions=True)) == 1
    assert order(bench.journal, bench.intake, bench.registry, bench.clock, MN, "li") == (0, None)


def test_what_is_refused_still_stays_with_the_reason_of_now() -> None:
    bench = Bench()
    bare = bench.packet(8, 7.1, qn=False)
    wrong = bench.packet(9, 7.2, pw="999999")
    bench.digest()
    bench.register()
    assert bench.read_again().new == 0
    assert bench.reasons() == [(bare, "hj212.qn_missing"), (wrong, "hj212.password")]
    bench.register(Device(MN, "站", "51.清风峡", profile="lenient"))
    assert bench.read_again().new == 1
    assert bench.reasons() == [(wrong, "hj212.password")]


def test_a_value_that_the_device_has_corrected_since_is_not_brought_back() -> None:
    bench = Bench()
    bench.packet(8, 7.1)
    bench.register()
    newer = bench.packet(8, 7.5, note="strict")
    bench.digest()
    bench.read_again()
    assert bench.values(versions=True) == [("51.清风峡", 7.5, newer)]
    assert bench.reasons() == []


def test_the_values_count_as_known_from_the_moment_they_were_read() -> None:
    bench = Bench(DuckStore(":memory:"))
    bench.packet(8, 7.1)
    bench.digest()
    bench.register()
    before = int(bench.clock.now().timestamp() * 1000)
    bench.read_again()
    assert len(bench.values()) == 1
    assert bench.store.select(Selection(parameters=("ph",), as_of=before)).num_rows == 0


def test_a_device_that_is_unknown_or_not_active_is_said_to_be_so() -> None:
    bench = Bench()
    bench.packet(8, 7.1)
    with pytest.raises(NotFoundError, match=r"device\.unknown"):
        bench.read_again()
    bench.register(Device(MN, "站", "", status="quarantined"))
    with pytest.raises(ConflictError, match=r"again\.standing"):
        bench.read_again()
    assert bench.journal.end() == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([7.1, 7.2]), st.booleans()), max_size=8))
def test_a_replay_of_the_journal_gives_what_the_first_run_gave(told: list[tuple[int, float, bool]]) -> None:
    bench = Bench()
    bench.register()
    for hour, ph, refused in told:
        bench.packet(hour, ph, UNKNOWN if refused else "strict")
        bench.digest()
    bench.read_again()
    first = bench.values(versions=True)
    bench.store = FakeObservations()
    bench.digest()
    assert bench.values(versions=True) == first
    assert bench.reasons() == []


@given(st.binary(max_size=60) | st.builds(lambda ids: b'["M",%s,1]' % str(ids).encode(), st.lists(st.integers())))
def test_an_order_that_is_none_is_refused_or_gives_nothing(body: bytes) -> None:
    bench = Bench()
    bench.journal.append([Raw(AGAIN, MN, 1, body), Raw("table", "a.csv", 1, b"x")])
    read = reader(bench.journal, bench.store, bench.registry, bench.intake)
    (parsed,) = read(Raw(AGAIN, MN, 1, body))
    assert len(parsed.observations) == 0


def test_a_large_journal_is_read_in_runs_of_neighbours() -> None:
    bench = Bench()
    kept = [bench.packet(hour, 7.0 + hour / 100) for hour in range(5)]
    bench.journal.append([Raw("table", "a.csv", 1, b"x")])
    kept += [bench.packet(hour, 7.0 + hour / 100) for hour in range(6, 9)]
    bench.digest()
    bench.register()
    assert bench.read_again().new == 8
    assert [entry for _, _, entry in bench.values()] == kept
