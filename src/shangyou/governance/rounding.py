"""Rounding by GB/T 8170: half to even, decided on the decimal digits and not on their binary image."""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.core.records import Array

DIGITS: Final = 1e-12  # two numbers that agree in 12 significant digits are the same decimal
NEAR: Final = 1e-6  # only what lies so near a half is looked at closely; above 10^6 a double itself is coarser


def round_half_even(values: Array, decimals: int) -> Array:
    """Values rounded to so many digits after the point; a tie goes to the even digit. NaN stays NaN.

    Args:
        values: any shape, any unit; numbers read from text, or computed from such.
        decimals: digits after the point, from 0 to 15.

    2.675 is held in binary as 2.67499999999999982; by its decimal digits it is a tie, so it becomes 2.68. Hence
    what lies within 12 significant digits of a half is taken as the half.

    Source: GB/T 8170-2008, 3.2.
    >>> round_half_even(np.array([0.0034, 0.0035, 0.0045, 2.675, 1.005]), 3 - 1).tolist()
    [0.0, 0.0, 0.0, 2.68, 1.0]
    """
    scale = 10.0**decimals
    scaled = values * scale
    rounded = np.rint(scaled)  # right everywhere but near a half, where the binary image may lean to a side
    with np.errstate(invalid="ignore"):  # an open bound is infinite, and stays so
        near = np.flatnonzero(np.abs(scaled - rounded) > 0.5 - NEAR)
    if near.size:
        numbers = scaled.flat[near]
        low = np.floor(numbers)
        tie = np.abs(numbers - low - 0.5) <= DIGITS * np.maximum(np.abs(numbers), 1.0)
        rounded.flat[near[tie]] = (low + np.mod(low, 2.0))[tie]
    rounded /= scale  # division by a power of ten gives the nearest double, as reading the text would
    return rounded


def round_as_ruled(values: Array, decimals: int) -> Array:
    """As `round_half_even`, but what would become 0 keeps one significant digit.

    Source: the rounding rules of 2020 (总站水字〔2020〕90号).
    >>> round_as_ruled(np.array([0.00005, 0.0034, 0.0]), 3).tolist()
    [5e-05, 0.003, 0.0]
    """
    rounded = round_half_even(values, decimals)
    if rounded.all():
        return rounded
    lost = np.flatnonzero((rounded == 0) & (values != 0))
    rounded.flat[lost] = _one_digit(values.flat[lost])
    return rounded


def _one_digit(values: Array) -> Array:
    """Values, none of them 0, rounded to their first significant digit."""
    power = np.floor(np.log10(np.abs(values)))
    scale = 10.0**-power
    slipped = np.abs(values) * scale  # the logarithm of a power of ten may fall to the wrong side
    scale = np.where(slipped >= 10.0, scale / 10.0, np.where(slipped < 1.0, scale * 10.0, scale))
    result: Array = round_half_even(values * scale, 0) / scale
    return result
