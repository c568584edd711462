"""How well a hypothesis explains what was seen, with the amount and the backgrounds integrated out.

What is seen is background + amount * response + noise: linear in the amount and in the backgrounds, so given the rest
both have a Gaussian in closed form. Values below or above a limit, and the prior of the amount, enter by quadrature
over that Gaussian: five points of Gauss and Hermite where it is narrow, a grid of logarithms where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shangyou.basin.tracing.normal import log_cdf
from shangyou.basin.tracing.problem import Flags, Index, Problem
from shangyou.core.records import Array, Censor

POINTS: Final = 5
NARROW: Final = 4.0  # standard deviations that the amount is away from none, for quadrature around its best value
GRID: Final = 48  # points over the prior's range where it is wide


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All values of all stations, made ready: m of them, m' plain values and b that are bounds."""

    plain: Flags  # (m,) is it a value rather than a bound?
    variance: Array  # (m,) of the errors: noise, the model's own, and the background's
    station: Index  # (m,) index of the station
    given: Array  # (m,) values as given
    background: Array  # (m,)
    scale: Array  # (m',) deviation of noise and model alone
    lines: Array  # (r, m') directions, each of length 1, in which errors of a station go together
    shrink: Array  # (r,) by how much such a direction is shortened, so that all errors are independent
    value: Array  # (m',) plain values above their background, whitened
    bound: Array  # (b,) bounds above their background [g/m3]
    sign: Array  # (b,) 1 where the truth is below the bound, -1 where it is above

    @property
    def error(self) -> Array:
        """(b,) standard deviation of the values that are bounds."""
        return np.asarray(np.sqrt(self.variance[~self.plain]))

    def whitened(self, values: Array) -> Array:
        """(..., m') values with errors made independent and of deviation 1.

        The covariance of a station's errors is a diagonal and two directions: its background, and its discharge, which
        scales the whole pulse. The root of such a matrix is again a diagonal and as many directions.
        """
        plain = values / self.scale
        return np.asarray(plain - ((plain @ self.lines.T) * self.shrink) @ self.lines)


def seen(problem: Problem) -> Seen:
    """Values of all stations, with the errors of noise, background, and of the model itself."""
    pulses = problem.pulses
    lengths = [len(pulse.time) for pulse in pulses]
    station = np.repeat(np.arange(len(pulses)), lengths)
    given = np.concatenate([pulse.value for pulse in pulses])
    censor = np.concatenate([pulse.censor for pulse in pulses])
    model = [_model_error(pulse.value, pulse.background, problem.discrepancy) for pulse in pulses]
    own = np.concatenate([pulse.noise**2 + error**2 for pulse, error in zip(pulses, model, strict=True)])
    background = np.repeat([pulse.background for pulse in pulses], lengths)
    unsure = np.repeat([pulse.background_sd for pulse in pulses], lengths)
    plain = censor == Censor.NONE
    scale, above = np.sqrt(own[plain]), given - background
    tall = [problem.priors.station_sd * _smooth(pulse.value - pulse.background) for pulse in pulses]
    lines, shrink = _directions(station[plain], np.stack([unsure, np.concatenate(tall)])[:, plain] / scale)
    found = Seen(
        plain=plain,
        variance=own + unsure**2,
        station=station,
        given=given,
        background=background,
        scale=scale,
        lines=lines,
        shrink=shrink,
        value=np.empty(0),
        bound=above[~plain],
        sign=np.where(censor[~plain] == Censor.BELOW, 1.0, -1.0),
    )
    return replace(found, value=found.whitened(above[plain]))


def _directions(station: Index, errors: Array) -> tuple[Array, Array]:
    """Directions of length 1 in which the errors of each station go together, and how much to shorten each."""
    lines, shrink = [np.empty((0, len(station)))], [np.empty(0)]
    for each in np.unique(station):
        own = np.where(station == each, errors, 0.0)
        _, size, turned = np.linalg.svd(own, full_matrices=False)
        lines.append(turned[size > 0])
        shrink.append(1 - 1 / np.sqrt(1 + size[size > 0] ** 2))
    return np.concatenate(lines), np.concatenate(shrink)


def _smooth(above: Array) -> Array:
    """What stands above the background, over three values, so that noise does not weigh itself."""
    above = np.maximum(above, 0.0)
    return np.convolve(np.pad(above, 1, "edge"), np.full(3, 1 / 3), "valid") if len(above) > 2 else above


def _model_error(value: Array, background: float, share: float) -> Array:
    """Error of the model itself: half of it goes with the pulse, half is there all the time."""
    above = _smooth(value - background)
    return share * (0.5 * above + 0.5 * float(above.max()))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Of n hypotheses: how well each explains, and what it says of the amount."""

    log_likelihood: Array  # (n,) with the amount integrated out, up to a constant of the problem
    best: Array  # (n,) amount that fits best, from the plain values alone [g]
    error: Array  # (n,) its standard deviation; inf where no station would have seen anything
    misfit: Array  # (n,) sum of squares of the whitened residuals at that amount


def weigh(data: Seen, response: Array, amount: tuple[float, float], even: bool) -> Fit:
    """Integrate the amount out.

    Args:
        data: the m values.
        response: (n, m) what each hypothesis says that one gram would have made.
        amount: least and most [g].
        even: even odds for each gram, rather than for each doubling.

    Source: Gaussian linear model, Gelman et al. (2013), Bayesian Data Analysis, chapter 14.
    """
    white = data.whitened(response[:, data.plain])
    square = np.einsum("ij,ij->i", white, white)
    product = white @ data.value
    tiny = square < np.finfo(float).tiny
    safe = np.where(tiny, 1.0, square)
    best = np.where(tiny, 0.0, product / safe)
    error = np.where(tiny, np.inf, 1 / np.sqrt(safe))
    misfit = np.maximum(float(data.value @ data.value) - np.where(tiny, 0.0, product**2 / safe), 0.0)
    bounds = response[:, ~data.plain]
    narrow = best > NARROW * error
    logs = np.empty(len(response))
    for chosen, inner in ((narrow, _around), (~narrow, _across)):
        rows = np.flatnonzero(chosen)
        if len(rows):
            logs[rows] = inner(data, best[rows], error[rows], bounds[rows], amount, even)
    return Fit(logs - 0.5 * misfit, best, error, misfit)


def log_extra(data: Seen, bounds: Array, amount: Array, limits: tuple[float, float], even: bool) -> Array:
    """(n, q) log prior density of amounts, and log likelihood of the values that are bounds.

    bounds: (n, b) response at those values; amount: (n, q) [g].
    """
    low, high = limits
    inside = (amount >= low) & (amount <= high)
    flat = (
        np.full_like(amount, -np.log(high - low))
        if even
        else -np.log(np.maximum(amount, low)) - np.log(np.log(high / low))
    )
    out = np.where(inside, flat, -np.inf)
    if bounds.shape[1]:
        away = (data.bound - bounds[:, None, :] * amount[:, :, None]) * (data.sign / data.error)
        out += log_cdf(away).sum(axis=2)
    return np.asarray(out)


def _around(data: Seen, best: Array, error: Array, bounds: Array, limits: tuple[float, float], even: bool) -> Array:
    """log of the integral over the amount, apart from the misfit, by Gauss and Hermite."""
    points, weights = np.polynomial.hermite_e.hermegauss(POINTS)
    amount = best[:, None] + error[:, None] * points
    extra = log_extra(data, bounds, amount, limits, even) + np.log(weights)
    return np.asarray(np.logaddexp.reduce(extra, axis=1) + np.log(error))


def _across(data: Seen, best: Array, error: Array, bounds: Array, limits: tuple[float, float], even: bool) -> Array:
    """The same on a grid over the whole prior."""
    edges = np.linspace(float(np.log(limits[0])), float(np.log(limits[1])), GRID)
    amount = np.broadcast_to(np.exp(edges), (len(best), GRID))
    with np.errstate(invalid="ignore"):
        away = np.where(np.isfinite(error)[:, None], (amount - best[:, None]) / error[:, None], 0.0)
    extra = log_extra(data, bounds, amount, limits, even) - 0.5 * away**2 + edges + np.log(edges[1] - edges[0])
    return np.asarray(np.logaddexp.reduce(extra, axis=1))
