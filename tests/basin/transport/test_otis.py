"""The tracer runs that OTIS is published with: observations, and OTIS's own output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shangyou.basin.course import Course
from shangyou.basin.transport.calibrate import Observed, calibrate
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Inflow
from shangyou.core.records import Array, Ints
from tests.basin.transport.otis import AT, HALF_A_STEP, PRINTED, START, curve, inflow, reservoirless, uvas


def rmse(a: Array, b: Array) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


@pytest.mark.shared
@pytest.mark.parametrize(("case", "solute"), [("chloride", "cl"), ("strontium", "str")])
def test_uvas_creek_is_met_as_well_as_by_otis(shared: Path, case: str, solute: str) -> None:
    folder = shared / f"data/tracer/otis_uvas_{case}"
    background, plateau = (3.7, 11.4) if case == "chloride" else (0.13, 1.73)
    course, groups = uvas()
    fate = Fate()
    if case == "strontium":
        capacity = np.array([4e4, 2e4, 2e4, 2e4, 4e4]) * 70e-6
        fate = Fate(sorption_rate=5.6e-5, storage_decay=1.0, sorption_capacity=capacity[groups])
    answer = respond(course, inflow(plateau - background), 15.75 * 3600, PRINTED, fate=fate, step=20.0)
    printed = np.loadtxt(folder / f"{solute}.out")
    hours = printed[:, 0] - START
    ours = answer.at(hours * 3600) + background
    apart = np.abs(ours - printed[:, 1:6]).max(axis=0) / (plateau - background)
    assert apart.max() < 0.025  # at 38 m the front rises within two of OTIS's steps of 180 s
    assert apart[1:].max() < 0.008
    misses, misses_of_otis = [], []
    for i, x in enumerate(AT):
        seen = curve(folder / f"obs{x}.dat")
        ours_there = np.interp((seen[:, 0] - START) * 3600, answer.time, answer.concentration[:, i]) + background
        misses.append(ours_there - seen[:, 1])
        misses_of_otis.append(np.interp(seen[:, 0], printed[:, 0], printed[:, i + 1]) - seen[:, 1])
    assert np.std(np.concatenate(misses)) < np.std(np.concatenate(misses_of_otis))
    zero = np.zeros(1)
    assert rmse(np.concatenate(misses), zero) <= rmse(np.concatenate(misses_of_otis), zero)
    for mine, theirs in zip(misses, misses_of_otis, strict=True):
        assert rmse(mine, zero) <= 1.04 * rmse(theirs, zero)


@pytest.mark.shared
def test_decay_downstream_agrees_with_otis(shared: Path) -> None:
    printed = np.loadtxt(shared / "data/tracer/otis_app3/solute.out")
    times = np.array([0.0, 3600.0 + 72.0, 3 * 3600.0 + 72.0])  # half of OTIS's step of 144 s: see HALF_A_STEP
    pulse = Inflow(times, np.array([0.0, 100.0, 0.0]))
    answer = respond(reservoirless(), pulse, 12 * 3600.0, [100.0, 2000.0], fate=Fate(decay=1e-4), step=10.0)
    apart = np.abs(answer.at(printed[:, 0] * 3600) - printed[:, 1:]).max(axis=0) / printed[:, 1:].max(axis=0)
    assert apart[0] < 0.02
    assert apart[1] < 0.01
    assert abs(answer.balance.error) < 1e-9


def planted() -> tuple[Course, Ints]:
    one = np.ones(2)
    river = Course(
        ("a", "b"),
        length=one * 2000.0,
        width=one * 20.0,
        slope=one * 1e-3,
        roughness=one * 0.03,
        flow=one * 5.0,
        area=np.array([9.0, 14.0]),
        dispersion=np.array([3.0, 8.0]),
        storage_ratio=np.array([0.15, 0.4]),
        storage_rate=np.array([2e-4, 1e-4]),
        impounded=one * 0,
        gain=one * 0,
    )
    return river, np.array([0, 1], np.int64)


def test_a_calibration_finds_what_was_planted() -> None:
    truth, groups = planted()
    tracer = Inflow(np.array([0.0, 3600.0]), np.array([10.0, 0.0]))
    answer = respond(truth, tracer, 50_000.0, [2000.0, 4000.0], step=50.0)
    seen = [Observed(x, answer.time[::8], answer.concentration[::8, i]) for i, x in enumerate((2000.0, 4000.0))]
    unknown = truth.replace(
        area=np.full(2, 11.0), dispersion=np.full(2, 5.0), storage_ratio=np.zeros(2), storage_rate=np.zeros(2)
    )
    found = calibrate(unknown, tracer, seen, groups, step=50.0)
    for name, tolerance in (("area", 0.005), ("dispersion", 0.05), ("storage_ratio", 0.03), ("storage_rate", 0.05)):
        assert np.allclose(getattr(found.course, name), getattr(truth, name), rtol=tolerance), name
    assert found.rmse < 0.01


@pytest.mark.shared
def test_a_calibration_does_as_well_on_uvas_chloride_as_otis_with_published_parameters(shared: Path) -> None:
    folder = shared / "data/tracer/otis_uvas_chloride"
    course, groups = uvas(5)
    n = len(course.reaches)
    unknown = course.replace(
        area=np.full(n, 0.4), dispersion=np.full(n, 0.2), storage_ratio=np.zeros(n), storage_rate=np.zeros(n)
    )
    printed = np.loadtxt(folder / "cl.out")
    seen, theirs = [], []
    for i, x in enumerate(AT):
        points = curve(folder / f"obs{x}.dat")
        points = points[points[:, 0] >= START]
        seen.append(Observed(float(x), (points[:, 0] - START) * 3600, points[:, 1] - 3.7))
        theirs.append(np.interp(points[:, 0], printed[:, 0], printed[:, i + 1]) - points[:, 1])
    found = calibrate(unknown, inflow(7.7), seen, groups, step=HALF_A_STEP)
    assert found.rmse <= rmse(np.concatenate(theirs), np.zeros(1))
