"""Percentiles that add up: values counted in buckets whose width grows with the value.

After DDSketch (Masson, Rim, Lee 2019, doi:10.14778/3352063.3352135): every bucket spans the same ratio, so the middle
of the bucket of a value is within ACCURACY of it, relative to it. Buckets of several nodes are added; no order of
adding and no split of the rows changes any of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints

ACCURACY: Final = 0.005  # of a percentile, relative to its value
RATIO: Final = (1 + ACCURACY) / (1 - ACCURACY)
LEAST: Final = 1e-12  # of canonical units; what is smaller counts as zero
SHIFT: Final = 3_000  # added to the number of a bucket so that those of values above LEAST are positive


def bucket_of(value: Array) -> Ints:
    """The bucket of each value: greater values never have a lower one; 0 is that of zero."""
    size = np.abs(value)
    counted = size > LEAST
    number = np.ceil(np.log(np.where(counted, size, 1.0)) / np.log(RATIO)) + SHIFT
    return np.where(counted, np.sign(value) * number, 0.0).astype(np.int64)


def value_of(bucket: Ints) -> Array:
    """The middle of each bucket."""
    size = 2 * RATIO ** (np.abs(bucket) - SHIFT) / (RATIO + 1)
    return np.where(bucket == 0, 0.0, np.sign(bucket) * size)


def percentile(bucket: Ints, tally: Ints, first: Ints, share: float) -> Array:
    """A percentile of each group, by nearest rank: the smallest value that `share` of the values do not exceed.

    Args:
        bucket, tally: (m,) of all groups one after another, by bucket within each; tally > 0.
        first: (g + 1,) where the buckets of each group begin; the last is m. A group may be empty: NaN.
        share: from 0 to 1.
    """
    total = np.concatenate([[0], np.cumsum(tally)])
    before, count = total[first[:-1]], total[first[1:]] - total[first[:-1]]
    rank = np.maximum(np.ceil(share * count - 1e-9), 1)  # 0.9 * 10 is 9, not the tenth, though floats say 9.000000001
    place = np.searchsorted(total[1:], before + rank, side="left")
    found = np.full(len(count), np.nan)
    some = count > 0
    found[some] = value_of(bucket[place[some]])
    return found
