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


def rows(observations: Observations, at: NDArray[np.intp]) -> Observations:
    """Some rows, in the order of `at`; all keys stay."""
    o = observations
    return Observations(
        keys=o.keys,
        series=o.series[at],
        time=o.time[at],
        value=o.value[at],
        censor=o.censor[at],
        mark=o.mark[at],
        upper=o.upper[at] if o.upper is not None else None,
        entry=o.entry[at] if len(o.entry) else o.entry,
    )


def part(observations: Observations, keys: Sequence[SeriesKey]) -> Observations:
    """The rows of some series, and no other keys."""
    allowed = _among(observations, keys)
    return _without_others(observations, allowed, np.flatnonzero(allowed[observations.series]))


def split(flagged: Flagged, keys: Sequence[SeriesKey]) -> tuple[Flagged | None, Flagged | None]:
    """The rows of some series, and all others; None where there are none."""
    allowed = _among(flagged.observations, keys)
    mine = allowed[flagged.observations.series]
    return _some(flagged, allowed, np.flatnonzero(mine)), _some(flagged, ~allowed, np.flatnonzero(~mine))


def _some(flagged: Flagged, allowed: NDArray[np.bool_], at: NDArray[np.intp]) -> Flagged | None:
    if not len(at):
        return None
    observations = _without_others(flagged.observations, allowed, at)
    return Flagged(observations, flagged.flag[at], flagged.suspect[at], flagged.fail[at])


def _among(observations: Observations, keys: Sequence[SeriesKey]) -> NDArray[np.bool_]:
    wanted = set(keys)
    return np.array([key in wanted for key in observations.keys], np.bool_)


def _without_others(o: Observations, allowed: NDArray[np.bool_], at: NDArray[np.intp]) -> Observations:
    place = np.cumsum(allowed, dtype=np.int32) - 1
    return Observations(
        keys=tuple(key for key, yes in zip(o.keys, allowed.tolist(), strict=True) if yes),
        series=place[o.series[at]] if len(at) else np.empty(0, np.int32),
        time=o.time[at],
        value=o.value[at],
        censor=o.censor[at],
        mark=o.mark[at],
        upper=o.upper[at] if o.upper is not None else None,
        entry=o.entry[at] if len(o.entry) else o.entry,
    )
