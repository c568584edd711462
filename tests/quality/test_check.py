"""Laws of all tests together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Censor, Check, Flag, Flagged, Mark, Observations, SeriesKey
from shangyou.quality.check import check
from shangyou.quality.reader import packaged_plan
from tests.quality.series import QUICK, RECEIVED, START, STEP, Row, law, lots, observations, verdicts

PH = SeriesKey("a", "ph", "4h")
NH3 = SeriesKey("a", "ammonia_nitrogen", "4h")
TN = SeriesKey("a", "total_nitrogen", "4h")
BETWEEN = np.uint32(Check.CROSS | Check.NEIGHBOUR)


def line(key: SeriesKey, *values: float, mark: Mark = Mark.NONE) -> list[Row]:
    return [(key, START + i * STEP, value, Censor.NONE, mark) for i, value in enumerate(values)]


def flagged(rows: list[Row], received: int = RECEIVED) -> Flagged:
    return check(observations(rows), None, received, QUICK)


@law
@given(lots())
def test_flags_do_not_depend_on_the_order_of_series(rows: list[Row]) -> None:
    one, other = flagged(rows), flagged(sorted(rows, key=lambda row: row[0], reverse=True))  # a stable sort
    assert sorted(verdicts(one)) == sorted(verdicts(other))


@law
@given(lots(repeats=False))
def test_flags_do_not_depend_on_the_order_of_arrival(rows: list[Row]) -> None:
    assert sorted(verdicts(flagged(rows))) == sorted(verdicts(flagged(rows[::-1])))


@law
@given(lots(), st.integers(-(10**11), 10**11))
def test_a_shifted_time_axis_gives_the_same_flags(rows: list[Row], shift: int) -> None:
    moved = [(key, time + shift, *reading) for key, time, *reading in rows]
    one, other = flagged(rows), flagged(moved, RECEIVED + shift)  # type: ignore[arg-type]
    assert np.array_equal(one.flag, other.flag)
    assert np.array_equal(one.suspect, other.suspect)
    assert np.array_equal(one.fail, other.fail)


@law
@given(lots(), lots())
def test_another_series_changes_no_test_inside_a_series(rows: list[Row], more: list[Row]) -> None:
    apart = [(key._replace(site=f"other {key.site}"), *rest) for key, *rest in more]
    mixed = [*apart[::2], *rows, *apart[1::2]]
    alone, together = flagged(rows), flagged(mixed)  # type: ignore[arg-type]
    own = slice(len(apart[::2]), len(apart[::2]) + len(rows))
    assert np.array_equal(alone.suspect, together.suspect[own])
    assert np.array_equal(alone.fail, together.fail[own])
    assert np.array_equal(alone.flag, together.flag[own])


@law
@given(st.floats(allow_nan=False), st.lists(st.sampled_from((7.0, 8.0)), max_size=3))
def test_a_value_outside_the_physical_range_is_never_good(value: float, others: list[float]) -> None:
    found = check(observations(line(PH, *others, value)), None, RECEIVED, packaged_plan())
    assert (found.flag[-1] == Flag.FAIL) == (not 0 <= value <= 14)


@law
@given(lots())
def test_the_flag_is_the_worst_of_all_tests(rows: list[Row]) -> None:
    found = flagged(rows)
    there = ~np.isnan(found.observations.value) & (found.observations.mark != Mark.NO_VALUE)
    assert np.array_equal(found.flag == Flag.MISSING, ~there)
    assert np.array_equal(found.flag == Flag.FAIL, there & (found.fail != 0))
    assert np.array_equal(found.flag == Flag.SUSPECT, there & (found.fail == 0) & (found.suspect != 0))


@law
@given(lots())
def test_the_values_themselves_come_back_untouched_and_in_order(rows: list[Row]) -> None:
    before, after = observations(rows), flagged(rows).observations
    assert after.keys == before.keys
    for name in ("series", "time", "value", "mark"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


@law
@given(lots(repeats=False), st.integers(0, 14))
def test_earlier_values_as_context_serve_as_if_they_came_along(rows: list[Row], cut: int) -> None:
    early = [row for row in rows if row[1] < START + cut * STEP]
    late = [row for row in rows if row[1] >= START + cut * STEP]
    together = flagged([*early, *late])
    after = check(observations(late), observations(early), RECEIVED, QUICK)
    assert verdicts(after) == verdicts(together)[len(early) :]


@law
@given(lots())
def test_a_value_in_the_context_gives_way_to_its_new_version(rows: list[Row]) -> None:
    old: list[Row] = [(key, time, 13.0, Censor.NONE, Mark.NONE) for key, time, *_ in rows]
    revised = check(observations(rows), observations(old), RECEIVED, QUICK)
    assert verdicts(revised) == verdicts(flagged(rows))


def test_nothing_gives_nothing() -> None:
    assert len(flagged([]).flag) == 0


def test_a_parameter_of_which_nothing_is_known_is_not_evaluated() -> None:
    found = flagged(line(SeriesKey("a", "e412xx", "hour"), 1.0, 1.0, 0.0))
    assert found.flag.tolist() == [Flag.NOT_EVALUATED] * 3


def test_a_total_over_a_period_is_not_evaluated() -> None:
    assert flagged(line(PH._replace(statistic="total"), 1e9)).flag.tolist() == [Flag.NOT_EVALUATED]


def test_a_good_mark_is_an_evaluation() -> None:
    found = flagged(line(SeriesKey("a", "e412xx", "hour"), 1.0, mark=Mark.NORMAL))
    assert found.flag.tolist() == [Flag.GOOD]


def test_a_value_that_the_instrument_disowns_is_no_neighbour_of_others() -> None:
    rows = line(PH, 7.0, 7.1, 12.0, 7.2, 7.1)
    rows[2] = (*rows[2][:4], Mark.CALIBRATION)
    found = flagged(rows)
    assert found.flag.tolist() == [1, 1, 4, 1, 1]
    assert found.fail[2] & Check.MARK


def test_the_newest_value_is_not_tested_for_a_spike() -> None:
    newest, known = flagged(line(PH, 7.0, 7.5)), flagged(line(PH, 7.0, 7.5, 11.0))
    assert not np.any((newest.suspect | newest.fail) & Check.SPIKE)
    assert known.suspect[1] & Check.SPIKE


def test_each_of_two_values_of_one_time_is_tested_and_the_last_counts_for_others() -> None:
    rows = line(PH, 7.0, 7.0, 7.0)
    first = (PH, START + STEP, 10.9, Censor.NONE, Mark.NONE)
    found = flagged([rows[0], first, *rows[1:]])
    assert found.fail.tolist() == [0, Check.SPIKE | Check.RATE, 0, 0]


def test_a_later_statement_that_there_is_no_value_leaves_no_neighbour() -> None:
    rows = line(PH, 7.0, 12.0, 7.0)
    gone = (PH, START + STEP, float("nan"), Censor.NONE, Mark.NO_VALUE)
    assert flagged([rows[0], rows[1], gone, rows[2]]).flag.tolist() == [1, 4, 9, 1]


def test_marks_say_that_a_number_is_a_bound() -> None:
    rows: list[Row] = [
        (TN, START, 99.0, Censor.NONE, Mark.OVER_RANGE),
        (TN, START + STEP, 0.05, Censor.NONE, Mark.BELOW_LIMIT),
        (TN, START + 2 * STEP, 1.0, Censor.BELOW, Mark.OVER_RANGE),
    ]
    found = flagged(rows)
    assert found.observations.censor.tolist() == [Censor.ABOVE, Censor.BELOW, Censor.BELOW]
    assert found.suspect[0] & Check.MARK
    assert found.flag[1] == Flag.GOOD


def test_a_part_that_exceeds_its_whole_makes_both_suspect() -> None:
    found = flagged([*line(NH3, 0.3, 1.9), *line(TN, 0.5, 0.5)])
    assert (found.suspect & Check.CROSS != 0).tolist() == [False, True, False, True]
    assert not np.any(found.fail & Check.CROSS)


def test_a_bound_contradicts_nothing() -> None:
    part = [(*row[:3], Censor.BELOW, Mark.NONE) for row in line(NH3, 1.9)]
    whole = [(*row[:3], Censor.ABOVE, Mark.NONE) for row in line(TN, 0.5)]
    assert not np.any(flagged([*part, *line(TN, 0.5)]).suspect & Check.CROSS)
    assert not np.any(flagged([*line(NH3, 1.9), *whole]).suspect & Check.CROSS)


def test_the_parts_of_two_sites_do_not_meet() -> None:
    found = flagged([*line(NH3, 1.9), *line(TN._replace(site="b"), 0.5)])
    assert not np.any(found.suspect & Check.CROSS)


def test_a_minimum_above_the_mean_contradicts_it() -> None:
    low, mean = PH._replace(statistic="min"), PH._replace(statistic="mean")
    found = flagged([*line(low, 7.4, 7.2), *line(mean, 7.3, 7.3)])
    assert (found.suspect & Check.CROSS != 0).tolist() == [True, False, True, False]


def test_oxygen_far_above_saturation_is_suspect_and_the_temperature_is_not() -> None:
    oxygen, warm = SeriesKey("a", "dissolved_oxygen", "4h"), SeriesKey("a", "water_temperature", "4h")
    found = flagged([*line(oxygen, 24.0, 12.0), *line(warm, 20.0, 20.0)])  # saturation at 20 degC: 9.09 mg/L
    assert (found.suspect & Check.CROSS != 0).tolist() == [True, False, False, False]


def test_a_site_unlike_all_its_neighbours_is_suspect() -> None:
    plan = replace(QUICK, neighbours={"a": ("b", "c"), "b": ("a",), "c": ("b",)})
    rows = [*line(PH, 7.0, 10.0), *line(PH._replace(site="b"), 7.1, 7.1), *line(PH._replace(site="c"), 7.2, 7.2)]
    found = check(observations(rows), None, RECEIVED, plan)
    assert (found.suspect & Check.NEIGHBOUR != 0).tolist() == [False, True, False, True, False, False]


def test_a_detection_limit_that_the_device_reports_counts() -> None:
    rows = line(NH3, *[0.04] * 9)
    by_plan = check(observations(rows), None, RECEIVED, QUICK)
    reported = check(observations(rows), None, RECEIVED, QUICK, {("a", "ammonia_nitrogen"): 0.04})
    assert by_plan.fail[-1] & Check.FLAT_LINE
    assert not np.any((reported.suspect | reported.fail) & Check.FLAT_LINE)


@pytest.mark.parametrize(("value", "bit"), [(float("inf"), Check.RANGE_PHYSICAL), (-1e308, Check.RANGE_PHYSICAL)])
def test_numbers_beyond_measure_fail_and_spoil_no_other(value: float, bit: Check) -> None:
    found = flagged(line(PH, 7.0, value, 7.0))
    assert found.flag.tolist() == [1, 4, 1]
    assert found.fail[1] & bit


def test_an_infinite_number_fails_even_where_no_limit_is_known() -> None:
    assert flagged(line(SeriesKey("a", "e412xx", "hour"), float("-inf"))).flag.tolist() == [Flag.FAIL]


@pytest.mark.parametrize("time", [-(2**62), 2**62, 0, RECEIVED + 3 * STEP])
def test_an_impossible_time_fails_and_spoils_no_other(time: int) -> None:
    odd = (PH, time, 7.0, Censor.NONE, Mark.NONE)
    found = flagged([*line(PH, 7.0, 7.1, 7.0), odd])
    assert found.flag.tolist() == [1, 1, 1, 4]
    assert found.fail[3] == Check.TIME


def test_one_series_under_two_numbers_is_one() -> None:
    rows = observations(line(PH, 7.0, 12.0, 7.0))
    split = Observations((PH, PH), np.array([0, 1, 0], np.int32), rows.time, rows.value, rows.censor, rows.mark)
    assert check(split, None, RECEIVED, QUICK).flag.tolist() == flagged(line(PH, 7.0, 12.0, 7.0)).flag.tolist()
