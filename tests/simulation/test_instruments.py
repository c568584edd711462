from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.vocabulary import parameter
from shangyou.simulation.events import FALSIFIED, Kind, truth
from shangyou.simulation.instruments import LOST, TICK_S, moment, readings
from shangyou.simulation.stretch import PARAMETERS, stations
from shangyou.simulation.water import water
from tests.simulation.scenarios import history, scenario

OF = scenario()
HOURS = history(OF)
SENT = readings(OF, HOURS)
TRUE = water(OF, HOURS).value
PLACE = {station.key: i for i, station in enumerate(stations())}


def test_the_same_seed_reports_the_same_and_another_seed_does_not() -> None:
    again, other = readings(scenario(), HOURS), readings(scenario(seed=2), HOURS)
    assert all(np.array_equal(a, b) for a, b in zip(SENT, again, strict=True))
    assert not np.array_equal(SENT.value, other.value)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 700), st.integers(1, 19))
def test_an_hour_is_reported_the_same_in_any_window(start: int, count: int) -> None:
    part = readings(OF, HOURS[start : start + count])
    assert part.value == pytest.approx(SENT.value[start : start + count], abs=1e-9)
    assert np.array_equal(part.mark, SENT.mark[start : start + count])
    assert np.array_equal(part.sent, SENT.sent[start : start + count])


def test_values_are_never_negative_and_have_the_decimals_of_their_parameter() -> None:
    assert (SENT.value >= 0).all()
    for k, name in enumerate(PARAMETERS):
        decimals = parameter(name).decimals
        assert decimals is not None
        assert np.array_equal(SENT.value[..., k], np.round(SENT.value[..., k], decimals))


def test_a_value_below_the_detection_limit_stands_as_the_limit_with_its_mark() -> None:
    k = PARAMETERS.index("ammonia_nitrogen")
    below = SENT.mark[..., k] == "L"
    assert below.any()
    assert set(SENT.value[..., k][below]) == {0.025}
    assert not (SENT.mark[..., : PARAMETERS.index("permanganate_index")] == "L").any()


def test_where_nothing_happens_instruments_stay_near_the_truth() -> None:
    quiet = np.ones(SENT.value.shape, bool)
    for event in truth(OF):
        if event.kind is not Kind.SPILL:
            columns = slice(None) if not event.parameter else PARAMETERS.index(event.parameter)
            quiet[max(event.start - OF.first_hour, 0) : event.stop - OF.first_hour, PLACE[event.station], columns] = (
                False
            )
    assert quiet.mean() > 0.9
    off = np.abs(SENT.value - TRUE) / np.maximum(TRUE, [1, 1, 1, 1, 10, 1, 0.1, 0.05, 1])
    assert np.percentile(off[quiet], 99.9) < 0.25


def test_the_falsified_monitor_hides_that_the_limit_is_exceeded() -> None:
    place = (slice(None), PLACE[FALSIFIED[0]], PARAMETERS.index(FALSIFIED[1]))
    ordinary = SENT.value[place][SENT.mark[place] == "N"]
    assert np.median(TRUE[place]) > 1.2
    assert ordinary.max() <= 0.95
    assert ordinary.std() < 0.1 * TRUE[place].std()


@pytest.mark.parametrize(("kind", "mark"), [(Kind.FAULT, "D"), (Kind.MAINTENANCE, "M")])
def test_instruments_say_themselves_that_they_are_broken_or_serviced(kind: Kind, mark: str) -> None:
    for event in (e for e in truth(OF) if e.kind is kind):
        columns = slice(None) if not event.parameter else PARAMETERS.index(event.parameter)
        said = SENT.mark[event.start - OF.first_hour : event.stop - OF.first_hour, PLACE[event.station], columns]
        assert set(np.unique(said)) <= {mark, "M"}


def test_a_stuck_sensor_stands_still_and_says_nothing() -> None:
    stuck = next(
        e for e in truth(OF) if e.kind is Kind.STUCK and e.station == "fengshouba" and e.parameter == "turbidity"
    )
    rows = slice(stuck.start - OF.first_hour, stuck.stop - OF.first_hour)
    place = (rows, PLACE["fengshouba"], PARAMETERS.index("turbidity"))
    plain = SENT.mark[place] == "N"
    assert plain.mean() > 0.9
    assert np.mean(SENT.value[place] == SENT.value[place][0]) > 0.9


def test_what_was_kept_during_an_outage_is_sent_afterwards_and_what_was_lost_never_is() -> None:
    for event in truth(OF):
        rows = slice(event.start - OF.first_hour, event.stop - OF.first_hour)
        if event.kind is Kind.OUTAGE:
            times = SENT.sent[rows, PLACE[event.station]]
            assert set(times[times != LOST]) <= {event.stop} | {e.stop for e in truth(OF) if e.kind is Kind.OUTAGE}
        elif event.kind is Kind.LOST:
            assert (SENT.sent[rows, PLACE[event.station]] == LOST).all()


def test_nothing_is_sent_before_its_hour_is_over() -> None:
    late = SENT.sent - SENT.hours[:, None]
    assert (late[SENT.sent != LOST] >= 1).all()


def test_a_moment_lies_near_its_hour() -> None:
    hour = int(HOURS[-200])
    tick = hour * 3600 // TICK_S + 17
    now = moment(OF, tick)
    assert now.value.shape == (1, len(stations()), len(PARAMETERS))
    assert now.value[0, :, 0] == pytest.approx(SENT.value[-200, :, 0], abs=0.6)
    assert not np.array_equal(now.value, moment(OF, tick + 1).value)
