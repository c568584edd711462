"""Tables of a store as observations again, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.records import Flagged, Observations, SeriesKey, join


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


def joined(parts: Sequence[Flagged]) -> Flagged:
    """One from many, in order."""
    return Flagged(
        join([part.observations for part in parts]),
        np.concatenate([part.flag for part in parts]),
        np.concatenate([part.suspect for part in parts]),
        np.concatenate([part.fail for part in parts]),
    )


def part(observations: Observations, keys: Sequence[SeriesKey]) -> Observations:
    """The rows of some series."""
    wanted = set(keys)
    allowed = np.array([key in wanted for key in observations.keys], np.bool_)
    rows = np.flatnonzero(allowed[observations.series]) if len(observations) else np.empty(0, np.intp)
    o = observations
    place = np.cumsum(allowed, dtype=np.int32) - 1
    return Observations(
        keys=tuple(key for key in o.keys if key in wanted),
        series=place[o.series[rows]] if len(rows) else np.empty(0, np.int32),
        time=o.time[rows],
        value=o.value[rows],
        censor=o.censor[rows],
        mark=o.mark[rows],
        upper=o.upper[rows] if o.upper is not None else None,
        entry=o.entry[rows] if len(o.entry) else o.entry,
    )
