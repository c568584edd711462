"""WRTDS of thirty years of daily flows, beside EGRET, or beside the same regressions one by one in R and in numpy.

Where R finds the package EGRET (set R_LIBS to a folder that holds it), EGRET's own functions run on every point and
every day (`loads_egret.R`). Else the peer in R (`loads.R`, with its package survival) does on some of the points what
EGRET does at each: choose the samples, weight them, call survreg. A row says which of them ran.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Figure
from shangyou.basin.loads.samples import Flows, Samples, day_of_year, decimal_year, parts_of, with_flow
from shangyou.basin.loads.surfaces import Points, Surfaces, columns, grid, surfaces
from shangyou.basin.loads.windows import GROWTH, Windows, tricube
from shangyou.basin.loads.wrtds import Daily, wrtds
from shangyou.core.records import Array, Ints

SHARED = Path(os.environ.get("SHANGYOU_SHARED") or Path(__file__).parents[2] / "shared")
WINDOWS = Windows(years=10, widen_at_ends=False)
YEARS = 32
SOME = 37  # every so manieth point for the slow peers: it takes all times of the year, and all levels of flow


def cpu(work: Callable[[], object]) -> float:
    """Least of three, in seconds of the processors: whatever else they do meanwhile does not count, for us or peers."""
    took = []
    for _ in range(3):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def river(limit: float) -> tuple[Samples, Flows]:
    """A simulated record of the size of the Choptank's: 11,688 days, 584 samples, some below a limit [mg/L]."""
    rng = np.random.default_rng(3)
    day = 3560 + np.arange(YEARS * 365 + 8, dtype=np.int64)
    year = decimal_year(day)
    flow = (
        0.8
        + 0.9 * np.sin(2 * np.pi * (year - 0.1))
        + np.convolve(rng.normal(0, 0.2, len(day) + 9), np.ones(10), "valid")
    )
    value = np.exp(0.1 - 0.2 * (flow - 0.8) + 0.2 * np.cos(2 * np.pi * year) + rng.normal(0, 0.27, len(day)))
    some = slice(7, None, 20)
    low = np.where(value[some] < limit, 0.0, value[some])
    return Samples(day[some], low, np.maximum(value[some], limit)), Flows(day, np.exp(flow))


def choptank() -> tuple[Samples, Flows] | None:
    """Nitrate of the Choptank River as EGRET publishes it (USGS 01491000), where the files are."""
    folder = SHARED / "data/loads"
    if not folder.is_dir():
        return None
    with (folder / "Choptank_Sample.csv").open() as text, (folder / "Choptank_Daily.csv").open() as other:
        samples, daily = list(csv.DictReader(text)), list(csv.DictReader(other))
    high = np.array([float(row["ConcHigh"]) for row in samples])
    low = np.array([0.0 if row["ConcLow"] == "NA" else float(row["ConcLow"]) for row in samples])
    flows = Flows(_days(daily), np.array([float(row["Q"]) for row in daily]))
    return Samples(_days(samples), low, high), flows


def _days(rows: list[dict[str, str]]) -> Ints:
    return np.array([row["Date"] for row in rows], "datetime64[D]").astype(np.int64)


def points(samples: Samples, flows: Flows) -> Points:
    """The samples as regressions take them."""
    flow = flows.flow[np.searchsorted(flows.day, samples.day)]
    with np.errstate(divide="ignore"):
        return Points(decimal_year(samples.day), np.log(flow), np.log(samples.low), np.log(samples.high))


def loop(of: Points, at: Array) -> Array:
    """(p, 2) expected value and error at each point, one after another; known values only."""
    found = []
    for year, level in at.tolist():
        widths = np.array([WINDOWS.years, WINDOWS.log_flow, WINDOWS.season])
        while True:
            apart = np.abs(of.year - year)
            weight = tricube(apart, widths[0]) * tricube(of.log_flow - level, widths[1])
            weight *= tricube(np.abs(apart - np.round(apart)), widths[2])
            some = weight > 0
            if some.sum() >= WINDOWS.least:
                break
            widths = np.minimum(widths * GROWTH, [np.inf, np.inf, 0.5])
        x = columns(of.year[some], of.log_flow[some], (year, level))
        root = np.sqrt(weight[some])
        b, *_ = np.linalg.lstsq(x * root[:, None], of.low[some] * root, rcond=None)
        here = columns(np.array([year]), np.array([level]), (year, level))[0]
        found.append((here @ b, np.sqrt(np.sum((root * (of.low[some] - x @ b)) ** 2) / weight.sum())))
    return np.array(found)


def by_r(of: Points, at: Array) -> tuple[float, Array] | None:
    """Seconds and (p, 2) answers of survreg; None where there is no R."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / name) for name in ("samples.csv", "points.csv", "answers.csv")]
        # survreg takes NA for "no bound on this side"
        low = np.where(np.isinf(of.low), np.nan, of.low)
        known = (of.low == of.high).astype(float)
        rows = np.column_stack([of.year, of.log_flow, low, of.high, known])
        text = "\n".join(",".join("NA" if cell != cell else repr(cell) for cell in row) for row in rows.tolist())
        Path(files[0]).write_text(f"year,flow,low,high,known\n{text}\n", encoding="utf-8")
        np.savetxt(files[1], at, fmt="%.17g", delimiter=",", header="year,flow", comments="")
        script = str(Path(__file__).with_name("loads.R"))
        done = subprocess.run([program, script, *files, str(WINDOWS.years)], capture_output=True, check=True)
        return float(done.stdout), np.loadtxt(files[2], delimiter=",", skiprows=1)


class Egret(NamedTuple):
    """What EGRET says of a river, and how long it took [s of processor]."""

    version: str
    points: Array  # (p, 2) expected value and error, by year, then by level of flow
    daily: Array  # (n, 6) as the columns that it publishes
    surfaces: float
    days: float
    crossed: float  # its cross-validation, which its `modelEstimation` does besides


def by_egret(samples: Samples, flows: Flows) -> Egret | None:
    """EGRET's own functions on the same record; None where R or its package EGRET is not installed."""
    program = shutil.which("Rscript")
    found = program and subprocess.run(
        [program, "-e", "quit(status = !requireNamespace('EGRET', quietly = TRUE))"], capture_output=True, check=False
    )
    if not program or not found or found.returncode:
        return None
    used, flow = with_flow(samples, flows)
    daily = [_dated(flows.day), ("Q", flows.flow), ("LogQ", np.log(flows.flow)), *_calendar(flows.day)]
    turn = 2 * np.pi * decimal_year(used.day)
    sampled = [
        *(_dated(used.day), ("ConcLow", np.where(used.low > 0, used.low, np.nan)), ("ConcHigh", used.high)),
        *(("Uncen", used.known.astype(float)), ("SinDY", np.sin(turn)), ("CosDY", np.cos(turn))),
        *(("Q", flow), ("LogQ", np.log(flow)), *_calendar(used.day)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / name) for name in ("daily.csv", "samples.csv", "surfaces.csv", "answers.csv")]
        for file, columns_of in zip(files, (daily, sampled), strict=False):
            cells = zip(*(values.tolist() for _, values in columns_of), strict=True)
            rows = (",".join("NA" if cell != cell else str(cell) for cell in row) for row in cells)
            Path(file).write_text("\n".join([",".join(name for name, _ in columns_of), *rows]) + "\n")
        script = str(Path(__file__).with_name("loads_egret.R"))
        done = subprocess.run([program, script, *files, str(WINDOWS.years)], capture_output=True, check=True, text=True)
        version, *seconds = done.stdout.split()
        found_points, found_daily = (np.loadtxt(file, delimiter=",", skiprows=1) for file in files[2:])
        return Egret(version, found_points, found_daily, *map(float, seconds))


def _dated(day: Ints) -> tuple[str, NDArray[np.str_]]:
    return "Date", day.astype("datetime64[D]").astype(str)


def _calendar(day: Ints) -> list[tuple[str, Array | Ints]]:
    return [("Month", parts_of(day)[1]), ("Day", day_of_year(day)), ("DecYear", decimal_year(day))]


def rivers() -> Iterator[tuple[str, Samples, Flows]]:
    """Records to fit: a real one where its files are, and two that are simulated."""
    real = choptank()
    if real:
        yield ("Choptank nitrate", *real)
    for name, limit in (("simulated, all known", 0.0), ("simulated, a third below the limit", 0.95)):
        yield (name, *river(limit))


def run() -> list[Figure]:
    """All figures of loads."""
    figures = []
    for name, samples, flows in rivers():
        theirs = by_egret(samples, flows)
        of = points(samples, flows)
        years, levels = grid(decimal_year(flows.day), np.log(flows.flow))
        record = (float(decimal_year(flows.day[:1])[0]), float(decimal_year(flows.day[-1:])[0]))
        at = np.column_stack([np.repeat(years, len(levels)), np.tile(levels, len(years))])
        ours = cpu(partial(surfaces, of, years, levels, record, WINDOWS))
        fitted = surfaces(of, years, levels, record, WINDOWS)
        censored = int((of.low < of.high).sum())
        figures.append(
            Figure(
                f"{len(at):,} regressions over {len(samples.day)} samples, {censored} of them censored ({name})",
                f"{ours:.2f} s of processor",
                "≥ 20 x R",
                "; ".join(_peers(of, at, fitted, ours, theirs)),
            )
        )
        whole = cpu(partial(wrtds, samples, flows, WINDOWS))
        daily = wrtds(samples, flows, WINDOWS).daily
        figures.append(
            Figure(
                f"the whole model with {len(flows.day):,} days, flow-normalised ({name})",
                f"{whole:.2f} s of processor",
                "≥ 20 x EGRET" if theirs else "",
                _whole(theirs, daily, whole) if theirs else "",
            )
        )
    return figures


def _whole(theirs: Egret, daily: Daily, ours: float) -> str:
    """EGRET's daily values beside ours."""
    columns_of = (
        *(daily.log_concentration, daily.error, daily.concentration),
        *(daily.load, daily.normal_concentration, daily.normal_load),
    )
    off = [float(np.abs(mine - other).max()) for mine, other in zip(columns_of, theirs.daily.T, strict=True)]
    part = [float(np.abs(mine / other - 1).max()) for mine, other in zip(columns_of, theirs.daily.T, strict=True)]
    seconds = theirs.surfaces + theirs.days
    return (
        f"EGRET {theirs.version}, estSurfaces and estDailyFromSurfaces: {seconds:.1f} s ({seconds / ours:.0f} x ours), "
        f"{seconds + theirs.crossed:.1f} s with its cross-validation, which ours leaves out; largest difference of any "
        f"day: ln C and its error {max(off[:2]):.0e}, concentration and load {max(part[2:4]):.0e} of the value, at "
        f"usual flows {max(part[4:]):.0e}"
    )


def _peers(of: Points, at: Array, fitted: Surfaces, ours: float, egret: Egret | None) -> list[str]:
    some, told = at[::SOME], []
    answers = np.column_stack([fitted.log_concentration.ravel(), fitted.error.ravel()])
    if egret:
        off = float(np.abs(egret.points - answers).max())
        told.append(
            f"EGRET {egret.version}, estSurfaces: {egret.surfaces:.1f} s for all points "
            f"({egret.surfaces / ours:.0f} x ours); largest difference {off:.0e}"
        )
    answers = answers[::SOME]
    found = by_r(of, some) if egret is None else None
    if egret is not None:
        pass
    elif found is None:
        told.append("R is not installed")
    else:
        seconds, theirs = found[0] * len(at) / len(some), found[1]
        off = float(np.abs(theirs - answers).max())
        told.append(
            f"survreg one by one in R: {seconds:.0f} s, from {len(some)} points ({seconds / ours:.0f} x ours); "
            f"largest difference {off:.0e}"
        )
    if np.all(of.low == of.high):
        start = time.process_time()
        theirs = loop(of, some)
        seconds = (time.process_time() - start) * len(at) / len(some)
        off = float(np.abs(theirs - answers).max())
        told.append(
            f"least squares one by one in numpy: {seconds:.1f} s ({seconds / ours:.0f} x); difference {off:.0e}"
        )
    return told
