"""Spike: one value stands out from the mean of its two neighbours."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Flag


def spike_test(value: Array, before: Array, after: Array, suspect: Array, fail: Array, share: Array) -> Bytes:
    """Test how far each value is from the mean of the value before and the value after it.

    Args:
        value, before, after: (n,) canonical unit; NaN = no value, or no such neighbour within reach.
        suspect, fail: (n,) or (1,) thresholds in the same unit, exceeded means greater; NaN = no such threshold.
        share: (n,) or (1,) thresholds are at least this share of the mean of the neighbours; 0 = they are absolute.

    Returns:
        (n,) Flag; NOT_EVALUATED where a neighbour or both thresholds are missing, so at the newest value.

    Source: QARTOD, test 6 (spike), as in ioos_qc 3.0 `spike_test`, method "average"; `share` is ours, because
    turbidity and nutrients span three orders of magnitude.
    >>> one = np.array([1.0])
    >>> spike_test(9 * one, 2 * one, 4 * one, 3 * one, 8 * one, 0 * one).tolist()
    [3]
    """
    middle = (before + after) / 2
    height = np.abs(value - middle)
    least = share * np.abs(middle)
    flag = np.full(value.shape, Flag.GOOD, np.uint8)
    flag[height > np.maximum(suspect, least)] = Flag.SUSPECT
    flag[height > np.maximum(fail, least)] = Flag.FAIL
    flag[np.isnan(height) | (np.isnan(suspect) & np.isnan(fail))] = Flag.NOT_EVALUATED
    flag[np.isnan(value)] = Flag.MISSING
    return flag
