"""What passes a place: arrival, peak, duration and end of a curve (a kernel), and the curve of a longer release."""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array

FRONT = 0.01  # of the peak, where no limit is given
MOST: Final = 2000  # points of a composed curve


def compose(time: Array, unit: Array, boxes: Array) -> tuple[Array, Array]:
    """The curves of an even release over some time, or of several, from those of a release at once of 1 g.

    In steady flow a river is linear and the same at any time, so a release that changes is the sum, over the moments
    at which its rate does, of the change times the unit curve summed up since: exact for a curve that is straight
    between its points.

    Args:
        time, unit: (N,) s and (N, P) 1/m3.
        boxes: (k, 3) start [s], duration [s] and mass [g]; one that lasts no time stands alone.

    Returns:
        (M,) s, increasing, and (M, P) g/m3; M is at most MOST where there are boxes that last.
    """
    if not len(boxes):
        return time, np.zeros_like(unit)
    if boxes[0, 1] <= 0.0:
        return time + boxes[0, 0], unit * boxes[0, 2]
    rates = boxes[:, 2] / boxes[:, 1]
    moments, order = np.unique(np.concatenate((boxes[:, 0], boxes[:, 0] + boxes[:, 1])), return_inverse=True)
    changes = np.bincount(order, np.concatenate((rates, -rates)))
    at = np.unique(np.add.outer(moments, time))
    if len(at) > MOST:
        at = at[np.linspace(0, len(at) - 1, MOST).astype(np.int64)]
    whole = np.zeros_like(unit)
    np.cumsum(0.5 * (unit[1:] + unit[:-1]) * np.diff(time)[:, None], axis=0, out=whole[1:])
    found = np.zeros((len(at), unit.shape[1]))
    for moment, change in zip(moments[changes != 0], changes[changes != 0], strict=True):
        since = at - moment
        k = np.clip(np.searchsorted(time, since, side="right") - 1, 0, len(time) - 2)
        part = np.clip((since - time[k]) / (time[k + 1] - time[k]), 0.0, 1.0)[:, None]
        found += change * (whole[k] * (1.0 - part) + whole[k + 1] * part)
    return at, np.maximum(found, 0.0)


@compiled
def _top(time: Array, c: Array) -> tuple[float, float]:
    """The peak and its time: the vertex of the parabola through the three highest points."""
    top = 0
    for i in range(len(c)):
        if c[i] > c[top]:
            top = i
    peak, when = c[top], time[top]
    if not (0 < top < len(c) - 1 and peak > 0.0):
        return peak, when
    a, b = time[top] - time[top - 1], time[top + 1] - time[top]
    if not (a > 0.0 and b > 0.0):
        return peak, when
    down, up = (c[top] - c[top - 1]) / a, (c[top + 1] - c[top]) / b
    bend = (up - down) / (a + b)
    if bend < 0.0:
        shift = -(down * b + up * a) / (a + b) / (2.0 * bend)
        shift = min(max(shift, -a), b)
        when += shift
        peak = max(peak, c[top] + (down * b + up * a) / (a + b) * shift + bend * shift * shift)
    return peak, when


@compiled
def passage(time: Array, c: Array, limit: float) -> tuple[float, float, float, float, float]:
    """First arrival above the limit, peak, its time, time above the limit, and when it falls below for the last time.

    NaN limit: FRONT of the peak. Times that do not come are inf: so is the last one of a curve that ends above.
    """
    peak, when = _top(time, c)
    level = FRONT * peak if np.isnan(limit) else limit
    if not peak > level:
        return np.inf, peak, when if peak > 0.0 else np.inf, 0.0, np.inf
    first, above, last = np.inf, 0.0, when
    for i in range(1, len(c)):
        low, high = c[i - 1], c[i]
        if low <= level and high <= level:
            continue
        span = time[i] - time[i - 1]
        if low <= level:
            part = (level - low) / (high - low)
            first = min(first, time[i - 1] + part * span)
            above += (1.0 - part) * span
        elif high <= level:
            part = (level - low) / (high - low)
            last = max(last, time[i - 1] + part * span)
            above += part * span
        else:
            above += span
            first = min(first, time[i - 1])
    if c[-1] > level:
        last = np.inf
    return min(first, when), peak, when, above, last


@compiled
def _passages(time: Array, curves: Array, limit: float) -> Array:
    out = np.empty((curves.shape[1], 5))
    for p in range(curves.shape[1]):
        out[p, 0], out[p, 1], out[p, 2], out[p, 3], out[p, 4] = passage(time, curves[:, p], limit)
    return out


def passages(time: Array, curves: Array, boxes: Array, limit: float) -> Array:
    """(P, 5) passage of each place's curve, composed over the boxes."""
    return _passages(*compose(time, curves, boxes), limit)
