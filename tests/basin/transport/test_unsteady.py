"""Flow that changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.unsteady import Flows, respond_unsteady
from shangyou.basin.transport.values import Fate, Release
from shangyou.core.errors import InputError
from tests.basin.courses import channel


def test_flow_that_does_not_change_gives_the_steady_answer() -> None:
    river = channel(8, length=2000.0)
    same = Flows(np.arange(10.0) * 3600.0, np.full((10, 8), 20.0))
    for release in (Release(0.0, 1e6), Release(0.0, 1e6, duration=7200.0)):
        steady = respond(river, release, at=[12_000.0], horizon=36_000.0)
        found = respond_unsteady(river, release, same, 36_000.0, at=[12_000.0])
        assert np.abs(found.at(steady.time) - steady.concentration).max() < 0.01 * steady.concentration.max()


def test_a_wave_that_doubles_the_flow_halves_the_time_that_is_left_by_the_rating() -> None:
    river = channel(20, length=2000.0, dispersion=5.0)
    rising = Flows(np.array([0.0, 10_000.0]), np.array([20.0, 40.0])[:, None] * np.ones(20))
    found = respond_unsteady(river, Release(0.0, 1e6), rising, 60_000.0, at=[30_000.0])
    when = found.time[found.concentration[:, 0].argmax()]
    faster = 0.8 * 2**0.34
    assert when == pytest.approx(10_000.0 + (30_000.0 - 8000.0) / faster, rel=0.01)
    assert np.trapezoid(found.concentration[:, 0], found.time) == pytest.approx(1e6 / 40.0, rel=0.01)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(2.0, 200.0), min_size=2, max_size=8), st.sampled_from([0.0, 5000.0]), st.booleans())
def test_mass_is_kept_and_never_negative_whatever_the_flow(levels: list[float], duration: float, dam: bool) -> None:
    river = channel(5, length=4000.0).replace(
        storage_ratio=np.full(5, 0.2), storage_rate=np.full(5, 1e-4), impounded=np.array([0, 0, 1e5, 0, 0]) * dam
    )
    changing = Flows(
        np.linspace(0.0, 3000.0 * (len(levels) - 1), len(levels)), np.array(levels)[:, None] * np.linspace(1.0, 1.2, 5)
    )
    fate = Fate(decay=1e-5, sorption_rate=1e-5, sorption_capacity=1.0)
    found = respond_unsteady(
        river, Release(500.0, 1e6, duration=duration), changing, 40_000.0, at=[0.0, 10_000.0, 20_000.0], fate=fate
    )
    assert found.balance.entered == pytest.approx(1e6, rel=1e-12)
    assert abs(found.balance.error) < 1e-9
    assert found.concentration.min() >= 0
    assert found.concentration[:, 0].max() == 0


def test_wider_cells_for_an_older_pulse_change_next_to_nothing() -> None:
    river = channel(10, length=10_000.0)
    flow = Flows(np.array([0.0, 30_000.0]), np.array([river.flow, river.flow * 1.4]))
    release = Release(0.0, 1e6, duration=3600.0)
    quick = respond_unsteady(river, release, flow, 4 * 86400.0, at=[20_000.0, 90_000.0])
    fine = respond_unsteady(river, release, flow, 4 * 86400.0, at=[20_000.0, 90_000.0], step=20.0)
    assert len(quick.time) < len(fine.time) / 4
    assert quick.concentration.max(axis=0) == pytest.approx(fine.concentration.max(axis=0), rel=0.01)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1e-6, 20_000.0), min_size=1, max_size=12), st.floats(0.0, 9000.0))
def test_flow_may_change_at_any_moments_however_close(gaps: list[float], duration: float) -> None:
    river = channel(10, length=2000.0)
    times = np.concatenate(([0.0], np.cumsum(gaps)))
    flow = Flows(times, np.linspace(20.0, 40.0, len(times))[:, None] * np.ones(10))
    found = respond_unsteady(river, Release(0.0, 1e6, duration=duration), flow, 86_400.0, at=[15_000.0])
    assert len(found.time) < 20_000
    assert abs(found.balance.error) < 1e-9
    passed = np.trapezoid(found.concentration[:, 0], found.time)
    assert 1e6 / 40.0 * 0.97 < passed < 1e6 / 20.0 * 1.03


@pytest.mark.parametrize("flow", [[[1.0, np.nan]], [[1.0, -1.0]], [[1.0, 0.0]], [[1.0, 1e8]]])
def test_a_series_with_a_flow_that_cannot_be_is_refused(flow: list[list[float]]) -> None:
    with pytest.raises(InputError) as caught:
        Flows(np.zeros(1), np.array(flow))
    assert caught.value.code == "course.flow"


def test_a_series_of_other_reaches_is_refused() -> None:
    with pytest.raises(InputError, match=r"course\.flow"):
        respond_unsteady(channel(3), Release(0.0, 1.0), Flows(np.zeros(1), np.ones((1, 2))), 100.0, at=[500.0])
