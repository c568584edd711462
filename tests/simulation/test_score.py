from __future__ import annotations

import numpy as np

from shangyou.simulation.events import Event, Kind, truth
from shangyou.simulation.instruments import readings
from shangyou.simulation.score import Found, score, wave
from shangyou.simulation.stretch import MAIN, PARAMETERS, stations
from tests.simulation.scenarios import history, scenario

EVENTS = (
    Event(Kind.SPIKE, "cuntan", "ph", 100, 101, -2.0),
    Event(Kind.SPIKE, "cuntan", "turbidity", 120, 121, 900.0),
    Event(Kind.MAINTENANCE, "cuntan", "", 110, 112),
    Event(Kind.SPILL, "zhutuo", "ammonia_nitrogen", 200, 210, 0.8),
)


def test_an_event_is_found_when_one_of_its_hours_is_flagged() -> None:
    flags = {
        ("cuntan", "ph"): np.array([100, 111, 300], np.int64),
        ("zhutuo", "ammonia_nitrogen"): np.array([205], np.int64),
    }
    got = score(EVENTS, flags)
    assert Found(Kind.SPIKE, 2, 1) in got.kinds
    assert Found(Kind.MAINTENANCE, 1, 1) in got.kinds
    assert Found(Kind.STUCK, 0, 0) in got.kinds
    assert (got.flagged, got.explained, got.spill) == (4, 2, 1)


def test_a_long_event_is_not_found_by_flags_that_another_event_explains_or_by_a_single_one() -> None:
    lie = Event(Kind.FALSIFIED, "cuntan", "ph", 0, 300)
    service = Event(Kind.MAINTENANCE, "cuntan", "", 100, 140)
    during, once, enough = (np.arange(*span, dtype=np.int64) for span in ((100, 140), (10, 11), (10, 40)))
    for hours, found in ((during, 0), (once, 0), (np.concatenate([once, during]), 0), (enough, 1)):
        assert Found(Kind.FALSIFIED, 1, found) in score([lie, service], {("cuntan", "ph"): hours}).kinds


def test_nothing_flagged_finds_nothing() -> None:
    got = score(EVENTS, {})
    assert (got.flagged, got.explained, sum(k.found for k in got.kinds)) == (0, 0, 0)


def test_the_spill_is_found_in_the_values_where_it_passed_and_nowhere_else() -> None:
    of = scenario()
    sent, k = readings(of, history(of)), PARAMETERS.index("ammonia_nitrogen")
    known = {e.station: e for e in truth(of) if e.kind is Kind.SPILL}
    for i, station in enumerate(stations()):
        if station.branch == MAIN:
            usable = np.isin(sent.mark[:, i, k], ("N", "L"))
            seen = wave(sent.hours, np.where(usable, sent.value[:, i, k], np.nan))
            event = known.get(station.key)
            assert (seen is None) == (event is None), station.key
            if seen is not None and event is not None:
                assert event.start <= seen.peak < event.stop
                assert abs(seen.rise - event.size) < 0.2


def test_a_single_wild_value_is_no_wave() -> None:
    value = np.full(100, 0.1)
    value[50] = 5.0
    assert wave(np.arange(100, dtype=np.int64), value) is None


def test_a_series_of_nothing_has_no_wave() -> None:
    assert wave(np.arange(5, dtype=np.int64), np.full(5, np.nan)) is None
