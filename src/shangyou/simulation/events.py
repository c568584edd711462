"""What goes wrong, and when: the known truth against which everything that looks at the data can be scored.

A week's events follow from seed and week alone, so the table can be asked for at any time and only grows. A few are
placed by hand near the present, so that every demo shows each kind whatever the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from shangyou.simulation import spill
from shangyou.simulation.flow import flow_at_stations
from shangyou.simulation.scenario import HOUR_MS, LEGAL_HOURS, Scenario
from shangyou.simulation.stretch import PARAMETERS, stations

STREAM: Final = 3
WEEK: Final = 168
LONGEST: Final = 130  # hours; no event of `_draw` lasts longer
SEEN: Final = 0.1  # [mg/L] rise of ammonia nitrogen from which a station has seen the spill
CLEAR: Final = 12  # hours around what every demo must show that are free of chance events
FALSIFIED: Final = ("brook_mouth", "ammonia_nitrogen")


class Kind(StrEnum):
    """What happened."""

    SPILL = "spill"  # true: the river itself is worse
    FALSIFIED = "falsified"  # the number is made to look good
    STUCK = "stuck"  # the sensor stands still, and says nothing of it
    SPIKE = "spike"  # one wild value
    DRIFT = "drift"  # slowly away from the truth, then cleaned
    FAULT = "fault"  # the instrument says so itself: mark D
    MAINTENANCE = "maintenance"  # mark M
    OUTAGE = "outage"  # no line; sent later, from memory
    LOST = "lost"  # no line, and never sent


ON_VALUES: Final = (Kind.FALSIFIED, Kind.STUCK, Kind.SPIKE, Kind.DRIFT, Kind.FAULT, Kind.MAINTENANCE)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that is known to have happened at one station."""

    kind: Kind
    station: str  # Station.key
    parameter: str  # "" = all
    start: int  # whole hours since 1970, from and including
    stop: int  # up to and not including
    size: float = 0.0  # spike, drift: what is added at most; spill: highest rise; canonical unit

    @property
    def hours(self) -> int:
        """How long it lasts [h]."""
        return self.stop - self.start

    @property
    def start_ms(self) -> int:
        """Its first moment [ms since 1970]."""
        return self.start * HOUR_MS

    @property
    def stop_ms(self) -> int:
        """The first moment after it [ms since 1970]."""
        return self.stop * HOUR_MS


SPIKES: Final = {  # what an instrument's wild value adds, from and to, as a number or (share) of the value
    "water_temperature": (6.0, 18.0, False),
    "ph": (-4.0, -1.2, False),
    "dissolved_oxygen": (-1.0, -0.6, True),
    "conductivity": (1.5, 6.0, True),
    "turbidity": (300.0, 2000.0, False),
    "permanganate_index": (8.0, 20.0, False),
    "ammonia_nitrogen": (2.0, 8.0, False),
    "total_phosphorus": (0.4, 2.0, False),
    "total_nitrogen": (5.0, 15.0, False),
}
DRIFTS: Final = {"ph": 0.6, "conductivity": 60.0, "dissolved_oxygen": -1.2}  # in 100 hours [canonical unit]
STICKING: Final = ("turbidity", "conductivity", "dissolved_oxygen")


def truth(scenario: Scenario, until: int | None = None) -> tuple[Event, ...]:
    """All events that begin in the history or later, before hour `until` (default: the present), cut off there.

    In order of their beginning.
    """
    stop = scenario.present_hour if until is None else until
    found = [*_spill(scenario), *_placed(scenario, stop)]
    weeks = range(scenario.first_hour // WEEK - 1, stop // WEEK + 1)
    taken = [e for e in found if e.kind in (Kind.SPILL, Kind.FALSIFIED)]
    for week in weeks:
        found += [e for e in _draw(scenario.seed, week) if not any(_hides(e, told) for told in taken)]
    cut = [
        Event(e.kind, e.station, e.parameter, e.start, min(e.stop, stop), e.size)
        for e in found
        if scenario.first_hour <= e.start < stop
    ]
    return tuple(sorted(cut, key=lambda e: (e.start, e.kind, e.station, e.parameter)))


def _hides(event: Event, told: Event) -> bool:
    """Would an event by chance hide one that every demo must show?"""
    same = event.parameter in ("", told.parameter) if told.kind is Kind.SPILL else event.parameter == told.parameter
    near = event.start < told.stop + CLEAR and told.start < event.stop + CLEAR
    return same and event.station == told.station and near


def _placed(scenario: Scenario, stop: int) -> Iterator[Event]:
    """Events that every demo shows."""
    now = scenario.present_hour
    yield Event(Kind.FALSIFIED, *FALSIFIED, scenario.first_hour, stop)
    yield Event(Kind.STUCK, "fengshouba", "turbidity", now - 78, now - 30)
    yield Event(Kind.SPIKE, "jiangjin", "ph", now - 50, now - 49, -2.4)
    yield Event(Kind.FAULT, "beiwenquan", "permanganate_index", now - 20, now - 14)
    yield Event(Kind.MAINTENANCE, "tuojiang", "", now - 32, now - 30)
    yield Event(Kind.DRIFT, "xingjuexi", "ph", now - 106, now - 6, DRIFTS["ph"])
    yield Event(Kind.OUTAGE, "sujia", "", now - 30, now - 22)
    yield Event(Kind.LOST, "luoying", "", now - 44, now - 39)


def _draw(seed: int, week: int) -> list[Event]:
    """The events that begin in a week."""
    rng = np.random.default_rng([seed, STREAM, week])
    found = []
    for station in stations():
        key, first = station.key, week * WEEK
        lucky, when, long = rng.random(6), rng.integers(0, WEEK, 6), rng.random(6)
        which, size = rng.integers(0, 99, 6), rng.random()
        service = first + int(when[0]) // 24 * 24 + 9 - LEGAL_HOURS + int(6 * long[0])  # in office hours
        found.append(Event(Kind.MAINTENANCE, key, "", service, service + 2))
        if lucky[1] < 0.6:
            name = PARAMETERS[which[1] % len(PARAMETERS)]
            low, high, _ = SPIKES[name]
            start = first + int(when[1])
            found.append(Event(Kind.SPIKE, key, name, start, start + 1, round(low + (high - low) * float(size), 3)))
        if lucky[2] < 0.25:
            name = PARAMETERS[which[2] % len(PARAMETERS)]
            found.append(_lasting(Kind.FAULT, key, name, first + int(when[2]), 3 + 8 * long[2]))
        if lucky[3] < 0.12:
            found.append(
                _lasting(Kind.STUCK, key, STICKING[which[3] % len(STICKING)], first + int(when[3]), 30 + 40 * long[3])
            )
        if lucky[4] < 0.25:
            kind = Kind.LOST if which[4] % 4 == 0 else Kind.OUTAGE
            found.append(_lasting(kind, key, "", first + int(when[4]), 3 + 8 * long[4]))
        if lucky[5] < 0.08:
            name = tuple(DRIFTS)[which[5] % len(DRIFTS)]
            start = first + int(when[5])
            hours = 72 + int(48 * long[5])
            found.append(Event(Kind.DRIFT, key, name, start, start + hours, DRIFTS[name] * hours / 100))
    return found


def _lasting(kind: Kind, station: str, parameter: str, start: int, hours: float) -> Event:
    return Event(kind, station, parameter, start, start + int(hours))


def _spill(scenario: Scenario) -> Iterator[Event]:
    """What each station sees of the spill: the hours in which ammonia is higher by SEEN or more."""
    spilled = spill.release(scenario)
    hours = np.arange(int(spilled.hour), int(spilled.hour) + 24 * 16, dtype=np.int64)
    rises = spill.rise(spilled, stations(), hours, flow_at_stations(scenario.seed, hours))
    for i, station in enumerate(stations()):
        seen = np.flatnonzero(rises[:, i] >= SEEN)
        if len(seen):
            yield Event(
                Kind.SPILL,
                station.key,
                "ammonia_nitrogen",
                int(hours[seen[0]]),
                int(hours[seen[-1]]) + 1,
                round(float(rises[:, i].max()), 3),
            )
