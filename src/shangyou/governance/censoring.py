"""Values that are only bounds: what they may be, and the worst they can be."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Bytes, Censor
from shangyou.standards.surface_water import AT_MOST, RANGE, Limits


def bounds(values: Array, censor: Bytes, upper: Array | None = None) -> tuple[Array, Array]:
    """Lowest and highest number that each value can be; both are the value itself where it is not censored.

    Args:
        values: any shape; the detection limit where censor is BELOW, the top of the range where ABOVE.
        censor: Censor, same shape.
        upper: same shape, upper bound where censor is INTERVAL.

    A value below a limit is less than it, by however little; hence the next smaller number.
    """
    low, high = values.copy(), values.copy()
    below, above, between = (censor == kind for kind in (Censor.BELOW, Censor.ABOVE, Censor.INTERVAL))
    low[below] = -np.inf
    high[below] = np.nextafter(values[below], -np.inf)
    low[above] = np.nextafter(values[above], np.inf)
    high[above] = np.inf
    if upper is not None:
        high[between] = upper[between]
    nothing = np.isnan(values)
    low[nothing] = high[nothing] = np.nan
    return low, high


def worst_case(low: Array, high: Array, limits: Limits) -> Array:
    """(n, m) of all numbers that each value can be, the one with the worst class.

    A single sample is classed by it: "<0.025" of ammonia is certainly class I, "<0.5" is at worst class II.
    """
    worst = high.copy()
    for column, sense in enumerate(limits.sense):
        if sense == RANGE:
            least = limits.bounds[column, 0]
            worst[:, column] = np.where(low[:, column] < least, low[:, column], high[:, column])
        elif sense != AT_MOST:
            worst[:, column] = low[:, column]
    return worst
