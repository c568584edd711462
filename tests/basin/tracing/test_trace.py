from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.tracing.problem import Candidate, Problem, Pulse
from shangyou.basin.tracing.result import Verdict
from shangyou.basin.tracing.trace import stretches, trace
from shangyou.core.errors import InputError
from tests.basin.tracing.rivers import HOUR, OUTLETS, outlets, problem, pulses, river


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from(OUTLETS),
    st.floats(-6, 30),
    st.floats(900, 5400),
    st.floats(1e6, 1e8),
)
def test_a_planted_source_ranks_first_without_noise(place: float, begin: float, lasts: float, grams: float) -> None:
    found = trace(problem(pulses(place, begin, lasts, grams)))
    assert found.ranked[0].candidate.at == place
    assert found.fit > 0.05
    assert sum(each.probability for each in found.ranked) == pytest.approx(1, abs=1e-3)


def test_the_answer_says_when_and_how_much_with_its_range() -> None:
    found = trace(problem(pulses(110e3, 12, 3600, 8e6, 0.04)))
    first = found.ranked[0]
    assert first.candidate.id == "110 km"
    assert first.begin.low < 12 * HOUR < first.begin.high
    assert first.amount.low < 8e6 < first.amount.high
    assert first.begin.high - first.begin.low < 4 * HOUR
    assert found.holds("110 km", 110e3, 12 * HOUR, 8e6)
    assert not found.holds("110 km", 110e3, 20 * HOUR, 8e6)
    assert not found.holds("110 km", 110e3, 12 * HOUR, 3e7)
    assert not found.holds("nowhere", 110e3, 12 * HOUR, 8e6)


def test_equal_problems_have_equal_answers() -> None:
    seen = problem(pulses(75e3, 5, 3600, 8e6, 0.04))
    one, two = trace(seen), trace(seen)
    assert [each.probability for each in one.ranked] == [each.probability for each in two.ranked]


def test_the_explanations_predict_what_was_seen() -> None:
    seen = problem(pulses(110e3, 12, 3600, 8e6, 0.04))
    for told, pulse in zip(trace(seen).predicted, seen.pulses, strict=True):
        clean = np.abs(pulse.value - told.middle) / pulse.noise
        assert np.quantile(clean, 0.9) < 2.5
        assert np.all(told.low <= told.high)


def test_outlets_side_by_side_cannot_be_told_apart_and_the_answer_says_so() -> None:
    found = trace(problem(pulses(75e3, 5, 3600, 8e6, 0.04), outlets((20e3, 75e3, 75.4e3, 180e3))))
    assert found.verdict is Verdict.OPEN
    assert {found.ranked[0].candidate.id, *found.alike} >= {"75 km"}
    assert abs(found.ranked[0].probability - found.ranked[1].probability) < 0.2


def test_a_source_that_is_no_candidate_is_not_pinned_on_one() -> None:
    seen = pulses(180e3, 40, 3600, 8e6, 0.03)  # the upper station stays clean, all candidates lie above it
    found = trace(problem(seen, outlets((10e3, 40e3, 75e3, 110e3))))
    assert found.verdict is Verdict.UNEXPLAINED
    assert found.fit < 1e-3


def test_noise_alone_is_nothing_to_trace() -> None:
    found = trace(problem(pulses(75e3, 5, 3600, 0.0, 0.04)))
    assert found.verdict is Verdict.QUIET
    assert found.log_odds < 5


def test_what_lies_below_all_stations_is_named_as_unseen_and_not_ranked() -> None:
    found = trace(problem(pulses(75e3, 5, 3600, 8e6, 0.03), outlets((75e3, 230e3))))
    assert found.unseen == ("230 km",)
    assert [each.candidate.id for each in found.ranked] == ["75 km"]
    with pytest.raises(InputError, match=r"trace\.above"):
        trace(problem(pulses(75e3, 5, 3600, 8e6), outlets((230e3, 235e3))))


def test_a_station_that_found_less_than_its_limit_speaks_against_what_lies_above_it() -> None:
    upper, lower = pulses(165e3, 20, 3600, 8e6, 0.03)
    bound = replace(upper, value=np.full(len(upper.value), 0.15), censor=np.ones(len(upper.value), np.uint8))
    found = trace(problem((bound, lower), outlets((110e3, 165e3, 200e3))))
    assert found.ranked[0].candidate.id == "165 km"
    assert all(each.candidate.id != "110 km" or each.probability < 1e-3 for each in found.ranked)


def test_values_above_the_range_of_the_instrument_still_tell() -> None:
    whole = pulses(110e3, 12, 3600, 2e7, 0.03)
    top = 0.6 * max(float(pulse.value.max()) for pulse in whole)
    cut = tuple(
        replace(p, value=np.minimum(p.value, top), censor=np.where(p.value > top, 2, 0).astype(np.uint8)) for p in whole
    )
    found = trace(problem(cut))
    assert found.ranked[0].candidate.id == "110 km"
    assert found.ranked[0].amount.low < 2e7 < found.ranked[0].amount.high


def test_the_odds_before_the_fact_count() -> None:
    seen = pulses(75e3, 5, 3600, 8e6, 0.04)
    twins = (Candidate("seldom", 75e3, weight=1.0), Candidate("often", 75e3, weight=9.0))
    found = trace(problem(seen, twins))
    assert found.ranked[0].candidate.id == "often"
    assert found.ranked[0].probability == pytest.approx(0.9, abs=0.05)


def test_a_free_place_is_found_along_the_way() -> None:
    seen = pulses(172e3, 20, 3600, 8e6, 0.03)
    free = stretches(river(), 0.0, 219e3, 8e3)
    assert free[0].at == 0.0
    assert [each.to for each in free[:-1]] == [each.at for each in free[1:]]
    assert any(each.to == 140e3 for each in free)  # no stretch goes past a station
    found = trace(problem(seen, free))
    assert found.verdict is Verdict.STRETCH
    within = [each for each in found.ranked if each.candidate.at >= 140e3]
    assert sum(each.probability for each in within) > 0.99
    assert found.holds(free[0].id, 172e3, 20 * HOUR, 8e6)


def pulse(**changed: object) -> Pulse:
    usual = {
        "station": "a",
        "time": np.array([0, 1000], np.int64),
        "value": np.array([1.0, 2.0]),
        "censor": np.zeros(2, np.uint8),
        "noise": np.array([0.1, 0.1]),
    }
    return Pulse(**{**usual, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"time": np.array([1000, 0], np.int64)},
        {"value": np.array([1.0, np.nan])},
        {"noise": np.array([0.1, 0.0])},
        {"censor": np.array([0, 3], np.uint8)},
        {"noise": np.array([0.1])},
        {"background_sd": -1.0},
    ],
)
def test_a_pulse_that_cannot_be_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"trace\.pulse"):
        pulse(**changed)


def test_a_problem_that_cannot_be_is_refused() -> None:
    seen = pulses(75e3, 5, 3600, 8e6)
    with pytest.raises(InputError, match=r"trace\.empty"):
        Problem((river(),), (), outlets(), problem(seen).priors)
    with pytest.raises(InputError, match=r"trace\.candidate"):
        problem(seen, (Candidate("beyond the end", 300e3),))
    with pytest.raises(InputError, match=r"trace\.candidate"):
        Candidate("backwards", 5e3, 4e3)
    with pytest.raises(InputError, match=r"trace\.way"):
        replace(river(), velocity=np.zeros(12))
    with pytest.raises(InputError, match=r"trace\.prior"):
        problem(seen, velocity_sd=0.0)
    with pytest.raises(InputError, match=r"trace\.size"):
        problem(tuple(replace(each, station=f"{100e3 + i}") for i in range(13) for each in seen))
