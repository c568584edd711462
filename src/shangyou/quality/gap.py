"""Gap: the first value after a long pause."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Flag


def gap_test(elapsed: Array, longest: Array) -> Bytes:
    """Test the time since the value before.

    Args:
        elapsed: (n,) time since the last usable value, NaN = there is none.
        longest: (n,) or (1,) the longest pause, in the same unit of time, after which a value is taken as it is.

    Returns:
        (n,) Flag: SUSPECT after a longer pause, NOT_EVALUATED for the first value.

    Source: QARTOD, test 1 (timing and gap). It fails the stream; here only the first value after the pause is
    marked, and only as suspect: an analyser that was off has often not settled yet.
    """
    flag = np.where(elapsed > longest, np.uint8(Flag.SUSPECT), np.uint8(Flag.GOOD))
    flag[np.isnan(elapsed) | np.isnan(longest)] = Flag.NOT_EVALUATED
    return flag
