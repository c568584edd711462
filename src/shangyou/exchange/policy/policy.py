"""A policy as it was read: rules with conditions, duties, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reach:
    """From one section downstream to another; "" = from the source, or to the mouth."""

    start: str
    stop: str


Value = tuple[str, ...] | int | Reach  # names; ms, a count or the place in an ordered list; a reach


@dataclass(frozen=True, slots=True)
class Atom:
    """A constraint: operand, operator, value."""

    path: str  # permission[0].constraint[1].or[0]
    operand: str  # a key of terms.OPERANDS
    operator: str  # isA, isPartOf and hasPart of purposes are resolved to isAnyOf, isAllOf to eq
    value: Value
    wanted: str  # as it was written, for people


@dataclass(frozen=True, slots=True)
class Group:
    """Constraints joined: and (andSequence too: our constraints are states, so their order says nothing), or, xone."""

    path: str
    word: str  # and, or, xone
    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be understood: it never permits, and it always prohibits."""

    path: str
    code: str
    wanted: str = ""


Condition = Atom | Group | Unknown


@dataclass(frozen=True, slots=True)
class Duty:
    """What the consumer has to do."""

    path: str
    action: str  # delete, attribute, or notDistribute (of a prohibition to distribute)
    value: str = ""  # the duration as written, or the text to cite
    elapsed: int | None = None  # [ms] after which data are deleted


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition."""

    path: str  # permission[0]
    action: str
    condition: Group
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a policy, and where."""

    path: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that can be decided on, however faulty what it was read from: what is not understood denies."""

    id: str
    kind: str  # Offer, Agreement, Set
    target: str = ""
    assigner: str = ""
    assignee: str = ""
    permissions: tuple[Rule, ...] = ()
    prohibitions: tuple[Rule, ...] = ()
    duties: tuple[Duty, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def delete_after(self) -> int | None:
        """How old data may become at the consumer [ms], by the strictest duty; None = no duty says so."""
        duties = (*self.duties, *(duty for rule in self.permissions for duty in rule.duties))
        return min((each.elapsed for each in duties if each.elapsed is not None), default=None)


def atoms(condition: Condition) -> Iterator[Atom | Unknown]:
    """All constraints of a condition, in the order in which they are written."""
    if isinstance(condition, Group):
        for member in condition.members:
            yield from atoms(member)
    else:
        yield condition
