"""What is watched, and from where on it is odd. Thresholds are ours, set on simulated rivers (docs/detection.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Watch:
    """How one parameter is watched."""

    sense: int  # 1: pollution raises it; -1: pollution lowers it; 0: either way is odd
    floor: float  # scatter that is never thought to be less [canonical unit]: the instrument's own
    share: float  # and its scatter as a share of the value
    least: float  # the smallest change that anybody would act on [canonical unit]
    runoff: bool = False  # rises with rain and rising rivers by itself
    alone: bool = True  # may raise an alarm by itself; the others only support one
    biological: bool = False
    alert: float | None = None  # of a monitor of living things: from where on it reacts, whatever is usual


WATCHED: Final[Mapping[str, Watch]] = MappingProxyType(
    {
        "ammonia_nitrogen": Watch(1, 0.015, 0.05, 0.10),
        "total_phosphorus": Watch(1, 0.006, 0.06, 0.06, runoff=True),
        "total_nitrogen": Watch(1, 0.06, 0.05, 1.0, runoff=True),
        "permanganate_index": Watch(1, 0.12, 0.06, 1.5, runoff=True),
        "dissolved_oxygen": Watch(-1, 0.20, 0.03, 2.0),
        "ph": Watch(0, 0.06, 0.0, 0.8),
        "conductivity": Watch(1, 8.0, 0.02, 150.0),
        "turbidity": Watch(1, 3.0, 0.15, 60.0, runoff=True, alone=False),
        "water_temperature": Watch(0, 0.15, 0.01, 3.0, alone=False),
        "flow": Watch(1, 1.0, 0.03, 0.0, runoff=True, alone=False),
        "water_level": Watch(1, 0.05, 0.0, 0.3, runoff=True, alone=False),
        "rainfall": Watch(1, 0.5, 0.0, 5.0, runoff=True, alone=False),
        "chemical_oxygen_demand": Watch(1, 1.0, 0.06, 10.0, runoff=True),
        "chlorophyll_a": Watch(1, 2.0, 0.1, 20.0, alone=False, biological=True),
        "algal_density": Watch(1, 2e5, 0.15, 1e7, alone=False, biological=True),  # 1e7/L: HJ 1098-2020, a light bloom
        "cyanobacteria_density": Watch(1, 2e5, 0.15, 1e7, alone=False, biological=True),
        "phycocyanin": Watch(1, 1.0, 0.1, 10.0, alone=False, biological=True),
        # Monitors of living things. Their water is mixed and lit: mud disturbs them, so rain explains what they show.
        # A fifth less light is within the scatter of the test; 30 % is our own.
        "bacterial_inhibition": Watch(1, 3.0, 0.0, 20.0, runoff=True, biological=True, alert=30.0),
        # A quarter of the day before: the alarm of a medaka monitor (lygdpzy.com.cn zhyjjc), which notes from a half.
        "fish_activity": Watch(-1, 8.0, 0.0, 30.0, runoff=True, biological=True, alert=25.0),
        # 10 points: from there on Saxony's stations on the Elbe report and sample (umwelt.sachsen.de 1403).
        "daphnia_toxicity": Watch(1, 1.0, 0.0, 5.0, runoff=True, biological=True, alert=10.0),
    }
)
LIVING: Final = tuple(name for name, watch in WATCHED.items() if watch.alert is not None)  # monitors of living things
CHEMICAL: Final = Watch(1, 0.0, 0.10, 0.0)  # any other parameter that has a limit: metals, organics


@dataclass(frozen=True, slots=True)
class Plan:
    """Thresholds of detection."""

    watched: Mapping[str, Watch] = field(default_factory=lambda: WATCHED)
    limits: Mapping[tuple[str, str], float] = field(default_factory=dict)  # (section, parameter): of its target
    worst: Mapping[str, float] = field(default_factory=dict)  # parameter: limit of class V
    days: float = 8.0  # of which the usual is the median
    readings: int = 24  # fewer within them are made up from the days before
    long_days: float = 25.0  # so far back
    few: int = 12  # and fewer than these tell nothing
    odd: float = 5.0  # scatters from the usual, from where on a reading is odd
    odd_expected: float = 3.5  # the same while a warned substance is due there
    least_expected: float = 0.5  # and so much of the smallest change that anybody would act on
    limit_alone: float = 7.0  # where the limit is all that speaks: waters near their limit cross it by themselves
    sudden: float = 10.0  # from where on a change is one that nature does not make in hours
    calm: float = 2.5  # and below which it is as usual again: hysteresis
    quiet_hours: float = 6.0  # for so long
    need: int = 2  # odd readings in succession, before an alarm is raised
    need_alone: int = 3  # where the next station upstream is known and saw nothing
    forecast_hours: float = 6.0
    after_service_hours: float = 3.0  # an instrument takes so long to settle
    runoff_hours: float = 36.0  # a rise of the river explains what follows for so long
    runoff_share: float = 2.0  # unless it is so many times the limit
    forget_hours: float = 72.0  # from then on an odd level is thought to be the usual
    slow: float = 2.0  # water may take so many times as long between stations as it typically does
    fast: float = 0.4
    slack_hours: float = 6.0
    legal_hours: float = 8.0  # ahead of UTC: when it is day

    def watch(self, parameter: str) -> Watch:
        """How a parameter is watched."""
        return self.watched.get(parameter, CHEMICAL)
