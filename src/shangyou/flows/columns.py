"""Tables of a store as observations again, and parts of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.records import Flagged, Ints, Observations, SeriesKey


def from_table(table: pa.Table) -> Flagged:
    """Observations with their flags from a table with core.ports.OBSERVATION_COLUMNS, in its order."""
    names = table.select(list(SeriesKey._fields)).combine_chunks()
    codes = [pc.dictionary_encode(names.column(field)).combine_chunks() for field in SeriesKey._fields]
    if table.num_rows == 0:
        return _flagged(table, (), np.empty(0, np.int32))
    numbers = np.stack([code.indices.to_numpy(zero_copy_only=False) for code in codes])
    distinct, series = np.unique(numbers, axis=1, return_inverse=True)
    keys = tuple(
        SeriesKey(*(code.dictionary[int(number)].as_py() for code, number in zip(codes, column, strict=True)))
        for column in distinct.T
    )
    return _flagged(table, keys, series.reshape(-1).astype(np.int32))


def _flagged(table: pa.Table, keys: tuple[SeriesKey, ...], series: NDArray[np.int32]) -> Flagged:
    def column(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
        return np.asarray(table.column(name).to_numpy(), kind)

    upper = column("upper", np.float64)
    observations = Observations(
        keys=keys,
        series=series,
        time=table.column("time").cast(pa.int64()).to_numpy(),
        value=column("value", np.float64),  # type: ignore[arg-type]
        censor=column("censor", np.uint8),  # type: ignore[arg-type]
        mark=column("mark", np.uint8),  # type: ignore[arg-type]
        upper=None if np.isnan(upper).all() else upper,  # type: ignore[arg-type]
        entry=column("entry", np.int64),  # type: ignore[arg-type]
    )
    return Flagged(
        observations,
        column("flag", np.uint8),  # type: ignore[arg-type]
        column("suspect", np.uint32),  # type: ignore[arg-type]
        column("fail", np.uint32),  # type: ignore[arg-type]
    )


def take(flagged: Flagged, rows: NDArray[np.intp]) -> Flagged:
    """Some rows, in the order of `rows`."""
    o = flagged.observations
    part = Observations(
        keys=o.keys,
        series=o.series[rows],
        time=o.time[rows],
        value=o.value[rows],
        censor=o.censor[rows],
        mark=o.mark[rows],
        upper=o.upper[rows] if o.upper is not None else None,
        entry=o.entry[rows] if len(o.entry) else o.entry,
    )
    return Flagged(part, flagged.flag[rows], flagged.suspect[rows], flagged.fail[rows])


def last_of_each(observations: Observations) -> Ints:
    """Row of the newest value of each series; (k,) for k series that have one."""
    order = np.lexsort((observations.time, observations.series))
    series = observations.series[order]
    return order[np.flatnonzero(np.append(np.diff(series) != 0, True))] if len(order) else np.empty(0, np.int64)
