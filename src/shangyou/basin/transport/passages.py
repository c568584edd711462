"""What passes a place: arrival, peak and duration of a curve, and of a longer release composed of it. A kernel."""

from __future__ import annotations

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array

FRONT = 0.01  # of the peak, where no limit is given


@compiled
def compose(time: Array, unit: Array, boxes: Array) -> tuple[Array, Array]:
    """The curve of an even release over some time, or of several, from that of a release at once of 1 g.

    In steady flow a river is linear and the same at any time, so it is the difference of two sums of the unit curve,
    exact for a curve that is straight between its points.

    Args:
        time, unit: (N,) s and 1/m3.
        boxes: (k, 3) start [s], duration [s] and mass [g].

    Returns:
        (M,) s, increasing, and (M,) g/m3.
    """
    whole = np.zeros(len(time))
    for i in range(1, len(time)):
        whole[i] = whole[i - 1] + 0.5 * (unit[i] + unit[i - 1]) * (time[i] - time[i - 1])
    if len(boxes) == 1 and boxes[0, 1] <= 0.0:
        return time + boxes[0, 0], unit * boxes[0, 2]
    n = len(time)
    at = np.empty(2 * n * len(boxes))
    for b in range(len(boxes)):
        at[2 * b * n : (2 * b + 1) * n] = time + boxes[b, 0]
        at[(2 * b + 1) * n : (2 * b + 2) * n] = time + boxes[b, 0] + boxes[b, 1]
    at = np.sort(at)
    found = np.zeros(len(at))
    for b in range(len(boxes)):
        if boxes[b, 1] > 0.0:
            later = np.interp(at - boxes[b, 0] - boxes[b, 1], time, whole)
            found += boxes[b, 2] / boxes[b, 1] * np.maximum(np.interp(at - boxes[b, 0], time, whole) - later, 0.0)
        else:
            found += boxes[b, 2] * np.interp(at - boxes[b, 0], time, unit)
    return at, found


@compiled
def passage(time: Array, c: Array, limit: float) -> tuple[float, float, float, float]:
    """First arrival above the limit, peak, time of the peak, and time above the limit; NaN limit: FRONT of the peak."""
    top = 0
    for i in range(len(c)):
        if c[i] > c[top]:
            top = i
    peak, when = c[top], time[top]
    if 0 < top < len(c) - 1 and peak > 0.0:  # the vertex of the parabola through the three highest points
        a, b = time[top] - time[top - 1], time[top + 1] - time[top]
        if a > 0.0 and b > 0.0:
            down, up = (c[top] - c[top - 1]) / a, (c[top + 1] - c[top]) / b
            bend = (up - down) / (a + b)
            if bend < 0.0:
                shift = -(down * b + up * a) / (a + b) / (2.0 * bend)
                shift = min(max(shift, -a), b)
                when += shift
                peak = max(peak, c[top] + (down * b + up * a) / (a + b) * shift + bend * shift * shift)
    level = FRONT * peak if np.isnan(limit) else limit
    if not peak > level:
        return np.inf, peak, when if peak > 0.0 else np.inf, 0.0
    first, above = np.inf, 0.0
    for i in range(1, len(c)):
        low, high = c[i - 1], c[i]
        span = time[i] - time[i - 1]
        if low <= level < high:
            part = (level - low) / (high - low)
            first = min(first, time[i - 1] + part * span)
            above += (1.0 - part) * span
        elif high <= level < low:
            above += (level - low) / (high - low) * span
        elif low > level:
            above += span
            first = min(first, time[i - 1])
    return min(first, when), peak, when, above


@compiled
def passages(time: Array, curves: Array, boxes: Array, limit: float) -> Array:
    """(P, 4) passage of each place's curve, composed over the boxes."""
    out = np.empty((curves.shape[1], 4))
    for p in range(curves.shape[1]):
        at, c = compose(time, np.ascontiguousarray(curves[:, p]), boxes)
        out[p, 0], out[p, 1], out[p, 2], out[p, 3] = passage(at, c, limit)
    return out
