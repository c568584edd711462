"""Rating curves, simple estimators, months and years."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.loads.periods import change, periods
from shangyou.basin.loads.rating import rating
from shangyou.basin.loads.samples import Flows, Samples, day_of_year, decimal_year, parts_of
from shangyou.basin.loads.simple import beale, mean_times_flow
from shangyou.basin.loads.windows import Windows
from shangyou.basin.loads.wrtds import Daily, wrtds
from shangyou.core.errors import InputError
from tests.basin.loads.records import START, days, limited, made


def test_a_rating_curve_finds_the_law_behind_the_samples() -> None:
    samples, flows, _ = made(years=20, every=5)
    found = rating(samples, flows, ("flow", "season", "time"))
    known = dict(zip(found.names, found.coefficients, strict=True))
    error = dict(zip(found.names, found.errors, strict=True))
    for name, law in (("flow", -0.3), ("sine", 0.0), ("cosine", 0.3), ("time", 0.04)):
        assert abs(known[name] - law) < 4 * error[name]
    assert found.sigma == pytest.approx(0.2, rel=0.06)
    assert found.smearing_of == "duan"
    assert found.smearing == pytest.approx(np.exp(0.2**2 / 2), rel=0.01)


def test_a_rating_curve_takes_censored_samples() -> None:
    samples, flows, _ = made(years=12, every=7)
    cut = limited(samples, float(np.quantile(samples.low, 0.3)))
    whole, part = rating(samples, flows), rating(cut, flows)
    assert part.smearing_of == "normal"
    assert part.censored == int((~cut.known).sum())
    assert part.load.sum() == pytest.approx(whole.load.sum(), rel=0.03)


def test_the_error_of_a_rated_load_covers_the_truth_as_often_as_it_says() -> None:
    within = []
    for seed in range(40):
        samples, flows, true = made(years=8, every=14, seed=seed)
        found = rating(samples, flows, ("flow", "season", "time"))
        group = np.zeros(len(flows.day), np.int64)
        off = found.load.sum() - (true * flows.flow).sum() * 86.4
        within.append(abs(off) < 2 * found.error_of(group, 1)[0])
    assert sum(within) >= 34  # 95 % of 40 would be 38


@pytest.mark.parametrize("terms", [(), ("flow", "flow"), ("rain",)])
def test_terms_that_are_unknown_or_doubled_are_refused(terms: tuple[str, ...]) -> None:
    samples, flows, _ = made(years=4)
    with pytest.raises(InputError, match=r"loads\.terms"):
        rating(samples, flows, terms)


def test_beales_ratio_is_nearly_free_of_bias_and_its_error_is_honest() -> None:
    off, said, naive = [], [], []
    samples, flows, true = made(years=2, every=1)
    load = (true * flows.flow).sum() * 86.4
    rng = np.random.default_rng(5)
    for _ in range(400):
        some = np.sort(rng.choice(len(samples.day), 40, replace=False))
        few = Samples(samples.day[some], samples.low[some], samples.high[some])
        found = beale(few, Flows(flows.day, flows.flow))
        off.append(found.load - load)
        said.append(found.error)
        naive.append(mean_times_flow(few, flows).load - load)
    assert abs(np.mean(off)) / load < 0.01
    assert np.mean(naive) / load > 0.05  # concentration falls with flow, so mean times flow is too high
    assert 0.75 < np.mean(said) / np.std(off) < 1.05  # to first order: too small where a few floods carry the load


def test_with_a_sample_on_every_day_nothing_is_uncertain() -> None:
    samples, flows, true = made(years=2, every=1)
    whole = Flows(flows.day[3:], flows.flow[3:])  # samples start with the fourth day
    found = beale(samples, whole)
    assert found.error == 0
    assert found.load == pytest.approx((true * flows.flow)[3:].sum() * 86.4, rel=1e-12)


def test_below_a_limit_counts_half_and_two_samples_of_a_day_are_one() -> None:
    flows = Flows(np.arange(4, dtype=np.int64), np.array([1.0, 1.0, 1.0, 1.0]))
    samples = Samples(
        np.array([0, 0, 1, 2, 9]), np.array([1.0, 3.0, 0.0, 2.0, 50.0]), np.array([1.0, 3.0, 0.2, 2.0, 50.0])
    )
    found = mean_times_flow(samples, flows)  # the sample of day 9 has no flow
    assert found.samples == 3
    assert found.load == pytest.approx(86.4 * 4 * (2.0 + 0.1 + 2.0) / 3)


def test_a_year_with_missing_days_tells_so_and_is_not_filled() -> None:
    day = np.arange(START, START + 731, dtype=np.int64)
    day = np.delete(day, [3, 4, 5])
    found = periods(day, "year")
    assert found.length.tolist() == [366, 365]
    assert found.days.tolist() == [363, 365]
    assert found.whole.tolist() == [False, True]
    assert found.total(np.ones(len(day))).tolist() == [363.0, 365.0]


@given(st.lists(st.integers(0, 3000), min_size=1, unique=True), st.integers(1, 12), st.sampled_from(["month", "year"]))
@settings(max_examples=50)
def test_every_day_belongs_to_the_period_that_holds_it(chosen: list[int], starts: int, every: str) -> None:
    day = np.array(sorted(chosen), np.int64)
    found = periods(day, every, starts)
    first, end = found.first[found.group], (found.first + found.length)[found.group]
    assert np.all((first <= day) & (day < end))
    assert found.days.sum() == len(day)
    if every == "year":
        assert set(parts_of(found.first)[1].tolist()) == {starts}


def daily_of(rise: float) -> Daily:
    day = np.arange(START + 100, START + 366 + 365 * 3 + 366, dtype=np.int64)  # the first year is not whole
    level = 1 + rise * (decimal_year(day) - 1981)
    same = np.ones(len(day))
    return Daily(day, same, same, same, same, same, level, level * 1000)


def test_a_change_is_told_between_whole_years_only() -> None:
    found = change(daily_of(0.1))
    assert found is not None
    assert (found.first, found.last, found.years) == (*days(["1981-01-01", "1984-01-01"]).tolist(), 3)
    assert found.percent()[0] == pytest.approx(100 * 0.3 / 1.05, rel=1e-2)
    assert found.load[0] == pytest.approx(365 * 1.05, rel=1e-3)  # t: a thousand kg a day


def test_a_single_whole_year_has_no_change() -> None:
    part = daily_of(0.1)
    some = slice(0, 366 - 100 + 365)
    short = Daily(*(getattr(part, name)[some] for name in Daily.__dataclass_fields__))
    assert change(short) is None


def test_a_trend_at_usual_flows_does_not_follow_wet_years() -> None:
    samples, flows, _ = made(years=12, every=7)
    wet = flows.flow * np.where(decimal_year(flows.day) > 1988, 1.8, 1.0)
    steady = Samples(samples.day, np.full(len(samples.day), 1.5), np.full(len(samples.day), 1.5))
    daily = wrtds(steady, Flows(flows.day, wet), Windows(least=50, least_known=30)).daily
    years = periods(daily.day, "year")
    found = change(daily)
    assert found is not None
    assert abs(found.percent()[1]) < 1.0
    load = years.total(daily.load)
    assert load[-4:-1].sum() > 1.4 * load[1:4].sum()


@pytest.mark.parametrize(
    ("day", "flow", "code"),
    [
        ([], [], "loads.flows.shape"),
        ([1, 1], [1.0, 1.0], "loads.flows.order"),
        ([1, 2], [1.0, -1.0], "loads.flows.value"),
        ([1, 2], [1.0, np.nan], "loads.flows.value"),
        ([1, 2], [0.0, 0.0], "loads.flows.dry"),
    ],
)
def test_flows_that_cannot_be_are_refused(day: list[int], flow: list[float], code: str) -> None:
    with pytest.raises(InputError) as caught:
        Flows(np.array(day, np.int64), np.array(flow, np.float64))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 0.0), (2.0, 1.0), (-1.0, 1.0), (np.nan, 1.0), (0.0, np.inf), (np.inf, np.inf)]
)
def test_concentrations_that_cannot_be_are_refused(low: float, high: float) -> None:
    with pytest.raises(InputError) as caught:
        Samples(np.array([5]), np.array([low]), np.array([high]))
    assert caught.value.code == "loads.samples.value"
    assert caught.value.facts["day"] == "1970-01-06"


def test_a_date_has_one_number_in_all_years() -> None:
    assert day_of_year(days(["1980-03-01", "1981-03-01", "1980-02-29", "1981-12-31"])).tolist() == [61, 61, 60, 366]
