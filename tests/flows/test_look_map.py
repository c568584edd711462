"""The map through time: which class a section shows at each step of the slider."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import LEGAL
from shangyou.core.registry import Section
from shangyou.flows.look import DAY, Samples
from shangyou.flows.look_map import HOUR, STALE, STALE_AFTER, film, steps

MIDNIGHT = 1_617_552_000_000  # 2021-04-05 00:00 legal time
A_WEEK = st.integers(MIDNIGHT - 7 * DAY, MIDNIGHT)


def made(rows: list[tuple[int, int, int]], sections: int = 3) -> Samples:
    """Samples of rows of (section, time, class)."""
    ordered = sorted(rows)
    columns = [np.array([row[n] for row in ordered], np.int64) for n in range(3)]
    places = tuple(Section(f"51.{n}", str(n)) for n in range(sections))
    return Samples(places, columns[0].astype(np.int32), columns[1], columns[2].astype(np.int8), pa.table({}))


@given(st.integers(1, 400 * DAY), st.integers(0, DAY))
def test_the_steps_are_few_whole_legal_hours_and_end_now(length: int, past: int) -> None:
    stop = MIDNIGHT + past
    grid = steps(stop - length, stop, LEGAL)
    assert grid[-1] == stop
    assert len(grid) <= 202
    assert np.all(np.diff(grid) > 0)
    assert np.all((grid[:-1] + 8 * HOUR) % HOUR == 0)
    assert np.all(grid >= stop - length)


@given(st.lists(st.tuples(st.integers(0, 2), A_WEEK, st.integers(0, 6)), unique_by=lambda row: row[:2]))
def test_each_step_shows_the_newest_sample_of_the_day_before(rows: list[tuple[int, int, int]]) -> None:
    grid = steps(MIDNIGHT - 3 * DAY, MIDNIGHT, LEGAL)
    shown = film(made(rows), grid)
    for section in range(3):
        for place in (0, len(grid) // 2, len(grid) - 1):
            at = int(grid[place])
            own = [(t, c) for s, t, c in rows if s == section and c and at - DAY <= t <= at]
            time, class_no = max(own, default=(0, 0))
            expected = class_no + (STALE if class_no and at - time > STALE_AFTER else 0)
            assert shown[section, place] == expected


def test_nothing_is_shown_before_the_first_sample_and_a_day_after_the_last() -> None:
    grid = np.array([MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 9 * HOUR, MIDNIGHT + DAY, MIDNIGHT + DAY + 1], np.int64)
    assert film(made([(1, MIDNIGHT, 3)]), grid)[1].tolist() == [0, 3, 3 + STALE, 3 + STALE, 0]
