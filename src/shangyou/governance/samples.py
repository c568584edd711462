"""From long observations to samples: one row a place and time, one column an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Ints

# Of several series of one item at one place the first of these counts: hourly automatic values before manual ones
# (statistics rules of 2020), and neither before raw minutes.
CADENCES: Final = ("4h", "hour", "instant", "day", "month", "minute")
STATISTICS: Final = ("mean", "value")  # minima, maxima and totals are not samples


@dataclass(frozen=True, slots=True, eq=False)
class Long:
    """Observations as arrays, of the places and items asked for, of one series each."""

    place: Ints  # (k,) index of the place
    item: Ints  # (k,) index of the item
    row: NDArray[np.intp]  # (k,) row of the table that it came from


def select_series(table: pa.Table, place_of: Mapping[str, int], items: tuple[str, ...]) -> Long:
    """The rows of a table of observations (or of means) that belong to known places and wanted items.

    table: columns site, parameter, cadence, statistic, any others beside them.
    place_of: index of the place of each site; other sites are left out. Several sites may share a place.
    """
    place = _codes(table["site"], place_of)
    item = _codes(table["parameter"], {key: index for index, key in enumerate(items)})
    cadence = _codes(table["cadence"], {name: rank for rank, name in enumerate(CADENCES)})
    statistic = _codes(table["statistic"], {name: rank for rank, name in enumerate(STATISTICS)})
    row = np.flatnonzero((place >= 0) & (item >= 0) & (cadence >= 0) & (statistic >= 0))
    rank = cadence[row] * len(STATISTICS) + statistic[row]
    if row.size and rank.min() != rank.max():
        pair = place[row] * len(items) + item[row]
        best = np.full(int(pair.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(best, pair, rank)
        row = row[rank == best[pair]]
    return Long(place[row], item[row], row)


def _codes(column: pa.ChunkedArray, code_of: Mapping[str, int]) -> Ints:
    """Code of each text, -1 for those without one: looked up once per different text."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no chunk at all
        encoded = (
            pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
        )
    table = np.array([code_of.get(text, -1) for text in encoded.dictionary.to_pylist()] or [-1], np.int64)
    result: Ints = table[encoded.indices.to_numpy(zero_copy_only=False)]
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """n samples of m items."""

    place: Ints  # (n,)
    time: Ints  # (n,) ms since 1970 UTC: of the sample, or start of the period of a mean
    values: Array  # (n, m), NaN = no value

    def __len__(self) -> int:
        return len(self.place)


def pivot(long: Long, time: Ints, values: Array, items: int) -> tuple[Samples, NDArray[np.intp]]:
    """Samples in order of place and time, and for each row of `long` the sample that it went to.

    time, values: (k,) of the rows of `long`. Of two values for one place, time and item the last counts.
    """
    start = int(time.min()) if time.size else 0
    span = int(time.max()) - start + 1 if time.size else 1
    keys, sample = np.unique(long.place * span + (time - start), return_inverse=True)
    matrix = np.full((len(keys), items), np.nan)
    matrix[sample, long.item] = values
    return Samples(keys // span, keys % span + start, matrix), sample


def spread(long: Long, sample: NDArray[np.intp], shape: tuple[int, ...], what: NDArray[np.generic]) -> Array:
    """Another column of the same rows laid out as the samples' values are; NaN where there is none."""
    matrix = np.full(shape, np.nan)
    matrix[sample, long.item] = what
    return matrix


def texts_of_bits(bits: NDArray[np.uint32], names: tuple[str, ...], separator: str) -> pa.Array:
    """For each set of items, given as bits, their names joined; made once per different set."""
    sets, inverse = np.unique(bits, return_inverse=True)
    texts = [separator.join(name for j, name in enumerate(names) if int(one) >> j & 1) for one in sets]
    return pa.DictionaryArray.from_arrays(pa.array(inverse, pa.int32()), pa.array(texts, pa.string())).cast(pa.string())


def censors(table: pa.Table, long: Long) -> tuple[Bytes, Array] | None:
    """Censoring and upper bounds of the rows of `long`; None where no value is censored."""
    censor = table["censor"].to_numpy()[long.row].astype(np.uint8)
    if not censor.any():
        return None
    return censor, table["upper"].to_numpy()[long.row].astype(np.float64)
