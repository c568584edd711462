"""Trace a pulse back: which candidates explain it, where, when and how much, and whether any does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from shangyou.basin.tracing.amount import Seen, seen
from shangyou.basin.tracing.model import LENGTH, MIDDLE, PLACE, Model, model
from shangyou.basin.tracing.normal import beyond
from shangyou.basin.tracing.problem import Candidate, Flags, Problem, Way
from shangyou.basin.tracing.region import region, shortest
from shangyou.basin.tracing.result import Predicted, Range, Ranked, TraceResult, Verdict
from shangyou.basin.tracing.sampling import Draws, draw
from shangyou.basin.tracing.search import find
from shangyou.core.errors import InputError
from shangyou.core.records import Array

SHARE: Final = 0.9  # of the credible region
SURE: Final = 0.9
AHEAD: Final = 3.0  # times the probability of the next
MISFIT: Final = 1e-3  # a fit worse than that is no explanation
EVIDENCE: Final = 5.0  # log odds of a release against none, below which there is nothing to trace
LEAST: Final = 1e-4  # probability of a candidate that is told with ranges
RUN, FOUND, DRAWN = 0.15, 0.4, 0.95  # share of the work that is done after the backward runs, the search, the draws


def trace(problem: Problem, seed: int = 0, tell: Callable[[float], None] | None = None) -> TraceResult:
    """Rank the candidates of a problem.

    The seed decides the draws; equal problems and seeds give equal answers. `tell` hears what share is done.
    Raises InputError "trace.above" where no candidate lies above any station.
    """
    table = model(problem)
    if not table.sees.any():
        raise InputError("trace.above", candidates=len(problem.candidates))
    told = tell or _quiet
    told(RUN)
    data, priors = seen(problem), problem.priors
    modes = find(table, data)
    told(FOUND)
    weight = np.array([candidate.weight for candidate in problem.candidates])
    limits = (priors.least, priors.most)
    draws = draw(
        table,
        data,
        modes,
        weight / weight.sum(),
        limits,
        priors.even,
        np.random.default_rng(seed),
        lambda share: told(FOUND + (DRAWN - FOUND) * share),
    )
    told(DRAWN)
    return _told(problem, table, data, draws)


def _quiet(share: float) -> None:
    """Nobody asked how far it is."""


def stretches(way: Way, start: float, stop: float, length: float, index: int = 0) -> tuple[Candidate, ...]:
    """Candidates that cover a way from `start` to `stop` [m], cut at its stations, each of about `length`."""
    cuts = [start, *sorted(at for at in way.stations if start < at < stop), stop]
    edges: list[float] = []
    for low, high in pairwise(cuts):
        edges += np.linspace(low, high, max(1, round((high - low) / length)) + 1).tolist()[:-1]
    edges.append(stop)
    return tuple(
        Candidate(f"km {low / 1000:.1f}-{high / 1000:.1f}", low, high, index, weight=high - low)
        for low, high in pairwise(edges)
    )


def _told(problem: Problem, table: Model, data: Seen, draws: Draws) -> TraceResult:
    candidates = problem.candidates
    chance = np.exp(draws.log_evidence - np.logaddexp.reduce(draws.log_evidence))
    fits = _fits(table, data, draws)
    order = np.argsort(-chance, kind="stable")
    every = [_ranked(problem, draws, int(c), float(chance[c]), fits[int(c)]) for c in order if int(c) in fits]
    outlets = tuple(each for each in every if not each.candidate.width)
    along = tuple(each for each in every if each.candidate.width)
    mixed = 0 < sum(each.width > 0 for each in candidates) < len(candidates)
    ranked = outlets or along
    elsewhere = sum(each.probability for each in along) if mixed else 0.0
    groups, free = _groups(candidates)
    found = region(
        np.array(groups, np.intp)[draws.which],
        np.array(free),
        _place(problem, draws),
        draws.rows[:, MIDDLE] - np.exp(draws.rows[:, LENGTH]) / 2,
        draws.amount,
        SHARE,
    )
    none = float(data.value @ data.value)  # misfit of the background alone
    odds = float(np.logaddexp.reduce(draws.log_evidence)) + 0.5 * none
    flat = beyond(none, max(1, len(data.value)))
    first = ranked[0]
    best = max(each.fit for each in every)
    alike = tuple(r.candidate.id for r in ranked[1:] if r.probability * AHEAD > first.probability)
    return TraceResult(
        problem=problem,
        verdict=_verdict(first, len(alike), odds < EVIDENCE, (best, flat), elsewhere),
        ranked=ranked,
        along=along if mixed else (),
        elsewhere=elsewhere,
        alike=alike,
        unseen=tuple(each.id for each, sees in zip(candidates, table.sees, strict=True) if not sees.any()),
        predicted=_predicted(problem, table, data, draws),
        fit=best,
        region=found,
        groups=groups,
        draws=draws,
        log_odds=odds,
        effective=float(draws.effective[order[0]]),
    )


def _verdict(first: Ranked, alike: int, doubtful: bool, fits: tuple[float, float], elsewhere: float) -> Verdict:
    """fits: of the best explanation, and of none at all."""
    fit, flat = fits
    if doubtful and flat >= MISFIT:
        return Verdict.QUIET
    if doubtful or fit < MISFIT:
        return Verdict.UNEXPLAINED
    if first.candidate.width and not elsewhere:
        return Verdict.STRETCH
    if first.candidate.width or elsewhere > first.probability:
        return Verdict.ELSEWHERE
    if first.probability >= SURE:
        return Verdict.FOUND
    return Verdict.OPEN if alike else Verdict.LIKELY


def _groups(candidates: tuple[Candidate, ...]) -> tuple[tuple[int, ...], list[bool]]:
    """Stretches of one way are one group, every outlet is one of its own."""
    known: dict[object, int] = {}
    keys = [("way", each.way) if each.width > 0 else ("outlet", i) for i, each in enumerate(candidates)]
    groups = tuple(known.setdefault(key, len(known)) for key in keys)
    return groups, [key[0] == "way" for key in known]  # type: ignore[index]


def _place(problem: Problem, draws: Draws) -> Array:
    at = np.array([each.at for each in problem.candidates])
    width = np.array([each.width for each in problem.candidates])
    return np.asarray(at[draws.which] + width[draws.which] * draws.rows[:, PLACE])


def _fits(table: Model, data: Seen, draws: Draws) -> dict[int, float]:
    """By candidate, how probable a misfit as large as its best is: over plain values, and bounds that are broken."""
    found: dict[int, float] = {}
    for c in np.unique(draws.which):
        own = draws.which == c
        response = table.respond(draws.which[own], draws.rows[own])
        left = _left(data, response, draws.apparent[own])
        over = (response[:, ~data.plain] * draws.apparent[own, None] - data.bound) * (data.sign / data.error)
        misfit = np.einsum("ij,ij->i", left, left) + (np.maximum(over, 0.0) ** 2).sum(axis=1)
        freedom = max(1, int(data.plain.sum()) - int(table.active[c].sum()) - 1)
        found[int(c)] = beyond(float(misfit.min()), freedom)
    return found


def _left(data: Seen, response: Array, amount: Array) -> Array:
    """(n, m') whitened residuals of the plain values."""
    return np.asarray(data.value - amount[:, None] * data.whitened(response[:, data.plain]))


def _ranked(problem: Problem, draws: Draws, candidate: int, chance: float, fit: float) -> Ranked:
    own = draws.which == candidate
    begin = draws.rows[own, MIDDLE] - np.exp(draws.rows[own, LENGTH]) / 2
    each = problem.candidates[candidate]
    return Ranked(
        candidate=each,
        probability=chance,
        place=_range(each.at + each.width * draws.rows[own, PLACE] if each.width else np.full(int(own.sum()), each.at)),
        begin=_range(problem.origin + begin * 1000),
        duration=_range(np.exp(draws.rows[own, LENGTH])),
        amount=_range(draws.amount[own]),
        fit=fit,
    )


def _range(values: Array) -> Range:
    low, high = shortest(values, SHARE)
    return Range(low, float(np.median(values)), high)


def _predicted(problem: Problem, table: Model, data: Seen, draws: Draws) -> tuple[Predicted, ...]:
    """Bands of all explanations together, and how well the best of them fits at each station."""
    thin = slice(None, None, max(1, len(draws.which) // 500))
    amount = draws.apparent[thin]
    response = table.respond(draws.which[thin], draws.rows[thin])
    squares = _left(data, response, amount) ** 2
    best = squares[int(np.argmin(squares.sum(axis=1)))]
    rise = response * amount[:, None]
    out = []
    for s, pulse in enumerate(problem.pulses):
        own = data.station == s
        plain = own & data.plain
        level = data.background[own] + _background(data, plain, rise, pulse.background_sd)
        low, middle, high = np.quantile(rise[:, own] + level, (0.05, 0.5, 0.95), axis=0)
        fit = beyond(float(best[data.station[data.plain] == s].sum()), max(1, int(plain.sum()) - 1))
        out.append(Predicted(pulse.station, low, middle, high, fit))
    return tuple(out)


def _background(data: Seen, plain: Flags, rise: Array, unsure: float) -> Array:
    """(n, 1) by how much the background is off, given each explanation: the mean of its Gaussian."""
    if unsure <= 0 or not plain.any():
        return np.zeros((len(rise), 1))
    inverse = 1 / (data.variance[plain] - unsure**2)
    left = (data.given - data.background - rise)[:, plain]
    return np.asarray((left @ inverse / (inverse.sum() + unsure**-2))[:, None])
