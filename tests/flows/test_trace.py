from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.network.network import build
from shangyou.basin.network.values import Draft
from shangyou.basin.tracing.observed import Observed
from shangyou.basin.tracing.result import Verdict
from shangyou.basin.tracing.trace import trace
from shangyou.basin.tracing.ways import lay, middle_of, spot_of
from shangyou.core.errors import InputError, NotFoundError
from shangyou.flows.ask_upstream import owners, request
from shangyou.flows.trace import Asked, further, lay_out, place_of
from shangyou.simulation.spill import passage

HOUR = 3_600_000
NETWORK = upper_yangtze(simulated=True)
BEGAN = 8  # hours after the first value


def observed(tonnes: float = 40.0) -> list[Observed]:
    """What two stations would see of a spill at the demo's invented outlet, by the closed form of the simulation."""
    hours = np.arange(60, dtype=np.int64)
    random = np.random.default_rng(3)
    out = []
    for station in ("50.朱沱", "50.江津大桥"):
        metres = NETWORK.distance("outlet.demo_spill", station)
        assert metres is not None
        share = passage((hours - BEGAN).astype(np.float64) * 3600, metres, 1.75, 900.0)
        value = (0.12 + tonnes * 1e6 * share / 4800) * (1 + 0.04 * random.standard_normal(60))
        out.append(Observed(station, hours * HOUR, value, np.zeros(60, np.uint8)))
    return out


def test_a_spill_is_traced_in_the_network_that_ships() -> None:
    far_apart = Asked(candidates=("outlet.demo_spill", "risk.panzhihua"), elsewhere=0.0)
    found = trace(lay_out(NETWORK, observed(), far_apart))
    assert found.verdict is Verdict.FOUND
    first = found.ranked[0]
    assert first.candidate.id == "outlet.demo_spill"
    assert first.begin.low - HOUR < BEGAN * HOUR < first.begin.high + HOUR
    assert found.fit > 0.01


def test_candidates_are_the_sources_above_and_something_else_stays_possible() -> None:
    problem = lay_out(NETWORK, observed(), Asked(far=40e3))
    outlets = {each.id for each in problem.candidates if not each.width}
    assert {"outlet.demo_spill", "risk.naxi"} <= outlets
    whole = sum(each.weight for each in problem.candidates)
    along = sum(each.weight for each in problem.candidates if each.width)
    assert along / whole == pytest.approx(0.2)
    found = trace(problem)
    assert found.verdict is Verdict.OPEN  # two kilometres apart, they cannot be told
    assert 0 < found.elsewhere < 0.5
    assert sum(each.probability for each in found.ranked) + found.elsewhere == pytest.approx(1, abs=0.01)


def test_a_spill_between_the_candidates_is_said_to_come_from_elsewhere() -> None:
    found = trace(lay_out(NETWORK, observed(), Asked(candidates=("risk.panzhihua",), far=80e3)))
    assert found.verdict is Verdict.ELSEWHERE
    assert found.elsewhere > 0.99


def test_a_further_sample_is_thought_of_where_the_pulse_can_still_be_met() -> None:
    cut = [replace(each, time=each.time[:26], value=each.value[:26], censor=each.censor[:26]) for each in observed()]
    problem = lay_out(NETWORK, cut, Asked(elsewhere=0.0))
    told = further(problem, trace(problem), NETWORK, int(cut[0].time[-1]))
    assert told[0].tells >= told[-1].tells
    assert told[0].gain > 0.2
    assert told[0].time > cut[0].time[-1]
    assert told[0].low <= told[0].high


def test_the_request_names_only_what_concerns_the_neighbour_and_accuses_nobody() -> None:
    found = trace(lay_out(NETWORK, observed(), Asked(elsewhere=0.0)))
    assert next(iter(owners(found, NETWORK))) == "sichuan"
    body = request(found, NETWORK, "sichuan", "ammonia_nitrogen")
    text = str(body["text"])
    assert body["to"] == ["sichuan"]
    assert "不是认定" in text
    assert "not a finding" in text
    for word in ("责令", "违法", "肇事", "guilty", "culprit", "polluter", "offender"):
        assert word not in text
    other = request(found, NETWORK, "guizhou", "ammonia_nitrogen")
    assert "Naxi" not in str(other["text"])
    assert other["tracing"] == {"verdict": found.verdict.value, "candidates": []}


def test_what_cannot_be_traced_is_refused_by_name() -> None:
    seen = observed()
    with pytest.raises(NotFoundError, match=r"network\.place"):
        place_of(NETWORK, "no such place")
    with pytest.raises(InputError, match=r"trace\.twice"):
        lay_out(NETWORK, [seen[0], replace(seen[1], station="朱沱")], Asked())
    with pytest.raises(InputError, match=r"trace\.none_above"):
        lay_out(NETWORK, [replace(seen[0], station="53.清水铺")], Asked(elsewhere=0.0))


def test_dispersion_that_was_measured_is_known_better_than_formulas_tell_it() -> None:
    def spread(part: float) -> float:
        whole = sum(reach.length for reach in NETWORK.reaches)
        done, reaches = 0.0, []
        for reach in NETWORK.reaches:
            reaches.append(replace(reach, dispersion=800.0) if done < part * whole else reach)
            done += reach.length
        network = build(Draft(tuple(reaches), NETWORK.places))
        return lay_out(network, observed(), Asked(elsewhere=0.0)).priors.dispersion_sd

    assert spread(0.0) == pytest.approx(0.6)
    assert spread(1.0) == pytest.approx(0.25)
    assert lay_out(NETWORK, observed(), Asked(elsewhere=0.0, dispersion_sd=0.1)).priors.dispersion_sd == 0.1


def test_what_more_is_unknown_of_the_velocity_all_legs_have_in_common() -> None:
    for spread in (0.05, 0.1, 0.2):
        priors = lay_out(NETWORK, observed(), Asked(elsewhere=0.0, velocity_sd=spread)).priors
        assert priors.velocity_sd**2 * (1 - priors.velocity_shared) == pytest.approx(0.2 * 0.05**2)


def test_a_stretch_is_found_on_the_river_again_by_its_name() -> None:
    network = upper_yangtze()
    reach, at = spot_of(network, "50.朱沱")
    ways = lay(network, ["50.朱沱"], [reach])
    for stretch in ways.stretches(reach, 0.0, at, 10e3):
        middle = middle_of(network, stretch.id)
        assert middle is not None
        assert ways.locate(middle)[1] == pytest.approx((stretch.at + (stretch.to or 0.0)) / 2, abs=500.0)
    assert middle_of(network, "50.朱沱") is None
    assert middle_of(network, "nowhere 20-10 km") is None
    assert middle_of(network, "changjiang 99999-99989 km") is None
