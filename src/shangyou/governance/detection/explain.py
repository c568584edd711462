"""What else might it be? Each cause is tried before an alarm is raised; one that holds keeps it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.governance.detection.alarm import Cause, Excluded
from shangyou.governance.detection.memory import NEVER, Memory
from shangyou.governance.detection.plan import HOUR, Plan, Watch
from shangyou.governance.detection.readings import Doubt, Waters

STANDING: Final = 4  # equal values in succession that make a line flat, though it was none before
RIVER: Final = ("rainfall", "flow", "water_level", "turbidity")  # what tells of rain and rising water, surest first
RISEN: Final = 1.5  # times the usual, of what tells of rain and rising water
DILUTED: Final = 0.3  # what is left at the next station downstream, at the least, of what would matter
BEFORE: Final = 2 * HOUR  # a service this long before the first odd reading may have caused it


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One series that has been odd for some readings."""

    memory: Memory
    plan: Plan
    waters: Waters
    row: int
    at: int  # of the newest reading
    value: float
    limit: float  # NaN = none

    @property
    def section(self) -> str:
        """Where."""
        return self.memory.keys[self.row][0]

    @property
    def parameter(self) -> str:
        """Of what."""
        return self.memory.keys[self.row][1]

    @property
    def watch(self) -> Watch:
        """How it is watched."""
        return self.plan.watch(self.parameter)

    @property
    def since(self) -> int:
        """The first odd reading."""
        return int(self.memory.since[self.row])

    def sibling(self, parameter: str) -> int | None:
        """Row of another parameter of the section."""
        return self.memory.index.get((self.section, parameter))

    def others(self, parameter: str) -> list[str]:
        """Sections that measure a parameter and have been heard of lately."""
        memory, day = self.memory, self.at - 24 * HOUR
        return [s for (s, p), row in memory.index.items() if p == parameter and memory.last[row] > day]


Tried = Excluded | Cause  # excluded, or the cause that holds


def explain(case: Case) -> tuple[Excluded, ...] | Cause:
    """All causes excluded, in order; or the first that holds."""
    found = []
    for test in TESTS:
        tried = test(case)
        if isinstance(tried, Cause):
            return tried
        found.append(tried)
    return tuple(found)


def _spike(case: Case) -> Tried:
    readings = int(case.memory.streak[case.row])
    return Excluded(Cause.SPIKE, "spike.several", {"readings": readings}) if readings > 1 else Cause.SPIKE


def _mark(case: Case) -> Tried:
    memory, row = case.memory, case.row
    doubt = Doubt(int(memory.doubt[row]))
    if doubt in (Doubt.IMPOSSIBLE, Doubt.FLAT) or memory.doubt_at[row] == NEVER:
        return Excluded(Cause.MARK, "mark.none", {})
    at = int(memory.doubt_at[row])
    settled = case.at - at >= case.plan.after_service_hours * HOUR and doubt is not Doubt.FAULT
    if at < case.since - BEFORE or settled:
        return Excluded(Cause.MARK, "mark.before", {"hours": round((case.at - at) / HOUR, 1), "doubt": doubt.name})
    return Cause.MARK


def _check(case: Case) -> Tried:
    memory, row = case.memory, case.row
    if Doubt(int(memory.doubt[row])) in (Doubt.IMPOSSIBLE, Doubt.FLAT) and memory.doubt_at[row] >= case.since - BEFORE:
        return Cause.CHECK
    return Excluded(Cause.CHECK, "check.passed", {})


def _flat(case: Case) -> Tried:
    """Water varies. What has been one and the same value since the first odd reading, or for a while, is a sensor."""
    _, values = case.memory.recent(case.row, case.since - 1)
    last = values[-STANDING:]
    if np.all(last == last[0]):
        return Cause.FLAT
    return Excluded(Cause.FLAT, "flat.varies", {"lowest": float(values.min()), "highest": float(values.max())})


def _sampling(case: Case) -> Tried:
    """A cell that has run dry, or holds air or a standard, is odd in what pollution does not touch."""
    if case.parameter == "water_temperature":
        return Excluded(Cause.SAMPLING, "sampling.same", {})
    row = case.sibling("water_temperature")
    if row is None or np.isnan(case.memory.usual[row]):
        return Excluded(Cause.SAMPLING, "sampling.unknown", {})
    times, values = case.memory.recent(row, case.since - 12 * HOUR)
    before, after = values[times < case.since], values[times >= case.since]
    if not len(before) or not len(after):
        return Excluded(Cause.SAMPLING, "sampling.unknown", {})
    jump = float(np.abs(after - before[-1]).max())
    if jump >= case.plan.watch("water_temperature").least:
        return Cause.SAMPLING
    return Excluded(Cause.SAMPLING, "sampling.steady", {"kelvin": round(jump, 2)})


def _flow(case: Case) -> Tried:
    if not case.watch.runoff:
        return Excluded(Cause.FLOW, "flow.other_way", {})
    if case.limit == case.limit and case.value > case.plan.runoff_share * case.limit:
        return Excluded(Cause.FLOW, "flow.too_much", {"times": round(case.value / case.limit, 1)})
    known = ""
    for name in RIVER:
        row = case.sibling(name)
        if row is None or name == case.parameter or np.isnan(case.memory.usual[row]):
            continue
        known = known or name
        if _rose(case, row):
            return Cause.FLOW
    if not known:
        return Excluded(Cause.FLOW, "flow.unknown", {})
    return Excluded(Cause.FLOW, "flow.steady", {"by": known})


def _rose(case: Case, row: int) -> bool:
    """Has rain, flow or turbidity risen well above its usual since so many hours before?"""
    memory, hours = case.memory, case.plan.runoff_hours
    _, values = memory.recent(row, case.since - round(hours) * HOUR)
    usual, scatter = float(memory.usual[row]), float(memory.scatter[row])
    return bool(len(values)) and float(values.max()) > max(RISEN * usual, usual + 3 * scatter)


def _neighbours(case: Case) -> Tried:
    """Had it come from a sensor alone, the next station down would have stayed quiet after the water came there."""
    below = case.waters.nearest(case.section, case.others(case.parameter), upstream=False)
    if below is not None:
        section, hours = below
        row = case.memory.index[section, case.parameter]
        rise = abs(float(case.value - case.memory.usual[case.row])) * DILUTED
        visible = rise >= max(case.watch.least, case.plan.odd * float(case.memory.scatter[row]))
        due = case.since + (hours * case.plan.slow + case.plan.slack_hours) * HOUR
        if visible and case.at > due and case.memory.odd_at[row] < case.since:
            return Cause.NEIGHBOURS
    above = case.waters.nearest(case.section, case.others(case.parameter), upstream=True)
    if above is None:
        return Excluded(Cause.NEIGHBOURS, "neighbours.none", {})
    how = "neighbours.agree" if saw(case, *above) else "neighbours.quiet"
    return Excluded(Cause.NEIGHBOURS, how, {"section": above[0], "hours": round(above[1], 1)})


def saw(case: Case, section: str, hours: float) -> bool:
    """Was a station upstream odd when this water passed it?"""
    plan, odd_at = case.plan, int(case.memory.odd_at[case.memory.index[section, case.parameter]])
    latest = case.at - (hours * plan.fast - plan.slack_hours) * HOUR
    earliest = case.since - (hours * plan.slow + plan.slack_hours) * HOUR
    return earliest <= odd_at <= latest


TESTS: Final[tuple[Callable[[Case], Tried], ...]] = (_spike, _mark, _check, _flat, _sampling, _flow, _neighbours)
