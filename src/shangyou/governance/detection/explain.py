"""What else might it be? Each cause is tried before an alarm is raised; one that holds keeps it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shangyou.governance.detection.alarm import Cause, Excluded
from shangyou.governance.detection.memory import NEVER, Memory
from shangyou.governance.detection.plan import HOUR, Plan, Watch
from shangyou.governance.detection.readings import Doubt, Expected, Waters

STANDING: Final = 4  # equal values in succession that make a line flat, though it was none before
RIVER: Final = ("rainfall", "flow", "water_level", "turbidity")  # what tells of rain and rising water, surest first
RISEN: Final = 1.5  # times the usual, of what tells of rain and rising water
RISEN_EXPECTED: Final = 3.0  # the same before it explains what a member has warned of
DILUTED: Final = 0.3  # what is left at the next station downstream, at the least, of what would matter
SAME: Final = 4 * HOUR  # water of one place changes little meanwhile, unless something comes
AROUND: Final = 3 * HOUR  # what is odd so shortly before belongs to the same
ALONG: Final = 1.0  # scatters that a parameter moves at least, when it goes along
SWING: Final = 1.0  # mg/L: of oxygen between night and day, where life makes the day's course
NIGHT: Final = (21.0, 9.0)  # legal hours in which life only breathes, and the water recovers from it
WHOLE: Final = {  # part: what it is a part of, both by weight of the same thing
    "ammonia_nitrogen": "total_nitrogen",
    "nitrate_nitrogen": "total_nitrogen",
    "nitrite_nitrogen": "total_nitrogen",
    "phosphate_phosphorus": "total_phosphorus",
    "permanganate_index": "chemical_oxygen_demand",  # what permanganate oxidises, dichromate does too
    "bod5": "chemical_oxygen_demand",
    "chromium_vi": "chromium",
}
UNRELATED: Final = ("dissolved_oxygen", "ph", "conductivity", "permanganate_index", "total_phosphorus")
ALGAE: Final = ("chlorophyll_a", "algal_density", "cyanobacteria_density", "phycocyanin")
BREATHING: Final = ("ph", "dissolved_oxygen", "fish_activity", "daphnia_toxicity")
BEFORE: Final = 2 * HOUR  # a service this long before the first odd reading may have caused it


class Beside(NamedTuple):
    """Another parameter of the same water."""

    row: int
    value: float
    usual: float
    off: float  # from the usual [scatters], with its sign
    odd: bool  # now or shortly before


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
    expected: Expected | None = None  # a warned substance is due there now

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

    def beside(self, parameter: str) -> Beside | None:
        """The newest reading of another parameter of the section, if it is of the same water and its usual is known."""
        row = self.sibling(parameter)
        if row is None or np.isnan(self.memory.usual[row]):
            return None
        times, values = self.memory.recent(row, self.since - 1)
        if not len(values) or times[-1] < self.at - SAME:
            return None
        usual = float(self.memory.usual[row])
        odd = int(self.memory.odd_at[row]) >= self.since - AROUND
        return Beside(row, float(values[-1]), usual, (float(values[-1]) - usual) / float(self.memory.scatter[row]), odd)

    @property
    def off(self) -> float:
        """How far it is from its usual [scatters], with its sign."""
        return (self.value - float(self.memory.usual[self.row])) / float(self.memory.scatter[self.row])

    @property
    def hour(self) -> float:
        """Hour of the legal day, 0 to 24."""
        return (self.at / HOUR + self.plan.legal_hours) % 24

    def others(self, parameter: str) -> list[str]:
        """Sections that measure a parameter and have been heard of lately."""
        memory, day = self.memory, self.at - 24 * HOUR
        return [s for (s, p), row in memory.index.items() if p == parameter and memory.last[row] > day]


def alike(one: str, other: str) -> bool:
    """The same substance, or one a part of the other; benzene in a river is meant where just benzene is named."""
    one, other = one.removeprefix("water_"), other.removeprefix("water_")
    return bool(one) and (one == other or WHOLE.get(one) == other or WHOLE.get(other) == one)


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
    before = 0 if case.expected is not None else BEFORE  # a service just before does not explain away what was due
    if at < case.since - before or settled:
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


def _parts(case: Case) -> Tried:
    """Of a part that is more than its whole, in water that both were measured in, one of the two is wrong.

    Widened by a tenth, and by half of what anybody would act on, for what both instruments may be off. The whole is
    believed unless it moves itself, or others beside it moved with the part.
    """
    name = WHOLE.get(case.parameter)
    if name is None:
        return Excluded(Cause.PARTS, "parts.none", {})
    whole = case.beside(name)
    if whole is None:
        return Excluded(Cause.PARTS, "parts.unknown", {"whole": name})
    facts: dict[str, float | str] = {"whole": name, "of": whole.value, "value": case.value}
    least = float(case.watch.least)
    if case.value <= 1.1 * whole.value + 0.5 * least:
        return Excluded(Cause.PARTS, "parts.held", facts)
    if whole.odd:  # it rises too, and is cut off at the top of its range, or is a sample behind
        return Excluded(Cause.PARTS, "parts.rises", facts)
    others = [each for each in UNRELATED if each not in (case.parameter, name) and odd_beside(case, each)]
    if others:
        return Excluded(Cause.PARTS, "parts.others", {**facts, "other": others[0]})
    return Cause.PARTS


def odd_beside(case: Case, parameter: str) -> bool:
    """Has another parameter of the section been odd since shortly before?"""
    found = case.beside(parameter)
    return found is not None and found.odd


def _life(case: Case) -> Tried:
    """Plants raise oxygen and pH together by day; by night all that breathes lowers both, and then tires itself."""
    if case.parameter in ALGAE:
        return _algae(case)
    if case.parameter not in BREATHING:
        return Excluded(Cause.LIFE, "life.other", {})
    name = "ph" if case.parameter == "dissolved_oxygen" else "dissolved_oxygen"
    other = case.beside(name)
    if other is None:
        return Excluded(Cause.LIFE, "life.unknown", {"other": name})
    plants = case.off > 0 and case.watch.alert is None
    together = other.off >= ALONG if plants else other.off <= -ALONG
    facts: dict[str, float | str] = {"other": name, "value": other.value, "usual": other.usual}
    if not together:
        return Excluded(Cause.LIFE, "life.against", facts)
    if plants:
        return Cause.LIFE
    worst = case.plan.worst.get(case.parameter, -np.inf)
    night = case.hour >= NIGHT[0] or case.hour < NIGHT[1]
    if night and case.value > worst and swing(case) >= SWING:
        return Cause.LIFE
    return Excluded(Cause.LIFE, "life.beyond", facts)


def swing(case: Case) -> float:
    """How much more oxygen there is by day than by night, usually [mg/L]; 0 where that is not known."""
    row = case.sibling("dissolved_oxygen")
    if row is None:
        return 0.0
    times, values = case.memory.recent(row, case.since - round(case.plan.days * 24) * HOUR)
    hour = (times / HOUR + case.plan.legal_hours) % 24
    past = times < case.since
    day, night = values[past & (hour >= 12) & (hour < 19)], values[past & (hour < 9)]
    return float(np.median(day) - np.median(night)) if len(day) >= 3 and len(night) >= 3 else 0.0


def _algae(case: Case) -> Tried:
    """A fluorescence sensor sees mud and light too: where algae are told otherwise as well, one of these agrees."""
    others = [found for name in ALGAE if name != case.parameter and (found := case.beside(name)) is not None]
    if not others:
        return Excluded(Cause.LIFE, "life.alone", {})
    if any(found.odd or found.off >= case.plan.calm for found in others):
        return Excluded(Cause.LIFE, "life.algae", {})
    return Cause.LIFE


def _flow(case: Case) -> Tried:
    if not case.watch.runoff:
        return Excluded(Cause.FLOW, "flow.other_way", {})
    if case.watch.alert is not None:
        return _mud(case)
    if case.limit == case.limit and case.value > case.plan.runoff_share * case.limit:
        return Excluded(Cause.FLOW, "flow.too_much", {"times": round(case.value / case.limit, 1)})
    by, rose = river(case)
    if rose:
        return Cause.FLOW
    return Excluded(Cause.FLOW, "flow.steady", {"by": by}) if by else Excluded(Cause.FLOW, "flow.unknown", {})


def _mud(case: Case) -> Tried:
    """Mud disturbs what lives in a monitor: it must be known that there is none.

    Where nothing tells of the river, a substance must, that rain does not bring.
    """
    by, rose = river(case)
    if rose:
        return Cause.FLOW
    if by:
        return Excluded(Cause.FLOW, "flow.steady", {"by": by})
    for name in chemistry(case):
        watch = case.plan.watch(name)
        if watch.sense > 0 and not watch.runoff and odd_beside(case, name):
            return Excluded(Cause.FLOW, "flow.chemistry", {"other": name})
    return Cause.FLOW


def chemistry(case: Case) -> list[str]:
    """Parameters of chemistry that are known of the same water."""
    names = [parameter for section, parameter in case.memory.keys if section == case.section]
    return [
        name
        for name in names
        if (watch := case.plan.watch(name)).alone
        and not watch.biological
        and (name in case.plan.watched or (case.section, name) in case.plan.limits)
        and case.beside(name) is not None
    ]


def river(case: Case) -> tuple[str, bool]:
    """By what rain and rising water are known at the section ("" = nothing), and has any of it risen?

    Phosphorus comes with particles: where turbidity is measured it alone tells, for clear water from a dam brings none.
    """
    known = [
        (name, row)
        for name in RIVER
        if name != case.parameter and (row := case.sibling(name)) is not None and not np.isnan(case.memory.usual[row])
    ]
    if case.parameter == "total_phosphorus":
        known = [each for each in known if each[0] == "turbidity"] or known
    return known[0][0] if known else "", any(_rose(case, row) for _, row in known)


def _rose(case: Case, row: int) -> bool:
    """Has rain, flow or turbidity risen well above its usual since so many hours before?"""
    memory, hours = case.memory, case.plan.runoff_hours
    _, values = memory.recent(row, case.since - round(hours) * HOUR)
    usual, scatter = float(memory.usual[row]), float(memory.scatter[row])
    risen = RISEN if case.expected is None else RISEN_EXPECTED
    return bool(len(values)) and float(values.max()) > max(risen * usual, usual + 3 * scatter)


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


TESTS: Final[tuple[Callable[[Case], Tried], ...]] = (
    _spike,
    _mark,
    _check,
    _flat,
    _sampling,
    _parts,
    _life,
    _flow,
    _neighbours,
)
