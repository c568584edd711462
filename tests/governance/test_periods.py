"""Periods as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.errors import InputError
from shangyou.governance.periods import parse_period


def legal(*parts: int) -> int:
    return to_ms(datetime(*parts, tzinfo=LEGAL))  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "start", "stop", "last"),
    [
        ("2021", "year", (2021, 1, 1), (2022, 1, 1), date(2021, 12, 31)),
        ("2021-Q4", "quarter", (2021, 10, 1), (2022, 1, 1), date(2021, 12, 31)),
        ("2021-Q2", "quarter", (2021, 4, 1), (2021, 7, 1), date(2021, 6, 30)),
        ("2021-12", "month", (2021, 12, 1), (2022, 1, 1), date(2021, 12, 31)),
        (" 2021-04 ", "month", (2021, 4, 1), (2021, 5, 1), date(2021, 4, 30)),
        ("2021-04-01", "day", (2021, 4, 1), (2021, 4, 2), date(2021, 4, 1)),
        ("2021-04-01/2021-04-05", "range", (2021, 4, 1), (2021, 4, 6), date(2021, 4, 5)),
        ("2021-04-01T08:00/2021-04-01T12:00", "range", (2021, 4, 1, 8), (2021, 4, 1, 12), date(2021, 4, 1)),
    ],
)
def test_a_period_is_in_legal_time(
    text: str, kind: str, start: tuple[int, ...], stop: tuple[int, ...], last: date
) -> None:
    got = parse_period(text, LEGAL)
    assert (got.kind, got.start, got.stop, got.last) == (kind, legal(*start), legal(*stop), last)


def test_a_time_with_a_zone_is_taken_at_its_word() -> None:
    got = parse_period("2021-04-01T00:00Z/2021-04-02T00:00Z", LEGAL)
    assert got.start == to_ms(datetime(2021, 4, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["", "April", "2021-13", "2021-Q5", "2021-02-30", "2021-04-01T08:00", "/", "0000", "9999"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_period(text, LEGAL)
    assert caught.value.code == "period.form"


@pytest.mark.parametrize("text", ["2021-04-05/2021-04-01", "2021-04-01T08:00/2021-04-01T08:00"])
def test_a_period_must_end_after_it_starts(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_period(text, LEGAL)
    assert caught.value.code == "period.order"


def outcome(text: str) -> str:
    try:
        got = parse_period(text, LEGAL)
    except InputError as error:
        return error.code
    return "read" if got.start < got.stop else "empty"


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-[\dQ]{1,2}(-\d\d)?(/\d{4}-\d\d-\d\d)?", fullmatch=True))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    assert outcome(text) in ("read", "period.form", "period.order")
