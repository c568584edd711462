"""The three surfaces of WRTDS: expected log concentration, its error, and concentration, over time and flow.

Source: Hirsch, Moyer and Archfield (2010), JAWRA 46, 857-880; grid, windows and edges as EGRET (Hirsch and De Cicco
2015, USGS Techniques and Methods 4-A10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.loads.censored import Bounded, Fitted, Moments, direct, fit
from shangyou.basin.loads.windows import Grown, Windows, grow
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

LEVELS = 14  # of log flow
STEPS = 16  # of a year
MARGIN = 0.05  # of log flow, beyond the lowest and the highest
BLOCK = 50_000  # points times censored samples worked on at a time; bounds memory, not results


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """What WRTDS expects at (r,) years and (14,) logarithms of flow."""

    years: Array  # (r,) sixteenths of years, from the start of the first to the end of the last
    levels: Array  # (14,) ln of m3/s, evenly spaced
    log_concentration: Array  # (r, 14) ln of mg/L
    error: Array  # (r, 14) standard error of the former
    concentration: Array  # (r, 14) mg/L, without bias
    unsettled: int  # points whose likelihood has not come to rest


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The samples as a regression needs them."""

    year: Array  # (m,) decimal
    log_flow: Array  # (m,) ln of m3/s
    low: Array  # (m,) ln of mg/L; -inf = none
    high: Array  # (m,) ln of mg/L; inf = none


def grid(years: Array, log_flow: Array) -> tuple[Array, Array]:
    """Years (r,) and levels of log flow (14,) on which the surfaces of a daily record stand."""
    first, last = int(np.floor(years.min())), int(np.ceil(years.max()))
    levels = np.linspace(log_flow.min() - MARGIN, log_flow.max() + MARGIN, LEVELS)
    return first + np.arange((last - first) * STEPS + 1) / STEPS, levels


def columns(year: Array, log_flow: Array, centre: tuple[float, float]) -> Array:
    """(n, 5) the regression's columns: 1, time, log flow, sine and cosine of the season.

    Time and flow are taken from a centre: the fit is the same, and the sums keep their digits.
    """
    turn = 2 * np.pi * year
    return np.column_stack([np.ones_like(year), year - centre[0], log_flow - centre[1], np.sin(turn), np.cos(turn)])


def surfaces(points: Points, years: Array, levels: Array, record: tuple[float, float], windows: Windows) -> Surfaces:
    """Fit one weighted censored regression at every point of the grid.

    Raises:
        InputError: "loads.few", as of `grow`; "loads.singular": somewhere the samples determine no regression
        (all of one flow, say).
    """
    known = points.low == points.high
    centre = float(points.year.mean()), float(points.log_flow.mean())
    middle = float(points.low[known].mean()) if known.any() else 0.0
    x = columns(points.year, points.log_flow, centre)
    v = np.column_stack([-x[known], points.low[known] - middle])
    bounds = Bounded(x[~known], points.low[~known] - middle, points.high[~known] - middle, np.empty((0, 0)))
    where = columns(np.repeat(years, len(levels)), np.tile(levels, len(years)), centre)
    expected, sigma = np.empty(len(where)), np.empty(len(where))
    unsettled = 0
    for grown in grow(years, levels, (points.year, points.log_flow), known, record, windows):
        found = _fit(grown, known, v, bounds)
        expected[grown.place] = np.einsum("pc,pc->p", found.coefficients, where[grown.place]) + middle
        sigma[grown.place] = found.sigma
        unsettled += int((~found.converged).sum())
    singular = ~(np.isfinite(expected) & np.isfinite(sigma))
    if singular.any():
        raise InputError("loads.singular", points=int(singular.sum()), of=len(singular))
    shape = len(years), len(levels)
    concentration = np.exp(expected + sigma**2 / 2)
    return Surfaces(
        years, levels, expected.reshape(shape), sigma.reshape(shape), concentration.reshape(shape), unsettled
    )


def _fit(grown: Grown, known: NDArray[np.bool_], v: Array, bounds: Bounded) -> Fitted:
    """The regressions of one group of points."""
    moments = _moments(grown, known, v)
    if not len(bounds.x):
        return direct(moments)
    parts = []
    by_year, by_flow = grown.of_year[:, ~known], grown.of_flow[:, ~known]
    size = max(1, BLOCK // len(bounds.x))
    for start in range(0, len(grown.place), size):
        some = slice(start, start + size)
        weight = by_year[grown.row[some]] * by_flow[grown.level[some]]
        seen = weight.any(axis=0)  # neighbouring points see the same samples, and few of a long record
        near = Bounded(bounds.x[seen], bounds.low[seen], bounds.high[seen], weight[:, seen])
        parts.append(fit(Moments(moments.products[some], moments.weight[some]), near))
    return Fitted(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _moments(grown: Grown, known: NDArray[np.bool_], v: Array) -> Moments:
    """Sums of w v v' over the known samples, at each point: one product of matrices for all points together."""
    upper = np.triu_indices(v.shape[1])
    features = np.column_stack([np.ones(len(v)), v[:, upper[0]] * v[:, upper[1]]])  # (m, f)
    by_flow = (grown.of_flow[:, known].T[:, :, None] * features[:, None, :]).reshape(len(v), -1)  # (m, q f)
    sums = (grown.of_year[:, known] @ by_flow).reshape(len(grown.of_year), len(grown.of_flow), -1)
    of_point = sums[grown.row, grown.level]
    products = np.empty((len(of_point), v.shape[1], v.shape[1]))
    products[:, upper[0], upper[1]] = of_point[:, 1:]
    products[:, upper[1], upper[0]] = of_point[:, 1:]
    return Moments(products, of_point[:, 0])


def between(surface: Array, row: Ints, row_share: Array, level: Ints, level_share: Array) -> Array:
    """(n,) a surface between its points, linear along both sides of the grid."""
    a, b = surface[row, level], surface[row, level + 1]
    c, d = surface[row + 1, level], surface[row + 1, level + 1]
    lower = a + (b - a) * level_share
    return np.asarray(lower + (c + (d - c) * level_share - lower) * row_share)
