from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.simulation.events import FALSIFIED, LONGEST, Kind, truth
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.stretch import stations
from tests.simulation.scenarios import NOVEMBER, scenario


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400))
def test_every_demo_shows_every_kind_of_event(seed: int, day: int) -> None:
    found = truth(Scenario(seed, NOVEMBER - day * 86_400_000, 9))
    assert {e.kind for e in found} == set(Kind)
    assert sum(e.kind is Kind.SPILL for e in found) >= 6


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 100))
def test_the_truth_only_grows_as_time_goes_on(more: int) -> None:
    of = scenario()
    before = {(e.kind, e.station, e.parameter, e.start, e.size) for e in truth(of)}
    after = {(e.kind, e.station, e.parameter, e.start, e.size) for e in truth(of, of.present_hour + more)}
    assert before <= after


def test_no_event_lasts_longer_than_readings_look_back() -> None:
    endless = (Kind.FALSIFIED, Kind.SPILL)
    for seed in range(20):
        assert all(e.hours <= LONGEST for e in truth(scenario(seed)) if e.kind not in endless)


def test_nothing_happens_by_chance_that_hides_the_spill() -> None:
    for seed in range(20):
        found = truth(scenario(seed))
        for spill in (e for e in found if e.kind is Kind.SPILL):
            others = [e for e in found if e.station == spill.station and e.parameter in ("", spill.parameter)]
            assert all(e is spill or e.stop <= spill.start or e.start >= spill.stop for e in others)


def test_the_spill_is_seen_first_by_the_first_station_below_the_outlet() -> None:
    spills = [e for e in truth(scenario()) if e.kind is Kind.SPILL]
    order = [s.key for s in stations()]
    assert [e.station for e in spills] == sorted((e.station for e in spills), key=order.index)
    assert spills[0].station == "shoupayan"


def test_only_an_invented_place_is_said_to_falsify() -> None:
    place = next(s for s in stations() if s.key == FALSIFIED[0])
    assert "虚构" in place.name_zh
    assert "fictional" in place.name_en
