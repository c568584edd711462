"""Which grade the facts of an incident make, and by which criterion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import choice, number, whole
from shangyou.standards.library import UNVERIFIED, Edition

GRADES: Final = ("I", "II", "III", "IV")  # the gravest first
GRAVE: Final = ("I", "II")  # these go to the ministry at once
Value = int | float | str


def weight(grade: str) -> int:
    """The graver, the heavier; IV is 1."""
    return len(GRADES) - GRADES.index(grade)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the plan that the facts meet."""

    grade: str
    fact: str  # "" for the last grade, which takes what reaches no other
    value: Value | None
    at_least: float | None
    unverified: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """The grade that the facts make."""

    grade: str
    edition: str
    decided_by: tuple[Criterion, ...]  # all criteria of that grade that are met
    met: tuple[Criterion, ...]  # of graver ones first
    unknown: tuple[str, ...]  # facts about which nobody has said anything

    @property
    def unverified(self) -> bool:
        """Does it rest on criteria alone that nobody has checked in the text?"""
        return all(criterion.unverified for criterion in self.decided_by)


def propose(facts: Mapping[str, Value], plan: Edition) -> Proposal:
    """The gravest grade of which one criterion is met.

    Args:
        facts: what is known, as `fact` gives it. What is missing meets nothing: grade again when more is known.
        plan: an edition of the family incident_grading.

    >>> from shangyou.standards.library import editions
    >>> propose({"crossing": "province", "deaths": 3}, editions("incident_grading")[-1]).grade
    'II'
    """
    met = [
        Criterion(
            row["grade"], line.get("fact", ""), facts.get(line.get("fact", "")), line.get("at_least"), _doubt(line)
        )
        for row in plan.body["grades"]
        for line in row["criteria"]
        if _meets(line, facts)
    ]
    grade = met[0].grade
    if met[0].fact:  # of each fact the gravest line; "below all others" is no reason beside a real one
        gravest: dict[str, Criterion] = {}
        for each in met:
            gravest.setdefault(each.fact, each)
        met = [each for each in gravest.values() if each.fact]
    deciding = tuple(each for each in met if each.grade == grade)
    return Proposal(grade, plan.id, deciding, tuple(met), tuple(key for key in plan.body["facts"] if key not in facts))


def _doubt(line: Mapping[str, Any]) -> bool:
    return line.get("status") == UNVERIFIED


def _meets(line: Mapping[str, Any], facts: Mapping[str, Value]) -> bool:
    value = facts.get(line.get("fact", ""))
    if "below" in line:
        return True
    if value is None:
        return False
    if "is" in line:
        return value in line["is"]
    return isinstance(value, int | float) and value >= line["at_least"]


def fact(body: Mapping[str, object], key: str, plan: Edition) -> Value:
    """One fact as the plan wants it. InputError "entry.field"; "incident.fact" for one that the plan does not know."""
    kind = plan.body["facts"].get(key)
    if kind is None:
        raise InputError("incident.fact", fact=key[:80], known=", ".join(plan.body["facts"]))
    if kind["kind"] == "count":
        return whole(body, key, 0, 10**9)
    if kind["kind"] == "money":
        return number(body, key)
    return choice(body, key, kind["words"])


def gravity(value: Value, key: str, plan: Edition) -> float:
    """How grave one value of a fact is beside others of it."""
    if isinstance(value, str):
        return float(list(plan.body["facts"][key]["words"]).index(value))
    return float(value)
