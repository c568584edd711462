"""Tests between series: which pairs of series there are, and the verdicts of comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Check, Flag, Ints, SeriesKey
from shangyou.quality.cross import may_be_less, may_be_more, order_test, saturation_test
from shangyou.quality.lines import Mask
from shangyou.quality.neighbour import neighbour_test
from shangyou.quality.pairs import Index, Points
from shangyou.quality.plan import Plan, Saturation
from shangyou.quality.thresholds import Thresholds

OXYGEN: Final = "dissolved_oxygen"
TEMPERATURE: Final = "water_temperature"


class Rows(NamedTuple):
    """All n rows, sorted by (series, time)."""

    starts: Ints  # (k + 1,) first row of each series, and n
    series: NDArray[np.int32]
    time: Ints
    value: Array  # NaN = no value
    censor: Bytes
    point: Mask  # others are compared with this value
    void: Mask  # fails by itself, and is not compared with others

    def own(self, row: Ints) -> Array:
        """Values to be tested; NaN where there is none, or it is void."""
        return np.where(self.void[row], np.nan, self.value[row])


class Verdict(NamedTuple):
    """What comparisons found."""

    test: Check
    row: Ints  # (e,)
    flag: Bytes  # (e,) Flag


def judge_between(plan: Plan, keys: Sequence[SeriesKey], rows: Rows, by: Thresholds) -> list[Verdict]:
    """Contradictions inside of a site, and comparisons with the sites that the plan calls its neighbours."""
    orders, saturations, neighbours = _orders(plan, keys), _saturations(plan, keys), _neighbours(plan, keys)
    named = [orders.lesser, orders.greater, saturations[1], neighbours[1]]
    partner = np.zeros(len(keys), np.bool_)
    partner[np.concatenate(named)] = True
    point = np.flatnonzero(rows.point & partner[rows.series])
    index = Index(Points(rows.series[point], rows.time[point], rows.value[point], rows.censor[point]))
    found = []
    if len(orders.lesser):
        found += [_order(orders, rows, index, own_is_lesser) for own_is_lesser in (True, False)]
    if plan.saturation is not None and len(saturations[0]):
        found.append(_oxygen(plan.saturation, rows, index, *saturations))
    if len(neighbours[0]):
        found.append(_neighbour(rows, index, by, *neighbours))
    return found


class _Orders(NamedTuple):
    """Pairs of series of which one may not be greater."""

    lesser: Ints
    greater: Ints
    share: Array
    plus: Array


def _order(orders: _Orders, rows: Rows, index: Index, own_is_lesser: bool) -> Verdict:
    own, other = (orders.lesser, orders.greater) if own_is_lesser else (orders.greater, orders.lesser)
    at = index.pair(rows.starts, own, other, rows.time, np.zeros(len(own)))
    values = rows.own(at.row), index.points.value[at.point]
    censors = rows.censor[at.row], index.points.censor[at.point]
    lesser, greater = (0, 1) if own_is_lesser else (1, 0)
    flag = order_test(values[lesser], values[greater], orders.share[at.pair], orders.plus[at.pair])
    flag[may_be_less(censors[lesser]) | may_be_more(censors[greater])] = Flag.NOT_EVALUATED
    return Verdict(Check.CROSS, at.row, flag)


def _oxygen(limit: Saturation, rows: Rows, index: Index, oxygen: Ints, temperature: Ints) -> Verdict:
    at = index.pair(rows.starts, oxygen, temperature, rows.time, np.zeros(len(oxygen)))
    flag = saturation_test(rows.own(at.row), index.points.value[at.point], limit.times)
    flag[may_be_less(rows.censor[at.row])] = Flag.NOT_EVALUATED
    return Verdict(Check.CROSS, at.row, flag)


def _neighbour(rows: Rows, index: Index, by: Thresholds, own: Ints, other: Ints) -> Verdict:
    at = index.pair(rows.starts, own, other, rows.time, by.reach[own] / 2)
    tested, place = np.unique(at.row, return_inverse=True)
    suspect, share = by.neighbour_suspect[own[at.pair]], by.neighbour_share[own[at.pair]]
    value, twin = rows.own(at.row), index.points.value[at.point]
    return Verdict(Check.NEIGHBOUR, tested, neighbour_test(len(tested), place, value, twin, suspect, share))


def _neighbours(plan: Plan, keys: Sequence[SeriesKey]) -> tuple[Ints, Ints]:
    """Series, and the same of the sites that the plan names."""
    if not plan.neighbours:
        return _columns([])
    where = {key: i for i, key in enumerate(keys)}
    return _columns(
        [
            (i, where[twin])
            for i, key in enumerate(keys)
            for site in plan.neighbours.get(key.site, ())
            if (twin := key._replace(site=site)) in where
        ]
    )


def _orders(plan: Plan, keys: Sequence[SeriesKey]) -> _Orders:
    """All pairs of series to which a rule of the plan applies."""
    where = {key: i for i, key in enumerate(keys)}
    rules: dict[tuple[str, str], list[int]] = {}
    for number, order in enumerate(plan.orders):
        rules.setdefault(("statistic" if order.statistics else "parameter", order.lesser), []).append(number)
    found = []
    for i, key in enumerate(keys):
        if key.statistic == "total":
            continue
        for name, own in (("parameter", key.parameter), ("statistic", key.statistic)):
            for number in rules.get((name, own), ()):
                twin = where.get(key._replace(**{name: plan.orders[number].greater}))
                if twin is not None:
                    found.append((i, twin, number))
    lesser, greater, rule = np.array(found, np.int64).reshape(-1, 3).T
    share, plus = (np.array([getattr(order, name) for order in plan.orders]) for name in ("share", "plus"))
    return _Orders(lesser, greater, share[rule], plus[rule])


def _saturations(plan: Plan, keys: Sequence[SeriesKey]) -> tuple[Ints, Ints]:
    """Series of oxygen, and of temperature at the same site."""
    if plan.saturation is None:
        return _columns([])
    where = {key: i for i, key in enumerate(keys)}
    return _columns(
        [
            (i, twin)
            for i, key in enumerate(keys)
            if key.parameter == OXYGEN and (twin := where.get(key._replace(parameter=TEMPERATURE))) is not None
        ]
    )


def _columns(pairs: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
