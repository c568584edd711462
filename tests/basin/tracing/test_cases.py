"""Cases whose truth is known: some of the benchmark's simulated ones, and the Fen benzene case of 2017."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import tracing_demo
from benchmarks.tracing import Kind, Score, scores, summary
from shangyou.basin.tracing.observed import Errors, Observed, pulse_of
from shangyou.basin.tracing.problem import Priors, Problem, Way
from shangyou.basin.tracing.result import TraceResult, Verdict
from shangyou.basin.tracing.trace import stretches, trace
from shangyou.simulation.spill import passage

MINUTE = 60_000


@pytest.fixture(scope="module")
def found() -> list[Score]:
    return scores(8, Kind())


def test_of_some_simulated_cases_the_true_place_is_mostly_first_and_in_the_region(found: list[Score]) -> None:
    told = summary(found)
    assert told["ranked first"] >= 0.8  # the figures of all 200 are in docs/validation.md
    assert told["in the 90 % region"] >= 0.75


def test_what_is_said_to_be_found_is_right(found: list[Score]) -> None:
    assert all(each.first for each in found if each.verdict == "found")
    assert sum(each.verdict == "unexplained" for each in found) <= 1


def test_what_is_let_go_at_once_is_not_told_to_have_begun_earlier() -> None:
    told = [tracing_demo.score(seed) for seed in (2, 5, 7, 14, 17, 18)]  # of 120: see docs/tracing.md
    assert all(each.first for each in told)
    assert sum(each.begin for each in told) >= 5


# The Fen river, 18 January 2017: a lorry with crude benzene. The published amount, place, time, area and velocity are
# facts; no measured pulse was published with them, so the pulse is computed from these figures, with a dispersion that
# is assumed (30 m2/s), at the place from which the published distance is counted.
SPREAD = 30.0


@pytest.fixture(scope="module")
def fen(shared: Path) -> dict[str, Any]:
    cases = json.loads((shared / "reference" / "facts" / "incidents.json").read_text(encoding="utf-8"))
    return next(each for each in cases if each["id"] == "fen_benzene_2017")


def traced(fen: dict[str, Any], velocity_sd: float, dispersion_sd: float) -> TraceResult:
    """Trace with the published priors: amount, place and time each evenly spread over its range."""
    speed, area = fen["U_m_h"] / 3600, fen["A_m2"]
    station = 25_000.0  # of the way, which begins where the prior of the place ends
    minutes = np.arange(360, 720, 5)
    seconds = (minutes - fen["t0_min"]) * 60.0
    clean = fen["M_kg"] * 1000 / (area * speed) * passage(seconds, fen["x0_m"], speed, SPREAD)
    value = clean * (1 + 0.03 * np.random.default_rng(2017).standard_normal(len(clean)))
    seen = Observed("downstream", minutes * np.int64(MINUTE), np.maximum(value, 0.0), np.zeros(len(minutes), np.uint8))
    one = np.ones(5)
    way = Way(one * 5000, one * speed, one * SPREAD, one * area * speed, 0 * one, 0 * one, 0 * one, np.array([station]))
    priors = Priors(
        *(50 * MINUTE, 720 * MINUTE),
        shortest=1.0,
        longest=1.0,
        least=2e6,
        most=1e7,
        even=True,
        velocity_sd=velocity_sd,
        discharge_sd=0.01,
        station_sd=0.0,
        dispersion_sd=dispersion_sd,
    )
    along = stretches(way, 0.0, 24_000.0, 1000.0)
    return trace(Problem((way,), (pulse_of(seen, Errors(0.03, 0.05)),), along, priors, discrepancy=0.005))


@pytest.mark.shared
def test_the_fen_benzene_release_is_found_where_the_flow_is_known(fen: dict[str, Any]) -> None:
    result = traced(fen, velocity_sd=0.002, dispersion_sd=0.01)
    assert result.verdict is Verdict.STRETCH
    place = 25_000.0 - fen["x0_m"]
    best = result.ranked[0]
    assert abs(best.place.middle - place) < 400  # of a prior of 24 km
    assert abs(best.begin.middle / MINUTE - fen["t0_min"]) < 10
    assert abs(best.amount.middle / 1000 / fen["M_kg"] - 1) < 0.03
    assert result.holds(best.candidate.id, place, fen["t0_min"] * MINUTE, fen["M_kg"] * 1000)


@pytest.mark.shared
def test_the_fen_place_is_less_sure_with_velocity_within_5_percent_and_the_answer_says_so(fen: dict[str, Any]) -> None:
    sure, unsure = traced(fen, 0.002, 0.01), traced(fen, 0.05, 0.2)
    place = 25_000.0 - fen["x0_m"]
    assert unsure.holds(unsure.ranked[0].candidate.id, place, fen["t0_min"] * MINUTE, fen["M_kg"] * 1000)
    near = [sum(r.probability for r in each.ranked if abs(r.place.middle - place) < 1000) for each in (sure, unsure)]
    assert near[0] > 0.9
    assert near[1] < 0.6
