"""A large table from its bytes into the store: kept in the journal, parsed, checked, versioned."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure
from shangyou import wiring
from shangyou.flows.receive import receive
from shangyou.settings import Settings

COLUMNS = (
    *("水温(℃)", "pH(无量纲)", "溶解氧(mg/L)", "电导率(μS/cm)", "浊度(NTU)"),
    *("高锰酸盐指数(mg/L)", "氨氮(mg/L)", "总磷(mg/L)", "总氮(mg/L)"),
)
CENTRES = (18.0, 7.8, 8.5, 380.0, 12.0, 2.6, 0.15, 0.06, 1.6)
DECIMALS = (1, 2, 2, 1, 1, 2, 3, 3, 2)


def csv(sections: int, hours: int, seed: int = 1) -> bytes:
    """A wide table: one row a section and hour, nine parameters, a few below the limit and a few without a value."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2026-01-01T00:00")
    times = np.datetime_as_string(start + np.arange(hours).astype("timedelta64[h]"), unit="m")
    lines = ["省份,断面名称,监测时间," + ",".join(COLUMNS)]
    for number in range(sections):
        columns = []
        for centre, decimals in zip(CENTRES, DECIMALS, strict=True):
            walk = centre * (1 + 0.1 * np.sin(np.arange(hours) / 24 * 2 * np.pi) + 0.03 * random.normal(size=hours))
            columns.append([f"{value:.{decimals}f}" for value in walk])
        for hour in range(0, hours, 97):
            columns[6][hour] = "<0.025"
            columns[4][hour] = "--"
        head = f"四川省,断面{number}"
        lines += [
            f"{head},{moment.replace('T', ' ')},{','.join(values)}"
            for moment, values in zip(times.tolist(), zip(*columns, strict=True), strict=True)
        ]
    return "\n".join(lines).encode()


def intake(body: bytes, again: bool = False) -> tuple[float, int, float]:
    """Seconds, observations and seconds of the same rows once more under another name."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = Settings(home=Path(folder), memory="2GB")
        wiring.make_home(settings)
        node = wiring.build(settings)
        digest = wiring.digest(node)
        begin = time.perf_counter()
        receive(node.journal, node.store, node.clock, "bench.csv", body, "table", "")
        counts = digest.run()
        first = time.perf_counter() - begin
        begin = time.perf_counter()
        if again:
            receive(node.journal, node.store, node.clock, "again.csv", body + b"\n", "table", "")
            repeated = digest.run()
            assert repeated.new == repeated.revised == 0, repeated
        second = time.perf_counter() - begin
        assert counts.refused == 0, node.intake.refused(3)
        node.close()
    return first, counts.received, second


def run() -> list[Figure]:
    """All figures of bulk intake."""
    small, large = csv(40, 500), csv(40, 5_000)
    intake(small)  # what is read once, such as the vocabulary, is read now
    first, count, second = intake(large, again=True)
    tenth, part, _ = intake(small)
    return [
        Figure("bulk table intake, kept, checked, versioned", f"{count / first:,.0f} /s", "≥ 200,000 /s"),
        Figure("the same rows in another file", f"{count / second:,.0f} /s", "≥ 500,000 /s for the same file"),
        Figure("ten times the table", f"{first / tenth:.1f} x the time ({count:,} and {part:,} values)", "≤ 11 x"),
    ]
