"""Weighted linear regression with normal errors and censored values, for thousands of weightings at once.

Maximum likelihood, as `survreg(dist = "gaussian")` of R's package survival finds it. In Olsen's coordinates
(coefficients over sigma, and 1 / sigma) the logarithm of the likelihood is concave (Olsen 1978, Econometrica 46,
1211-1215), so Newton's method with halved steps finds the one maximum from anywhere. Values that are known enter
only by their weighted moments, which do not change between steps; where all are known the answer is direct.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.loads.normal import log_below, log_between
from shangyou.core.records import Array

MOST_STEPS = 60
CLOSE = 1e-9  # a step this small, relative to the coordinates, is the last: Newton squares the error
SINGULAR = 1e-12  # smallest over largest eigenvalue of the scaled moments


class Fitted(NamedTuple):
    """What was found for each of p weightings; NaN where the samples do not determine a regression."""

    coefficients: Array  # (p, c)
    sigma: Array  # (p,) standard error of the residuals, by maximum likelihood
    converged: NDArray[np.bool_]  # (p,)


class Moments(NamedTuple):
    """Weighted sums over the known values of p weightings, of v = (-x, y)."""

    products: Array  # (p, c + 1, c + 1) sum of w v v'
    weight: Array  # (p,) sum of w


class Bounded(NamedTuple):
    """Censored values: what is known of each, and its weight in each of p weightings."""

    x: Array  # (k, c) columns of the regression
    low: Array  # (k,) -inf where there is none
    high: Array  # (k,) inf where there is none
    weight: Array  # (p, k)


def direct(moments: Moments) -> Fitted:
    """The regression of known values alone: weighted least squares, sigma^2 = sum(w r^2) / sum(w)."""
    c = moments.products.shape[1] - 1
    xx, xy = moments.products[:, :c, :c], -moments.products[:, :c, c]
    scale = np.sqrt(np.einsum("pii->pi", xx))
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = xx / (scale[:, :, None] * scale[:, None, :])
    firm = np.isfinite(scaled).all(axis=(1, 2))
    scaled[~firm] = np.eye(c)
    values = np.linalg.eigvalsh(scaled)
    firm &= values[:, 0] > SINGULAR * values[:, -1]
    scaled[~firm], scale[~firm] = np.eye(c), 1.0
    solved = np.linalg.solve(scaled, (xy / scale)[:, :, None])[:, :, 0] / scale
    square = (moments.products[:, c, c] - np.einsum("pi,pi->p", solved, xy)) / moments.weight
    solved[~firm] = np.nan
    # exact fits leave a square of 0, or by rounding a little less
    return Fitted(solved, np.where(firm, np.sqrt(np.maximum(square, 0.0)), np.nan), firm)


def fit(moments: Moments, bounded: Bounded) -> Fitted:
    """The regression of known and censored values together.

    Starts from least squares with each censored value at its bound or the middle of its bounds.
    """
    c = bounded.x.shape[1]
    start = direct(_with(moments, bounded))
    found = start.converged & (start.sigma > 0)
    point = np.where(found[:, None], np.column_stack([start.coefficients, np.ones(len(found))]), 1.0)
    point /= np.where(found, start.sigma, 1.0)[:, None]  # (gamma, tau)
    going = found & (bounded.weight > 0).any(axis=1)
    for _ in range(MOST_STEPS):
        now = np.flatnonzero(going)
        if not len(now):
            break
        here = Moments(moments.products[now], moments.weight[now])
        there = bounded._replace(weight=bounded.weight[now])
        value, slope, bend = _likelihood(point[now], here, there)
        step = np.asarray(-np.linalg.solve(bend, slope[:, :, None])[:, :, 0], np.float64)
        size = _shorten(point[now], step, value, here, there)
        point[now] += step * size[:, None]
        going[now] = np.abs(step).max(axis=1) > CLOSE * np.abs(point[now]).max(axis=1)
    tau = np.where(found, point[:, c], np.nan)
    return Fitted(point[:, :c] / tau[:, None], 1 / tau, found & ~going)


def _with(moments: Moments, bounded: Bounded) -> Moments:
    low = np.where(np.isfinite(bounded.low), bounded.low, bounded.high)
    high = np.where(np.isfinite(bounded.high), bounded.high, bounded.low)
    v = np.column_stack([-bounded.x, (low + high) / 2])
    n, c = v.shape
    squares = (v[:, :, None] * v[:, None, :]).reshape(n, c * c)
    return Moments(
        moments.products + (bounded.weight @ squares).reshape(-1, c, c), moments.weight + bounded.weight.sum(axis=1)
    )


def _shorten(point: Array, step: Array, value: Array, moments: Moments, bounded: Bounded) -> Array:
    """(p,) the share of each step to take: halved until 1 / sigma stays positive and the likelihood does not fall."""
    size = np.ones(len(point))
    for _ in range(30):
        after = point + step * size[:, None]
        bad = after[:, -1] <= 0
        check = np.flatnonzero(~bad)
        reached = _value(
            after[check],
            Moments(moments.products[check], moments.weight[check]),
            bounded._replace(weight=bounded.weight[check]),
        )
        bad[check] = reached < value[check] - 1e-12 * np.abs(value[check])
        if not bad.any():
            break
        size[bad] /= 2
    return size


def _ends(point: Array, bounded: Bounded) -> tuple[Array, Array, Array]:
    """(p, k) ln of the probability between the bounds, and the densities at the bounds over that probability."""
    middle = point[:, :-1] @ bounded.x.T
    z_low = point[:, -1:] * bounded.low - middle  # -inf stays -inf: 1 / sigma is positive
    z_high = point[:, -1:] * bounded.high - middle
    log, p_low, p_high = np.empty_like(middle), np.zeros_like(middle), np.zeros_like(middle)
    under, over = np.isneginf(bounded.low), np.isposinf(bounded.high)
    log[:, under], p_high[:, under] = log_below(z_high[:, under])
    only = over & ~under
    log[:, only], p_low[:, only] = log_below(-z_low[:, only])
    both = ~(under | over)
    log[:, both], p_low[:, both], p_high[:, both] = log_between(z_low[:, both], z_high[:, both])
    return log, p_low, p_high


def _value(point: Array, moments: Moments, bounded: Bounded) -> Array:
    log, _, _ = _ends(point, bounded)
    square = np.einsum("pi,pij,pj->p", point, moments.products, point)
    return np.asarray(moments.weight * np.log(point[:, -1]) - square / 2 + np.einsum("pk,pk->p", bounded.weight, log))


def _likelihood(point: Array, moments: Moments, bounded: Bounded) -> tuple[Array, Array, Array]:
    """(p,) ln of the likelihood at each point (gamma, tau), with its (p, c + 1) slope and (p, c + 1, c + 1) bend."""
    c = bounded.x.shape[1]
    log, p_low, p_high = _ends(point, bounded)
    low = np.where(np.isfinite(bounded.low), bounded.low, 0.0)  # where there is no bound its density is 0
    high = np.where(np.isfinite(bounded.high), bounded.high, 0.0)
    middle, tau, w = point[:, :c] @ bounded.x.T, point[:, c:], bounded.weight
    d_low, d_high = p_low * (tau * low - middle), p_high * (tau * high - middle)
    by_x, by_tau = p_high - p_low, p_high * high - p_low * low
    along = np.einsum("pij,pj->pi", moments.products, point)
    slope = -along
    slope[:, :c] -= (w * by_x) @ bounded.x
    slope[:, c] += moments.weight / point[:, c] + np.einsum("pk,pk->p", w, by_tau)
    bend = -moments.products.copy()
    squares = (bounded.x[:, :, None] * bounded.x[:, None, :]).reshape(len(bounded.x), c * c)
    bend[:, :c, :c] += ((w * (d_low - d_high - by_x**2)) @ squares).reshape(-1, c, c)
    mixed = (w * (d_high * high - d_low * low + by_x * by_tau)) @ bounded.x
    bend[:, :c, c] += mixed
    bend[:, c, :c] += mixed
    bend[:, c, c] -= moments.weight / point[:, c] ** 2
    bend[:, c, c] += np.einsum("pk,pk->p", w, d_low * low**2 - d_high * high**2 - by_tau**2)
    value = moments.weight * np.log(point[:, c]) - np.einsum("pi,pi->p", along, point) / 2
    return value + np.einsum("pk,pk->p", w, log), slope, bend
