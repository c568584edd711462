"""`python -m benchmarks.held_out`: what a calibration tells of curves that it has not seen.

Of the five stations of the chloride run in Uvas Creek each is left out in turn: the others calibrate, the ensemble
tells arrival, peak and end at the one that is left out, with the spreads it has by default; the observed ones are held
against the bands. Then the strontium run is told from what chloride calibrated (its sorption is as published).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.validation import plot
from shangyou.basin.transport.calibrate import Calibration, Observed, calibrate
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import ArrivalTable, Curves, Fate, Release
from shangyou.core.records import Array, Ints
from tests.basin.transport.otis import AT, HALF_A_STEP, START, curve, inflow, uvas

SHARED: Final = Path(os.environ.get("SHANGYOU_SHARED") or Path(__file__).parents[2] / "shared")
BACKGROUND, RISE, LASTED = 3.7, 7.7, 3 * 3600.0  # mg/L, mg/L, s: of the chloride
BEGAN: Final = 0.15 * 3600 + HALF_A_STEP  # s after START
LIMIT: Final = RISE / 4  # mg/L above the background
PIECES: Final = 5  # of a reach


class Told(NamedTuple):
    """A station that was left out."""

    at: int  # m
    rmse: float  # mg/L, of what the others' calibration tells
    own: float  # and where it calibrates with them
    table: ArrivalTable
    seen: tuple[float, float, float]  # first above LIMIT, peak, last above: s, g/m3, s
    answer: Curves  # what is told of it


def observed(folder: Path, at: int) -> Observed:
    """A station of the chloride run, above the background."""
    points = curve(folder / f"obs{at}.dat")
    points = points[points[:, 0] >= START]
    return Observed(float(at), (points[:, 0] - START) * 3600, points[:, 1] - BACKGROUND)


def fitted(without: int | None, folder: Path) -> Calibration:
    """Of all stations but one; the reach that ends at it has the coefficients of the next, the last of the former."""
    course, groups = uvas(PIECES)
    n = len(course.reaches)
    unknown = course.replace(
        area=np.full(n, 0.4), dispersion=np.full(n, 0.2), storage_ratio=np.zeros(n), storage_rate=np.zeros(n)
    )
    shared: Ints = groups.copy()
    if without is not None:
        i = AT.index(without)
        shared[groups == i] = i + 1 if i + 1 < len(AT) else i - 1
        shared = np.unique(shared, return_inverse=True)[1].astype(np.int64)
    curves = [observed(folder, at) for at in AT if at != without]
    return calibrate(unknown, inflow(RISE), curves, shared, step=HALF_A_STEP)


def held_out(at: int, folder: Path, own: float) -> Told:
    """A station from the others."""
    found, seen = fitted(at, folder), observed(folder, at)
    release = Release(0.0, RISE * float(found.course.flow[0]) * LASTED, BEGAN, LASTED)
    table = ensemble(found.course, release, LIMIT, members=500, at=[float(at)])
    above = np.flatnonzero(seen.concentration > LIMIT)
    first, last = (_crossed(seen, int(i), step) for i, step in ((above[0], -1), (above[-1], 1)))
    answer = respond(found.course, inflow(RISE), float(seen.time[-1]), [float(at)], step=HALF_A_STEP)
    left = np.interp(seen.time, answer.time, answer.concentration[:, 0]) - seen.concentration
    rmse = float(np.sqrt(np.mean(left**2)))
    return Told(at, rmse, own, table, (first, float(seen.concentration.max()), last), answer)


def _crossed(seen: Observed, i: int, step: int) -> float:
    """When LIMIT is crossed between a value above it and its neighbour."""
    k = min(max(i + step, 0), len(seen.time) - 1)
    high, low = float(seen.concentration[i]), float(seen.concentration[k])
    part = (high - LIMIT) / (high - low) if high > low else 0.0
    return float(seen.time[i] + part * (seen.time[k] - seen.time[i]))


def strontium(course_of_chloride: Calibration, folder: Path) -> tuple[float, float]:
    """RMSE [mg/L] of strontium told from the chloride's coefficients, and of OTIS with the published ones."""
    _, groups = uvas(PIECES)
    capacity = np.array([4e4, 2e4, 2e4, 2e4, 4e4])[groups] * 70e-6
    fate = Fate(sorption_rate=5.6e-5, storage_decay=1.0, sorption_capacity=capacity)
    answer = respond(course_of_chloride.course, inflow(1.6), 15.75 * 3600, [float(x) for x in AT], fate=fate, step=30.0)
    printed = np.loadtxt(folder / "str.out")
    ours: list[Array] = []
    theirs: list[Array] = []
    for i, x in enumerate(AT):
        seen = curve(folder / f"obs{x}.dat")
        told = np.interp((seen[:, 0] - START) * 3600, answer.time, answer.concentration[:, i]) + 0.13
        ours.append(told - seen[:, 1])
        theirs.append(np.interp(seen[:, 0], printed[:, 0], printed[:, i + 1]) - seen[:, 1])
    mine, other = (float(np.sqrt(np.mean(np.concatenate(each) ** 2))) for each in (ours, theirs))
    return mine, other


def main() -> None:
    chloride = SHARED / "data/tracer/otis_uvas_chloride"
    whole, lines = fitted(None, chloride), []
    for at, own in zip(AT, whole.rmse_at, strict=True):
        told = held_out(at, chloride, own)
        if at in (105, 281, 619):
            hours, seen_there = told.answer.time / 3600 + START, observed(chloride, at)
            lines.append((f"{at} m, from the others", hours, told.answer.concentration[:, 0] + BACKGROUND, "line"))
            points = (seen_there.time / 3600 + START, seen_there.concentration + BACKGROUND)
            lines.append((f"{at} m, observed", *points, "dots"))
        bands = (told.table.first[0] / 3600, told.table.peak[0], told.table.end[0] / 3600)
        seen = (told.seen[0] / 3600, told.seen[1], told.seen[2] / 3600)
        print(f"{at} m: RMSE {told.rmse:.3f}, own {own:.3f}")
        for name, band, value in zip(("first h", "peak", "end h"), bands, seen, strict=True):
            inside = [band[i] <= value <= band[4 - i] for i in (1, 0)]
            print(
                f"   {name:8} seen {value:.2f}, told {band[2]:.2f}, 50 % {band[1]:.2f}-{band[3]:.2f}, "
                f"90 % {band[0]:.2f}-{band[4]:.2f}, inside 50 % {inside[0]}, 90 % {inside[1]}"
            )
    plot("held-out", "Uvas Creek 1972, chloride at stations that were left out", "hour of the day", "mg/L", lines)
    mine, other = strontium(whole, SHARED / "data/tracer/otis_uvas_strontium")
    print(f"strontium from chloride: RMSE {mine:.4f}, OTIS with published parameters {other:.4f}")


if __name__ == "__main__":
    main()
