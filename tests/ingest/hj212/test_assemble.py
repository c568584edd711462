"""Split packets put together: any order, with and without a time in each part, lost parts, bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.journal import Entry, Raw
from shangyou.core.records import Refusal
from shangyou.ingest.hj212.answer import data_area, parts
from shangyou.ingest.hj212.assemble import ALIKE, EXPIRY_MS, PARTS, Assembler, Ready, joined
from shangyou.ingest.hj212.packet import Packet

FACTORS = {f"w0{1000 + i}": {"Avg": i / 10, "Flag": "N"} for i in range(1, 40)}
WHOLE = Packet("A510000_0001", "2061", "21", "1", data_area("20260801080000", FACTORS), "20260801090000001", 5)


def entry(id: int, received: int = 0) -> Entry:
    return Entry(id, Raw("hj212", "A510000_0001", received, b""))


def areas(ready: list[Ready]) -> list[bytes]:
    return [packet.cp for packet, _ in ready]


def feed(assembler: Assembler, packets: list[Packet], start: int = 0) -> list[Ready]:
    ready = []
    for id, packet in enumerate(packets, start):
        ready += assembler.add(packet, entry(id))[0]
    return ready


def cut(text: bytes, *places: int) -> list[Packet]:
    """Parts of a device that cuts its data area anywhere."""
    ends = [0, *places, len(text)]
    pieces = [text[a:b] for a, b in pairwise(ends)]
    return [WHOLE._replace(cp=piece, flag=7, pnum=len(pieces), pno=i) for i, piece in enumerate(pieces, 1)]


def groups(ready: list[Ready]) -> list[bytes]:
    return sorted(group for area in areas(ready) for group in area.split(b";") if not group.startswith(b"DataTime"))


@given(st.integers(60, 400), st.randoms())
def test_parts_in_any_order_give_every_factor_once(limit: int, random: object) -> None:
    split = parts(WHOLE, limit)
    random.shuffle(split)  # type: ignore[attr-defined]
    assembler = Assembler()
    ready = feed(assembler, split)
    assert groups(ready) == sorted(WHOLE.cp.split(b";")[1:])
    assert all(area.startswith(b"DataTime=20260801080000") for area in areas(ready))
    assert assembler.pending() is None


@given(st.sets(st.integers(30, len(WHOLE.cp) - 1), min_size=1, max_size=4), st.randoms())
def test_a_data_area_cut_anywhere_behind_its_time_is_whole_again(places: set[int], random: object) -> None:
    split = cut(WHOLE.cp, *sorted(places))
    random.shuffle(split)  # type: ignore[attr-defined]
    assert groups(feed(Assembler(), split)) == sorted(WHOLE.cp.split(b";")[1:])


@given(st.randoms())
def test_messages_that_arrive_together_are_not_mixed(random: object) -> None:
    hours = [
        WHOLE._replace(cp=WHOLE.cp.replace(b"01080000", b"01%02d0000" % h), qn=f"2026080109000{h}000") for h in range(4)
    ]
    split = [part for hour in hours for part in parts(hour, 300)]
    random.shuffle(split)  # type: ignore[attr-defined]
    assembler = Assembler()
    ready = feed(assembler, split)
    assert groups(ready) == sorted(group for hour in hours for group in hour.cp.split(b";")[1:])
    assert assembler.pending() is None


def test_qn_that_count_up_with_the_part_belong_together() -> None:
    """HJ 212-2017 table C.50: QN ...534 and ...535."""
    first = WHOLE._replace(cp=b"DataTime=1;a-Avg=1", flag=7, pnum=2, pno=1, qn="20160801085857534")
    second = first._replace(cp=b"DataTime=1;b-Avg=1", pno=2, qn="20160801085857535")
    other = first._replace(cp=b"DataTime=2;a-Avg=1", qn="20160801085857600")
    assembler = Assembler()
    assert areas(feed(assembler, [other, first, second])) == [first.cp, second.cp]
    assert assembler.pending() == 0


def test_parts_with_their_own_time_are_taken_together_whatever_their_qn() -> None:
    split = [part._replace(qn=f"2026080109000{i}777") for i, part in enumerate(parts(WHOLE, 300))]
    assembler = Assembler()
    assert len(feed(assembler, split)) == len(split)
    assert assembler.pending() is None


def test_a_continuation_under_another_qn_is_not_guessed_to_belong() -> None:
    first, second = cut(WHOLE.cp, 100)
    assembler = Assembler(expiry_ms=0)
    assert feed(assembler, [first, second._replace(qn="20260801090007777")]) == []
    ready, refused = assembler.expire(0)
    assert areas(ready) == [first.cp]
    assert len(refused) == 2


def test_what_must_be_given_again_includes_messages_that_ended_meanwhile() -> None:
    """A (0, 3) is whole, B (2) is not: from 2 on, A would seem to lack its first part."""
    assembler = Assembler()
    first, second = cut(WHOLE.cp, 100)
    other = first._replace(mn="B")
    feed(assembler, [first], start=0)
    feed(assembler, [other], start=2)
    feed(assembler, [second], start=3)
    assert assembler.pending() == 0


def test_the_oldest_entry_still_waited_upon_is_told() -> None:
    assembler = Assembler()
    first, second = cut(WHOLE.cp, 100)
    other = first._replace(mn="B")
    feed(assembler, [other, first], start=5)
    assert assembler.pending() == 5
    feed(assembler, [second], start=7)
    assert assembler.pending() == 5
    feed(assembler, [second._replace(mn="B")], start=8)
    assert assembler.pending() is None


def test_a_lost_part_is_told_after_the_expiry_and_what_stands_for_itself_is_kept() -> None:
    assembler = Assembler()
    one, two, three, *_ = parts(WHOLE, 300)
    for part, id in ((one, 3), (three, 4)):
        assembler.add(part, entry(id, received=1000 * id))
    assert assembler.expire(4000 + EXPIRY_MS - 1) == ([], [])
    ready, refused = assembler.expire(4000 + EXPIRY_MS)
    assert areas(ready) == [one.cp, three.cp]
    assert [(at.id, refusal.code, refusal.facts["missing"]) for at, refusal in refused] == [
        (3, "hj212.part_missing", ", ".join(str(i) for i in range(2, one.pnum + 1) if i != 3))
    ]
    assert two.pno == 2


def test_a_continuation_whose_beginning_is_lost_is_not_guessed_at() -> None:
    assembler = Assembler(expiry_ms=0)
    _, second = cut(WHOLE.cp, 100)
    assembler.add(second, entry(0))
    ready, refused = assembler.expire(0)
    assert ready == []
    assert [refusal.code for _, refusal in refused] == ["hj212.part_missing"]


def test_a_part_sent_again_replaces_the_first() -> None:
    assembler = Assembler()
    first, second = cut(WHOLE.cp, 100)
    assert feed(assembler, [second, second, first]) != []
    assert assembler.pending() is None


@pytest.mark.parametrize("pnum", [PARTS + 1, 9999])
def test_a_message_of_too_many_parts_is_refused(pnum: int) -> None:
    _, refused = Assembler().add(WHOLE._replace(pnum=pnum, pno=1), entry(0))
    assert [refusal.code for _, refusal in refused] == ["hj212.part_number"]


def test_a_sender_that_never_finishes_gives_up_its_own_oldest() -> None:
    assembler = Assembler()
    given_up: list[tuple[Entry, Refusal]] = []
    for i in range(ALIKE + 10):
        part = WHOLE._replace(qn=f"2026080109{i:02d}00000", flag=7, pnum=2, pno=1)
        given_up += assembler.add(part, entry(i))[1]
    assert [at.id for at, _ in given_up] == list(range(10))


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.binary(max_size=40)), max_size=60))
def test_any_parts_are_joined_kept_or_given_up(sent: list[tuple[int, int, bytes]]) -> None:
    assembler = Assembler(expiry_ms=0)
    for id, (pnum, pno, area) in enumerate(sent):
        if pno <= pnum and pnum > 1:
            assembler.add(WHOLE._replace(cp=area, pnum=pnum, pno=pno, qn=""), entry(id))
    assembler.expire(0)
    assert assembler.pending() is None


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        (b"a-Avg=7.1", b"b-Avg=8", b"a-Avg=7.1;b-Avg=8"),
        (b"a-Avg=7.1;", b"b-Avg=8", b"a-Avg=7.1;b-Avg=8"),
        (b"a-Avg=7.1", b";b-Avg=8", b"a-Avg=7.1;b-Avg=8"),
        (b"a-Avg=7.1,", b"a-Flag=N", b"a-Avg=7.1,a-Flag=N"),
        (b"a-Avg=7.", b"1;b-Avg=8", b"a-Avg=7.1;b-Avg=8"),
        (b"a-Avg=", b"7.1", b"a-Avg=7.1"),
        (b"a-A", b"vg=7.1", b"a-Avg=7.1"),
        (b"", b"a-Avg=1", b"a-Avg=1"),
    ],
)
def test_pieces_are_joined_where_they_were_cut(first: bytes, second: bytes, whole: bytes) -> None:
    assert joined(first, second) == whole
