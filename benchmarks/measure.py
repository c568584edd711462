"""Timing and telling."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    figure: str
    target: str
    peer: str = ""
    command: str = ""


def best(act: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest of some runs."""
    quickest = float("inf")
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        act()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest


def in_turn(*acts: Callable[[], object], times: int = 9) -> list[float]:
    """Seconds of the middle run of each: they take turns, so that a machine that slows down slows all of them."""
    took: list[list[float]] = [[] for _ in acts]
    for _ in range(times):
        for act, seconds in zip(acts, took, strict=True):
            gc.collect()
            start = time.perf_counter()
            act()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in took]


def rss_mb(pid: int | None = None, most: bool = False) -> float:
    """Resident memory of a process [MB]; most: at most so far, which getrusage would count from before the exec."""
    status = Path(f"/proc/{pid or os.getpid()}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM" if most else "VmRSS"))
    return int(line.split()[1]) / 1024


def machine() -> str:
    """What this ran on, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({model}), Python {platform.python_version()}, {platform.system()} {platform.release()}"


def table(figures: list[Figure]) -> str:
    """As Markdown."""
    lines = ["| what | figure | target | peer in the same run |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.figure} | {f.target} | {f.peer} |" for f in figures]
    return "\n".join(lines)
