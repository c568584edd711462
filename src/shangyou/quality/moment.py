"""Time: a value from the future, or from before there were monitors."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Bytes, Flag, Ints


def time_test(time: Ints, received: int, first: int, ahead_suspect: int, ahead_fail: int) -> Bytes:
    """Test the time that a value carries against the time at which it was received.

    Args:
        time: (n,) ms since 1970 UTC.
        received: when the values came in; first: the earliest credible time [ms since 1970 UTC].
        ahead_suspect, ahead_fail: how far ahead of `received` a clock may be [ms].

    Returns:
        (n,) Flag: FAIL before `first` or more than `ahead_fail` ahead, SUSPECT more than `ahead_suspect` ahead.

    Source: QARTOD, test 2 (syntax and time), as in ioos_qc 3.0 `impossible_date_test`, with tolerance for clocks.
    """
    flag = np.full(time.shape, Flag.GOOD, np.uint8)
    flag[time > received + ahead_suspect] = Flag.SUSPECT
    flag[(time > received + ahead_fail) | (time < first)] = Flag.FAIL
    return flag
