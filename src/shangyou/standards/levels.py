"""Levels of an index, as editions write them: in ascending order, each with the bound at which it ends.

`below: 30` ends before 30, `up_to: 50` ends with 50; the last level has no bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes


def level_of(value: Array, levels: Sequence[Mapping[str, Any]]) -> Bytes:
    """Which level each value is in, counted from 1; 0 where there is no value (NaN).

    >>> level_of(np.array([29.9, 30.0, 50.0, 50.1, np.nan]), [{"below": 30}, {"up_to": 50}, {}]).tolist()
    [1, 2, 2, 3, 0]
    """
    passed: NDArray[np.uint8] = np.ones(value.shape, np.uint8)
    for level in levels[:-1]:
        passed += value >= level["below"] if "below" in level else value > level["up_to"]
    return np.where(np.isnan(value), np.uint8(0), passed)
