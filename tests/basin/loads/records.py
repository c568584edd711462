"""Made records of flow and concentration, and the real ones of the Choptank River."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from shangyou.basin.loads.samples import Flows, Samples, decimal_year
from shangyou.core.records import Array, Ints

START = 3652  # 1980-01-01


def made(years: int = 12, every: int = 10, seed: int = 1) -> tuple[Samples, Flows, Array]:
    """A simulated river: samples on every so manieth day, daily flows, and the true concentration of each day."""
    rng = np.random.default_rng(seed)
    day = START + np.arange(years * 365, dtype=np.int64)
    year = decimal_year(day)
    log_flow = 2 + 0.8 * np.sin(2 * np.pi * year) + np.convolve(rng.normal(0, 0.25, len(day) + 9), np.ones(10), "valid")
    expected = 0.2 - 0.3 * (log_flow - 2) + 0.3 * np.cos(2 * np.pi * year) + 0.04 * (year - 1986)
    true = np.exp(expected + rng.normal(0, 0.2, len(day)))
    some = slice(3, None, every)
    return Samples(day[some], true[some], true[some]), Flows(day, np.exp(log_flow)), true


def limited(samples: Samples, limit: float) -> Samples:
    """The same, where what is below a detection limit is only known to be below it."""
    below = samples.low < limit
    return Samples(samples.day, np.where(below, 0.0, samples.low), np.where(below, limit, samples.high))


def days(texts: list[str]) -> Ints:
    """Days since 1970-01-01 of dates."""
    return np.asarray(np.array(texts, "datetime64[D]").astype(np.int64))


def choptank(folder: Path) -> tuple[Samples, Flows, dict[str, Array]]:
    """Nitrate of the Choptank River with daily flows, and EGRET's published daily values by column."""
    with (folder / "data" / "loads" / "Choptank_Daily.csv").open(encoding="utf-8") as file:
        daily = list(csv.DictReader(file))
    with (folder / "data" / "loads" / "Choptank_Sample.csv").open(encoding="utf-8") as file:
        samples = list(csv.DictReader(file))

    def column(rows: list[dict[str, str]], name: str, absent: float = np.nan) -> Array:
        return np.array([absent if row[name] == "NA" else float(row[name]) for row in rows])

    published = {name: column(daily, name) for name in daily[0] if name not in ("Date", "Qualifier", "Q7", "Q30")}
    return (
        Samples(days([r["Date"] for r in samples]), column(samples, "ConcLow", 0.0), column(samples, "ConcHigh")),
        Flows(days([r["Date"] for r in daily]), published["Q"]),
        published,
    )
