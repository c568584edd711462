"""Rating curve: the logarithm of concentration as a regression on flow, season and time.

Source: Cohn, Caulder, Gilroy, Zynjuk and Summers (1992), Water Resources Research 28, 2353-2363 (seven-parameter
model); Duan (1983), J. American Statistical Association 78, 605-610 (smearing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.loads.censored import Bounded, Moments, direct, fit
from shangyou.basin.loads.samples import KG_PER_DAY, Flows, Samples, decimal_year, with_flow
from shangyou.core.errors import InputError
from shangyou.core.records import Array, Ints

TERMS: Final = ("flow", "flow2", "season", "time", "time2")
SPARE = 10  # samples more than coefficients, at the least


@dataclass(frozen=True, slots=True, eq=False)
class Rating:
    """A fitted curve."""

    terms: tuple[str, ...]
    names: tuple[str, ...]  # (c,) of the coefficients
    coefficients: Array  # (c,)
    errors: Array  # (c,) their standard errors
    sigma: float  # residual standard error of ln C, corrected for the coefficients spent
    samples: int
    censored: int
    smearing: float  # what exp(ln C) is multiplied by, so that the mean is right
    smearing_of: str  # "duan" (mean of exp of residuals); "normal" (exp(sigma^2 / 2)) where values are censored
    concentration: Array  # (n,) mg/L, of each day of the flows
    load: Array  # (n,) kg/d
    _slopes: Array  # (n, c) columns of the regression on each day
    _covariance: Array  # (c, c)

    def error_of(self, group: Ints, groups: int) -> Array:
        """(g,) standard error [kg] of the sum of loads over the days of each group.

        Two parts: the coefficients are not known exactly (delta method; they move all days together), and each day
        lies off the curve (taken as independent from day to day, hence small for long periods).
        """
        slope = np.zeros((groups, len(self.coefficients)))
        np.add.at(slope, group, self.load[:, None] * self._slopes)
        scatter = np.bincount(group, self.load**2, groups) * np.expm1(self.sigma**2)
        return np.asarray(np.sqrt(np.einsum("gi,ij,gj->g", slope, self._covariance, slope) + scatter))


def rating(samples: Samples, flows: Flows, terms: tuple[str, ...] = TERMS) -> Rating:
    """Fit the curve and evaluate it on every day that has a flow.

    Raises:
        InputError: "loads.terms"; "loads.few"; "loads.singular": the samples do not determine the coefficients.
    """
    if not terms or set(terms) - set(TERMS) or len(set(terms)) < len(terms):
        raise InputError("loads.terms", given=", ".join(terms), known=", ".join(TERMS))
    shift = flows.shift()
    used, flow = with_flow(samples, flows)
    known = used.known
    year, log_flow = decimal_year(used.day), np.log(flow + shift)
    spent = len(_names(terms))
    if known.sum() < spent + SPARE:
        least = spent + SPARE
        raise InputError("loads.few", samples=len(known), known=int(known.sum()), least=least, least_known=least)
    centre = float(year.mean()), float(log_flow.mean())
    x = _columns(year, log_flow, centre, terms)
    with np.errstate(divide="ignore"):
        low, high = np.log(used.low), np.log(used.high)
    v = np.column_stack([-x[known], low[known]])
    moments = Moments((v.T @ v)[None], np.array([float(known.sum())]))
    bounded = Bounded(x[~known], low[~known], high[~known], np.ones((1, int((~known).sum()))))
    found = fit(moments, bounded) if len(bounded.x) else direct(moments)
    if not found.converged[0]:
        raise InputError("loads.singular", points=1, of=1)
    coefficients = found.coefficients[0]
    free = len(known) - spent
    sigma = float(found.sigma[0]) * float(np.sqrt(len(known) / free))  # the likelihood's sigma is too small
    smearing, smearing_of = float(np.exp(sigma**2 / 2)), "normal"
    if known.all():
        smearing, smearing_of = float(np.exp(low - x @ coefficients).mean()), "duan"
    covariance = np.asarray(
        sigma**2 * np.linalg.inv(x.T @ x), np.float64
    )  # each censored value counted as if known: slightly too small
    slopes = _columns(decimal_year(flows.day), np.log(flows.flow + shift), centre, terms)
    concentration = np.exp(slopes @ coefficients) * smearing
    return Rating(
        terms=terms,
        names=_names(terms),
        coefficients=coefficients,
        errors=np.sqrt(np.diag(covariance)),
        sigma=sigma,
        samples=len(known),
        censored=int((~known).sum()),
        smearing=smearing,
        smearing_of=smearing_of,
        concentration=concentration,
        load=concentration * flows.flow * KG_PER_DAY,
        _slopes=slopes,
        _covariance=covariance,
    )


def _names(terms: tuple[str, ...]) -> tuple[str, ...]:
    return ("constant", *(part for term in terms for part in (("sine", "cosine") if term == "season" else (term,))))


def _columns(year: Array, log_flow: Array, centre: tuple[float, float], terms: tuple[str, ...]) -> Array:
    """(n, c) columns; time and flow from the middle of the samples, so that squares say something of their own."""
    time, flow, turn = year - centre[0], log_flow - centre[1], 2 * np.pi * year
    known = {"flow": [flow], "flow2": [flow**2], "season": [np.sin(turn), np.cos(turn)], "time": [time]}
    known["time2"] = [time**2]
    return np.column_stack([np.ones_like(year), *(column for term in terms for column in known[term])])
