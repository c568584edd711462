"""Made monitors of living things: what they react to, and what they do by themselves."""

from __future__ import annotations

import numpy as np

from shangyou.governance.detection.plan import LIVING
from shangyou.simulation.instruments import readings
from shangyou.simulation.living import ORGANISMS, REACTS, living, toxin
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import MAIN, stations
from tests.simulation.scenarios import history, scenario

OF = scenario()
HOURS = history(OF)
TOLD = living(OF, HOURS)
MAIN_STEM = np.array([station.branch == MAIN for station in stations()])


def test_what_is_simulated_is_what_detection_knows_as_living() -> None:
    assert ORGANISMS == LIVING


def test_only_stations_of_the_main_stem_have_monitors() -> None:
    assert np.isnan(TOLD.value[:, ~MAIN_STEM]).all()
    assert not np.isnan(TOLD.value[:, MAIN_STEM]).any()


def test_without_the_substance_bacteria_shine_and_fish_swim() -> None:
    usual = np.median(TOLD.value[:, MAIN_STEM], axis=(0, 1))
    assert np.abs(usual - [2.0, 100.0, 1.0]).max() < 3


def test_the_substance_passes_below_the_outlet_days_before_the_spill_and_all_react_to_it() -> None:
    reached = np.flatnonzero((TOLD.dose >= REACTS).any(axis=0))
    assert len(reached) >= 4
    assert all(stations()[i].km > toxin(OF).km for i in reached)
    peak = int(TOLD.dose[:, reached[0]].argmax())
    assert HOURS[peak] < release(OF).hour
    bacteria, fish, daphnia = TOLD.value[peak, reached[0]]
    assert bacteria > 50
    assert fish < 50
    assert daphnia > 10


def test_no_analyser_of_chemistry_sees_it() -> None:
    first = int(np.flatnonzero((TOLD.dose >= REACTS).any(axis=0))[0])
    during = TOLD.dose[:, first] >= REACTS
    ammonia = readings(OF, HOURS).value[:, first, 6]
    assert abs(float(np.median(ammonia[during]) - np.median(ammonia))) < 0.1


def test_a_monitor_sometimes_stands_still() -> None:
    one = (np.diff(TOLD.value[:, MAIN_STEM, 0], axis=0) == 0).sum(axis=0)
    assert one.max() >= 8


def test_the_same_hour_is_the_same_in_any_window_but_for_what_stood_still_before_it() -> None:
    part = living(OF, HOURS[200:300])
    assert np.array_equal(part.value[40:], TOLD.value[240:300], equal_nan=True)
