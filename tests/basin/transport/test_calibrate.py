"""Calibration from runs with several releases, and from values that are bounds."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.basin.course import Course
from shangyou.basin.transport.calibrate import Calibration, Observed, calibrate
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Inflow, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes, Censor
from tests.basin.transport.otis import reservoirless

STEP = 60.0
RELEASES = (Release(0.0, 2000.0), Release(800.0, 1500.0, start=5400.0, duration=600.0))
AT = (700.0, 2000.0)


def river(area: float = 1.0, dispersion: float = 5.0) -> Course:
    return reservoirless().replace(area=np.array([area]), dispersion=np.array([dispersion]))


def seen(times: Array) -> list[Array]:
    """What both releases make at AT."""
    answers = [respond(river(), each, 60_000.0, AT, step=20.0) for each in RELEASES]
    return [np.sum([answer.at(times)[:, i] for answer in answers], axis=0) for i in range(2)]


def fitted(curves: list[Observed], releases: tuple[Release | Inflow, ...] = RELEASES) -> Calibration:
    return calibrate(river(1.4, 2.0), releases, curves, what=("area", "dispersion"), step=STEP)


def test_two_releases_in_one_run_are_fitted_together() -> None:
    times = np.arange(0.0, 60_000.0, 600.0)
    curves = [Observed(x, times, values) for x, values in zip(AT, seen(times), strict=True)]
    found = fitted(curves)
    assert found.course.area[0] == pytest.approx(1.0, rel=0.01)
    assert found.course.dispersion[0] == pytest.approx(5.0, rel=0.06)
    alone = fitted(curves, RELEASES[:1])
    assert alone.rmse > 10 * found.rmse


def test_bounds_are_neither_zeros_nor_their_limits() -> None:
    times = np.arange(0.0, 60_000.0, 600.0)
    whole = seen(times)[1] * (1 + 0.03 * np.random.default_rng(5).standard_normal(len(times)))
    limit = 0.4 * float(whole.max())
    below = whole < limit
    censor: Bytes = np.where(below, Censor.BELOW, Censor.NONE).astype(np.uint8)
    bounded, zeros, limits = (
        fitted([Observed(AT[1], times, values, marks)]).course.dispersion[0]
        for values, marks in (
            (np.where(below, limit, whole), censor),
            (np.where(below, 0.0, whole), None),
            (np.where(below, limit, whole), None),
        )
    )
    away = [abs(np.log(each / 5.0)) for each in (bounded, zeros, limits)]
    assert away[0] < 0.15
    assert away[0] < 0.5 * min(away[1:])


def test_a_value_above_a_range_says_that_the_peak_is_higher() -> None:
    times = np.arange(0.0, 60_000.0, 600.0)
    whole = seen(times)[1]
    top = 0.7 * float(whole.max())
    censor: Bytes = np.where(whole > top, Censor.ABOVE, Censor.NONE).astype(np.uint8)
    found = fitted([Observed(AT[1], times, np.minimum(whole, top), censor)])
    assert found.course.area[0] == pytest.approx(1.0, rel=0.02)
    assert found.course.dispersion[0] == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    ("releases", "curve", "code"),
    [
        (RELEASES[1:], (700.0, [1.0, 2.0], None), "calibrate.above"),
        ((), (700.0, [1.0, 2.0], None), "calibrate.above"),
        ((Release(0.0, 5.0, start=7200.0),), (700.0, [1.0, 2.0], None), "calibrate.late"),
        (RELEASES[:1], (700.0, [1.0, 1.0], [1, 1]), "calibrate.flat"),
        (RELEASES[:1], (700.0, [1.0, 1.0], [3, 0]), "calibrate.curve"),
    ],
)
def test_a_run_that_cannot_tell_is_refused_by_name(
    releases: tuple[Release, ...], curve: tuple[float, list[float], list[int] | None], code: str
) -> None:
    at, values, marks = curve
    censor = None if marks is None else np.array(marks, np.uint8)
    with pytest.raises(InputError) as told:
        fitted([Observed(at, np.array([0.0, 3600.0]), np.array(values), censor)], releases)
    assert told.value.code == code
