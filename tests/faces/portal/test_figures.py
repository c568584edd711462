"""Numbers and times as readers want them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.core.records import Censor
from shangyou.faces.portal import figures
from shangyou.faces.portal.words import Words

NOW = to_ms(datetime(2025, 11, 22, 6, 35, tzinfo=UTC))


def test_times_are_on_the_legal_clock_with_the_zone_on_hover() -> None:
    shown = figures.moment(NOW, NOW)
    assert ">11-22 14:35<" in shown
    assert "2025-11-22 14:35:00 UTC+8" in shown


def test_a_time_of_another_year_shows_its_year() -> None:
    assert figures.moment_text(to_ms(datetime(2021, 4, 5, 12, tzinfo=UTC)), NOW) == "2021-04-05 20:00"


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (40_000, "40 秒", "40 seconds"),
        (60_000, "1 分钟", "1 minute"),
        (5 * 3_600_000 + 1, "5 小时", "5 hours"),
        (119 * 60_000 + 59_999, "1 小时 59 分钟", "1 hour 59 minutes"),
        (3 * 86_400_000, "3 天", "3 days"),
        (86_399_999, "23 小时 59 分钟", "23 hours 59 minutes"),
        (2 * 86_400_000 - 1, "1 天 23 小时", "1 day 23 hours"),
    ],
)
def test_durations_are_words(ms: int, zh: str, en: str) -> None:
    assert (figures.duration(ms, Words("zh")), figures.duration(ms, Words("en"))) == (zh, en)


@given(st.integers(0, 400 * 86_400_000))
def test_nobody_is_told_more_time_than_there_is_nor_much_less(ms: int) -> None:
    sizes = {"second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
    told = re.findall(r"(\d+) (second|minute|hour|day)", figures.duration(ms, Words("en")))
    whole = sum(int(n) * sizes[unit] for n, unit in told)
    step = {"second": "second", "minute": "minute", "hour": "minute", "day": "hour"}[told[0][1]]
    assert whole <= ms < whole + sizes[step]


@given(st.integers(1000, 400 * 86_400_000))
def test_how_long_ago_is_told_to_a_quarter(ms: int) -> None:
    sizes = {"second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
    told = re.findall(r"(\d+) (second|minute|hour|day)", figures.about(ms, Words("en")))
    assert 0.75 <= sum(int(n) * sizes[unit] for n, unit in told) / ms <= 1.25 or ms < 2000


def test_a_time_to_come_is_not_called_past() -> None:
    assert "后" in figures.ago(NOW + 60_000, NOW, Words("zh"))
    assert "前" in figures.ago(NOW - 60_000, NOW, Words("zh"))


@pytest.mark.parametrize(
    ("value", "censor", "parameter", "shown"),
    [
        (7.856, 0, "ph", "7.856"),
        (7.9, 0, "ph", "7.90"),
        (0.025, Censor.BELOW, "ammonia_nitrogen", "<0.025"),
        (12.0, Censor.ABOVE, "dissolved_oxygen", ">12.00"),
        (math.nan, 0, "ph", "—"),
        (None, 0, "ph", "—"),
    ],
)
def test_values_are_shown_as_they_are_reported(value: float, censor: int, parameter: str, shown: str) -> None:
    assert figures.measured(value, censor, parameter) == shown


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_never_written_in_powers_of_ten(value: float) -> None:
    assert "e" not in figures.digits(value)


@given(st.binary(max_size=200))
def test_raw_bytes_can_always_be_shown_and_never_become_markup(data: bytes) -> None:
    shown = figures.printable(data)
    assert "<" not in shown
    assert "\x00" not in shown


def test_chinese_bytes_of_either_encoding_are_read() -> None:
    assert figures.printable("清风峡".encode()) == figures.printable("清风峡".encode("gb18030")) == "清风峡"
