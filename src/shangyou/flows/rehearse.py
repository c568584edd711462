"""Detection rehearsed on a simulated river whose truth is known: how many alarms are the spill, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from shangyou.core.records import Mark, Observations, SeriesKey
from shangyou.core.registry import WaterKind
from shangyou.flows.detect import plan_for, readings_of
from shangyou.governance.detection.alarm import Alarm
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.readings import Waters
from shangyou.quality.check import check
from shangyou.quality.reader import packaged_plan
from shangyou.simulation.events import Event, Kind, truth
from shangyou.simulation.instruments import LOST, readings
from shangyou.simulation.scenario import HOUR_MS, Scenario
from shangyou.simulation.stretch import PARAMETERS, Station, branches, lag_hours, stations, travel_hours

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

    @property
    def false(self) -> int:
        """Alarms that show nothing."""
        return len(self.alarms) - self.true


def observed(scenario: Scenario) -> Observations:
    """The history of a scenario as its monitors report it, in order of time."""
    told = readings(scenario, np.arange(scenario.first_hour, scenario.present_hour, dtype=np.int64))
    keys = tuple(SeriesKey(s.section.id, name, "hour") for s in stations() for name in PARAMETERS)
    sent = np.repeat((told.sent != LOST)[:, :, None], len(PARAMETERS), axis=2)
    row, station, column = np.nonzero(sent)
    mark = told.mark[row, station, column]
    codes = np.zeros(len(row), np.uint8)
    for letter, code in MARKS.items():
        codes[mark == letter] = code
    return Observations(
        keys=keys,
        series=(station * len(PARAMETERS) + column).astype(np.int32),
        time=told.hours[row] * HOUR_MS,
        value=told.value[row, station, column],
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


def rehearse(scenario: Scenario) -> Rehearsal:
    """Let detection see the whole history of a scenario, and compare."""
    by_id = {station.section.id: station for station in stations()}
    waters = Waters.of(tuple(by_id), lambda one, other: between(by_id[one], by_id[other]))
    observations = observed(scenario)
    flagged = check(observations, None, scenario.present, packaged_plan())
    day = datetime.fromtimestamp(scenario.present / 1000, UTC).date()
    plan = plan_for({(station.section.id, WaterKind.RIVER) for station in stations()}, day)
    alarms = detect(State(), readings_of(flagged), plan, waters).state.alarms
    spill = {e.station: e for e in truth(scenario) if e.kind is Kind.SPILL}
    key_of = {station.section.id: station.key for station in stations()}
    shown: set[str] = set()
    true, delays = 0, list[float]()
    for alarm in alarms:
        hits = {key_of[s.section] for s in alarm.seen if _shows(s.parameter, s.raised, spill.get(key_of[s.section]))}
        true += bool(hits)
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
    )


def _shows(parameter: str, at: int, event: Event | None) -> bool:
    """Does a series in which an alarm was raised show the spill?"""
    if event is None or parameter != event.parameter:
        return False
    return event.start_ms <= at < event.stop_ms + 6 * HOUR_MS  # a wave is still there when it is less than is counted
