"""What the packaged plan says of real values of the national stations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shangyou.core.records import Array, Bits, Censor, Check, Flag, Flagged, Mark, Observations, SeriesKey, join
from shangyou.quality.check import check
from shangyou.quality.reader import packaged_plan, read_plan
from tests.quality.national import april

RECEIVED = 1_700_000_000_000
START = 1_617_192_000_000  # 2021-03-31 12:00 UTC
AS_LONG_AS_NAIVE = """
parameters:
  ammonia_nitrogen: {4h: {flat: {suspect: 24, fail: null}}}
  total_phosphorus: {4h: {flat: {suspect: 24, fail: null}}}
"""


def series_of(observations: Observations, parameter: str, least: int) -> dict[SeriesKey, Array]:
    """Values in order of time of every series with at least so many."""
    found = {}
    order = np.lexsort((observations.time, observations.series))
    for i, key in enumerate(observations.keys):
        if key.parameter == parameter:
            rows = order[observations.series[order] == i]
            value = observations.value[rows][~np.isnan(observations.value[rows])]
            if len(value) >= least:
                found[key] = value
    return found


def longest_run(value: Array) -> tuple[int, float]:
    """How often the most repeated value comes in a row, and which it is (the first of equally long)."""
    first = np.flatnonzero(np.append(True, np.diff(value) != 0))
    size = np.diff(np.append(first, len(value)))
    return int(size.max()), float(value[first[np.argmax(size)]])


def flagged_series(flagged: Flagged, bits: Bits, bit: Check) -> set[SeriesKey]:
    rows = flagged.observations
    return {rows.keys[i] for i in np.unique(rows.series[(bits & bit) != 0])}


def naive(values: dict[SeriesKey, Array]) -> dict[SeriesKey, float]:
    """Series with six equal values in a row, that is 24 hours at one value each four, and that value."""
    runs = {key: longest_run(value) for key, value in values.items()}
    return {key: held for key, (count, held) in runs.items() if count >= 6}


@pytest.mark.shared
def test_the_naive_rule_flags_the_detection_limit(shared: Path) -> None:
    values = series_of(april(shared), "ammonia_nitrogen", least=20)
    hits = naive(values)
    assert (len(values), len(hits)) == (256, 107)  # 41.8 %
    assert sum(held == 0.025 for held in hits.values()) == 106


@pytest.mark.shared
def test_ours_flags_one_of_those_series_when_lines_are_as_long(shared: Path) -> None:
    values = series_of(april(shared), "ammonia_nitrogen", least=20)
    flagged = check(april(shared), None, RECEIVED, read_plan(AS_LONG_AS_NAIVE))
    found = flagged_series(flagged, flagged.suspect, Check.FLAT_LINE)
    assert [naive(values)[key] for key in found & values.keys()] == [0.041]  # not at the limit, so it stays found


@pytest.mark.shared
@pytest.mark.parametrize("parameter", ["ammonia_nitrogen", "total_phosphorus", "total_nitrogen", "permanganate_index"])
def test_the_packaged_plan_calls_no_nutrient_series_of_five_days_stuck(shared: Path, parameter: str) -> None:
    flagged = check(april(shared), None, RECEIVED, packaged_plan())
    found = flagged_series(flagged, flagged.suspect | flagged.fail, Check.FLAT_LINE)
    values = series_of(april(shared), parameter, least=20)
    assert len(values) > 200
    assert not found & values.keys()


@pytest.mark.shared
@pytest.mark.parametrize(("parameter", "value"), [("ammonia_nitrogen", 0.31), ("total_phosphorus", 0.064)])
def test_a_sensor_that_is_stuck_above_the_limit_is_still_found(shared: Path, parameter: str, value: float) -> None:
    key = SeriesKey("stuck", parameter, "4h")
    stuck = Observations.build([(key, START + i * 14_400_000, value, Censor.NONE, Mark.NONE) for i in range(30)])
    flagged = check(join([april(shared), stuck]), None, RECEIVED, packaged_plan())
    assert key in flagged_series(flagged, flagged.suspect, Check.FLAT_LINE)


@pytest.mark.shared
@pytest.mark.parametrize("bit", [Check.SPIKE, Check.RATE, Check.CROSS, Check.RANGE_SITE, Check.FLAT_LINE])
def test_each_test_suspects_only_few_values_of_stations_that_work(shared: Path, bit: Check) -> None:
    flagged = check(april(shared), None, RECEIVED, packaged_plan())
    known = ~np.isnan(april(shared).value)
    assert np.sum(((flagged.suspect | flagged.fail) & bit)[known] != 0) <= 0.002 * np.sum(known)


@pytest.mark.shared
def test_flags_of_april(shared: Path) -> None:
    flagged = check(april(shared), None, RECEIVED, packaged_plan())
    known = ~np.isnan(april(shared).value)
    assert np.array_equal(flagged.flag == Flag.MISSING, ~known)
    assert np.mean(flagged.flag[known] == Flag.GOOD) > 0.99
    assert not np.any(flagged.flag == Flag.NOT_EVALUATED)
