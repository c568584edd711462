"""WRTDS against EGRET's published values, and its laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.loads.samples import Flows, Samples, decimal_year
from shangyou.basin.loads.windows import Windows, half_widths, tricube
from shangyou.basin.loads.wrtds import DECEMBER, evaluate, gaps, wrtds
from shangyou.core.errors import InputError
from shangyou.core.records import Array
from tests.basin.loads.records import START, choptank, limited, made

COLUMNS = (
    ("log_concentration", "yHat"),
    ("error", "SE"),
    ("concentration", "ConcDay"),
    ("load", "FluxDay"),
    ("normal_concentration", "FNConc"),
    ("normal_load", "FNFlux"),
)
SMALL = Windows(least=30, least_known=15)


@pytest.mark.shared
def test_the_choptank_comes_out_as_published_by_egret_on_every_day(shared: Path) -> None:
    samples, flows, published = choptank(shared)
    # the windows that the published file names, and the ways of EGRET 1.x
    found = wrtds(samples, flows, Windows(years=10, widen_at_ends=False), DECEMBER)
    assert (found.samples, found.censored, found.without_flow, found.gaps) == (606, 1, 0, ())
    assert found.surfaces.unsettled == 0
    np.testing.assert_allclose(decimal_year(flows.day), published["DecYear"], rtol=0, atol=1e-10)
    for ours, theirs in COLUMNS:
        np.testing.assert_allclose(getattr(found.daily, ours), published[theirs], rtol=1e-6, atol=1e-8)


@pytest.mark.shared
def test_the_default_windows_give_the_means_that_egret_tests_itself_by(shared: Path) -> None:
    samples, flows, _ = choptank(shared)
    daily = wrtds(samples, flows).daily
    means = [f"{getattr(daily, ours).mean():.4g}" for ours, _ in COLUMNS]
    assert means == ["0.1189", "0.2681", "1.198", "366.5", "1.198", "363.1"]  # EGRET 3.0, tests of modelEstimation


def test_a_river_whose_law_is_a_plane_is_found_again() -> None:
    _, flows, _ = made(years=9)
    year, log_flow = decimal_year(flows.day), np.log(flows.flow)
    law = 0.5 - 0.4 * log_flow + 0.2 * np.sin(2 * np.pi * year) + 0.05 * (year - 1984)
    some = slice(0, None, 9)
    exact = np.exp(law[some])
    found = wrtds(Samples(flows.day[some], exact, exact), flows, SMALL)
    np.testing.assert_allclose(found.surfaces.error, 0, atol=1e-6)
    row = np.searchsorted(found.surfaces.years, 1984.5)
    expected = 0.5 - 0.4 * found.surfaces.levels + 0.05 * 0.5 + 0.2 * np.sin(2 * np.pi * 1984.5)
    np.testing.assert_allclose(found.surfaces.log_concentration[row], expected, atol=1e-6)


def test_a_constant_concentration_is_its_own_normal_and_its_load_follows_the_flow() -> None:
    samples, flows, _ = made(years=9)
    flat = np.full(len(samples.day), 2.5)
    daily = wrtds(Samples(samples.day, flat, flat), flows, SMALL).daily
    np.testing.assert_allclose(daily.concentration, 2.5, rtol=1e-9)
    np.testing.assert_allclose(daily.normal_concentration, 2.5, rtol=1e-9)
    np.testing.assert_allclose(daily.load, 2.5 * 86.4 * flows.flow, rtol=1e-9)


@pytest.fixture(scope="module")
def river() -> tuple[Samples, Flows, Array]:
    return made()


def test_the_load_of_twelve_years_is_found_within_five_percent_from_every_tenth_day(
    river: tuple[Samples, Flows, Array],
) -> None:
    samples, flows, true = river
    found = wrtds(samples, flows).daily
    assert found.load.sum() == pytest.approx((true * flows.flow).sum() * 86.4, rel=0.05)


def test_a_third_below_the_detection_limit_moves_the_load_little(river: tuple[Samples, Flows, Array]) -> None:
    samples, flows, _ = river
    limit = float(np.quantile(samples.low, 1 / 3))
    cut = limited(samples, limit)
    found = wrtds(cut, flows)
    assert found.censored == int((samples.low < limit).sum()) > 100
    assert found.surfaces.unsettled == 0
    assert found.daily.load.sum() == pytest.approx(wrtds(samples, flows).daily.load.sum(), rel=0.05)


def test_days_without_flow_are_reported_and_samples_of_them_are_left_out(river: tuple[Samples, Flows, Array]) -> None:
    samples, flows, _ = river
    keep = np.ones(len(flows.day), np.bool_)
    keep[400:450] = False
    keep[900] = False
    found = wrtds(samples, Flows(flows.day[keep], flows.flow[keep]))
    assert found.gaps == ((START + 400, START + 449), (START + 900, START + 900))
    assert found.without_flow == int(np.isin(samples.day, flows.day[~keep]).sum()) == 5
    assert len(found.daily.day) == int(keep.sum())


def test_a_river_that_falls_dry_has_no_load_on_those_days(river: tuple[Samples, Flows, Array]) -> None:
    samples, flows, _ = river
    flow = flows.flow.copy()
    flow[100:120] = 0
    found = wrtds(samples, Flows(flows.day, flow))
    assert found.shift == pytest.approx(0.001 * flow.mean())
    assert np.all(found.daily.load[100:120] == 0)
    assert np.all(np.isfinite(found.daily.concentration))


def test_normalised_values_of_a_date_do_not_depend_on_that_days_own_flow(river: tuple[Samples, Flows, Array]) -> None:
    samples, flows, _ = river
    fitted = wrtds(samples, flows).surfaces
    day = 1000
    other = np.flatnonzero((flows.day - flows.day[day]) % 1461 == 0)  # the same date, four years apart
    swapped = flows.flow.copy()
    swapped[[day, other[-1]]] = swapped[[other[-1], day]]
    before, after = evaluate(fitted, flows), evaluate(fitted, Flows(flows.day, swapped))
    assert after.normal_load[day] == pytest.approx(before.normal_load[day], rel=1e-12)
    assert after.load[day] != pytest.approx(before.load[day], rel=1e-3)


def test_normalised_values_are_the_means_over_all_flows_of_the_date(river: tuple[Samples, Flows, Array]) -> None:
    samples, flows, _ = river
    fitted = wrtds(samples, flows).surfaces
    found = evaluate(fitted, flows)
    date = flows.day.astype("datetime64[D]").astype(str)
    for at in (5, 59, 1520, 4000):  # 59 is 29 February 1980, which shares the flows of the 28th
        name = date[at][5:]
        alike = [text[5:] in (("02-28", "02-29") if name in ("02-28", "02-29") else (name,)) for text in date]
        flow = flows.flow[np.array(alike)]
        # this day with each of those flows in turn: readings of the surfaces one by one
        each = [evaluate(fitted, Flows(flows.day[at : at + 1], np.array([one]))) for one in flow]
        assert found.normal_concentration[at] == pytest.approx(np.mean([e.concentration[0] for e in each]), rel=1e-10)
        assert found.normal_load[at] == pytest.approx(np.mean([e.load[0] for e in each]), rel=1e-10)


def test_too_few_samples_are_refused_with_what_there_is_and_what_is_needed() -> None:
    samples, flows, _ = made(years=3, every=12)
    with pytest.raises(InputError) as caught:
        wrtds(samples, flows)
    assert caught.value.code == "loads.few"
    assert (caught.value.facts["samples"], caught.value.facts["least"]) == (len(samples.day), 101)


def test_samples_of_one_single_flow_are_refused() -> None:
    _, flows, _ = made(years=9)
    level = np.full(len(flows.flow), 3.0)
    level[:5] = 20.0  # the river has other flows, but no sample
    some = slice(10, None, 9)
    one = np.exp(np.sin(np.arange(len(flows.day[some]))))
    with pytest.raises(InputError) as caught:
        wrtds(Samples(flows.day[some], one, one), Flows(flows.day, level), SMALL)
    assert caught.value.code == "loads.singular"


@given(st.floats(0, 30), st.floats(0.1, 20))
def test_a_weight_falls_with_distance_from_one_to_nothing(distance: float, width: float) -> None:
    near, far = tricube(np.array([distance, distance + 0.1]), width)
    assert 1 >= near >= far >= 0
    assert (near > 0) == (distance / width < 1) or near < 1e-12


def test_windows_at_the_ends_reach_as_far_in_all_as_in_the_middle() -> None:
    record, windows = (2000.0, 2030.0), Windows()
    width = half_widths(np.array([2000.0, 2003.0, 2007.5, 2029.0]), record, windows)
    assert width.tolist() == [14.0, 11.0, 7.0, 13.0]
    assert half_widths(np.array([2000.0]), record, Windows(widen_at_ends=False)).tolist() == [7.0]


@given(st.sets(st.integers(0, 60), min_size=1))
def test_gaps_and_days_together_are_the_whole_record(chosen: set[int]) -> None:
    day = np.array(sorted(chosen), np.int64)
    missing = [d for first, last in gaps(day) for d in range(first, last + 1)]
    assert sorted([*missing, *day.tolist()]) == list(range(int(day[0]), int(day[-1]) + 1))


@settings(max_examples=15)
@given(st.floats(0.01, 100))
def test_loads_scale_with_the_unit_of_concentration(factor: float) -> None:
    samples, flows, _ = made(years=6, every=12)
    plain = wrtds(samples, flows, SMALL).daily.load
    scaled = wrtds(Samples(samples.day, samples.low * factor, samples.high * factor), flows, SMALL).daily.load
    np.testing.assert_allclose(scaled, plain * factor, rtol=1e-7)
