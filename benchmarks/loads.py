"""WRTDS of thirty years of daily flows, beside the same regressions one by one: in R by survreg, and in numpy.

The peer in R (`loads.R`, with its package survival) runs where `Rscript` is installed. EGRET itself is on no registry
that this can reach; what the peer does at each point is what EGRET does: choose the samples, weight them, call survreg.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure
from shangyou.basin.loads.samples import Flows, Samples, decimal_year
from shangyou.basin.loads.surfaces import Points, Surfaces, columns, grid, surfaces
from shangyou.basin.loads.windows import GROWTH, Windows, tricube
from shangyou.basin.loads.wrtds import wrtds
from shangyou.core.records import Array

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


def run() -> list[Figure]:
    """All figures of loads."""
    figures = []
    for name, limit in (("all known", 0.0), ("a third below the limit", 0.95)):
        samples, flows = river(limit)
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
                "; ".join(_peers(of, at, fitted, ours)),
            )
        )
        whole = cpu(partial(wrtds, samples, flows, WINDOWS))
        figures.append(
            Figure(
                f"the whole model with {len(flows.day):,} days, flow-normalised ({name})",
                f"{whole:.2f} s of processor",
                "",
            )
        )
    return figures


def _peers(of: Points, at: Array, fitted: Surfaces, ours: float) -> list[str]:
    some, told = at[::SOME], []
    answers = np.column_stack([fitted.log_concentration.ravel(), fitted.error.ravel()])[::SOME]
    found = by_r(of, some)
    if found is None:
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
