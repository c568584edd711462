"""Range: can such a value be at all, and is it usual at this site?"""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Flag


def range_test(value: Array, low: Array, high: Array, verdict: Flag) -> Bytes:
    """Test values against a span; a value on a limit is inside.

    Args:
        value: (n,) canonical unit; NaN = no value.
        low, high: (n,) or (1,) limits in the same unit; NaN = no limit on that side.
        verdict: what a value outside gets: FAIL for physical limits, SUSPECT for the range of a site.

    Returns:
        (n,) Flag; NOT_EVALUATED where there is no limit at all.

    Source: QARTOD, test 4 (gross range), as in ioos_qc 3.0 `gross_range_test`.
    >>> range_test(np.array([6.9, 14.2]), np.array([0.0]), np.array([14.0]), Flag.FAIL).tolist()
    [1, 4]
    """
    flag = np.where((value < low) | (value > high), np.uint8(verdict), np.uint8(Flag.GOOD))
    flag[np.broadcast_to(np.isnan(low) & np.isnan(high), value.shape)] = Flag.NOT_EVALUATED
    flag[np.isnan(value)] = Flag.MISSING
    return flag
