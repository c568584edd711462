"""Observations by the thousand."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Flagged, Observations, SeriesKey

HOUR = 3_600_000
START = 1_600_000_000_000


def hours(first: int, count: int, series: int = 100) -> Flagged:
    """Noise of so many series over so many hours."""
    keys = tuple(SeriesKey(f"51.s{n}", "ph", "hour", "mean") for n in range(series))
    n = series * count
    value = np.random.default_rng(first).normal(7, 1, n)
    time = START + HOUR * np.repeat(np.arange(first, first + count), series)
    number = np.tile(np.arange(series, dtype=np.int32), count)
    o = Observations(keys, number, time, value, np.zeros(n, np.uint8), np.ones(n, np.uint8))
    return Flagged(o, np.ones(n, np.uint8), np.zeros(n, np.uint32), np.zeros(n, np.uint32))
