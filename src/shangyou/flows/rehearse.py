"""Detection rehearsed on a simulated river whose truth is known: how many alarms are the spill, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from shangyou.core.records import Mark, Observations, SeriesKey
from shangyou.core.registry import WaterKind
from shangyou.flows.detect import plan_for, readings_of
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.readings import Expected, Waters
from shangyou.quality.check import check
from shangyou.quality.reader import packaged_plan
from shangyou.simulation.events import Event, Kind, truth
from shangyou.simulation.instruments import LOST, readings
from shangyou.simulation.living import ORGANISMS, REACTS, living
from shangyou.simulation.scenario import HOUR_MS, Scenario
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import MAIN, PARAMETERS, Station, branches, lag_hours, stations, travel_hours

EARLY: Final = 6  # hours before a rise counts as seen, in which one that was warned of may be
BAND: Final = 0.2  # of the time of travel: what an ensemble leaves open where no flow is gauged
MARKS: Final = {"N": Mark.NORMAL, "M": Mark.MAINTENANCE, "D": Mark.FAULT, "L": Mark.BELOW_LIMIT}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of one scenario."""

    alarms: tuple[Alarm, ...]
    true: int  # alarms that show the spill
    found: bool  # the spill was seen at all
    delay: float  # hours from the first station's first hour above what counts as seen, to the alarm; NaN = not found
    stations_known: int  # stations that the spill passed
    stations_seen: int  # of those, how many the alarm names
    station_days: float
    living: int = 0  # alarms that show the substance which only living things see, and not the spill

    @property
    def false(self) -> int:
        """Alarms that show nothing."""
        return len(self.alarms) - self.true - self.living


def observed(scenario: Scenario, with_living: bool = False) -> Observations:
    """The history of a scenario as its monitors report it, in order of time; with those of living things if asked."""
    told = readings(scenario, np.arange(scenario.first_hour, scenario.present_hour, dtype=np.int64))
    names: tuple[str, ...] = PARAMETERS
    value, marks = told.value, told.mark
    if with_living:
        more = living(scenario, told.hours, told)
        names, value = (*PARAMETERS, *ORGANISMS), np.concatenate([value, more.value], axis=2)
        marks = np.concatenate([marks, np.repeat(more.mark[:, :, None], len(ORGANISMS), axis=2)], axis=2)
    keys = tuple(SeriesKey(s.section.id, name, "hour") for s in stations() for name in names)
    sent = (told.sent != LOST)[:, :, None] & ~np.isnan(value)
    row, station, column = np.nonzero(sent)
    mark = marks[row, station, column]
    codes = np.zeros(len(row), np.uint8)
    for letter, code in MARKS.items():
        codes[mark == letter] = code
    return Observations(
        keys=keys,
        series=(station * len(names) + column).astype(np.int32),
        time=told.hours[row] * HOUR_MS,
        value=value[row, station, column],
        censor=np.zeros(len(row), np.uint8),
        mark=codes,
    )


def between(start: Station, stop: Station) -> float | None:
    """Travel time [h] from a station down to another; None where its water does not come there."""
    if start.branch == stop.branch and start.branch != "main":
        speed = next(b.speed for b in branches() if b.key == start.branch)
        return (start.km - stop.km) / speed / 3.6 if start.km > stop.km else None
    if stop.branch != "main":
        return None
    if start.branch == "main":
        return float(travel_hours(stop.km) - travel_hours(start.km)) if start.km < stop.km else None
    branch = next(b for b in branches() if b.key == start.branch)
    after = lag_hours(stop, branch)
    to_mouth = lag_hours(start, branch)
    return None if after is None or to_mouth is None or branch.mouth_km == np.inf else after - to_mouth


def rehearse(scenario: Scenario, with_living: bool = False, expected: Sequence[Expected] = ()) -> Rehearsal:
    """Let detection see the whole history of a scenario, and compare.

    Args:
        with_living: the main stem has monitors of living things, and a substance passes that only they see.
        expected: what a member upstream is taken to have warned of; see `warned`.
    """
    by_id = {station.section.id: station for station in stations()}
    waters = Waters.of(tuple(by_id), lambda one, other: between(by_id[one], by_id[other]))
    observations = observed(scenario, with_living)
    flagged = check(observations, None, scenario.present, packaged_plan())
    day = datetime.fromtimestamp(scenario.present / 1000, UTC).date()
    plan = plan_for({(station.section.id, WaterKind.RIVER) for station in stations()}, day)
    alarms = detect(State(), readings_of(flagged), plan, waters, expected).state.alarms
    dose = _dose(scenario) if with_living else {}
    early = EARLY * HOUR_MS if expected else 0
    spill = {e.station: e for e in truth(scenario) if e.kind is Kind.SPILL}
    key_of = {station.section.id: station.key for station in stations()}
    shown: set[str] = set()
    true, unknown, delays = 0, 0, list[float]()
    for alarm in alarms:
        hits = {
            key_of[s.section] for s in alarm.seen if _shows(s.parameter, s.raised, spill.get(key_of[s.section]), early)
        }
        true += bool(hits)
        unknown += not hits and any(
            s.parameter in ORGANISMS and s.raised in dose.get(key_of[s.section], ()) for s in alarm.seen
        )
        shown |= hits
        delays += [(alarm.raised - min(e.start_ms for e in spill.values())) / HOUR_MS] if hits else []
    return Rehearsal(
        alarms=alarms,
        true=true,
        found=bool(true),
        delay=min(delays, default=float("nan")),
        stations_known=len(spill),
        stations_seen=len(shown),
        station_days=len(stations()) * scenario.days,
        living=unknown,
    )


def _dose(scenario: Scenario) -> dict[str, range]:
    """By station, from when to when it has the substance that only living things see [ms]."""
    hours = np.arange(scenario.first_hour, scenario.present_hour, dtype=np.int64)
    dose, found = living(scenario, hours).dose, {}
    for i, station in enumerate(stations()):
        seen = np.flatnonzero(dose[:, i] >= REACTS)
        if len(seen):
            found[station.key] = range(int(hours[seen[0]]) * HOUR_MS, (int(hours[seen[-1]]) + 6) * HOUR_MS)
    return found


def warned(scenario: Scenario, shift: int = 0, band: float = BAND) -> tuple[Expected, ...]:
    """What the first station of the spill would warn those below of: when it comes, give or take.

    Args:
        shift: hours by which the warning is wrong; then it is of something that does not come.
        band: of the time of travel, by which early and late differ from it.
    """
    spilled = release(scenario)
    first = next(s for s in stations() if s.branch == MAIN and s.km > spilled.km)
    told = round(spilled.hour) + shift + 8
    found = []
    for station in stations():
        hours = between(first, station)
        if hours is not None:
            early, late = told + hours * (1 - band) - 3, told + hours * (1 + band) + 12
            window = (round(max(early, told)) * HOUR_MS, round(late) * HOUR_MS)
            found.append(Expected("rehearsed", first.key, station.section.id, "ammonia_nitrogen", *window))
    return tuple(found)


def _shows(parameter: str, at: int, event: Event | None, early: int) -> bool:
    """Does a series in which an alarm was raised show the spill? early: ms before it counts as seen."""
    if event is None or parameter != event.parameter:
        return False
    return (
        event.start_ms - early <= at < event.stop_ms + 6 * HOUR_MS
    )  # a wave is still there when it is less than is counted
