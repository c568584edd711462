"""The automatic tests against ioos_qc, for speed and for what they find.

`python -m benchmarks.quality` prints speeds; with the folder of the Logan River files (`... quality FOLDER`) also
the tables of docs/quality.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from ioos_qc import qartod
from numpy.typing import NDArray

from benchmarks.measure import Figure, best, machine, table
from shangyou.core.records import Array, Observations, SeriesKey
from shangyou.quality.check import check
from shangyou.quality.follow import follow
from shangyou.quality.reader import packaged_plan
from tests.quality.agreement import compare, counts
from tests.quality.experts import HEAD, findings
from tests.quality.logan import columns

START = 1_600_000_000_000
STEP = 14_400_000
USUAL = {  # parameter: mean, deviation, decimals; as at the national stations
    "water_temperature": (17, 0.3, 1),
    "ph": (8, 0.05, 2),
    "dissolved_oxygen": (8.5, 0.4, 2),
    "conductivity": (400, 10, 1),
    "turbidity": (12, 2, 1),
    "permanganate_index": (2, 0.2, 2),
    "ammonia_nitrogen": (0.1, 0.02, 3),
    "total_phosphorus": (0.05, 0.005, 3),
    "total_nitrogen": (1.7, 0.1, 2),
    "chlorophyll_a": (10, 1, 1),
}


def lot(sites: int, count: int, order: str = "series", still: bool = False) -> Observations:
    """`count` values of ten parameters at each site; still = all of a series the same."""
    random = np.random.default_rng(1)
    keys = tuple(SeriesKey(f"s{i}", name, "4h") for i in range(sites) for name in USUAL)
    parts = [
        np.round(np.full((sites, count), mean) if still else random.normal(mean, deviation, (sites, count)), decimals)
        for mean, deviation, decimals in USUAL.values()
    ]
    value = np.stack(parts, axis=1).ravel()
    series = np.repeat(np.arange(len(keys), dtype=np.int32), count)
    time = np.tile(START + np.arange(count, dtype=np.int64) * STEP, len(keys))
    pick = np.arange(len(series))
    if order == "time":
        pick = np.lexsort((series, time))
    elif order == "random":
        pick = random.permutation(len(series))
    nothing = np.zeros(len(series), np.uint8)
    return Observations(keys, series[pick], time[pick], value[pick], nothing, nothing)


def seconds(rows: Observations) -> float:
    """Of the whole plan."""
    received = int(rows.time.max())
    return best(lambda: check(rows, None, received, packaged_plan()))


def peer(rows: Observations, count: int) -> float:
    """Of four tests of ioos_qc, series by series."""
    stamps = (START + np.arange(count, dtype=np.int64) * STEP).astype("datetime64[ms]")

    def one(value: Array) -> None:
        qartod.gross_range_test(value, (0, 1e6), (0, 1e5))
        qartod.spike_test(value, 1, 2)
        qartod.rate_of_change_test(value, stamps, 1, 2)
        qartod.flat_line_test(value, stamps, 172_800, 432_000, 0.005)

    return best(lambda: list(map(one, rows.value.reshape(-1, count))), 1)


def live(series_sites: int = 500, rounds: int = 20) -> float:
    """Seconds to follow 20 values of each of ten series a site, as of a second of heavy traffic."""
    rows = lot(series_sites, rounds * 20, "time")
    size, received, tail = len(rows) // rounds, int(rows.time.max()), None
    parts = [Observations(rows.keys, *(c[i * size : (i + 1) * size] for c in _columns(rows))) for i in range(rounds)]

    def go() -> None:
        nonlocal tail
        for part in parts:
            tail = follow(part, tail, received, packaged_plan()).tail

    return best(go, 1) / rounds


def _columns(rows: Observations) -> tuple[NDArray[Any], ...]:
    return rows.series, rows.time, rows.value, rows.censor, rows.mark


def run() -> list[Figure]:
    """All figures of speed."""
    small = lot(40, 250)
    ratio = peer(small, 250) / seconds(small)
    whole = {order: seconds(lot(400, 250, order)) for order in ("series", "time", "random")}
    return [
        Figure("1 M values of 4,000 series, all tests, by series", f"{whole['series']:.2f} s", "< 0.5 s"),
        Figure("the same in order of time", f"{whole['time']:.2f} s", "< 0.5 s"),
        Figure("the same in random order", f"{whole['random']:.2f} s", "< 0.5 s"),
        Figure("the same, every series standing still", f"{seconds(lot(400, 250, still=True)):.2f} s", ""),
        Figure("ten times the values", f"{seconds(lot(400, 2_500)) / whole['series']:.1f} x the time", "≤ 11 x"),
        Figure("100,000 values of 400 series", f"{seconds(small):.3f} s", "", f"ioos_qc, four tests: {ratio:.0f} x"),
        Figure("following 5,000 series, 100,000 values a call", f"{live():.2f} s", "< 1 s"),
    ]


if __name__ == "__main__":
    print(machine())
    print(table(run()))
    if len(sys.argv) > 1:
        logan = Path(sys.argv[1])
        found = counts(one for column in columns(logan) for one in compare(column))
        print("\n| test | " + " | ".join(next(iter(found.values()))) + " |")
        for test, row in found.items():
            print(f"| {test} | " + " | ".join(f"{number:,}" for number in row.values()) + " |")
        print(f"\n{HEAD}")
        for finding in findings(logan):
            print(finding.row())
