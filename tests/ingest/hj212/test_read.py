"""Journal entries to observations: notes, duplicates, quarantine, resumption, and reading again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.journal import Entry, Raw
from shangyou.core.registry import Device
from shangyou.ingest.hj212.answer import data_area, parts
from shangyou.ingest.hj212.crc import crc_text
from shangyou.ingest.hj212.frame import frame
from shangyou.ingest.hj212.note import KIND, Note
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.read import Reader, Reading, explain, read_again

KNOWN = {
    "A510000_0001": Device("A510000_0001", "清风峡", "51.清风峡"),
    "LOOSE": Device("LOOSE", "", "", profile="lenient"),
    "ASIDE": Device("ASIDE", "", "", status="quarantined"),
}
FACTORS = {f"w0{1000 + i}": {"Avg": i, "Flag": "N"} for i in (1, 3, 9, 10, 14, 17, 18, 19)}


def device(mn: str) -> Device | None:
    return KNOWN.get(mn)


def packet(mn: str = "A510000_0001", hour: int = 8, qn: int = 1) -> Packet:
    area = data_area(f"20260801{hour:02d}0000", FACTORS)
    return Packet(mn, "2061", "21", "1", area, f"20260801{hour:02d}0000{qn:03d}", 5)


def entry(id: int, body: bytes | Packet, note: str = "strict", received: int = 0) -> Entry:
    return Entry(id, Raw(KIND, "x", received, body if isinstance(body, bytes) else body.frame(), note))


def refusals(reading: Reading) -> list[tuple[int, str]]:
    return [(at.id, refusal.code) for at, refusal in reading.refused]


def test_values_come_out_under_the_section_of_the_device_with_their_entry() -> None:
    reading = Reader().read([entry(5, packet()), entry(6, packet(hour=9))], device)
    got = reading.parsed.observations
    assert {key.site for key in got.keys} == {"51.清风峡"}
    assert got.entry.tolist() == [5] * 8 + [6] * 8
    assert (reading.refused, reading.pending, reading.duplicates) == ((), None, 0)


def test_a_device_without_a_section_keeps_its_values_under_its_mn() -> None:
    reading = Reader().read([entry(0, packet("LOOSE"), "lenient")], device)
    assert {key.site for key in reading.parsed.observations.keys} == {"LOOSE"}


def test_the_same_packet_again_is_a_duplicate_and_other_bytes_under_its_qn_are_not() -> None:
    changed = packet()._replace(cp=data_area("20260801080000", {"w01001": {"Avg": 9}}))
    reader = Reader()
    reading = reader.read([entry(0, packet()), entry(1, packet()), entry(2, changed)], device)
    assert reading.duplicates == 1
    assert reading.parsed.observations.entry.tolist() == [0] * 8 + [2]
    assert reader.read([entry(3, packet())], device).duplicates == 1


def test_the_same_entry_read_again_is_no_duplicate() -> None:
    reader = Reader()
    reader.read([entry(0, packet())], device)
    assert len(reader.read([entry(0, packet())], device).parsed.observations) == 8


def test_packets_without_qn_are_never_duplicates() -> None:
    bare = packet("LOOSE")._replace(qn="")
    reading = Reader().read([entry(0, bare, "lenient"), entry(1, bare, "lenient")], device)
    assert (reading.duplicates, len(reading.parsed.observations)) == (0, 16)


def test_refused_frames_tell_their_reason_from_their_bytes() -> None:
    good = packet().frame()
    wrong = good[:-6] + b"0000\r\n"
    long = b"##%04d" % (len(good) - 6) + good[6:]
    stray = frame(packet("STRAY").segment())
    entries = [
        entry(0, wrong, Note(refused="hj212.checksum").text()),
        entry(1, b"hello\r\n", Note(refused="hj212.head").text()),
        entry(2, long, Note(refused="hj212.length").text()),
        entry(3, stray, Note(refused="hj212.device_unknown").text()),
        entry(4, frame(b"QN=1;ST=2;CP=&&&&"), Note(refused="hj212.field_form").text()),
    ]
    reading = Reader().read(entries, device)
    assert refusals(reading) == [
        (0, "hj212.checksum"),
        (1, "hj212.head"),
        (2, "hj212.length"),
        (3, "hj212.device_unknown"),
        *[(4, code) for code in ("hj212.field_form", "hj212.field_form", *("hj212.field_missing",) * 2)],
    ]
    facts = {at.id: refusal.facts for at, refusal in reading.refused}
    assert facts[2]["declared"] == len(good) - 6
    assert facts[3]["mn"] == "STRAY"
    assert len(reading.parsed.refusals) == len(reading.refused)


def test_quarantined_packets_wait_until_their_device_is_registered() -> None:
    entries = [entry(0, packet("NEW"), "quarantine"), entry(1, packet("ASIDE"), "quarantine")]
    reading = Reader().read(entries, device)
    assert refusals(reading) == [(0, "hj212.device_unknown"), (1, "hj212.device_quarantined")]
    assert len(reading.parsed.observations) == 0
    again = read_again(entries, lambda mn: Device(mn, "", "51.清风峡"))
    assert len(again.parsed.observations) == 16
    assert again.refused == ()


def test_a_refused_deviation_is_taken_in_again_once_its_device_is_lenient() -> None:
    body = packet()._replace(qn="").frame()
    refused = entry(0, body, Note(refused="hj212.qn_missing").text())
    assert refusals(read_again([refused], device)) == [(0, "hj212.qn_missing")]
    loose = read_again([refused], lambda mn: Device(mn, "", "", profile="lenient"))
    assert len(loose.parsed.observations) == 8


def test_reading_again_still_refuses_what_is_no_packet() -> None:
    entries = [entry(0, b"hello\r\n", "refused hj212.head"), entry(1, frame(b"what"), "refused hj212.data_area")]
    assert refusals(read_again(entries, device)) == [(0, "hj212.head"), (1, "hj212.data_area")]


def test_reading_again_puts_parts_together() -> None:
    entries = [entry(i, part, "quarantine") for i, part in enumerate(parts(packet("LOOSE"), 100))]
    assert len(read_again(entries, device).parsed.observations) == 8
    assert refusals(read_again(entries[:1], device)) == [(0, "hj212.part_missing")]


def test_a_split_packet_is_read_when_its_last_part_comes_and_waited_for_until_then() -> None:
    first, *rest = (entry(i, part) for i, part in enumerate(parts(packet(), 100), 4))
    reader = Reader()
    reading = reader.read([first], device)
    assert (len(reading.parsed.observations), reading.pending) == (0, 4)
    reading = reader.read(rest, device)
    assert (len(reading.parsed.observations), reading.pending) == (8, None)


def test_a_lost_part_is_refused_when_later_entries_show_that_time_has_passed() -> None:
    first, *_ = parts(packet(), 100)
    reader = Reader()
    reader.read([entry(0, first)], device)
    reading = reader.read([entry(1, packet(hour=9), received=60_000)], device)
    assert refusals(reading) == [(0, "hj212.part_missing")]
    assert reading.pending is None
    assert 0 in reading.parsed.observations.entry


@given(st.integers(0, 12), st.permutations(range(12)))
def test_reading_on_after_a_stop_anywhere_gives_what_reading_at_once_gives(stop: int, order: list[int]) -> None:
    """What was read before a crash, and what a new reader gives from the oldest pending entry, is the whole."""
    packets = [part for hour in (8, 9, 10) for part in parts(packet(hour=hour), 100)]
    entries = [entry(i, packets[order[i] % len(packets)]) for i in range(12)]
    whole = Reader().read(entries, device).parsed.observations

    before = Reader().read(entries[:stop], device)
    needed = stop if before.pending is None else before.pending
    after = Reader().read(entries[needed:], device, done=stop)
    for name in ("time", "value", "entry"):
        both = np.concatenate([getattr(before.parsed.observations, name), getattr(after.parsed.observations, name)])
        np.testing.assert_array_equal(both, getattr(whole, name))


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=80),
            st.sampled_from(["strict", "lenient length-6", "quarantine", "", "refused hj212.head", "refused"]),
        )
    )
)
def test_any_entries_are_read_or_refused(bodies: list[tuple[bytes, str]]) -> None:
    framed = [entry(i, b"##0000" + body + b"FFFF\r\n", note) for i, (body, note) in enumerate(bodies)]
    reading = Reader().read(framed, device)
    assert len(reading.parsed.observations) == 0
    assert {at.id for at, _ in reading.refused} == set(range(len(bodies)))


def test_a_packet_of_an_unknown_command_is_refused_and_nothing_else() -> None:
    odd = packet()._replace(cn="2999")
    assert refusals(Reader().read([entry(0, odd)], device)) == [(0, "hj212.command_unknown")]


def test_a_reason_can_be_explained_for_bytes_that_look_good() -> None:
    raw = entry(0, packet()).raw
    assert [refusal.code for refusal in explain(raw, "hj212.password")] == ["hj212.password"]
    lower = raw.body[:-6] + crc_text(raw.body[6:-6]).lower() + b"\r\n"
    assert lower != raw.body
    assert [r.code for r in explain(entry(0, lower).raw, "hj212.crc_case")] == ["hj212.crc_case"]


def test_notes_are_written_and_read_again() -> None:
    for note in (Note(), Note("lenient", ("length-6", "crc-case")), Note("quarantine"), Note("", (), "hj212.head")):
        assert Note.of(note.text()) == note
