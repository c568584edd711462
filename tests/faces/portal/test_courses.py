"""How an answer of the basin went over time: steps that hold for their periods, and gaps that stay open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import LEGAL, to_ms
from shangyou.exchange.question import PERIODS
from shangyou.faces.portal.courses import end_of, steps

APRIL = datetime(2021, 4, 1, tzinfo=LEGAL)


@pytest.mark.parametrize(
    ("period", "end"),
    [
        ("hour", datetime(2021, 4, 1, 1, tzinfo=LEGAL)),
        ("day", datetime(2021, 4, 2, tzinfo=LEGAL)),
        ("month", datetime(2021, 5, 1, tzinfo=LEGAL)),
        ("quarter", datetime(2021, 7, 1, tzinfo=LEGAL)),
        ("year", datetime(2022, 4, 1, tzinfo=LEGAL)),
    ],
)
def test_a_period_ends_when_the_next_begins_in_legal_time(period: str, end: datetime) -> None:
    assert end_of(APRIL.astimezone(UTC), period) == end
    assert {"hour", "day", "month", "quarter", "year", "all"} == set(PERIODS)


@given(st.sets(st.integers(0, 60), min_size=1))
def test_every_period_is_drawn_from_its_begin_to_its_end_and_nothing_between(days: set[int]) -> None:
    drawn = steps([(APRIL + timedelta(days=day), float(day)) for day in days], "day", to_ms)
    assert [time for time, _, _ in drawn] == sorted(time for time, _, _ in drawn)
    covered = set()
    for (start, value, _), (stop, _, _) in pairwise(drawn):
        if value is not None and stop > start:
            first, last = (round((at - to_ms(APRIL)) / 86_400_000) for at in (start, stop))
            assert (last - first, value) == (1, float(first))
            covered.add(first)
    assert covered == days
