"""How wide, deep and fast a reach is at a flow."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from shangyou.basin.course import Course
from shangyou.core.records import Array

GRAVITY: Final = 9.80665  # m/s2
WIDTH_POWER: Final = 0.26  # of flow, at a station: Leopold and Maddock (1953)
VELOCITY_POWER: Final = 0.34
DEPTH_POWER: Final = 0.40


class Hydraulics(NamedTuple):
    """Each (..., n) for n reaches; the leading shape is that of the flow."""

    flow: Array  # m3/s
    area: Array  # m2
    width: Array  # m
    depth: Array  # m, mean
    velocity: Array  # m/s
    shear: Array  # m/s, shear velocity
    slope: Array  # of the energy line, m/m


def hydraulics(course: Course, flow: Array) -> Hydraulics:
    """The reaches at another flow than the mean.

    Where the course states an area (from soundings, a rating or a calibration), width, depth and velocity follow the
    flow by the powers 0.26, 0.40 and 0.34. Elsewhere the depth is Manning's of a wide channel,
    h = (n Q / (w S^1/2))^3/5.

    Args:
        flow: (..., n) m3/s, > 0.

    Source: Leopold and Maddock (1953), USGS Professional Paper 252, at-a-station means; Manning (1891).
    """
    ratio = flow / course.flow
    width = course.width * ratio**WIDTH_POWER
    slope = np.broadcast_to(course.slope, flow.shape)
    manning = (course.roughness * flow / (width * np.sqrt(slope))) ** 0.6 * width
    area = np.where(np.isnan(course.area), manning, course.area * ratio ** (WIDTH_POWER + DEPTH_POWER))
    depth, velocity = area / width, flow / area
    friction = (course.roughness * velocity / depth ** (2 / 3)) ** 2
    energy = np.where(np.isnan(slope) | (slope <= 0), friction, slope)
    return Hydraulics(flow, area, width, depth, velocity, np.sqrt(GRAVITY * depth * energy), energy)
