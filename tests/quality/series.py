"""Small made-up observations for laws: few distinct values, so that lines are flat, steps repeat and spikes occur."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from shangyou.core.records import Censor, Flagged, Mark, Observations, SeriesKey
from shangyou.quality.reader import read_plan

law = settings(deadline=None, max_examples=60)  # no deadline: a busy machine is not a fault

STEP = 14_400_000  # 4 h
START = 1_617_192_000_000
RECEIVED = START + 400 * STEP
QUICK = read_plan(  # short times, so that a dozen values are enough for every verdict
    """
parameters:
  ph:
    4h:
      spike: {suspect: 1, fail: 3}
      rate: {suspect: 0.2, fail: 0.6}
      flat: {suspect: 12, fail: 24, pause: 12}
  ammonia_nitrogen:
    4h:
      spike: {suspect: 1, share: 1}
      flat: {suspect: 12, fail: 24, pause: 12}
  dissolved_oxygen:
    4h:
      flat: {suspect: 8, fail: 20, pause: 8, tolerance: 1.5}
cadences:
  4h: {reach: 8, gap: 16}
"""
)
VALUES = {
    "ph": (7.0, 7.0, 7.0, 7.5, 8.5, 11.0, 15.0),
    "ammonia_nitrogen": (0.01, 0.025, 0.025, 0.3, 0.3, 1.9, -1.0),
    "dissolved_oxygen": (8.0, 8.0, 9.0, 10.0, 12.0, 30.0),
    "total_nitrogen": (0.2, 1.5, 1.5),
    "water_temperature": (0.0, 15.0, 15.0, 25.0),
}
Row = tuple[SeriesKey, int, float, int, int]


@st.composite
def keys(draw: st.DrawFn) -> list[SeriesKey]:
    names = st.tuples(st.sampled_from(("a", "b")), st.sampled_from(sorted(VALUES)))
    found = names.map(lambda name: SeriesKey(*name, "4h"))
    return draw(st.lists(found, min_size=1, max_size=4, unique=True))


@st.composite
def lots(draw: st.DrawFn, repeats: bool = True, largest: int = 14) -> list[Row]:
    """Rows of several series, mixed as they might arrive; with `repeats` some times come twice."""
    rows: list[Row] = []
    for key in draw(keys()):
        steps = draw(st.lists(st.integers(0, largest), max_size=largest, unique=not repeats))
        rows += [(key, START + i * STEP, *draw(readings(key.parameter))) for i in steps]
    return draw(st.permutations(rows)) if rows else rows


@st.composite
def readings(draw: st.DrawFn, parameter: str) -> tuple[float, int, int]:
    value = draw(st.sampled_from((*VALUES[parameter], *VALUES[parameter], float("nan"))))
    censor = draw(st.sampled_from((Censor.NONE,) * 8 + (Censor.BELOW,)))
    mark = draw(st.sampled_from((Mark.NONE,) * 12 + (Mark.NORMAL, Mark.FAULT, Mark.MANUAL, Mark.NO_VALUE)))
    return value, censor, mark


def verdicts(flagged: Flagged) -> list[tuple[SeriesKey, int, float, int, int, int]]:
    """What each row got, ready to be compared; NaN as -1."""
    rows = flagged.observations
    value = np.nan_to_num(rows.value, nan=-1.0)
    names = [rows.keys[i] for i in rows.series]
    columns = (rows.time, value, flagged.flag, flagged.suspect, flagged.fail)
    return [(name, *found) for name, found in zip(names, zip(*(c.tolist() for c in columns), strict=True), strict=True)]


def observations(rows: list[Row]) -> Observations:
    return Observations.build(rows)
