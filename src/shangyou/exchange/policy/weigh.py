"""Constraints weighed against one request at one moment: the trace of a decision, and the reasons of a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shangyou.core.clock import LEGAL, from_ms
from shangyou.exchange.policy.compile import span_of
from shangyou.exchange.policy.decision import Facts, Outcome, Reason, Request, Step
from shangyou.exchange.policy.policy import Atom, Rule, Unknown, atoms
from shangyou.exchange.policy.region import Extent, Names, Region, Span
from shangyou.exchange.policy.scopes import ROWS
from shangyou.exchange.policy.terms import OPERANDS, RESOLUTIONS, Who
from shangyou.exchange.policy.windows import window


@dataclass(frozen=True, slots=True)
class Moment:
    """A request at a time, as constraints see it."""

    request: Request
    facts: Facts
    resolution: str
    at: int

    @property
    def point(self) -> Mapping[str, str | int | None]:
        """What is known of the request and the meters; None = not known."""
        request = self.request
        return {
            "recipient": request.consumer,
            "recipientLevel": request.level.value,
            "purpose": request.purpose,
            "dateTime": self.at,
            "resolution": RESOLUTIONS.index(self.resolution),
        }

    def next_count(self, meter: str) -> int | None:
        """What a meter would show after one more."""
        used = self.facts.used.get(meter)
        return None if used is None else used + 1

    def live(self, region: Region, sure: bool) -> Region | None:
        """What a region says of rows and meters, if request and moment are in it; None if they are not."""
        point = self.point
        found: dict[str, Extent] = {}
        for axis, extent in region.items():
            if axis in ROWS:
                found[axis] = extent
            elif axis in point:
                if not holds(extent, point[axis], sure):
                    return None
            elif sure:
                if not holds(extent, self.next_count(axis), sure):
                    return None
                found[axis] = extent
            elif not holds(extent, self.next_count(axis), sure):
                found[axis] = extent  # a prohibition that comes to hold when so much has left: a limit for now
        return found


def holds(extent: Extent, value: str | int | None, sure: bool) -> bool:
    """Is a value in an extent? One that is not known is where that denies."""
    if isinstance(extent, Names):
        return extent.holds(value) if isinstance(value, str) else not sure
    return extent.holds(value) if isinstance(value, int) else not sure


def steps(rule: Rule, word: str, moment: Moment) -> list[Step]:
    """Each constraint of a rule with what it came to."""
    return [_step(atom, word, moment) for atom in atoms(rule.condition)]


def _step(atom: Atom | Unknown, word: str, moment: Moment) -> Step:
    if isinstance(atom, Unknown):
        return Step(atom.path, word, atom.code, "", atom.wanted, "", Outcome.UNKNOWN)
    if OPERANDS[atom.operand].about == "rows":
        return Step(atom.path, word, atom.operand, atom.operator, atom.wanted, asked(atom, moment), Outcome.NARROWS)
    outcome = Outcome.HOLDS if satisfied(atom, moment, word == "permission") else Outcome.FAILS
    return Step(atom.path, word, atom.operand, atom.operator, atom.wanted, found(atom, moment), outcome)


def satisfied(atom: Atom, moment: Moment, sure: bool) -> bool:
    """Does a constraint on the request, the moment or a meter hold?"""
    meter = OPERANDS[atom.operand].about == "meter"
    value = moment.next_count(atom.operand) if meter else moment.point[atom.operand]
    if isinstance(atom.value, int):
        return holds(span_of(atom.operator, atom.value), value, sure)
    if not isinstance(atom.value, tuple):
        return not sure
    if atom.operand == "resolution":
        return (moment.resolution in atom.value) is (atom.operator == "isAnyOf")
    if value == "":  # a purpose that is not stated may be any
        return not sure
    return holds(Names(frozenset(atom.value), atom.operator == "isNoneOf"), value, sure)


def found(atom: Atom, moment: Moment) -> str:
    """What there is where a constraint wants something, for people."""
    if atom.operand == "dateTime":
        return from_ms(moment.at).astimezone(LEGAL).isoformat(timespec="seconds")
    if atom.operand == "resolution":
        return moment.resolution
    if OPERANDS[atom.operand].about == "meter":
        return str(moment.facts.used.get(atom.operand, "?"))
    return str(moment.point[atom.operand] or "?")


def asked(atom: Atom, moment: Moment) -> str:
    """What is asked for where a constraint narrows rows."""
    wanted = moment.request.wanted
    names = {
        "section": wanted.sections,
        "river": wanted.sections,
        "reach": wanted.sections,
        "parameter": wanted.parameters,
        "cadence": wanted.cadences,
        "statistic": wanted.statistics,
    }.get(atom.operand)
    if names is not None:
        few = sorted(names)[:10]
        return ", ".join(few) + (" …" if len(names) > 10 else "")
    if atom.operand in ("observed", "delay") and (wanted.start is not None or wanted.stop is not None):
        ends = [from_ms(e).astimezone(LEGAL).isoformat() if e is not None else "…" for e in (wanted.start, wanted.stop)]
        return "/".join(ends)
    return "*"


def reason(step: Step, atom: Atom | Unknown, moment: Moment) -> Reason:
    """Why a permission does not hold, by one constraint of it."""
    if isinstance(atom, Unknown):
        return Reason("policy.not.understood", step.path, "", "", step.wanted, atom.code, Who.STEWARD)
    who, when = OPERANDS[atom.operand].who, None
    if atom.operand == "dateTime" and isinstance(atom.value, int):
        span: Span = span_of(atom.operator, atom.value)
        if span.start is not None and moment.at < span.start:
            when = span.start
        else:
            who = Who.STEWARD  # its time is over: only a renewal helps
    elif OPERANDS[atom.operand].about == "meter":
        _, when = window(atom.operand, moment.at, moment.facts.offset)
    return Reason(
        f"policy.not.{step.operand}", step.path, step.operand, step.operator, step.wanted, step.found, who, when
    )
