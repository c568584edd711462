"""Tables are read for ever as they were read when they came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.ports import Selection
from shangyou.flows.digest import Digest
from shangyou.flows.notes import FileNote
from shangyou.flows.readers import READERS
from shangyou.flows.receive import fingerprint, receive
from shangyou.ingest.tables import mapfile
from shangyou.ingest.tables.infer import infer
from shangyou.quality.reader import packaged_plan
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.observations import FakeObservations
from tests.fakes.state import FakeIntake, FakeRegistry

TABLE = (
    "断面,时间,氨氮(mg/L),总磷(mg/L)\n清风峡,2021-04-01 08:00,0.15,0.08\n清风峡,2021-04-01 12:00,0.16,0.09\n".encode()
)
LATER = 'name = "later"'  # a map that only a later edition would infer


class Bench:
    """What takes tables in, over fakes."""

    def __init__(self) -> None:
        self.journal, self.store, self.clock = FakeJournal(), FakeObservations(), FakeClock()

    def take(self, body: bytes = TABLE, note: str = "", name: str = "a.csv") -> int:
        return receive(self.journal, self.store, self.clock, name, body, "table", note).batch

    def digest(self) -> list[tuple[str, float]]:
        """Everything in the store, once the journal is in it."""
        Digest(self.journal, self.store, FakeRegistry(), FakeIntake(), READERS, packaged_plan()).run()
        rows = self.store.select(Selection()).to_pylist()
        return sorted((row["parameter"], row["value"]) for row in rows)


def test_the_map_that_was_inferred_at_intake_is_kept_beside_the_table() -> None:
    bench = Bench()
    bench.take(note=FileNote(date="2021").text())
    note = FileNote.of(bench.journal.raws[0].note)
    assert (note.date, note.map) == ("2021", "")
    assert mapfile.load(note.inferred) == infer(TABLE, "a.csv").map


def test_a_replay_reads_by_the_map_of_then_and_not_by_the_one_it_would_infer_now() -> None:
    now = infer(TABLE, "a.csv").map
    ammonia, phosphorus = now.measured
    then = replace(  # an edition that took one column for the other, and knew no third
        now, measured=(ammonia._replace(parameter="total_nitrogen"), phosphorus)
    )
    bench = Bench()
    bench.journal.append([Raw("table", "a.csv", 1, TABLE, FileNote(inferred=mapfile.save(then)).text())])
    first = bench.digest()
    assert [name for name, _ in first] == ["total_nitrogen"] * 2 + ["total_phosphorus"] * 2
    assert [value for _, value in first] == [0.15, 0.16, 0.08, 0.09]
    bench.store = FakeObservations()
    assert bench.digest() == first
    other = Bench()
    other.take()
    assert {name for name, _ in other.digest()} == {"ammonia_nitrogen", "total_phosphorus"}


def test_the_same_table_is_known_again_whatever_is_inferred_from_it() -> None:
    bench = Bench()
    first = bench.take()
    bench.digest()
    assert bench.take() == first
    assert bench.journal.end() == 1
    notes = [FileNote("2021", inferred=text).text() for text in ("", "name = 'then'", LATER)]
    assert len({fingerprint("table", note, TABLE) for note in notes}) == 1
    assert fingerprint("table", FileNote("2021", map=LATER).text(), TABLE) != fingerprint("table", notes[0], TABLE)


def test_a_declared_map_is_kept_as_it_was_declared() -> None:
    bench = Bench()
    note = FileNote(map=mapfile.save(infer(TABLE, "a.csv").map)).text()
    bench.take(note=note)
    assert bench.journal.raws[0].note == note


@pytest.mark.parametrize(("body", "note"), [(b"\x00\x01", ""), (b"no table", ""), (TABLE, "{broken")])
def test_what_has_no_map_is_kept_and_refused_when_it_is_read(body: bytes, note: str) -> None:
    bench = Bench()
    bench.take(body, note)
    assert bench.journal.raws[0].note.startswith(note)
    assert bench.digest() == []
    assert bench.store.batches()[0].counts.refused > 0


def test_an_empty_file_is_refused_at_once() -> None:
    with pytest.raises(InputError, match=r"receive\.empty"):
        Bench().take(b"")
