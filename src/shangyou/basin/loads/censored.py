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
from shangyou.core.records import Array, Ints

MOST_STEPS = 60
CLOSE = 1e-6  # a step this small, relative to the coordinates, is the last: the next would be about its square
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


class _Likelihood(NamedTuple):
    value: Array  # (p,) its logarithm
    slope: Array  # (p, c + 1)
    bend: Array  # (p, c + 1, c + 1)


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
    now = np.flatnonzero(going)
    sums = _Sums.of(moments, bounded)
    state = sums.some(now).likelihood(point[now])
    for _ in range(MOST_STEPS):
        if not len(now):
            break
        step = np.asarray(-np.linalg.solve(state.bend, state.slope[:, :, None])[:, :, 0], np.float64)
        point[now], state = _climb(point[now], step, state, sums.some(now))
        small = np.abs(step).max(axis=1) <= CLOSE * np.abs(point[now]).max(axis=1)
        going[now[small]] = False
        now, state = now[~small], _Likelihood(*(part[~small] for part in state))
    tau = np.where(found, point[:, c], np.nan)
    return Fitted(point[:, :c] / tau[:, None], 1 / tau, found & ~going)


def _with(moments: Moments, bounded: Bounded) -> Moments:
    """The moments with each censored value as if it were known."""
    low = np.where(np.isfinite(bounded.low), bounded.low, bounded.high)
    high = np.where(np.isfinite(bounded.high), bounded.high, bounded.low)
    v = np.column_stack([-bounded.x, (low + high) / 2])
    products = (bounded.weight @ _squares(v, v)).reshape(moments.products.shape)
    return Moments(moments.products + products, moments.weight + bounded.weight.sum(axis=1))


def _squares(a: Array, b: Array) -> Array:
    """(k, d * d) products of all columns of a with all of b."""
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), a.shape[1] * b.shape[1])


def _climb(point: Array, step: Array, before: _Likelihood, sums: _Sums) -> tuple[Array, _Likelihood]:
    """Take each step, halved until 1 / sigma stays positive and the likelihood does not fall."""
    size = np.ones(len(point))
    short = point[:, -1] + step[:, -1] <= 0
    while short.any():
        size[short] /= 2
        short = point[:, -1] + size * step[:, -1] <= 0
    after = sums.likelihood(point + step * size[:, None])
    for _ in range(30):
        fell = np.flatnonzero(~(after.value >= before.value - 1e-12 * np.abs(before.value)))
        if not len(fell):
            break
        size[fell] /= 2
        again = sums.some(fell).likelihood(point[fell] + step[fell] * size[fell, None])
        for part, new in zip(after, again, strict=True):
            part[fell] = new
    return point + step * size[:, None], after


class _Sums(NamedTuple):
    """The likelihood of p weightings, with what does not change between steps worked out.

    A bound b of a value is met at z = tau b - gamma x, which is the vector (-x, b) along the point (gamma, tau).
    """

    moments: Moments
    side: Array  # (j, d) vectors of values bounded on one side, turned so that the value lies below z
    side_squares: Array  # (j, d d)
    side_weight: Array  # (p, j)
    low: Array  # (k, d) vectors of the lower bounds of values between two
    high: Array  # (k, d) and of the upper ones
    squares: tuple[Array, Array, Array]  # (k, d d) of lower, of upper, and of lower with upper
    weight: Array  # (p, k)

    @classmethod
    def of(cls, moments: Moments, bounded: Bounded) -> _Sums:
        over = np.isposinf(bounded.high)
        one = over | np.isneginf(bounded.low)
        side = np.column_stack([-bounded.x[one], np.where(over, bounded.low, bounded.high)[one]])
        side[over[one]] *= -1
        low = np.column_stack([-bounded.x[~one], bounded.low[~one]])
        high = np.column_stack([-bounded.x[~one], bounded.high[~one]])
        squares = _squares(low, low), _squares(high, high), _squares(low, high) + _squares(high, low)
        weight = bounded.weight
        return cls(moments, side, _squares(side, side), weight[:, one], low, high, squares, weight[:, ~one])

    def some(self, which: Ints) -> _Sums:
        """Those of some weightings."""
        return self._replace(
            moments=Moments(self.moments.products[which], self.moments.weight[which]),
            side_weight=self.side_weight[which],
            weight=self.weight[which],
        )

    def likelihood(self, point: Array) -> _Likelihood:
        """At each point (gamma, tau), (p, d)."""
        tau, known = point[:, -1], self.moments
        along = np.einsum("pij,pj->pi", known.products, point)
        value = known.weight * np.log(tau) - np.einsum("pi,pi->p", along, point) / 2
        slope, bend = -along, -known.products
        slope[:, -1] += known.weight / tau
        bend[:, -1, -1] -= known.weight / tau**2
        if len(self.side):
            z = point @ self.side.T
            log, ratio = log_below(z)
            pull = self.side_weight * ratio
            value += np.einsum("pj,pj->p", self.side_weight, log)
            slope += pull @ self.side
            bend -= ((pull * (z + ratio)) @ self.side_squares).reshape(bend.shape)
        if len(self.low):
            z_low, z_high = point @ self.low.T, point @ self.high.T
            log, at_low, at_high = log_between(z_low, z_high)
            value += np.einsum("pk,pk->p", self.weight, log)
            slope += (self.weight * at_high) @ self.high - (self.weight * at_low) @ self.low
            of_low, of_high, of_both = self.squares
            both = (self.weight * at_low * (z_low - at_low)) @ of_low
            both -= (self.weight * at_high * (z_high + at_high)) @ of_high
            both += (self.weight * at_low * at_high) @ of_both
            bend += both.reshape(bend.shape)
        return _Likelihood(value, slope, bend)
