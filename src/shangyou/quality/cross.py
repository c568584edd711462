"""Contradictions: values of one sample that cannot both be right.

A part cannot exceed its whole, a minimum not the mean, and oxygen not many times its saturation. Each rule is
widened by what both measurements may be off, so only what uncertainty cannot explain is marked. Which of two
values is wrong cannot be told, so both are suspect and neither fails.
"""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Censor, Flag
from shangyou.quality.lines import Mask


def order_test(lesser: Array, greater: Array, share: Array, plus: Array) -> Bytes:
    """Test values that may not be greater than others.

    Args:
        lesser, greater: (n,) in one unit; NaN = no value.
        share, plus: (n,) or (1,) tolerance: lesser > greater + share * |greater| + plus contradicts.

    Returns:
        (n,) Flag: SUSPECT where they contradict each other, NOT_EVALUATED where one is missing.

    >>> order_test(np.array([3.1, 1.2]), np.array([1.4, 1.1]), np.array([0.3]), np.array([0.1])).tolist()
    [3, 1]
    """
    flag = np.where(lesser > greater + share * np.abs(greater) + plus, np.uint8(Flag.SUSPECT), np.uint8(Flag.GOOD))
    flag[np.isnan(lesser) | np.isnan(greater)] = Flag.NOT_EVALUATED
    return flag


def may_be_less(censor: Bytes) -> Mask:
    """(n,) is the number an upper bound, so that being too great proves nothing?"""
    return np.equal(censor, Censor.BELOW)


def may_be_more(censor: Bytes) -> Mask:
    """(n,) is the number a lower bound, so that being too small proves nothing?"""
    return np.isin(censor, (Censor.ABOVE, Censor.INTERVAL))


def oxygen_saturation(temperature: Array) -> Array:
    """Dissolved oxygen of fresh water in balance with air at 101.325 kPa.

    Args:
        temperature: (n,) [degC]; the formula holds from 0 to 40, and outside the nearer end is taken.

    Returns:
        (n,) saturation [mg/L]. Higher up it is less, so a test against this value errs on the mild side.

    Source: Benson and Krause (1984), as in APHA Standard Methods 4500-O and USGS technical memorandum 2011.03.
    >>> oxygen_saturation(np.array([0.0, 20.0])).round(3).tolist()
    [14.621, 9.092]
    """
    kelvin = np.clip(temperature, 0.0, 40.0) + 273.15
    series = (-139.34411, 1.575701e5, -6.642308e7, 1.243800e10, -8.621949e11)
    return np.asarray(np.exp(sum(a / kelvin**i for i, a in enumerate(series))))


def saturation_test(oxygen: Array, temperature: Array, times: float) -> Bytes:
    """Test oxygen against so many times its saturation.

    Args:
        oxygen: (n,) [mg/L]; temperature: (n,) [degC]; NaN = no value.
        times: algae at noon reach two to three times the saturation; more is taken for a fault.

    Returns:
        (n,) Flag: SUSPECT above, NOT_EVALUATED where one is missing.
    """
    return order_test(oxygen, oxygen_saturation(temperature) * times, np.zeros(1), np.zeros(1))
