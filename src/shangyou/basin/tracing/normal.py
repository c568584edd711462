"""The normal distribution, and sums of its squares."""

from __future__ import annotations

from math import erfc, exp, lgamma, log
from typing import Final

import numpy as np

from shangyou.core.records import Array

TURN: Final = -5.0  # below it the tail's continued fraction is used: the other form loses its digits


def log_cdf(x: Array) -> Array:
    """Logarithm of the standard normal distribution function, without underflow.

    Source: Abramowitz and Stegun (1964), 26.2.17 (|error| of the function < 7.5e-8) and, for the tail, 26.2.14.

    >>> [round(float(v), 4) for v in log_cdf(np.array([0.0, -1.96, -10.0]))]
    [-0.6931, -3.689, -53.2313]
    """
    tail = np.abs(x)
    t = 1 / (1 + 0.2316419 * tail)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    near = np.where(x > 0, 1 - density * series, density * series)
    z = np.maximum(tail, -TURN)
    far = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - np.log(z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 5 / (z + 6 / z))))))
    return np.asarray(np.where(x < TURN, far, np.log(np.maximum(near, np.finfo(float).tiny))))


def beyond(square: float, freedom: int) -> float:
    """Probability that a sum of `freedom` squares of standard normals is larger.

    Source: the finite sums of Abramowitz and Stegun (1964), 26.4.4 and 26.4.5.

    >>> round(beyond(3.841458820694124, 1), 6), round(beyond(11.0705, 5), 6), round(beyond(18.30704, 10), 6)
    (0.05, 0.05, 0.05)
    """
    if square <= 0:
        return 1.0
    half = square / 2
    odd = freedom % 2
    total = erfc(half**0.5) if odd else exp(-half)
    for k in range(1, (freedom + 1) // 2 if odd else freedom // 2):
        power = k - 0.5 if odd else float(k)
        total += exp(power * log(half) - half - lgamma(power + 1))
    return min(total, 1.0)
