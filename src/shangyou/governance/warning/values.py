"""What a warning amounts to, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shangyou.governance.fields import Void

TYPES: Final = ("first", "request", "information")  # what a dossier of a warning may begin with
STATES: Final = ("asked", "open", "cleared")  # asked: somebody looks for a cause, nobody has warned yet
BANKS: Final = ("", "left", "right", "both")


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a substance comes to a place, as one member computes it. Times in ms since 1970 UTC."""

    place: str  # id in the network
    name_zh: str
    name_en: str
    member: str  # who is in charge there; "" = not known
    distance: float | None  # m along the water
    first: int | None  # None: it does not arrive, or that was not computed
    first_early: int | None  # 90 % band
    first_late: int | None
    peak: int | None
    peak_early: int | None
    peak_late: int | None
    until: int | None  # when it is over: below the limit of the content, or below a hundredth of its own peak
    concentration: float | None  # g/m3 (mg/L) at the peak; None = the amount is not known
    concentration_high: float | None  # 95 % quantile
    until_early: int | None = None  # 90 % band; tables of earlier editions have none
    until_late: int | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """What a tracing of a release has learned of its river: factors on what formulas and gauged flow tell.

    Each with the standard deviation of its logarithm. It is the word of whoever traced, for this release alone.
    """

    velocity: float
    velocity_sd: float
    dispersion: float
    dispersion_sd: float


@dataclass(frozen=True, slots=True)
class Table:
    """An arrival table: who computed it, with what."""

    by: str  # member
    at: int  # when it was computed, ms since 1970 UTC
    method: str  # model, ensemble, flow: in words for people, Chinese and English with " / " between
    arrivals: tuple[Arrival, ...]
    entry: str = ""  # in which it was said
    traced: Traced | None = None  # what its author's tracing has learned
    as_told: Table | None = None  # its author's other answer, with what `as_told.by` had learned

    @property
    def banded(self) -> bool:
        """Does it tell how sure its times are?"""
        return any(each.first_early is not None and each.peak_late is not None for each in self.arrivals)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call; a line or an office, never a person."""

    office: str
    phone: str


@dataclass(frozen=True, slots=True)
class Content:
    """What, where, when, how much: what the members in charge say now. "" and None = not known."""

    title_zh: str
    title_en: str
    text: str  # what happened, in words
    place: str  # id in the network
    place_zh: str
    place_en: str
    river: str
    bank: str  # BANKS
    began: int | None  # ms since 1970 UTC
    noticed: int
    substance: str  # key of the vocabulary, or a name in words
    amount: float | None  # g
    amount_least: float | None
    amount_most: float | None
    duration: float | None  # s of the release
    limit: float | None  # g/m3 above which a use is in danger
    evidence: tuple[str, ...]  # series, samples, reports: each in words or by its id
    alarm: str  # id of the alarm that it grew out of
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said in a warning."""

    entry: str
    kind: str  # first, update, request, information, clear, acknowledge, comment, invite
    by: str
    at: int
    text: str
    to: tuple[str, ...] = ()  # members of whom a request asks something; () = all
    answers: str = ""  # the request that an information answers
    role: str = ""  # who acknowledged: duty, supervisor
    changed: tuple[str, ...] = ()  # fields of the content that an update changed
    table: Table | None = None
    contact: Contact | None = None
    refers: str = ""  # id of an earlier warning of the same event


@dataclass(frozen=True, slots=True)
class Taken:
    """A member has read a message, and said so."""

    at: int  # ms since 1970 UTC
    role: str
    entry: str  # of the acknowledgement, or of the answer


@dataclass(frozen=True, slots=True)
class Situation:
    """How a warning stands, as all members see it who hold the same entries."""

    id: str  # of the opening entry
    state: str  # STATES
    content: Content
    members: Mapping[str, int]  # who takes part, since when
    in_charge: tuple[str, ...]  # whose waters it comes from: they update and clear
    messages: tuple[Message, ...]  # in the shared order
    taken: Mapping[tuple[str, str], Taken]  # (message, member)
    tables: Mapping[str, Table]  # the newest of each member
    contacts: Mapping[str, Contact]  # the newest that each member gave
    cleared: tuple[str, ...]  # members that gave the all-clear for their own waters
    ended: int | None  # when those in charge gave it for all
    exercise: bool
    simulated: bool
    void: tuple[Void, ...] = field(default=())
    refers: tuple[str, ...] = ()  # ids of earlier warnings of the same event, as those in charge said

    def message(self, entry: str) -> Message | None:
        """The message of an entry."""
        return next((each for each in self.messages if each.entry == entry), None)
