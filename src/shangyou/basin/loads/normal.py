"""The normal distribution's tail, for whole arrays, without a loss of digits far out.

numpy has no error function. The scaled complementary error function erfcx(x) = exp(x^2) erfc(x) is smooth in
t = (x - k) / (x + k), so a Chebyshev series in t holds it over all x >= 0 (Schonfelder 1978, Mathematics of
Computation 32, 1232-1240). The series is computed here once, from math.erfc and the asymptotic series.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev

from shangyou.core.records import Array

K = 3.75  # of the mapping; Schonfelder's choice
DEGREE = 24  # from 22 on the series is exact to the last digits of a double
ROOT_2 = math.sqrt(2)
LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)


def _erfcx(x: float) -> float:
    """exp(x^2) erfc(x) of one x >= 0."""
    if x < 5:
        return math.exp(x * x) * math.erfc(x)
    fraction = 0.0  # erfcx as a continued fraction (Abramowitz and Stegun 7.1.14); 60 terms are plenty from 5 on
    for i in range(60, 0, -1):
        fraction = i / 2 / (x + fraction)
    return 1 / (math.sqrt(math.pi) * (x + fraction))


def _scaled(t: Array) -> Array:
    # (2x + 1) erfcx(x) tends to 2 / sqrt(pi) instead of to 0, so that the series is good relatively, not absolutely
    values = []
    for one in t:
        x = K * (1 + one) / (1 - one) if one < 1 else math.inf
        values.append((2 * x + 1) * _erfcx(x) if x < 1e8 else 2 / math.sqrt(math.pi))
    return np.array(values)


_POINTS = chebyshev.chebpts1(DEGREE + 1)
_SERIES = chebyshev.chebfit(_POINTS, _scaled(_POINTS), DEGREE)


def erfcx(x: Array) -> Array:
    """exp(x^2) erfc(x) of any shape, x >= 0, to 14 digits."""
    t = (x - K) / (x + K)
    twice, older, newer = 2 * t, np.zeros_like(t), np.full_like(t, _SERIES[-1])
    spare = np.empty_like(t)
    for each in _SERIES[-2:0:-1]:  # Clenshaw's recurrence, without a new array at every step as chebval makes them
        np.multiply(twice, newer, out=spare)
        spare -= older
        spare += each
        older, newer, spare = newer, spare, older
    return np.asarray((_SERIES[0] + t * newer - older) / (2 * x + 1))


def log_below(z: Array) -> tuple[Array, Array]:
    """ln Phi(z) of the standard normal distribution, and its derivative phi(z) / Phi(z); any shape.

    >>> [round(float(part), 6) for part in log_below(np.array(-10.0))]
    [-53.231285, 10.098093]
    """
    size = np.abs(z) / ROOT_2
    tail = 0.5 * erfcx(size)  # Phi(-|z|) exp(z^2 / 2)
    density = np.exp(-0.5 * z * z)
    under = z < 0
    upper = np.where(under, 1.0, 1 - tail * density)  # Phi(z) where z >= 0
    log = np.where(under, np.log(tail) - 0.5 * z * z, np.log(upper))
    ratio = np.where(under, 1 / tail, density / upper) / math.sqrt(2 * math.pi)
    return log, ratio


def log_between(low: Array, high: Array) -> tuple[Array, Array, Array]:
    """ln(Phi(high) - Phi(low)), phi(low) and phi(high) each over that difference; low < high, any shape."""
    flip = low > 0  # by symmetry, work where the difference keeps its digits
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    log_b, _ = log_below(b)
    log_a, _ = log_below(a)
    log = log_b + np.log1p(-np.exp(np.minimum(log_a - log_b, -1e-16)))
    return log, np.exp(-0.5 * low * low - LOG_ROOT_2PI - log), np.exp(-0.5 * high * high - LOG_ROOT_2PI - log)
