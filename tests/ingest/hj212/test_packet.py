"""Segments to packets: the usual order, any order, and everything wrong at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Refusal
from shangyou.ingest.hj212.frame import Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse, plain_fields

HEAD = b"QN=20260801080000123;ST=21;CN=2011;PW=123456;MN=A510000_0001;Flag=5;CP=&&"
WORDS = st.text("0123456789ABCDEF_", min_size=1, max_size=24)
AREAS = st.binary(max_size=300)
PACKETS = st.builds(
    Packet,
    mn=WORDS,
    cn=st.from_regex(r"[0-9]{4}", fullmatch=True),
    st=st.from_regex(r"[0-9A-Z]{2}", fullmatch=True),
    pw=st.text("0123456789abc", max_size=8),
    cp=AREAS,
    qn=st.from_regex(r"[0-9]{17}", fullmatch=True),
    flag=st.sampled_from([0, 1, 4, 5, 8, 9]),
    pnum=st.just(0),
    pno=st.just(0),
    deviations=st.just(()),
)


def read(segment: bytes) -> Packet:
    packet = parse(segment)
    assert isinstance(packet, Packet)
    return packet


def codes(segment: bytes) -> list[str]:
    found = parse(segment)
    assert isinstance(found, list)
    return [refusal.code for refusal in found]


@given(PACKETS)
def test_what_is_built_is_read_again(packet: Packet) -> None:
    reader = PacketReader("strict")
    reader.receive(packet.frame())
    found = reader.next()
    assert isinstance(found, Frame)
    assert read(found.segment)._replace(deviations=()) == packet


@given(PACKETS.map(lambda p: p._replace(flag=7, pnum=3)), st.integers(1, 3))
def test_a_split_packet_is_read_again(packet: Packet, pno: int) -> None:
    packet = packet._replace(pno=pno)
    assert read(packet.segment())._replace(deviations=()) == packet
    assert packet.split


@given(st.permutations([b"QN=20260801080000123", b"ST=21", b"CN=2011", b"PW=1", b"MN=A1", b"Flag=5"]))
def test_the_order_of_fields_does_not_matter(fields: list[bytes]) -> None:
    packet = read(b";".join(fields) + b";CP=&&DataTime=1&&")
    assert (packet.qn, packet.st, packet.cn, packet.pw, packet.mn, packet.flag, packet.cp) == (
        *("20260801080000123", "21", "2011", "1", "A1", 5),
        b"DataTime=1",
    )


def test_the_order_of_2005_puts_the_part_numbers_before_st() -> None:
    packet = read(b"QN=20260801080000123;PNUM=2;PNO=1;ST=32;CN=2011;PW=1;MN=88888880000001;Flag=3;CP=&&&&")
    assert (packet.pnum, packet.pno, packet.split) == (2, 1, True)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(segment: bytes) -> None:
    found = parse(segment)
    assert isinstance(found, Packet) or (found and all(isinstance(refusal, Refusal) for refusal in found))


@given(st.text("QNSTCPWMFlagPUO=;&0123456789 ", max_size=200))
def test_any_text_that_looks_like_fields_is_read_or_refused(text: str) -> None:
    found = parse(f"{text}CP=&&&&".encode())
    assert isinstance(found, Packet) or found


def test_all_faults_of_a_segment_are_told_at_once() -> None:
    assert codes(b"QN=2026;ST=21;ST=22;CN=20;PW=1;what;Flag=999;CP=&&&&") == [
        *("hj212.field_form", "hj212.field_twice", "hj212.field_form", "hj212.field_unknown", "hj212.field_missing")
    ]


@pytest.mark.parametrize("segment", [b"", b"CP=&&", HEAD, HEAD + b"DataTime=1", b"QN=1;ST=21"])
def test_a_segment_without_a_whole_data_area_is_refused(segment: bytes) -> None:
    assert codes(segment) == ["hj212.data_area"]


@pytest.mark.parametrize(("pnum", "pno"), [(2, 3), (2, 0), (0, 1)])
def test_part_numbers_that_make_no_sense_are_refused(pnum: int, pno: int) -> None:
    segment = HEAD.replace(b"Flag=5", b"Flag=7;PNUM=%d;PNO=%d" % (pnum, pno)) + b"&&"
    assert codes(segment) == ["hj212.part_number"]


def test_a_flag_that_promises_part_numbers_must_keep_its_word() -> None:
    assert codes(HEAD.replace(b"Flag=5", b"Flag=7") + b"&&") == ["hj212.part_number"]


def test_a_flag_over_255_is_refused() -> None:
    assert codes(HEAD.replace(b"Flag=5", b"Flag=256") + b"&&") == ["hj212.field_form"]


def test_an_mn_of_any_length_is_not_taken() -> None:
    assert codes(HEAD.replace(b"A510000_0001", b"A" * 65) + b"&&") == ["hj212.field_form"]


def test_a_missing_qn_is_marked() -> None:
    assert read(b"ST=32;CN=2011;PW=1;MN=X;CP=&&&&").deviations == ("qn-missing",)


def test_a_segment_over_the_limit_is_marked_except_where_2025_is_claimed() -> None:
    long = HEAD + b"x" * 1000 + b"&&"
    assert read(long).deviations == ("segment-long",)
    assert read(long.replace(b"Flag=5", b"Flag=9")).deviations == ()


@pytest.mark.parametrize(
    ("area", "marked"),
    [
        (b"DataTime=1;w01001-Rtd=7;w01001-Flag=N", True),
        (b"DataTime=1;w01001-Min=6,w01001-Rtd=7; w01001-Flag=N;w01009-Rtd=1,w01009-Flag=N", True),
        (b"DataTime=1;w01001-Rtd=7,w01001-Flag=N", False),
        (b"DataTime=1;w01001-Rtd=7,w01001-Flag=N;w01018-Flag=D", False),  # a fault without a value
        (b"DataTime=1;w01001-Rtd=7;w01018-Flag=D", False),
    ],
)
def test_a_mark_behind_a_semicolon_is_marked(area: bytes, marked: bool) -> None:
    assert read(HEAD + area + b"&&").deviations == (("flag-apart",) if marked else ())


def test_flag_bits_are_those_of_the_standard() -> None:
    wants = [f for f in range(16) if Packet("X", "2011", "21", "", b"", flag=f).wants_answer]
    assert wants == [1, 3, 5, 7, 9, 11, 13, 15]


def test_plain_fields_leave_factors_out() -> None:
    assert plain_fields(b"PolId=w01018; SystemTime=20160801085857;w01018-Rtd=1,QnRtn=1;bare") == {
        "PolId": "w01018",
        "SystemTime": "20160801085857",
        "QnRtn": "1",
    }
