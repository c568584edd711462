"""Tests between series: which pairs of series there are, and the verdicts of comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Bytes, Ints, SeriesKey
from shangyou.quality.cross import may_be_less, may_be_more, order_test, oxygen_saturation
from shangyou.quality.lines import Mask
from shangyou.quality.neighbour import neighbour_test
from shangyou.quality.pairs import Index, Pairing, Points
from shangyou.quality.plan import Plan
from shangyou.quality.thresholds import Thresholds

OXYGEN: Final = "dissolved_oxygen"
TEMPERATURE: Final = "water_temperature"


class Rows(NamedTuple):
    """All n rows, sorted by (series, time)."""

    starts: Ints  # (k + 1,) first row of each series, and n
    time: Ints
    value: Array  # NaN = no value
    censor: Bytes


class Verdict(NamedTuple):
    """What comparisons found."""

    row: Ints  # (e,)
    flag: Bytes  # (e,) Flag


@dataclass(frozen=True, slots=True)
class _Orders:
    """Pairs of series of which one may not be greater, as parallel lists."""

    lesser: list[int]
    greater: list[int]
    share: list[float]
    plus: list[float]


def cross_verdicts(plan: Plan, keys: Sequence[SeriesKey], rows: Rows, index: Index) -> list[Verdict]:
    """Contradictions inside a site: the verdicts for rows of both series of each rule."""
    found = []
    orders = _orders(plan, keys)
    if orders.lesser:
        share, plus = np.array(orders.share), np.array(orders.plus)
        lesser, greater = np.array(orders.lesser), np.array(orders.greater)
        for own, other, own_is_lesser in ((lesser, greater, True), (greater, lesser, False)):
            at = _same_time(index, rows, own, other)
            found.append(_order(at, rows, index.points, share, plus, own_is_lesser))
    if plan.saturation is not None:
        oxygen, temperature = _saturations(keys)
        at = _same_time(index, rows, oxygen, temperature)
        most = oxygen_saturation(index.points.value[at.point]) * plan.saturation.times
        tested = ~may_be_less(rows.censor[at.row])
        flag = order_test(rows.value[at.row], most, np.zeros(1), np.zeros(1))
        found.append(Verdict(at.row[tested], flag[tested]))
    return found


def neighbour_verdicts(plan: Plan, keys: Sequence[SeriesKey], rows: Rows, index: Index, by: Thresholds) -> Bytes:
    """(n,) Flag of the comparison with the same series of the sites that the plan names."""
    where = {key: i for i, key in enumerate(keys)}
    pairs = [
        (i, where[twin])
        for i, key in enumerate(keys)
        for site in plan.neighbours.get(key.site, ())
        if (twin := key._replace(site=site)) in where and not np.isnan(by.neighbour_suspect[i])
    ]
    own, other = _columns(pairs)
    at = index.pair(rows.starts, own, other, rows.time, by.reach[own] / 2)
    return neighbour_test(
        len(rows.time),
        at.row,
        rows.value[at.row],
        index.points.value[at.point],
        by.neighbour_suspect[own[at.pair]],
        by.neighbour_share[own[at.pair]],
    )


def _same_time(index: Index, rows: Rows, own: Ints, other: Ints) -> Pairing:
    return index.pair(rows.starts, own, other, rows.time, np.zeros(len(own)))


def _order(at: Pairing, rows: Rows, points: Points, share: Array, plus: Array, own_is_lesser: bool) -> Verdict:
    own, other = rows.value[at.row], points.value[at.point]
    own_censor, other_censor = rows.censor[at.row], points.censor[at.point]
    if own_is_lesser:
        flag = order_test(own, other, share[at.pair], plus[at.pair])
        open_: Mask = may_be_less(own_censor) | may_be_more(other_censor)
    else:
        flag = order_test(other, own, share[at.pair], plus[at.pair])
        open_ = may_be_less(other_censor) | may_be_more(own_censor)
    return Verdict(at.row[~open_], flag[~open_])


def _orders(plan: Plan, keys: Sequence[SeriesKey]) -> _Orders:
    """All pairs of series to which a rule of the plan applies."""
    where = {key: i for i, key in enumerate(keys)}
    found = _Orders([], [], [], [])
    by_lesser: dict[tuple[bool, str], list[int]] = {}
    for number, order in enumerate(plan.orders):
        by_lesser.setdefault((order.statistics, order.lesser), []).append(number)
    for i, key in enumerate(keys):
        for number in (*by_lesser.get((False, key.parameter), ()), *by_lesser.get((True, key.statistic), ())):
            order = plan.orders[number]
            name = "statistic" if order.statistics else "parameter"
            twin = where.get(key._replace(**{name: order.greater}))
            if twin is not None and key.statistic != "total":
                found.lesser.append(i)
                found.greater.append(twin)
                found.share.append(order.share)
                found.plus.append(order.plus)
    return found


def _saturations(keys: Sequence[SeriesKey]) -> tuple[Ints, Ints]:
    where = {key: i for i, key in enumerate(keys)}
    pairs = [
        (i, twin)
        for i, key in enumerate(keys)
        if key.parameter == OXYGEN and (twin := where.get(key._replace(parameter=TEMPERATURE))) is not None
    ]
    return _columns(pairs)


def _columns(pairs: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
