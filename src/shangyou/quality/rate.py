"""Rate of change: a value differs from the one before by more than the water can do in that time."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Flag


def rate_test(value: Array, before: Array, elapsed: Array, suspect: Array, fail: Array) -> Bytes:
    """Test the change since the value before, per unit of time.

    Args:
        value, before: (n,) canonical unit; NaN = no value, or no neighbour within reach.
        elapsed: (n,) time since the value before, > 0, in any unit of time.
        suspect, fail: (n,) or (1,) canonical unit per that unit of time, exceeded means greater; NaN = no threshold.

    Returns:
        (n,) Flag; NOT_EVALUATED where there is no value before, or neither threshold.

    Source: QARTOD, test 7 (rate of change), as in ioos_qc 3.0 `rate_of_change_test`, which however calls the
    first value, and one after a missing value, GOOD.
    >>> one = np.array([1.0])
    >>> rate_test(12 * one, 9 * one, 2 * one, one, np.array([np.nan])).tolist()
    [3]
    """
    speed = np.abs((value - before) / elapsed)
    flag = np.full(value.shape, Flag.GOOD, np.uint8)
    flag[speed > suspect] = Flag.SUSPECT
    flag[speed > fail] = Flag.FAIL
    flag[np.isnan(speed) | (np.isnan(suspect) & np.isnan(fail))] = Flag.NOT_EVALUATED
    flag[np.isnan(value)] = Flag.MISSING
    return flag
