"""Made hours of a few stations, quiet but for what a test does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from shangyou.core.records import Array
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.plan import HOUR, Plan
from shangyou.governance.detection.readings import NOWHERE, Readings, Waters

T0 = 450_000 * HOUR
DAYS = 12
USUAL = {
    "ammonia_nitrogen": (0.2, 0.01),
    "total_phosphorus": (0.08, 0.004),
    "total_nitrogen": (1.8, 0.05),
    "dissolved_oxygen": (8.0, 0.15),
    "turbidity": (20.0, 2.0),
    "water_temperature": (18.0, 0.2),
}
PLAN = Plan(
    limits={(s, p): v for s in "abcd" for p, v in (("ammonia_nitrogen", 1.0), ("total_phosphorus", 0.2))},
    worst={"ammonia_nitrogen": 2.0, "total_phosphorus": 0.4},
)
LINE = Waters.of(("a", "b", "c"), lambda one, other: 20.0 * (ord(other) - ord(one)) if other > one else None)


@dataclass
class River:
    """(hours, series) values and doubts, to be changed before they are told."""

    sections: str = "a"
    hours: int = DAYS * 24
    seed: int = 1
    usual: dict[str, tuple[float, float]] = field(default_factory=lambda: USUAL)  # by parameter: level and scatter
    keys: tuple[tuple[str, str], ...] = field(init=False)
    value: Array = field(init=False)
    doubt: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = tuple((section, parameter) for section in self.sections for parameter in self.usual)
        rng = np.random.default_rng(self.seed)
        usual = np.array([self.usual[parameter] for _, parameter in self.keys])
        self.value = usual[:, 0] + usual[:, 1] * rng.normal(0, 1, (self.hours, len(self.keys)))
        self.doubt = np.zeros(self.value.shape, np.uint8)

    def column(self, section: str, parameter: str) -> int:
        return self.keys.index((section, parameter))

    def add(self, section: str, parameter: str, hour: int, values: list[float], alone: bool = False) -> River:
        """Lay a rise over a series; over total nitrogen too where it is ammonia, a part of it, and not alone."""
        self.value[hour : hour + len(values), self.column(section, parameter)] += values
        if not alone and parameter == "ammonia_nitrogen" and (section, "total_nitrogen") in self.keys:
            self.value[hour : hour + len(values), self.column(section, "total_nitrogen")] += values
        return self

    def mark(self, section: str, parameter: str, hour: int, count: int, doubt: int) -> River:
        self.doubt[hour : hour + count, self.column(section, parameter)] = doubt
        return self

    def readings(self, first: int = 0, stop: int | None = None) -> Readings:
        stop = self.hours if stop is None else stop
        n, s = stop - first, len(self.keys)
        return Readings(
            self.keys,
            np.tile(np.arange(s), n),
            np.repeat(T0 + np.arange(first, stop) * HOUR, s),
            self.value[first:stop].ravel(),
            self.doubt[first:stop].ravel(),
        )

    def alarms(self, waters: Waters = NOWHERE, plan: Plan = PLAN) -> tuple[Alarm, ...]:
        return detect(State(), self.readings(), plan, waters).state.alarms


WAVE = [0.4, 1.2, 2.0, 1.7, 1.1, 0.7, 0.5, 0.3]
