"""Weigh each candidate: draw explanations around its best ones, and let the draws teach where to draw again.

Adaptive importance sampling with a mixture as its own denominator. Source: Cornuet, Marin, Mira and Robert (2012),
Adaptive multiple importance sampling, Scandinavian Journal of Statistics 39(4). The draws come from a generator that
the caller gives, so equal seeds give equal answers on every node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma
from typing import Final

import numpy as np

from shangyou.basin.tracing.amount import Seen, log_extra, weigh
from shangyou.basin.tracing.model import LENGTH, MIDDLE, PLACE, SPEED, Model
from shangyou.basin.tracing.problem import Index
from shangyou.basin.tracing.search import CHUNK, Modes
from shangyou.core.records import Array

FREEDOM: Final = 5.0  # of Student's t: heavier tails than what is sought, so that no weight is boundless
WIDER: Final = 1.25  # of the first proposals' covariance
HOPELESS: Final = 14.0  # log odds behind the best after which a candidate is looked at no more
NEAR: Final = 7.0  # behind it only the ranking's tail is concerned: a thousandth
ROUNDS: Final = 3
MORE: Final = 4  # rounds more for candidates that count and rest on too few draws
DRAWS: Final = 800  # of each candidate in a round, where the candidates are few
FEWEST: Final = 150  # where they are many, as the stretches of a whole river: they stand for each other
BUDGET: Final = 8_000  # draws of a round
ENOUGH: Final = 0.2  # share of a round's draws that a candidate should effectively rest on
KERNELS: Final = 8  # draws about which a proposal has components of its own: what is bent is no ellipse
BROAD: Final = 3.0  # times the parameters: effective draws that a proposal must rest on
VELOCITY_BY_FLOW: Final = 0.34  # exponent of velocity at a station, Leopold and Maddock (1953), USGS Prof. Paper 252
KEPT: Final = 4_000  # draws that stand for the whole in the end


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Equally likely explanations, and how the candidates compare."""

    which: Index  # (n,) candidate
    rows: Array  # (n, d) parameters
    apparent: Array  # (n,) g, were the discharge as it was thought to be: what the responses are multiplied with
    amount: Array  # (n,) g, with what is not known of the discharge
    log_evidence: Array  # (c,) of each candidate, weights before the fact included; -inf = sees nothing, or hopeless
    effective: Array  # (c,) effective number of draws behind it


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """One component of a proposal, in the parameters that the candidate has."""

    centre: Array  # (a,)
    root: Array  # (a, a) of the covariance, lower
    share: float

    def draw(self, random: np.random.Generator, count: int) -> Array:
        size = len(self.centre)
        stretch = np.sqrt(FREEDOM / random.chisquare(FREEDOM, count))
        return self.centre + stretch[:, None] * (random.standard_normal((count, size)) @ self.root.T)

    def log_density(self, rows: Array) -> Array:
        size = len(self.centre)
        away = np.linalg.solve(self.root, (rows - self.centre).T)
        square = np.einsum("ij,ij->j", away, away)
        constant = lgamma((FREEDOM + size) / 2) - lgamma(FREEDOM / 2) - size / 2 * float(np.log(FREEDOM * np.pi))
        return np.asarray(
            constant
            - float(np.log(np.diag(self.root)).sum())
            - (FREEDOM + size) / 2 * np.log1p(square / FREEDOM)
            + np.log(self.share)
        )


@dataclass(slots=True)
class _Pool:
    """All draws of one candidate, with what they were drawn from."""

    shapes: list[tuple[int, tuple[_Shape, ...]]]  # number of draws, and the mixture they came from
    rows: list[Array]
    logs: list[Array]  # log of prior times likelihood
    best: list[Array]  # amount that fits best, and its error
    error: list[Array]

    def weights(self, active: Index) -> Array:
        """(n,) log of the importance weights of all draws, against the mixture of all proposals."""
        rows = np.concatenate(self.rows)[:, active]
        total = sum(count for count, _ in self.shapes)
        parts = [
            np.logaddexp.reduce([shape.log_density(rows) for shape in mixture], axis=0) + np.log(count / total)
            for count, mixture in self.shapes
        ]
        return np.asarray(np.concatenate(self.logs) - np.logaddexp.reduce(parts, axis=0))


def draw(
    model: Model,
    data: Seen,
    modes: Modes,
    weight: Array,
    amount: tuple[float, float],
    even: bool,
    random: np.random.Generator,
    tell: Callable[[float], None],
) -> Draws:
    """Explanations of all candidates in proportion to their probability.

    weight: (c,) of the candidates before the fact, summing to 1; amount: least and most [g]; even: as `weigh`; tell:
    hears what share of the rounds is done.
    """
    count = len(weight)
    pools: dict[int, _Pool] = {}
    evidence, effective = np.full(count, -np.inf), np.zeros(count)
    candidates = np.unique(modes.which)
    for number in range(ROUNDS + MORE):
        tell(number / (ROUNDS + MORE))
        draws = int(np.clip(BUDGET // len(candidates), FEWEST, DRAWS))
        going = _going(number, evidence, effective, candidates, ENOUGH * draws)
        if not len(going):
            break
        batch: list[tuple[int, Array, tuple[_Shape, ...]]] = []
        for c in going:
            active = np.flatnonzero(model.active[c])
            first = _first(model, modes, int(c))
            mixture = _taught(pools[int(c)], active, first, random) if number else first
            rows = np.zeros((draws, model.size))
            rows[:, PLACE] = 0.5
            rows[:, LENGTH] = model.duration[0]
            rows[:, active] = _mixed(mixture, random, draws)
            batch.append((int(c), rows, mixture))
        logs, best, error = _judge(model, data, batch, amount, even)
        for i, (c, rows, mixture) in enumerate(batch):
            pool = pools.setdefault(c, _Pool([], [], [], [], []))
            part = slice(i * draws, (i + 1) * draws)
            pool.shapes.append((draws, mixture))
            for held, new in (
                (pool.rows, rows),
                (pool.logs, logs[part]),
                (pool.best, best[part]),
                (pool.error, error[part]),
            ):
                held.append(new)
            logw = pool.weights(np.flatnonzero(model.active[c]))
            top = float(logw.max())
            if np.isfinite(top):
                w = np.exp(logw - top)
                evidence[c] = top + float(np.log(w.mean())) + float(np.log(weight[c]))
                effective[c] = float(w.sum() ** 2 / (w @ w))
    return _kept(model, data, pools, evidence, effective, amount, even, random)


def _going(number: int, evidence: Array, effective: Array, candidates: Index, enough: float) -> Index:
    """The candidates of a round: all; then those with hope; in the end those that rest on too few draws."""
    if number == 0:
        return candidates
    hope: Index = candidates[evidence[candidates] > evidence.max() - HOPELESS]
    if number < ROUNDS:
        return hope
    near: Index = hope[evidence[hope] > evidence.max() - NEAR]
    return np.asarray(near[effective[near] < enough])


def _judge(
    model: Model,
    data: Seen,
    batch: list[tuple[int, Array, tuple[_Shape, ...]]],
    amount: tuple[float, float],
    even: bool,
) -> tuple[Array, Array, Array]:
    """Log of prior times likelihood of all rows, with the best amount and its error."""
    rows = np.concatenate([each for _, each, _ in batch])
    which = np.repeat(np.array([c for c, _, _ in batch], np.intp), [len(each) for _, each, _ in batch])
    prior = model.log_prior(which, rows)
    logs, best, error = prior.copy(), np.zeros(len(rows)), np.full(len(rows), np.inf)
    possible = np.flatnonzero(np.isfinite(prior))
    each = max(1, CHUNK // len(data.given))
    for at in range(0, len(possible), each):
        part = possible[at : at + each]
        fit = weigh(data, model.respond(which[part], rows[part]), amount, even)
        logs[part] += fit.log_likelihood
        best[part], error[part] = fit.best, fit.error
    return logs, best, error


def _first(model: Model, modes: Modes, candidate: int) -> tuple[_Shape, ...]:
    """Proposals around the modes of a candidate, from their curvature."""
    active = np.flatnonzero(model.active[candidate])
    own = np.flatnonzero(modes.which == candidate)
    own = own[modes.cost[own] < modes.cost[own].min() + 6]
    shares = np.exp(-0.5 * (modes.cost[own] - modes.cost[own].min()))
    bounded = np.zeros(model.size)
    bounded[LENGTH] = 12 / max(model.duration[1] - model.duration[0], 1e-9) ** 2  # variance of even odds
    bounded[PLACE] = 12.0
    bounded[MIDDLE] = 12 / (model.start[1] - model.start[0]) ** 2
    out = []
    for mode, share in zip(own, shares / shares.sum(), strict=True):
        curvature = modes.curvature[mode][np.ix_(active, active)] + np.diag(bounded[active])
        covariance = WIDER * np.linalg.inv(curvature)
        out.append(_Shape(modes.rows[mode, active], _root(covariance), float(share)))
    return tuple(out)


def _root(covariance: Array) -> Array:
    """Lower root of a covariance, with a trace of its diagonal so that there always is one."""
    diagonal = np.diag(covariance)
    return np.asarray(np.linalg.cholesky((covariance + covariance.T) / 2 + np.diag(1e-6 * diagonal + 1e-12)))


def _taught(pool: _Pool, active: Index, first: tuple[_Shape, ...], random: np.random.Generator) -> tuple[_Shape, ...]:
    """A proposal from all draws so far; the first ones keep a share in case the draws have missed something."""
    logw = pool.weights(active)
    if not np.isfinite(logw.max()):
        return first
    rows, size = np.concatenate(pool.rows)[:, active], len(active)
    logw = logw - logw.max()
    power = 1.0
    for _ in range(12):  # flatten the weights until enough draws count
        w = np.exp(power * logw)
        w /= w.sum()
        if 1 / (w @ w) >= BROAD * size:
            break
        power *= 0.7
    centre = w @ rows
    away = rows - centre
    covariance = (away * w[:, None]).T @ away
    whole = _Shape(centre, _root(1.1 * covariance), 0.45)
    small = _root(0.35 * covariance)
    own = random.choice(len(rows), KERNELS, p=w)
    kernels = tuple(_Shape(rows[i], small, 0.4 / KERNELS) for i in own)
    return (whole, *kernels, *(_Shape(each.centre, each.root, 0.15 * each.share) for each in first))


def _mixed(mixture: tuple[_Shape, ...], random: np.random.Generator, count: int) -> Array:
    """Draws from a mixture."""
    shares = np.array([shape.share for shape in mixture])
    counts = random.multinomial(count, shares / shares.sum())
    return np.asarray(np.concatenate([shape.draw(random, int(n)) for shape, n in zip(mixture, counts, strict=True)]))


def _kept(
    model: Model,
    data: Seen,
    pools: dict[int, _Pool],
    evidence: Array,
    effective: Array,
    amount: tuple[float, float],
    even: bool,
    random: np.random.Generator,
) -> Draws:
    """Equally likely draws by systematic resampling, each with an amount of its own."""
    which, rows, logs, best, error = [], [], [], [], []
    for c, pool in pools.items():
        if not np.isfinite(evidence[c]):
            continue
        logw = pool.weights(np.flatnonzero(model.active[c]))
        own = np.concatenate(pool.rows)
        which.append(np.full(len(own), c, np.intp))
        rows.append(own)
        logs.append(logw - np.logaddexp.reduce(logw) + evidence[c])
        best.append(np.concatenate(pool.best))
        error.append(np.concatenate(pool.error))
    if not which:
        none = np.empty(0)
        return Draws(np.empty(0, np.intp), np.empty((0, model.size)), none, none, evidence, effective)
    logw = np.concatenate(logs)
    w = np.exp(logw - logw.max())
    places = (np.arange(KEPT) + random.random()) / KEPT * w.sum()
    chosen = np.searchsorted(np.cumsum(w), places).clip(0, len(w) - 1)
    which_all, rows_all = np.concatenate(which)[chosen], np.concatenate(rows)[chosen]
    best_all, error_all = np.concatenate(best)[chosen], np.concatenate(error)[chosen]
    released = _amounts(model, data, (which_all, rows_all, best_all, error_all), amount, even, random)
    whole = np.clip(released * _discharge(model, rows_all, random), *amount)
    return Draws(which_all, rows_all, released, whole, evidence, effective)


def _discharge(model: Model, rows: Array, random: np.random.Generator) -> Array:
    """(n,) how much more water there may be than was thought, given how much faster it is: the amount goes with it."""
    faster = rows[:, SPEED] * model.speed[0]
    whole = float(np.hypot(*model.speed))
    tied = min(VELOCITY_BY_FLOW * model.discharge / whole, 1.0)  # correlation of both errors
    return np.asarray(
        np.exp(
            tied * model.discharge / whole * faster
            + model.discharge * np.sqrt(1 - tied**2) * random.standard_normal(len(rows))
        )
    )


def _amounts(
    model: Model,
    data: Seen,
    kept: tuple[Index, Array, Array, Array],
    amount: tuple[float, float],
    even: bool,
    random: np.random.Generator,
) -> Array:
    """An amount for each draw, from its distribution given the rest: of many tries one by its weight."""
    which, rows, best, error = kept
    tries = 24
    wide = np.minimum(error, amount[1])
    low, high = np.maximum(best - 5 * wide, amount[0]), np.minimum(best + 5 * wide, amount[1])
    high = np.maximum(high, low * (1 + 1e-9))
    share = (np.arange(tries) + random.random((len(best), tries))) / tries
    tried = low[:, None] + (high - low)[:, None] * share
    logs = -0.5 * ((tried - best[:, None]) / wide[:, None]) ** 2
    bounds = model.respond(which, rows)[:, ~data.plain] if not data.plain.all() else np.empty((len(best), 0))
    logs = logs + log_extra(data, bounds, tried, amount, even)
    gumbel = -np.log(-np.log(random.random(logs.shape)))
    return np.asarray(tried[np.arange(len(best)), np.argmax(logs + gumbel, axis=1)])
