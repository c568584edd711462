"""Where a substance is at each hour, by an arrival table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.faces.portal.drift import HOUR, LONGEST, MOST, Row, drift
from shangyou.governance.warning.values import Arrival

T0 = 1_790_000_000_000
TIMES = ("first_early", "first", "first_late", "peak_early", "peak", "peak_late", "until", "until_early", "until_late")
NOTHING: dict[str, Any] = dict.fromkeys((*TIMES, "concentration", "concentration_high"))


def arrival(**given: Any) -> Arrival:
    """Times in hours after the release."""
    hours = {name: T0 + round(value * HOUR) if name in TIMES else value for name, value in given.items()}
    whole = NOTHING | {"place": "p", "name_zh": "甲", "name_en": "A", "member": "", "distance": None} | hours
    return Arrival(**whole)


BANDED: list[Row] = [
    (40_000.0, arrival(first_early=8, first=9, peak=10, peak_late=12, until=14, concentration=1.0)),
    (80_000.0, arrival(first_early=16, first=18, peak=20, peak_late=24, until=28, concentration=0.25)),
]


def test_at_the_time_of_an_arrival_it_is_at_that_place() -> None:
    found = drift(BANDED, T0)
    assert found is not None
    assert found.time[0] == T0
    assert found.front[9] == 40_000
    assert found.peak[10] == 40_000
    assert found.end[14] == 40_000
    assert found.farthest[8] == 40_000
    assert found.nearest[16] == 40_000  # as much after its end (14) as the late peak (12) is after the peak (10)
    assert found.size[15] == pytest.approx(0.5)  # half way between 1 and 0.25, on a logarithmic scale
    assert found.banded


def test_a_table_that_tells_a_late_end_draws_that() -> None:
    rows = [(at, replace(row, until_early=row.until, until_late=T0 + 17 * HOUR)) for at, row in BANDED[:1]]
    found = drift(rows, T0)
    assert found is not None
    assert found.nearest[16] < found.nearest[17] == 40_000


def test_what_came_past_the_last_place_is_not_drawn_any_more() -> None:
    found = drift(BANDED, T0)
    assert found is not None
    assert np.isnan(found.peak[21:]).all()
    assert found.end[27] < 80_000
    assert found.front[21] == 80_000  # the front has left, its end has not


def test_a_table_of_travel_times_has_no_bands_and_ends_at_its_peak() -> None:
    found = drift([(40_000.0, arrival(first=8.9, peak=10.0))], T0)
    assert found is not None
    assert not found.banded
    assert np.isnan(found.farthest).all()
    assert np.array_equal(found.end, found.peak, equal_nan=True)
    assert found.front[5] > found.peak[5]


def test_what_was_not_computed_as_far_stays_where_it_was_last_known() -> None:
    rows = [BANDED[0], (80_000.0, arrival(first_early=16, first=18, peak=20, peak_late=24))]
    found = drift(rows, T0)
    assert found is not None
    assert found.end[23] == 40_000


def test_a_table_that_tells_no_time_draws_nothing() -> None:
    assert drift([(40_000.0, arrival())], T0) is None


def test_a_long_release_ends_where_it_began_until_it_is_over() -> None:
    found = drift(BANDED, T0, duration=4 * 3600)
    assert found is not None
    assert found.end[4] == 0
    assert found.end[5] > 0


@given(
    st.lists(st.tuples(st.floats(1, 90_000), *[st.floats(0, 60)] * 5), min_size=1, max_size=12),
    st.floats(0, 7200),
)
def test_nothing_flows_back_and_the_parts_keep_their_order(steps: list[tuple[float, ...]], duration: float) -> None:
    rows, at, hours = [], 0.0, 0.0
    for metres, *gaps in steps:
        at, hours = at + metres, hours + gaps[0]
        early, first, peak, late, until = hours + np.cumsum([0.0, *gaps[1:]])
        rows.append((at, arrival(first_early=early, first=first, peak=peak, peak_late=late, until=until)))
    found = drift(rows, T0, duration)
    if found is None:
        return
    assert len(found.time) <= MOST + 1
    assert found.time[-1] - T0 <= (LONGEST + 2) * HOUR
    for column in (found.front, found.end, found.farthest, found.nearest, found.peak):
        known = column[np.isfinite(column)]
        assert np.all(np.diff(known) >= -1e-6)
        assert np.all((known >= 0) & (known <= at + 1e-6))
    for low, high in (
        (found.end, found.peak),
        (found.peak, found.front),
        (found.front, found.farthest),
        (found.nearest, found.end),
    ):
        both = np.isfinite(low) & np.isfinite(high)
        assert np.all(low[both] <= high[both] + 1e-6)
