"""Measures at a control point: what is led away is gone, what is held comes later, what is diluted is thinner."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from shangyou.basin.course import Course, Place
from shangyou.basin.measures import Act, Effect, _changed, effects
from shangyou.basin.transport.values import Release
from shangyou.core.errors import InputError
from tests.basin.courses import channel

HOUR = 3600.0
SPILL = Release(0.0, 5e6, duration=2 * HOUR)


@pytest.fixture(scope="module")
def river() -> Course:
    places = tuple(
        Place(id, id, id, kind, at)
        for id, kind, at in (
            ("gate", "control", 20_000.0),
            ("town", "intake", 60_000.0),
            ("border", "border", 90_000.0),
        )
    )
    return dataclasses.replace(channel(10, length=10_000.0, area=400.0, flow=200.0, dispersion=20.0), places=places)


def at_town(river: Course, act: Act, limit: float | None = None) -> Effect:
    found = {each.place.id: each for each in effects(river, SPILL, act, limit)}
    assert list(found) == ["town", "border"]
    return found["town"]


def test_what_is_led_away_is_missing_downstream_in_proportion(river: Course) -> None:
    found = at_town(river, Act("divert", "gate", share=0.6))
    assert found.changed.peak == pytest.approx(0.4 * found.without.peak, rel=1e-6)
    assert found.changed.peak_at == found.without.peak_at


@pytest.mark.parametrize("limit", [0.01, 1.0, 1e6])
def test_the_end_above_the_limit_lies_behind_the_peak_and_covers_what_is_over(river: Course, limit: float) -> None:
    for effect in effects(river, SPILL, Act("hold", "gate", share=0.5, until=6 * HOUR), limit):
        for passing in (effect.without, effect.changed):
            if math.isnan(passing.first):
                assert math.isnan(passing.until)
                assert passing.over == 0.0
            else:
                assert passing.first <= passing.peak_at < passing.until
                assert passing.over <= passing.until - passing.first + 1e-6


def test_a_measure_that_does_nothing_changes_nothing(river: Course) -> None:
    for act in (Act("divert", "gate"), Act("hold", "gate", share=0.0), Act("dilute", "gate")):
        found = at_town(river, act)
        assert found.changed == found.without


def test_a_measure_that_comes_too_late_changes_nothing(river: Course) -> None:
    found = at_town(river, Act("divert", "gate", share=1.0, start=1e7))
    assert found.changed == found.without


def test_what_is_held_comes_later_and_flatter(river: Course) -> None:
    until = 40 * HOUR
    found = at_town(river, Act("hold", "gate", share=1.0, start=0.0, until=until))
    assert found.changed.peak < 0.2 * found.without.peak
    assert found.changed.first > until
    assert at_town(river, Act("hold", "gate", share=1.0)).changed.peak == 0.0  # and if it is never let go, never


def test_what_was_held_is_let_go_to_the_last_gram() -> None:
    time, rate = np.linspace(0.0, 100.0, 11), np.array([0.0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0])
    for until in (35.0, 60.0, 100.0, 400.0):
        later, passed = _changed(time, rate, Act("hold", "gate", share=0.7, start=20.0, until=until))
        assert np.sum(passed[:-1] * np.diff(later)) == pytest.approx(np.sum(rate[:-1] * np.diff(time)))
        assert passed.min() >= 0


def test_more_water_is_thinner_and_quicker(river: Course) -> None:
    found = at_town(river, Act("dilute", "gate", flow=200.0))
    assert found.changed.peak < found.without.peak
    assert found.changed.peak_at < found.without.peak_at
    assert found.changed.first < found.without.first


def test_the_time_above_a_limit_is_told(river: Course) -> None:
    usual = at_town(river, Act("divert", "gate", share=0.0))
    limit = usual.without.peak / 2
    found = at_town(river, Act("divert", "gate", share=0.6), limit)
    assert found.without.over > HOUR
    assert found.changed.over == 0.0
    assert math.isnan(found.changed.first)


@pytest.mark.parametrize(
    "act",
    [("bribe", "gate", 0.5), ("hold", "gate", 1.5), ("hold", "gate", math.nan)],
)
def test_a_measure_that_cannot_be_is_refused(act: tuple[str, str, float]) -> None:
    with pytest.raises(InputError, match=r"measure.act"):
        Act(*act)


def test_a_control_point_must_lie_between_the_release_and_somebody(river: Course) -> None:
    for act, release in ((Act("divert", "gate", share=1.0), Release(30_000.0, 1.0)), (Act("divert", "border"), SPILL)):
        with pytest.raises(InputError, match=r"measure.place"):
            effects(river, release, act)
