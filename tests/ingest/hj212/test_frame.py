"""Frames out of a stream: whole, cut, over-counted, wrong, and everything between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.ingest.hj212.crc import crc_text
from shangyou.ingest.hj212.frame import GARBAGE, LONGEST, BadFrame, Frame, PacketReader, frame

SEGMENT = b"QN=20260801080000123;ST=21;CN=2011;PW=123456;MN=A510000_0001;Flag=5;CP=&&DataTime=20260801080000&&"
GOOD = frame(SEGMENT)


def overcounted(segment: bytes, by: int = 6) -> bytes:
    return b"##%04d%b%b\r\n" % (len(segment) + by, segment, crc_text(segment))


def cut(stream: bytes, step: int, profile: str = "lenient") -> list[Frame | BadFrame]:
    reader, got = PacketReader(profile), list[Frame | BadFrame]()
    for i in range(0, len(stream), step):
        reader.receive(stream[i : i + step])
        got += iter(reader.next, None)
    last = reader.finish()
    return got if last is None else [*got, last]


def reasons(found: list[Frame | BadFrame]) -> list[str]:
    return [item.refusal.code if isinstance(item, BadFrame) else "good" for item in found]


PIECES = st.one_of(
    st.binary(max_size=120).map(frame),
    st.binary(max_size=80).map(overcounted),
    st.just(GOOD),
    st.just(overcounted(SEGMENT)),
    st.just(overcounted(SEGMENT, 1)),
    st.just(GOOD.replace(b"7", b"8")),
    st.just(GOOD[: len(GOOD) // 2]),
    st.just(b"##9999"),
    st.sampled_from([b"#", b"##", b"##00", b"\r", b"\n", b"\r\n", b"&&", b"\0" * 9, b"#" * 30, b"x" * (GARBAGE + 7)]),
    st.binary(max_size=60),
    st.text("#0123456789&\r\nAF", max_size=40).map(str.encode),
)


@given(st.lists(st.binary(max_size=99), max_size=8), st.integers(1, 40))
def test_frames_survive_any_cutting_of_the_stream(segments: list[bytes], step: int) -> None:
    got = cut(b"".join(map(frame, segments)), step)
    assert [item.segment for item in got if isinstance(item, Frame)] == segments


@given(st.lists(PIECES, max_size=12), st.integers(1, 700), st.sampled_from(["strict", "lenient"]))
def test_good_and_bad_frames_are_the_same_wherever_the_stream_is_cut(
    pieces: list[bytes], step: int, profile: str
) -> None:
    stream = b"".join(pieces)
    assert cut(stream, step, profile) == cut(stream, max(len(stream), 1), profile)


@given(st.lists(PIECES, max_size=12), st.integers(1, 700))
def test_every_byte_that_is_not_blank_comes_out_somewhere(pieces: list[bytes], step: int) -> None:
    stream = b"".join(pieces)
    out = b"".join(item.body for item in cut(stream, step))
    assert out.translate(None, b" \t\r\n\0") == stream.translate(None, b" \t\r\n\0")


@given(st.lists(st.binary(max_size=9000), max_size=6))
def test_what_is_held_is_bounded(chunks: list[bytes]) -> None:
    reader = PacketReader()
    for chunk in [b"##9999", *chunks, b"#" * 5000]:
        reader.receive(chunk)
        while reader.next() is not None:
            pass
        assert reader.waiting <= LONGEST + 12 + GARBAGE


@given(PIECES, st.integers(1, 300))
def test_after_any_noise_that_ends_in_a_line_the_next_frame_is_read(noise: bytes, step: int) -> None:
    filler = b"\r\n" + b"." * (LONGEST + 12) + b"\r\n"  # longer than any frame that the noise may have begun
    got = cut(noise + filler + GOOD, step)
    assert Frame(GOOD) in got


def test_a_frame_behind_half_a_frame_is_not_lost() -> None:
    half = GOOD[:40]
    assert reasons(cut(half + GOOD, 7)) == ["hj212.length", "good"]


def test_an_overcounted_frame_is_marked_if_lenient_and_refused_if_strict() -> None:
    stream = overcounted(SEGMENT)
    assert cut(stream, 9) == [Frame(stream, ("length-6",))]
    strict = cut(stream, 9, "strict")
    assert reasons(strict) == ["hj212.length"]
    assert isinstance(strict[0], BadFrame)
    assert (strict[0].refusal.facts["declared"], strict[0].refusal.facts["actual"]) == (len(SEGMENT) + 6, len(SEGMENT))


def test_an_overcounted_frame_needs_no_later_bytes_to_be_seen() -> None:
    reader = PacketReader()
    reader.receive(overcounted(SEGMENT, 3))
    found = reader.next()
    assert isinstance(found, BadFrame)
    assert found.refusal.code == "hj212.length"


def test_an_overcounted_frame_with_a_wrong_sum_is_refused_for_its_sum() -> None:
    stream = overcounted(SEGMENT)[:-6] + b"0000\r\n"
    assert reasons(cut(stream, 11)) == reasons(cut(stream, 11, "strict")) == ["hj212.checksum"]


def test_a_lower_case_sum_is_marked_if_lenient_and_refused_if_strict() -> None:
    stream = GOOD[:-6] + GOOD[-6:].lower()
    assert stream != GOOD
    assert cut(stream, 9) == [Frame(stream, ("crc-case",))]
    assert reasons(cut(stream, 9, "strict")) == ["hj212.crc_case"]


def test_a_wrong_sum_is_refused_with_both_sums() -> None:
    found = cut(GOOD[:-6] + b"BEEF\r\n", 99)[0]
    assert isinstance(found, BadFrame)
    assert found.refusal.code == "hj212.checksum"
    assert (found.refusal.facts["got"], found.refusal.facts["calculated"]) == ("BEEF", GOOD[-6:-2].decode())


def test_a_frame_without_its_line_end_is_refused_and_the_next_is_read() -> None:
    assert reasons(cut(GOOD[:-2] + GOOD, 13)) == ["hj212.length", "good"]


def test_blank_lines_between_frames_are_no_fault() -> None:
    assert reasons(cut(GOOD + b"\r\n\r\n \0" + GOOD + b"\r\n", 5)) == ["good", "good"]


def test_what_is_left_at_the_end_is_refused_as_truncated() -> None:
    assert reasons(cut(GOOD + GOOD[:30], 1000)) == ["good", "hj212.truncated"]


def test_another_protocol_is_refused_line_by_line() -> None:
    assert reasons(cut(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 3)) == ["hj212.head", "hj212.head"]


def test_endless_noise_is_handed_out_in_pieces() -> None:
    found = cut(b"x" * (3 * GARBAGE + 5), 100)
    assert [len(item.body) for item in found] == [GARBAGE, GARBAGE, GARBAGE, 5]


def test_a_segment_too_long_for_four_digits_is_not_built() -> None:
    with pytest.raises(InputError, match=r"hj212\.too_long"):
        frame(b"x" * 10_000)


def test_a_refused_text_in_gbk_can_be_read() -> None:
    found = cut("设备故障\r\n".encode("gb18030"), 99)[0]
    assert isinstance(found, BadFrame)
    assert found.refusal.text == "设备故障\r\n"
