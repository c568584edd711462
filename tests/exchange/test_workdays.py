"""Working days: the law, the yearly list, and the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError
from shangyou.exchange.dataset import Sharing
from shangyou.exchange.workdays import Calendar, answer_days, by_law, due, with_list
from shangyou.standards.library import editions

LEGAL = 8 * 3_600_000
EDITION = editions("workdays")[-1]
LIST = """
["2026"]
source = "example of a list, not the real one"
off = [2026-02-20]
work = [2026-02-14, 2026-05-02]
"""


def noon(day: date) -> int:
    return to_ms(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)) - LEGAL


@pytest.mark.parametrize("case", EDITION.cases, ids=lambda case: case["name"])
def test_cases(case: dict[str, object]) -> None:
    start, last = case["start"], case["due"]
    assert isinstance(start, date)
    assert isinstance(last, date)
    found = due(noon(start), int(str(case["days"])), by_law())
    assert found.day == last
    assert found.at == to_ms(datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)) - LEGAL


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_the_law_names_thirteen_days_a_year(year: int) -> None:
    assert sum(day.year == year for day in by_law().off) == 13


def test_days_from_memory_are_marked_so() -> None:
    assert EDITION.unverified() == ("",)


def test_the_list_of_a_year_moves_days_and_then_nothing_is_assumed() -> None:
    calendar = with_list(by_law(), LIST)
    assert calendar.is_working(date(2026, 2, 14))
    assert calendar.is_working(date(2026, 5, 2))
    assert not calendar.is_working(date(2026, 2, 20))
    assert due(noon(date(2026, 2, 13)), 2, calendar).day == date(2026, 2, 23)
    assert not due(noon(date(2026, 2, 13)), 2, calendar).assumed
    assert due(noon(date(2026, 12, 31)), 1, calendar).assumed
    assert due(noon(date(2026, 2, 13)), 2, by_law()).assumed


def test_the_legal_day_counts_not_that_of_utc() -> None:
    late = to_ms(datetime(2026, 3, 5, 17, tzinfo=UTC))  # Friday, one in the morning, in China
    assert due(late, 1, by_law()).day == date(2026, 3, 9)
    assert due(late, 1, by_law(), offset=0).day == date(2026, 3, 6)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = 1", 1),
        ('["2026"]\noff = [2026-01-02]', 1),
        ('["2026"]\nsource = "s"\noff = [2027-01-02, "2026-01-02", 2026-01-02T00:00:00]\nrest = 1', 4),
        ('["2026"]\nsource = "s"\noff = [2026-01-02]\nwork = [2026-01-02]', 1),
        ("[", 1),
    ],
)
def test_all_faults_of_a_list_are_told_at_once(text: str, count: int) -> None:
    with pytest.raises(InputError) as raised:
        with_list(Calendar(), text)
    faults = raised.value.facts["faults"]
    assert isinstance(faults, list)
    assert len(faults) == count


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_an_input_error(text: str) -> None:
    code = "workdays.list"
    try:
        with_list(Calendar(), text)
    except InputError as error:
        code = error.code
    assert code == "workdays.list"


@given(st.integers(1_735_689_600_000, 1_830_000_000_000), st.integers(0, 60))
def test_one_day_more_is_due_on_the_next_working_day(start: int, days: int) -> None:
    calendar = by_law()
    first, second = due(start, days, calendar), due(start, days + 1, calendar)
    between = [first.day + timedelta(days=i) for i in range(1, (second.day - first.day).days + 1)]
    assert [calendar.is_working(day) for day in between] == [False] * (len(between) - 1) + [True]


def test_answers_are_quicker_where_no_condition_is_to_be_looked_at() -> None:
    assert answer_days(Sharing.UNCONDITIONAL) < answer_days(Sharing.CONDITIONAL)
    assert answer_days(Sharing.NONE) == 0


@pytest.mark.parametrize("days", [-1, 1001])
def test_days_have_a_bound(days: int) -> None:
    with pytest.raises(InputError, match=r"workdays\.days"):
        due(0, days, Calendar())
