"""WRTDS: daily concentration and load of the whole record, as they were and as they would be at usual flows.

Source: Hirsch, Moyer and Archfield (2010), JAWRA 46, 857-880; details as EGRET 1.x, whose published daily values for
the Choptank River it reproduces (docs/loads.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.loads.samples import KG_PER_DAY, Flows, Samples, day_of_year, decimal_year, with_flow
from shangyou.basin.loads.surfaces import LEVELS, STEPS, Points, Surfaces, between, grid, surfaces
from shangyou.basin.loads.windows import Windows
from shangyou.core.records import Array, Ints

FEBRUARY: Final = (59, 60)  # 28 and 29 February share their flows: EGRET since 2.0
DECEMBER: Final = (365, 366)  # the last two days of the year do, and 29 February stands alone: EGRET 1.x


@dataclass(frozen=True, slots=True, eq=False)
class Daily:
    """What WRTDS says of each day that has a flow."""

    day: Ints  # (n,) days since 1970-01-01
    flow: Array  # (n,) m3/s
    log_concentration: Array  # (n,) expected ln of mg/L
    error: Array  # (n,) its standard error
    concentration: Array  # (n,) mg/L
    load: Array  # (n,) kg/d
    normal_concentration: Array  # (n,) mg/L, mean over the flows that this date has had in all years
    normal_load: Array  # (n,) kg/d, likewise


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A fitted model with what it says, and what could not be used."""

    daily: Daily
    surfaces: Surfaces
    windows: Windows
    samples: int  # used
    censored: int  # of those, known only by bounds
    without_flow: int  # samples of days without a flow, left out
    gaps: tuple[tuple[int, int], ...]  # first and last day of each stretch of days without a flow
    shift: float  # m3/s added to flows before their logarithm, because the river was dry at times; mostly 0


def wrtds(
    samples: Samples, flows: Flows, windows: Windows | None = None, twins: tuple[int, int] = FEBRUARY
) -> Estimate:
    """Fit WRTDS and evaluate it on every day that has a flow.

    twins: see `evaluate`.

    Raises:
        InputError: "loads.few": too few samples; "loads.singular": no regression can be fitted.
    """
    windows = windows or Windows()
    shift = flows.shift()
    year, log_flow = decimal_year(flows.day), np.log(flows.flow + shift)
    used, flow = with_flow(samples, flows)
    with np.errstate(divide="ignore"):  # no lower bound: ln 0 = -inf is what it is
        points = Points(decimal_year(used.day), np.log(flow + shift), np.log(used.low), np.log(used.high))
    years, levels = grid(year, log_flow)
    fitted = surfaces(points, years, levels, (float(year[0]), float(year[-1])), windows)
    return Estimate(
        daily=evaluate(fitted, flows, shift, twins),
        surfaces=fitted,
        windows=windows,
        samples=len(used.day),
        censored=int((~used.known).sum()),
        without_flow=len(samples.day) - len(used.day),
        gaps=gaps(flows.day),
        shift=shift,
    )


def evaluate(fitted: Surfaces, flows: Flows, shift: float = 0.0, twins: tuple[int, int] = FEBRUARY) -> Daily:
    """Read the surfaces at each day's flow, and at all flows that its date has had.

    twins: two numbers of dates (`day_of_year`) that share their flows, because 29 February alone has had too few.
    """
    row, row_share = _place(decimal_year(flows.day), fitted.years[0], 1 / STEPS)
    first, step = fitted.levels[0], (fitted.levels[-1] - fitted.levels[0]) / (LEVELS - 1)
    level, level_share = _place(np.log(flows.flow + shift), first, step)
    at = (row, row_share, level, level_share)
    concentration = between(fitted.concentration, *at)
    normal_concentration, normal_load = _normalised(fitted, flows, twins, *at)
    return Daily(
        day=flows.day,
        flow=flows.flow,
        log_concentration=between(fitted.log_concentration, *at),
        error=between(fitted.error, *at),
        concentration=concentration,
        load=concentration * flows.flow * KG_PER_DAY,
        normal_concentration=normal_concentration,
        normal_load=normal_load,
    )


def gaps(day: Ints) -> tuple[tuple[int, int], ...]:
    """First and last day of each stretch that is missing between days."""
    before = np.flatnonzero(np.diff(day) > 1)
    return tuple((int(day[i]) + 1, int(day[i + 1]) - 1) for i in before)


def _place(value: Array, first: float, step: float) -> tuple[Ints, Array]:
    """Index of the grid line at or before each value, and how far on the way to the next."""
    along = (value - first) / step
    index = np.floor(along).astype(np.int64)
    return index, along - index


def _normalised(
    fitted: Surfaces,
    flows: Flows,
    twins: tuple[int, int],
    row: Ints,
    row_share: Array,
    level: Ints,
    level_share: Array,
) -> tuple[Array, Array]:
    """Mean concentration and load of each day over all flows that its date has had in the record.

    A surface is linear between levels of flow, so its mean over many flows is a fixed mix of its 14 levels: one mix a
    date, instead of one reading for each pair of a day and a flow.
    """
    date = day_of_year(flows.day)
    date = np.where(date == twins[1], twins[0], date)
    mix, load_mix, count = np.zeros((367, LEVELS)), np.zeros((367, LEVELS)), np.bincount(date, minlength=367)
    for step, share in ((0, 1 - level_share), (1, level_share)):
        np.add.at(mix, (date, level + step), share)
        np.add.at(load_mix, (date, level + step), share * flows.flow * KG_PER_DAY)
    here = fitted.concentration[row] * (1 - row_share)[:, None] + fitted.concentration[row + 1] * row_share[:, None]
    mean = np.einsum("nq,nq->n", here, mix[date]) / count[date]
    return mean, np.einsum("nq,nq->n", here, load_mix[date]) / count[date]
