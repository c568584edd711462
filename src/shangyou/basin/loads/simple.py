"""Estimators of a load that need no model: mean concentration times flow, and Beale's ratio."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shangyou.basin.loads.samples import KG_PER_DAY, Flows, Samples, with_flow
from shangyou.core.errors import InputError
from shangyou.core.records import Array


class Simple(NamedTuple):
    """The load of a whole record."""

    load: float  # kg, over all days that have a flow
    error: float  # kg, standard error; of sampling alone, not of a bias
    days: int
    samples: int  # days with a sample


def mean_times_flow(samples: Samples, flows: Flows) -> Simple:
    """Mean concentration times total flow. Biased where concentration goes with flow, and the error does not show it.

    Error: of the mean of n days out of N, s sqrt(1/n - 1/N) (Cochran 1977, Sampling Techniques, 2.6).
    Censored values enter with half of their limit. Raises InputError "loads.few".
    """
    concentration, _ = _daily(samples, flows)
    n, total = len(flows.flow), float(flows.flow.sum()) * KG_PER_DAY
    share = _share(len(concentration), n)
    error = total * float(concentration.std(ddof=1)) * share**0.5
    return Simple(total * float(concentration.mean()), error, n, len(concentration))


def beale(samples: Samples, flows: Flows) -> Simple:
    """Beale's ratio: mean load over mean flow of the sampled days, times the mean flow of all, freed of most bias.

    Source: Beale (1962), Industrial Organisation 31, 27-28; Richards (1998), Estimation of pollutant loads in rivers
    and streams, Heidelberg College, 4.5. Error: of a ratio, to first order (Cochran 1977, 6.4).
    Censored values enter with half of their limit. Raises InputError "loads.few".
    """
    concentration, flow = _daily(samples, flows)
    load, n = concentration * flow * KG_PER_DAY, len(flows.flow)
    share = _share(len(load), n)
    mean_load, mean_flow = float(load.mean()), float(flow.mean())
    if mean_flow == 0 or mean_load == 0:  # nothing flowed on any sampled day
        raise InputError("loads.dry", samples=len(load))
    spread = np.cov(load, flow)
    ll, lq, qq = spread[0, 0] / mean_load**2, spread[0, 1] / (mean_load * mean_flow), spread[1, 1] / mean_flow**2
    ratio = mean_load / mean_flow * (1 + share * lq) / (1 + share * qq)
    total = ratio * float(flows.flow.sum())
    error = abs(total) * float(np.sqrt(share * max(ll + qq - 2 * lq, 0.0)))
    return Simple(float(total), error, n, len(load))


def _share(sampled: int, days: int) -> float:
    """1/n - 1/N: nothing is unknown of a mean once every day is sampled."""
    return 1 / sampled - 1 / days


def _daily(samples: Samples, flows: Flows) -> tuple[Array, Array]:
    """Concentration of each sampled day (mean of several), and its flow."""
    used, flow = with_flow(samples, flows)
    day, first, group = np.unique(used.day, return_index=True, return_inverse=True)
    if len(day) < 3:
        raise InputError("loads.few", samples=len(day), known=len(day), least=3, least_known=3)
    return np.bincount(group, used.middle()) / np.bincount(group), flow[first]
