"""What detection remembers of each series: the readings of some days, and how the newest stand to them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Ints
from shangyou.governance.detection.plan import HOUR, Plan
from shangyou.governance.detection.readings import Doubt, Series

KEPT: Final = 480  # readings of a series: twenty days of hours
NEVER: Final = np.iinfo(np.int64).min // 2
RENEWED: Final = 3 * HOUR  # after so long the usual is worked out anew
PAUSE: Final = 50 * HOUR  # readings farther apart do not follow each other; of daily ones a single may be missing
NORMAL: Final = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
RATE_HOURS: Final = 12
REACHED: Final = 0.95  # share of the remembered readings that a level is above, before it counts as never reached
Mask = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Memory:
    """s series; every array has a row for each. Grows as series are met."""

    keys: list[Series] = field(default_factory=list)
    index: dict[Series, int] = field(default_factory=dict)
    time: Ints = field(default_factory=lambda: np.empty((0, KEPT), np.int64))  # ring
    value: Array = field(default_factory=lambda: np.empty((0, KEPT)))
    strange: Mask = field(default_factory=lambda: np.empty((0, KEPT), np.bool_))  # was odd: no part of the usual
    count: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # readings ever
    last: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # time of the newest, believed or not
    usual: Array = field(default_factory=lambda: np.empty(0))
    scatter: Array = field(default_factory=lambda: np.empty(0))
    reached: Array = field(default_factory=lambda: np.empty((0, 2)))  # levels that were reached before: low, high
    renewed: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    streak: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # odd readings since it began
    since: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # the first of them
    odd_at: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # the newest odd reading
    doubt_at: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    doubt: Bytes = field(default_factory=lambda: np.empty(0, np.uint8))  # the newest reason not to believe

    def copy(self) -> Memory:
        """Another of the same content."""
        return deepcopy(self)

    def rows(self, keys: tuple[Series, ...]) -> Ints:
        """(k,) row of each series; new ones are entered."""
        new = [key for key in keys if key not in self.index]
        if new:
            more = len(new)
            for key in new:
                self.index[key] = len(self.keys)
                self.keys.append(key)
            self.time = np.concatenate([self.time, np.full((more, KEPT), NEVER)])
            self.value = np.concatenate([self.value, np.full((more, KEPT), np.nan)])
            self.strange = np.concatenate([self.strange, np.zeros((more, KEPT), np.bool_)])
            for name, filled in (("count", 0), ("streak", 0)):
                setattr(self, name, np.concatenate([getattr(self, name), np.full(more, filled, np.int64)]))
            for name in ("last", "renewed", "since", "odd_at", "doubt_at"):
                setattr(self, name, np.concatenate([getattr(self, name), np.full(more, NEVER)]))
            for name in ("usual", "scatter"):
                setattr(self, name, np.concatenate([getattr(self, name), np.full(more, np.nan)]))
            self.reached = np.concatenate([self.reached, np.full((more, 2), np.nan)])
            self.doubt = np.concatenate([self.doubt, np.zeros(more, np.uint8)])
        return np.array([self.index[key] for key in keys], np.int64)

    def renew(self, rows: Ints, at: int, floor: Array, share: Array, plan: Plan) -> None:
        """Work out anew what is usual, where that is due: median and scatter of the believed days before."""
        due = rows[self.renewed[rows] <= at - RENEWED]
        if not len(due):
            return
        time = self.time[due]
        fair = ~(self.strange[due] & (time > at - round(plan.forget_hours) * HOUR))
        value = np.where(fair & (time > at - round(plan.days * 24) * HOUR), self.value[due], np.nan)
        sparse = (~np.isnan(value)).sum(axis=1) < plan.readings  # daily readings need weeks for what hours tell in days
        value[sparse] = np.where(fair & (time > at - round(plan.long_days * 24) * HOUR), self.value[due], np.nan)[
            sparse
        ]
        enough = (~np.isnan(value)).sum(axis=1) >= plan.few
        usual = _quantile(value, 0.5)
        scatter = NORMAL * _quantile(np.abs(value - usual[:, None]), 0.5)
        ever = np.where(fair, self.value[due], np.nan)
        self.reached[due] = np.column_stack([_quantile(ever, 1 - REACHED), _quantile(ever, REACHED)])
        self.usual[due] = np.where(enough, usual, np.nan)
        self.scatter[due] = np.maximum(scatter, np.maximum(floor[due], share[due] * np.abs(usual)))
        self.renewed[due] = np.where(enough, at, NEVER)

    def put(self, rows: Ints, at: int, value: Array, strange: Mask) -> None:
        """Keep readings of one moment."""
        place = self.count[rows] % KEPT
        self.time[rows, place], self.value[rows, place], self.strange[rows, place] = at, value, strange
        self.count[rows] += 1

    def distrust(self, rows: Ints, at: int, doubt: Bytes) -> None:
        """Keep that readings of one moment are not believed; a value that is only missing says nothing."""
        real = doubt != Doubt.NO_VALUE
        self.doubt_at[rows[real]], self.doubt[rows[real]] = at, doubt[real]

    def recent(self, row: int, after: int) -> tuple[Ints, Array]:
        """Times and values of one series later than a time, in order."""
        some = np.flatnonzero(self.time[row] > after)
        some = some[np.argsort(self.time[row, some], kind="stable")]
        return self.time[row, some], self.value[row, some]

    def lowest(self, rows: Ints, at: int, sense: Array) -> Array:
        """(k,) of the last hours the value on the clean side (lowest where pollution raises it); NaN = none."""
        near = self.time[rows] > at - RATE_HOURS * HOUR
        clean = np.where(near, self.value[rows] * sense[:, None], np.inf).min(axis=1)
        return np.where(np.isfinite(clean), clean, np.nan) * sense


def _quantile(value: Array, share: float) -> Array:
    """(k,) quantile of each row, NaN left out; the reading next below it."""
    ordered = np.sort(value, axis=1)  # NaN goes to the end
    count = (~np.isnan(value)).sum(axis=1)
    place = np.floor(share * np.maximum(count - 1, 0)).astype(np.int64)
    return np.asarray(ordered[np.arange(len(value)), place])
