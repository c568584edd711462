"""A resolution as values: its rule, its versions, its ballots, its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.governance.fields import Void
from shangyou.governance.past import Claim

FORMS: Final = ("resolution", "standard", "task")
CHOICES: Final = ("yes", "abstain", "no")  # the more cautious last
OUTCOMES: Final = ("adopted", "rejected", "vetoed", "no_quorum")
TASK_STATES: Final = ("open", "doing", "done", "cannot")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, as two whole numbers, so that no rounding decides a vote."""

    above: int
    below: int

    def reached(self, count: int, of: int, strictly: bool = False) -> bool:
        """Is `count` of `of` at least this share, or more than it?"""
        left, right = count * self.below, self.above * of
        return left > right if strictly else left >= right


@dataclass(frozen=True, slots=True)
class Rule:
    """How it is voted on; set when it is opened, and never changed."""

    voters: tuple[str, ...]  # members, sorted
    quorum: Share  # of the voters whose ballots count
    majority: Share  # of those that say yes or no
    strictly: bool  # more than that share, not just as much
    veto: tuple[str, ...]  # voters whose no rejects it: those whom it concerns
    amend_until: int  # ms since 1970 UTC
    deadline: int  # for ballots
    reception: int  # ms after the deadline in which a ballot written in time may still come in

    @property
    def closes(self) -> int:
        """When nothing can come in any more [ms since 1970 UTC]."""
        return self.deadline + self.reception


@dataclass(frozen=True, slots=True)
class Version:
    """A text, with its number."""

    number: int
    entry: str  # which gave it: its name in ballots
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    edition: str  # YAML of a new rulebook edition; "" unless it is a standard
    why: str
    by: str
    at: int
    not_counted: str = ""  # code: nobody else had it in time; "" = it is a version to vote on


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote as it was given."""

    entry: str
    by: str
    at: int
    version: str  # entry of the version
    choice: str
    reason: str
    not_counted: str  # code; "" = it counts


@dataclass(frozen=True, slots=True)
class Comment:
    """A contribution to the discussion."""

    text: str
    version: int  # that stood then
    by: str
    at: int
    entry: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A count of ballots under the rule."""

    version: str
    outcome: str  # one of OUTCOMES
    yes: tuple[str, ...]  # members
    no: tuple[str, ...]
    abstain: tuple[str, ...]
    missing: tuple[str, ...]
    vetoed_by: tuple[str, ...]
    ballots: tuple[str, ...]  # entries that count, sorted

    @property
    def complete(self) -> bool:
        """Have all voters voted?"""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Signature:
    """A member's name under a result."""

    by: str
    at: int
    entry: str
    version: str
    outcome: str
    ballots: tuple[str, ...]

    @property
    def result(self) -> tuple[str, str, tuple[str, ...]]:
        """What is signed."""
        return self.version, self.outcome, self.ballots


@dataclass(frozen=True, slots=True)
class Duty:
    """A task that follows from the resolution."""

    id: str
    title_zh: str
    title_en: str
    owner: str
    due: int | None
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class Clash:
    """What members did without knowing of each other, and what holds."""

    kind: str  # "amend", "vote:<member>", "task:<id>", "sign:<member>"
    held: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """How a resolution stands, by all that is held of it here."""

    id: str  # entry of the opening
    form: str
    members: tuple[str, ...]
    proposer: str
    at: int
    rule: Rule
    versions: tuple[Version, ...]  # in their shared order
    current: Version  # that is voted on
    comments: tuple[Comment, ...]
    ballots: tuple[Ballot, ...]
    tally: Tally  # of what is held now
    signatures: tuple[Signature, ...]
    settled: Signature | None  # the first of those by which the result was reached
    split: bool  # all have signed, and no result has more than half
    withdrawn: str  # why; "" = it is not
    published: Claim[str] | None  # who published it first
    tasks: Mapping[str, Claim[Duty]]
    clashes: tuple[Clash, ...]
    void: tuple[Void, ...]

    def phase(self, now: int) -> str:
        """Where it stands: open, reception, signing, adopted, rejected, vetoed, no_quorum, split, withdrawn."""
        if self.settled is not None:
            return self.settled.outcome
        if self.withdrawn:
            return "withdrawn"
        if self.split:
            return "split"
        if self.tally.complete or now > self.rule.closes:
            return "signing"
        return "open" if now <= self.rule.deadline else "reception"
