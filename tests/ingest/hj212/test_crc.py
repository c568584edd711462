"""The check sum against the algorithm as the standard prints it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shangyou.ingest.hj212.crc import crc16, crc_text


def bitwise(data: bytes) -> int:
    """HJ 212-2017 appendix A, step by step."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            odd = register & 1
            register >>= 1
            if odd:
                register ^= 0xA001
    return register


@given(st.binary(max_size=700))
def test_the_quick_sum_is_the_sum_of_the_standard(data: bytes) -> None:
    assert crc16(data) == bitwise(data)


def test_every_length_up_to_a_few_words_is_right() -> None:
    data = bytes(range(7, 207))
    assert [crc16(data[:n]) for n in range(150)] == [bitwise(data[:n]) for n in range(150)]


def test_a_longest_segment_is_right() -> None:
    data = bytes(i * 37 & 255 for i in range(9999))
    assert crc16(data) == bitwise(data)


def test_the_sum_that_the_standard_prints_comes_out() -> None:
    segment = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert crc_text(segment) == b"1C80"


def test_it_is_not_the_sum_of_modbus() -> None:
    segment = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert crc16(segment) != 0x0759


@given(st.binary(min_size=9, max_size=60), st.integers(0, 50))
def test_two_bytes_that_change_places_eight_apart_are_not_noticed(data: bytes, at: int) -> None:
    at %= len(data) - 8
    swapped = bytearray(data)
    swapped[at], swapped[at + 8] = data[at + 8], data[at]
    assert crc16(bytes(swapped)) == crc16(data)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 479))
def test_any_single_wrong_bit_is_noticed(data: bytes, bit: int) -> None:
    bit %= len(data) * 8
    wrong = bytearray(data)
    wrong[bit // 8] ^= 1 << bit % 8
    assert crc16(bytes(wrong)) != crc16(data)
