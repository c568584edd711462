"""The plan: which tests with which thresholds, for which parameter, cadence and site.

`plan.yaml` beside this file is ours; a user's text of the same form is laid over it key by key. Every group of
thresholds names its source and whether that was confirmed. Leaving a group out, or `null`, switches its test off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shangyou.core.records import Flag, Mark


@dataclass(frozen=True, slots=True)
class Sourced:
    """Where thresholds come from."""

    source: str
    status: str  # confirmed, or unverified


@dataclass(frozen=True, slots=True)
class Span(Sourced):
    """Limits of values [canonical unit]; both are inside."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Detection(Sourced):
    """Detection limit of the method [canonical unit]."""

    limit: float


@dataclass(frozen=True, slots=True)
class Spike(Sourced):
    """Distance from the mean of both neighbours [canonical unit]; see `spike_test`."""

    suspect: float
    fail: float | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Rate(Sourced):
    """Change an hour [canonical unit/h]; a shorter time than `shortest` [h] counts as `shortest`."""

    suspect: float
    fail: float | None = None
    shortest: float = 1.0


@dataclass(frozen=True, slots=True)
class Flat(Sourced):
    """How long values may stay the same [h]; see `flat_test`."""

    suspect: float
    fail: float | None = None
    pause: float = 12.0  # a longer pause ends the line [h]
    tolerance: float | None = None  # [canonical unit]; None = half of the last decimal in which it is reported
    floor: float | None = None  # values at or below it are never flat [canonical unit]; None = the detection limit


@dataclass(frozen=True, slots=True)
class Likeness(Sourced):
    """How far a site may differ from its neighbours: `suspect` [canonical unit], or `share` of their mean if more."""

    suspect: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Motion:
    """Tests of a series against its own past, for one parameter and cadence."""

    spike: Spike | None = None
    rate: Rate | None = None
    flat: Flat | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """All thresholds of one parameter."""

    physical: Span | None = None
    site: Span | None = None
    detection: Detection | None = None
    neighbour: Likeness | None = None
    motion: Mapping[str, Motion] = field(default_factory=dict)  # by cadence


@dataclass(frozen=True, slots=True)
class Cadence(Sourced):
    """What is expected of values that stand for such a time."""

    reach: float  # a neighbour further away than this is none [h]
    gap: float  # a value after a longer pause is suspect [h]


@dataclass(frozen=True, slots=True)
class TimeLimits(Sourced):
    """Credible times."""

    first: date  # the earliest day
    suspect: float  # so far ahead of the time of receipt [min]
    fail: float  # the same


@dataclass(frozen=True, slots=True)
class Order(Sourced):
    """One value may not be greater than another of the same site and time, beyond both uncertainties.

    Either of two parameters, or (`statistics`) of two statistics of the same parameter.
    """

    lesser: str
    greater: str
    share: float = 0.0  # lesser > greater + share * |greater| + plus contradicts
    plus: float = 0.0
    statistics: bool = False


@dataclass(frozen=True, slots=True)
class Saturation(Sourced):
    """Oxygen may not exceed so many times its saturation at the temperature of the same site and time."""

    times: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the tests need to know beside the values."""

    edition: str
    time: TimeLimits
    cadences: Mapping[str, Cadence]
    marks: Mapping[Mark, Flag]
    limits: Mapping[tuple[str, str], Limits]  # by (site, parameter); site "" = everywhere
    orders: tuple[Order, ...]
    saturation: Saturation | None
    neighbours: Mapping[str, tuple[str, ...]]  # sites that each site is compared with

    def limits_of(self, site: str, parameter: str) -> Limits | None:
        """Thresholds of a parameter at a site; None if nothing is known of the parameter."""
        return self.limits.get((site, parameter)) or self.limits.get(("", parameter))
