"""A release carried down a river: an ensemble, how its cost grows, and a peer at equal accuracy."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

import numpy as np

os.environ.setdefault("NUMBA_CACHE_DIR", f"{tempfile.gettempdir()}/shangyou-numba-{os.getuid()}")

from benchmarks.measure import Figure
from shangyou.basin.course import Course, Place
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Release

DAY = 86_400.0


def river(reaches: int, kilometres: float = 1500.0, places: int = 30) -> Course:
    """Of the size of the Upper Yangtze, its flow growing downward."""
    one = np.ones(reaches)
    length = kilometres * 1000 / reaches
    flow = np.linspace(2000.0, 12_000.0, reaches)
    at = np.linspace(0.03, 1.0, places) * kilometres * 1000
    return Course(
        tuple(map(str, range(reaches))),
        length=one * length,
        width=np.linspace(250.0, 700.0, reaches),
        slope=one * 2e-4,
        roughness=one * 0.035,
        flow=flow,
        area=one * np.nan,
        dispersion=one * np.nan,
        storage_ratio=one * 0,
        storage_rate=one * 0,
        impounded=one * 0,
        gain=np.diff(flow, prepend=flow[0]),
        places=tuple(Place(str(i), "", "", "section", float(x)) for i, x in enumerate(at)),
    )


def seconds(members: int, reaches: int) -> float:
    course, release = river(reaches), Release(0.0, 1e8)
    return processor(lambda: ensemble(course, release, limit=1e-3, members=members, horizon=10 * DAY))


def processor(act: Callable[[], object], times: int = 3) -> float:
    """Seconds of one core of the quickest of some runs, whatever else the machine does."""
    quickest = float("inf")
    for _ in range(times):
        start = time.process_time()
        act()
        quickest = min(quickest, time.process_time() - start)
    return quickest


def upwind(x: float, u: float, d: float, area: float, mass: float, dx: float, dt: float, until: float) -> np.ndarray:
    """The peer: backward Euler, upwind, a banded solver; (k, 2) time and concentration at x."""
    from scipy.linalg import solve_banded

    before = int(0.2 * x / dx)  # cells above the release
    n = int(1.5 * x / dx)
    c = np.zeros(n)
    c[before] = mass / (area * dx)
    advect, spread = u * dt / dx, d * dt / dx**2
    bands = np.zeros((3, n))
    bands[0, 1:], bands[1], bands[2, :-1] = -spread, 1 + advect + 2 * spread, -advect - spread
    out = np.empty((int(until / dt), 2))
    for i in range(len(out)):
        c = solve_banded((1, 1), bands, c, check_finite=False)
        out[i] = (i + 1) * dt, c[before + int(x / dx)]
    return out


def accuracy() -> tuple[float, float, float, float]:
    """Seconds and error (part of the peak) of one release over 5 km, ours and the peer's."""
    x, u, d, area, mass = 5_000.0, 0.8, 60.0, 25.0, 1e6
    one, none = np.ones(1), np.zeros(1)
    shape = one * 1.3 * x, one * 20, one * 1e-3, one * 0.03, one * u * area, one * area, one * d
    course = Course(("a",), *shape, none, none, none, none)

    def error(at: np.ndarray, c: np.ndarray) -> float:
        t = np.maximum(at, 1.0)
        exact = mass / (area * np.sqrt(4 * np.pi * d * t)) * np.exp(-((x - u * t) ** 2) / (4 * d * t))
        return float(np.abs(c - exact).max() / exact.max())

    mine = respond(course, Release(0.0, mass), at=[x])
    ours = processor(lambda: respond(course, Release(0.0, mass), at=[x]))
    given = (x, u, d, area, mass, 1.0, 1.0, 1.6 * x / u)
    found = upwind(*given)
    theirs = processor(lambda: upwind(*given), 1)
    return ours, error(mine.time, mine.concentration[:, 0]), theirs, error(found[:, 0], found[:, 1])


def run() -> list[Figure]:
    seconds(14, 50)  # compile
    whole = seconds(1000, 50)
    fewer, more = seconds(250, 50), seconds(1000, 400)
    ours, off, theirs, off_there = accuracy()
    return [
        Figure(
            "1,000 members, 1,500 km, 10 days, 50 reaches, 30 places, after warm-up",
            f"{whole:.2f} s of a core",
            "<= 1 s",
        ),
        Figure("a quarter of the members", f"{fewer:.2f} s", "linear"),
        Figure("eight times the reaches", f"{more:.2f} s", "linear at most"),
        Figure(
            "one release over 5 km, error at most",
            f"{ours * 1000:.1f} ms, {off:.2%} of the peak",
            "1 %",
            f"implicit upwind, banded solver: {theirs * 1000:.0f} ms, {off_there:.2%}; {theirs / ours:.0f} times ours",
        ),
    ]
