"""Means of whole periods as observations, for terms under which nothing finer may leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from shangyou.core.clock import to_ms
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Flag, Origin
from shangyou.exchange.outlet import NAME, WIRE
from shangyou.exchange.policy.terms import CADENCES

LOGARITHMIC = ("ph",)
STEP = {"hour": 3_600_000, "day": 86_400_000}


def period_start(at: int, period: str, offset: int) -> int:
    """Start of the legal hour, day, month or year that holds a time [ms since 1970 UTC]; offset: from UTC [ms].

    >>> period_start(0, "day", 8 * 3_600_000)
    -28800000
    """
    if period in STEP:
        return (at + offset) // STEP[period] * STEP[period] - offset
    legal = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at + offset)
    first = legal.replace(
        month=legal.month if period == "month" else 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return to_ms(first) - offset


def means_between(store: ObservationStore, selection: Selection, period: str, offset: int) -> pa.RecordBatch:
    """WIRE rows of means: cadence is the period, statistic is mean; of several cadences of a parameter the finest."""
    table = store.means(selection, period, offset, LOGARITHMIC, ("mean",))
    if not table.num_rows:
        return pa.RecordBatch.from_pylist([], WIRE)
    kept = table.filter(pa.array(_finest(table))).sort_by([(n, "ascending") for n in ("site", "parameter", "period")])
    count = kept.num_rows
    columns: dict[str, object] = {name: _named(kept.column(name)) for name in ("site", "parameter")}
    columns |= {"cadence": _repeated(period, count), "statistic": _repeated("mean", count)}
    columns |= {"time": kept.column("period").combine_chunks(), "received": kept.column("period").combine_chunks()}
    columns |= {"value": kept.column("mean").combine_chunks(), "upper": pa.nulls(count, pa.float64())}
    filled = {"flag": int(Flag.GOOD), "origin": int(Origin.COMPLETED)}
    for field in WIRE:
        if field.name not in columns:
            columns[field.name] = pa.array(np.full(count, filled.get(field.name, 0)), field.type)
    arrays = [columns[field.name].cast(field.type) for field in WIRE]  # type: ignore[attr-defined]
    return pa.RecordBatch.from_arrays(arrays, schema=WIRE)


def _finest(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    rank = {name: i for i, name in enumerate(CADENCES)}
    keys = list(zip(*(table.column(n).to_pylist() for n in ("site", "parameter", "cadence", "statistic")), strict=True))
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for site, parameter, cadence, statistic in keys:
        if statistic in ("value", "mean"):
            each = (rank.get(cadence, len(rank)), statistic)
            best[site, parameter] = min(each, best.get((site, parameter), each))
    return np.array([best.get((s, p)) == (rank.get(c, len(rank)), st) for s, p, c, st in keys], np.bool_)


def _named(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks().dictionary_encode().cast(NAME)


def _repeated(word: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([word])).cast(NAME)
