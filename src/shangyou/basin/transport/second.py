"""A second answer beside the ensemble, by Jobson's regressions alone: no channel, no roughness, no dispersion formula.

Velocity of the peak is reckoned reach by reach and the times are added; the passage is the triangle of his unit-peak
concentration. It knows nothing of reservoirs, so it ends at the first, nor of backwater. Where a release lasts,
triangles are composed.

Drainage areas are mean flow over mean runoff. A runoff that is wrong by a factor of two moves the velocity by 11 %.

Source: Jobson (1996), USGS WRIR 96-4013; see jobson.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.transport.jobson import LEADING_EDGE, unit_peak, velocity
from shangyou.basin.transport.prepare import LEAST_WAIT, Marks, along, flows, watch
from shangyou.basin.transport.values import Fate, Release
from shangyou.core.errors import InputError
from shangyou.core.records import Array

RUNOFF: Final = 14e-9  # m/s (14 L/s from a km2): the Yangtze at Yichang, some 14,000 m3/s from 1.0 million km2


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """Most probable passages at P places by regression; NaN where it has no answer, inf where the limit is not met."""

    first: Array  # (P,) s, arrival above the limit
    fastest: Array  # (P,) s, the earliest arrival that is to be expected
    peak: Array  # (P,) g/m3
    peak_time: Array  # (P,) s


def second(
    course: Course,
    release: Release,
    limit: float | None = None,
    flow: float | Array | None = None,
    fate: Fate | None = None,
    runoff: float = RUNOFF,
) -> Second:
    """Jobson's answer for the places of a course.

    Args:
        limit: g/m3, above which it has arrived; None = a hundredth of the peak.
        flow: (n,) m3/s of the day, or a factor on the mean flow.
        fate: its decay in the water lessens what arrives.
        runoff: mean flow of the year from a drainage area [m/s].

    Raises:
        InputError: "jobson.value" the runoff; "course.flow", "course.place".
    """
    if not 0 < runoff < 1e-5:
        raise InputError("jobson.value", name="runoff", value=runoff)
    day = flows(course, flow)
    places, reach = watch(course, [place.at for place in course.places])
    watch(course, [release.at])
    dam = np.append(course.starts[1:][course.impounded / day > LEAST_WAIT], np.inf)
    beyond: Marks = places > dam[dam > release.at].min()  # the first reservoir below
    silent = beyond | (places <= release.at)
    probable, fastest = (_times(course, release.at, day, runoff, places, worst) for worst in (False, True))
    level = np.nan if limit is None else limit
    decay = np.broadcast_to(np.asarray((fate or Fate()).decay, np.float64), day.shape)[reach]
    passed = _passages(probable, day[reach], course.flow[reach], decay, release, level, silent)
    early = _passages(fastest, day[reach], course.flow[reach], decay, release, level, silent)
    return Second(passed[:, 0], early[:, 0], passed[:, 1], passed[:, 2])


def _times(course: Course, at: float, day: Array, runoff: float, places: Array, fastest: bool) -> Array:
    """(P,) travel time of the peak to each place [s]."""
    drainage = course.flow / runoff
    slope = [float(s) if 0 < s < 1 else None for s in course.slope]
    given = zip(day.tolist(), course.flow.tolist(), drainage.tolist(), slope, strict=True)
    speed = np.array([velocity(q, mean, area, s, fastest) for q, mean, area, s in given])
    so_far = np.concatenate(([0.0], np.cumsum(course.length / speed)))
    return along(course, so_far, places) - along(course, so_far, np.array([at]))


def _passages(
    times: Array, flow: Array, mean_flow: Array, decay: Array, release: Release, limit: float, silent: Marks
) -> Array:
    """(P, 5) passage of the triangles that Jobson's equations 7, 18 and 19 make; NaN where there is none."""
    from shangyou.basin.transport.passages import passages

    out = np.full((len(times), 5), np.nan)
    for i in np.flatnonzero(np.logical_not(silent)):
        height = unit_peak(times[i] / 3600, flow[i] / mean_flow[i])
        edge = LEADING_EDGE * times[i]
        corners = np.array([0.0, edge, times[i], max(edge + 2e6 / height, times[i] * 1.001)])
        top = height / (1e6 * flow[i]) * np.exp(-decay[i] * times[i])
        out[i] = passages(corners, np.array([[0.0], [0.0], [top], [0.0]]), release.boxes(), limit)[0]
    out[:, (0, 2, 4)] += release.start
    return out
