"""Thresholds as columns: what the plan says of each series, ready to be spread over its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Bytes, Flag, Ints, Mark, SeriesKey
from shangyou.core.vocabulary import parameters
from shangyou.quality.plan import Flat, Limits, Motion, Plan, Rate, Span, Spike

HOUR_MS: Final = 3_600_000.0
EXACT: Final = 1e-12  # tolerance of a flat line where nobody says to how many decimals the parameter is reported


class Thresholds(NamedTuple):
    """(k,) columns, one entry a series: canonical units, times in ms; NaN = not tested."""

    physical_low: Array
    physical_high: Array
    site_low: Array
    site_high: Array
    spike_suspect: Array
    spike_fail: Array
    spike_share: Array
    rate_suspect: Array  # an hour
    rate_fail: Array
    rate_shortest: Array
    flat_suspect: Array
    flat_fail: Array
    flat_pause: Array
    flat_tolerance: Array
    flat_floor: Array
    reach: Array
    gap: Array
    neighbour_suspect: Array
    neighbour_share: Array

    def spread(self, counts: Ints) -> Thresholds:
        """(n,) columns from (k,): each entry repeated for the rows of its series."""
        return Thresholds(*(np.repeat(column, counts) for column in self))

    def part(self, start: int, stop: int) -> Thresholds:
        """Thresholds of the series start, ..., stop - 1."""
        return Thresholds(*(column[start:stop] for column in self))


Limited = Mapping[tuple[str, str], float]  # detection limits that devices report, by (site, parameter)
NOTHING: Final = (float("nan"),) * len(Thresholds._fields)


def thresholds(plan: Plan, keys: Sequence[SeriesKey], detection: Limited | None = None) -> Thresholds:
    """Thresholds of each series. Totals over a period are not tested: their size follows from its length."""
    known: dict[tuple[str, str, str], tuple[float, ...]] = {}
    reported = detection or {}
    rows = []
    for key in keys:
        if key.statistic == "total":
            rows.append(NOTHING)
            continue
        limit = reported.get((key.site, key.parameter))
        own = limit is not None or (key.site, key.parameter) in plan.limits
        name = (key.site if own else "", key.parameter, key.cadence)
        if name not in known:
            known[name] = _row(plan, *name, limit)
        rows.append(known[name])
    return Thresholds(*np.array(rows, np.float64).reshape(-1, len(NOTHING)).T.copy())


def verdicts_of_marks(plan: Plan) -> Bytes:
    """Flag by Mark, as a table for `mark_test`."""
    table = np.full(max(Mark) + 1, Flag.NOT_EVALUATED, np.uint8)
    for mark, flag in plan.marks.items():
        table[mark] = flag
    return table


def _row(plan: Plan, site: str, parameter: str, cadence: str, detection: float | None) -> tuple[float, ...]:
    limits = plan.limits_of(site, parameter) or Limits()
    motion = limits.motion.get(cadence, Motion())
    pace = plan.cadences.get(cadence)
    spike, rate, flat, like = motion.spike, motion.rate, motion.flat, limits.neighbour
    if detection is None:
        detection = _detection(limits, parameter)
    return (
        *_span(limits.physical),
        *_span(limits.site),
        *_spike(spike),
        *_rate(rate),
        *_flat(flat, parameter, detection),
        *(NOTHING[:2] if pace is None else (pace.reach * HOUR_MS, pace.gap * HOUR_MS)),
        *(NOTHING[:2] if like is None else (like.suspect, like.share)),
    )


def _detection(limits: Limits, parameter: str) -> float | None:
    if limits.detection is not None:
        return limits.detection.limit
    known = parameters().get(parameter)
    return known.detection_limit if known else None


def _span(span: Span | None) -> tuple[float, ...]:
    return NOTHING[:2] if span is None else (_number(span.low), _number(span.high))


def _spike(spike: Spike | None) -> tuple[float, ...]:
    return NOTHING[:3] if spike is None else (spike.suspect, _number(spike.fail), spike.share)


def _rate(rate: Rate | None) -> tuple[float, ...]:
    if rate is None:
        return NOTHING[:3]
    return rate.suspect, _number(rate.fail), rate.shortest * HOUR_MS


def _flat(flat: Flat | None, parameter: str, detection: float | None) -> tuple[float, ...]:
    if flat is None:
        return NOTHING[:5]
    known = parameters().get(parameter)
    decimals = known.decimals if known else None
    tolerance = flat.tolerance
    if tolerance is None:
        tolerance = EXACT if decimals is None else 0.5 * 10.0**-decimals
    floor = flat.floor if flat.floor is not None else detection
    return (
        flat.suspect * HOUR_MS,
        _number(flat.fail) * HOUR_MS,
        flat.pause * HOUR_MS,
        tolerance,
        float("-inf") if floor is None else floor,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
