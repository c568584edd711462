"""Times of HJ 212."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.ingest.hj212.times import LegalTime

MOMENTS = st.integers(0, 4_102_444_800_000)


@given(MOMENTS)
def test_what_is_written_is_read_again(ms: int) -> None:
    time = LegalTime()
    assert time.read(time.write(ms, milliseconds=True).encode()) == ms
    assert time.read(time.write(ms).encode()) == ms // 1000 * 1000


@given(MOMENTS, st.sampled_from(["minute", "hour", "day"]))
def test_the_start_of_a_period_is_that_of_the_local_clock(ms: int, cadence: str) -> None:
    local = datetime.fromtimestamp(ms / 1000, timezone(timedelta(hours=8))).replace(second=0, microsecond=0)
    if cadence != "minute":
        local = local.replace(minute=0)
    if cadence == "day":
        local = local.replace(hour=0)
    assert LegalTime().start(ms, cadence) == to_ms(local)


def test_legal_time_is_eight_hours_ahead() -> None:
    assert LegalTime().read(b"20160801085857") == to_ms(datetime(2016, 8, 1, 0, 58, 57, tzinfo=UTC))


def test_another_offset_is_an_argument() -> None:
    assert LegalTime(0).read(b"20160801085857") == to_ms(datetime(2016, 8, 1, 8, 58, 57, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"2016080108585", b"201608010858577", b"20161301000000", b"20160230000000", b"20160801240000"),
        *(b"20160801006000", b"20160801000060", b"2016-08-01 0000", b"19691231235959", b"00000101000000"),
        *("２０１６０８０１".encode(), b"20160801 85857", b"+2016080108585"),
    ],
)
def test_what_is_no_time_is_none(text: bytes) -> None:
    assert LegalTime().read(text) is None


@given(st.binary(max_size=20) | st.text("0123456789", min_size=14, max_size=17).map(str.encode))
def test_any_bytes_are_a_time_or_none(text: bytes) -> None:
    ms = LegalTime().read(text)
    assert ms is None or ms >= -8 * 3_600_000
