"""What an incident room holds, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.governance.fields import Void
from shangyou.governance.incident.grading import Value
from shangyou.governance.past import Claim

MEASURES: Final = ("hold", "divert", "dilute")
STATES: Final = ("open", "doing", "done", "cannot")  # of a task
STAGES: Final = ("proposed", "ordered", "running", "ended", "refused")  # of a measure
REPORTS: Final = ("initial", "followup", "final")


@dataclass(frozen=True, slots=True)
class Opening:
    """With what the room was opened."""

    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    river: str
    province: str
    substance: str
    warning: str  # id of the dossier of the warning from which it came; "" = opened by hand
    occurred: int | None  # ms since 1970 UTC
    noticed: int  # when it was found or learned of: the clocks start here
    in_charge: tuple[str, ...]  # members in whose area it happened; they report
    affected: tuple[str, ...]  # members that it may reach
    simulated: bool
    by: str
    at: int
    place: str = ""  # id in the network; "" = not known, or not on it
    amount: float | None = None  # g that entered the water
    limit: float | None = None  # g/m3 (mg/L) above which a use is in danger


@dataclass(frozen=True, slots=True)
class Grading:
    """A grade that a person confirmed or chose."""

    grade: str
    why: str
    proposed: str  # what the facts made then
    role: str  # of the person


@dataclass(frozen=True, slots=True)
class Report:
    """A report that went out."""

    kind: str  # one of REPORTS
    duties: tuple[str, ...]  # of the reporting rules, which it fulfils
    to: tuple[str, ...]  # members, for duties that are owed to each of several
    sent: int  # ms since 1970 UTC, as its sender says
    document: str  # SHA-256 of what was sent; "" = by telephone
    note: str
    by: str
    at: int  # when it was entered
    entry: str


@dataclass(frozen=True, slots=True)
class Task:
    """A joint task; the eight of the guidance, and what the members added."""

    id: str
    title_zh: str
    title_en: str
    owner: str  # member; "" = nobody yet
    due: int | None
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class Point:
    """A place of the joint monitoring plan."""

    id: str
    name_zh: str
    name_en: str
    section: str  # id in the registry; "" = none
    distance: float | None  # m downstream of the place of the incident
    parameters: tuple[str, ...]
    every: int  # minutes
    member: str  # who takes the samples
    removed: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one parameter in one sample."""

    parameter: str
    value: float
    unit: str
    below: bool  # the value is the detection limit, and it was not reached
    limit: float | None  # against which it is held, in the same unit

    @property
    def exceeds(self) -> bool:
        """Is it above its limit?"""
        return self.limit is not None and not self.below and self.value > self.limit


@dataclass(frozen=True, slots=True)
class Sample:
    """Water taken at a point of the plan."""

    point: str
    taken: int  # ms since 1970 UTC
    results: tuple[Result, ...]
    laboratory: str
    by: str
    at: int
    entry: str


@dataclass(frozen=True, slots=True)
class Passing:
    """How the substance passes a place, as it was computed."""

    arrival: int | None  # above the limit, where there is one [ms since 1970 UTC]; None = never
    peak: float
    peak_at: int | None
    until: int | None = None  # above the limit for the last time


@dataclass(frozen=True, slots=True)
class Effect:
    """What a measure changes at a place below it."""

    place: str  # id in the network
    name_zh: str
    name_en: str
    before: Passing  # without the measure
    after: Passing


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a member computed for a measure."""

    method: str
    unit: str
    places: tuple[Effect, ...]
    limit: float | None = None  # that arrivals and ends are reckoned with, in the unit

    @property
    def method_zh(self) -> str:
        """In Chinese."""
        return self.method.partition(" / ")[0]

    @property
    def method_en(self) -> str:
        """In English, where it was told so."""
        return self.method.partition(" / ")[2] or self.method


@dataclass(frozen=True, slots=True)
class Measure:
    """What is done at a control point."""

    id: str
    kind: str  # one of MEASURES
    point: str
    name_zh: str
    name_en: str
    member: str  # who does it
    start: int | None
    until: int | None
    share: float | None  # of the flow of pollutant that is held or led away, 0 to 1
    flow: float | None  # that a reservoir releases in addition [m3/s]
    stage: str
    effect: Outlook | None  # what was computed for it
    note: str

    def notice(self, told: int) -> int | None:
        """How long before its start it was told of [ms]; water from a reservoir is announced beforehand."""
        return None if self.start is None else self.start - told


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, or noted."""

    text: str
    why: str
    role: str
    by: str
    at: int
    entry: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What one member says at the end."""

    summary_zh: str
    summary_en: str
    cause: str
    lessons: str
    by: str
    at: int
    entry: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Several claims about one matter by members that did not know of each other's."""

    matter: str  # "grade", "fact:deaths", "task:monitoring", "point:..", "measure:.."
    held: str  # entry that counts
    entries: tuple[str, ...]  # all that stand beside each other


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with effect, for the timeline."""

    entry: str
    kind: str
    by: str
    at: int
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Room:
    """What all entries amount to."""

    id: str  # entry id of the opening
    members: tuple[str, ...]
    opening: Opening  # with what was learned of the release since
    facts: Mapping[str, Claim[Value]]
    derived: Mapping[str, tuple[str, ...]]  # facts that no person said, by key: the members whose places make them so
    grade: Claim[Grading] | None  # that holds; None = nobody has confirmed one
    grades: tuple[Claim[Grading], ...]  # all that were given, in order
    raised: int | None  # when III or IV, by which the clocks ran, became I or II [ms since 1970 UTC]
    reports: tuple[Report, ...]
    tasks: Mapping[str, Claim[Task]]  # the eight first; those that nobody has taken up are open
    points: Mapping[str, Claim[Point]]
    samples: tuple[Sample, ...]  # by the time they were taken
    measures: Mapping[str, Claim[Measure]]
    decisions: tuple[Decision, ...]
    closings: Mapping[str, Closing]  # by member; those that count now
    closed: int | None  # when the last of those who must had said so [ms since 1970 UTC]
    waits_for: tuple[str, ...]  # members whose closing is still missing
    conflicts: tuple[Conflict, ...]
    lines: tuple[Line, ...]
    void: tuple[Void, ...]
