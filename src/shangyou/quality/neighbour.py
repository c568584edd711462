"""Neighbours: a site that differs from all the sites it is usually like."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Flag, Ints


def neighbour_test(n: int, row: Ints, value: Array, other: Array, suspect: Array, share: Array) -> Bytes:
    """Test n values against those of other sites near the same time.

    Args:
        n: number of values.
        row: (e,) the value of each comparison, 0, ..., n - 1; a value may be compared many times, or never.
        value, other: (e,) the two values [canonical unit].
        suspect, share: (e,) they differ if by more than `suspect`, and by more than `share` of their mean.

    Returns:
        (n,) Flag: SUSPECT where every neighbour differs, NOT_EVALUATED where there is no comparison.

    One neighbour that agrees is enough: of two sites that differ, only one is wrong.
    """
    allowed = np.maximum(suspect, share * np.abs(value + other) / 2)
    compared = ~np.isnan(allowed)
    alike = compared & (np.abs(value - other) <= allowed)
    flag = np.full(n, Flag.NOT_EVALUATED, np.uint8)
    flag[row[compared]] = Flag.SUSPECT
    flag[row[alike]] = Flag.GOOD
    return flag
