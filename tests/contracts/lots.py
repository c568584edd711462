"""Batches of observations in a line each, for what every observation store promises."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey

PH, DO = SeriesKey("51.甲", "ph", "hour"), SeriesKey("50.乙", "dissolved_oxygen", "hour")
HOUR = 3_600_000
Row = tuple[SeriesKey, int, float, int, int]


def lot(*rows: Row, flag: Flag = Flag.GOOD) -> Flagged:
    o = Observations.build(list(rows))
    nothing = np.zeros(len(o), np.uint32)
    return Flagged(o, np.full(len(o), flag, np.uint8), nothing, nothing)


def row(key: SeriesKey, hour: int, value: float, censor: int = 0, mark: int = 1) -> Row:
    return (key, hour * HOUR, value, censor, mark)


def batch(id: int, digest: str = "") -> Batch:
    return Batch(id, "table", f"file-{id}.csv", 1_000 * id, digest)


def values(table: pa.Table) -> list[tuple[str, int, int, float]]:
    columns = (table.column(name).to_pylist() for name in ("site", "time", "revision", "value"))
    return [(s, int(t.timestamp() * 1000) // HOUR, r, v) for s, t, r, v in zip(*columns, strict=True)]
