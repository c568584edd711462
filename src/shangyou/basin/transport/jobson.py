"""Travel time and spreading by regression on hundreds of dye studies: a second answer, independent of the first.

Source: Jobson (1996), Prediction of traveltime and longitudinal dispersion in rivers and streams, USGS WRIR 96-4013,
equations 4, 7 and 10-19; the exponent -0.469 of equations 12 and 13 as in the final slope equation. Areas, flows and
slope are the means over the reach. Most probable, and the fastest that is to be expected (the worst case).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.transport.hydraulics import GRAVITY
from shangyou.core.errors import InputError

LEADING_EDGE: Final = 0.890  # of the time to the peak: equation 18


@dataclass(frozen=True, slots=True)
class Passage:
    """A pulse at the end of a reach, by regression."""

    velocity: float  # m/s, of the peak
    edge: float  # s, first arrival
    peak: float  # s
    passed: float  # s, until the concentration has fallen to a tenth of the peak
    unit_peak: float  # unit-peak concentration [1e-6/s]
    concentration: float  # g/m3 at the peak


def jobson(
    distance: float,
    mass: float,
    flow: float,
    mean_flow: float,
    drainage: float,
    slope: float | None = None,
    fastest: bool = False,
) -> Passage:
    """A release at once, at the end of `distance`.

    Args:
        distance: m. mass: g. flow, mean_flow: m3/s, of the day and of the year. drainage: m2. slope: m/m, if known.
        fastest: the worst case instead of the most probable.

    Raises:
        InputError: "jobson.value" something is not above zero.

    >>> round(jobson(15_000, 6e6, 3.347787610619469, 4.503982300884956, 390e6).peak / 3600, 2)
    15.76
    """
    for name, value in (("distance", distance), ("flow", flow), ("mean_flow", mean_flow), ("drainage", drainage)):
        if not (value > 0 and np.isfinite(value)):
            raise InputError("jobson.value", name=name, value=value)
    if not (mass >= 0 and np.isfinite(mass)):
        raise InputError("jobson.value", name="mass", value=mass)
    if not (slope is None or 0 < slope < 1):
        raise InputError("jobson.value", name="slope", value=slope)
    speed = velocity(flow, mean_flow, drainage, slope, fastest)
    hours = distance / speed / 3600
    height = unit_peak(hours, flow / mean_flow)
    edge = LEADING_EDGE * hours * 3600
    return Passage(speed, edge, hours * 3600, edge + 2e6 / height, height, height * mass / (1e6 * flow))


def unit_peak(hours: float, relative: float) -> float:
    """Unit-peak concentration [1e-6/s] after a time to the peak, at a flow relative to the mean: equation 7."""
    return float(857.0 * hours ** (-0.760 * relative**-0.079))


def velocity(flow: float, mean_flow: float, drainage: float, slope: float | None, fastest: bool) -> float:
    """Velocity of the peak [m/s], of what `jobson` takes: equations 10-15."""
    area = drainage**1.25 * np.sqrt(GRAVITY) / mean_flow
    relative = flow / mean_flow
    if slope is None:
        least, factor = (0.2, 0.093) if fastest else (0.020, 0.051)
        return float(least + factor * area**0.821 * relative**-0.465 * flow / drainage)
    least, factor = (0.25, 0.02) if fastest else (0.094, 0.0143)
    return float(least + factor * area**0.919 * relative**-0.469 * slope**0.159 * flow / drainage)
