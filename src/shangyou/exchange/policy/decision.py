"""What is decided on, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shangyou.exchange.member import Level, Standing
from shangyou.exchange.policy.compile import Places
from shangyou.exchange.policy.policy import Duty
from shangyou.exchange.policy.terms import Who
from shangyou.exchange.scope import Scope


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants what of a dataset, and what for."""

    consumer: str  # member id
    level: Level
    purpose: str = ""  # one of terms.PURPOSES; "" = not said, which no constraint on the purpose accepts
    action: str = "read"  # read: observations or means of them; aggregate: mergeable summaries only
    resolution: str | None = None  # one of terms.RESOLUTIONS; None = the finest of which anything may leave
    wanted: Scope = field(default_factory=Scope)  # limits of what is asked for: names, times, delay, review


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision needs to know beside the policy and the request."""

    provider: str  # member id
    dataset: str  # dataset id
    places: Places = field(default_factory=Places)  # its rivers name every section that the store knows
    parameters: frozenset[str] = frozenset()  # that the store knows: "all but X" is all of these but X
    cadences: frozenset[str] = frozenset()
    statistics: frozenset[str] = frozenset()
    limits: Scope = field(default_factory=Scope)  # of the dataset itself
    used: Mapping[str, int] = field(default_factory=dict)  # meter: so far in its window; one that is missing denies
    standing: Standing = Standing.ACTIVE  # of the consumer, by the trust list
    offset: int = 8 * 3_600_000  # of the legal day from UTC [ms], for the windows of quotas


class Outcome(StrEnum):
    """What a constraint or rule came to."""

    HOLDS = "holds"
    FAILS = "fails"
    NARROWS = "narrows"  # it is about rows: it limits what may leave
    UNKNOWN = "unknown"  # it is not understood: it never permits and always prohibits
    ASIDE = "aside"  # the rule is about another action


@dataclass(frozen=True, slots=True)
class Step:
    """One constraint (or a whole rule: operand "") as it was weighed."""

    path: str
    rule: str  # permission or prohibition
    operand: str
    operator: str
    wanted: str
    found: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request is refused, and who can change it."""

    code: str  # of messages/policy.toml
    path: str  # of the rule or constraint
    operand: str
    operator: str
    wanted: str
    found: str
    who: Who
    when: int | None = None  # [ms since 1970 UTC] from when on it would hold, where waiting helps


@dataclass(frozen=True, slots=True)
class Permitted:
    """What may leave: the union of the scopes, which share no row, at the resolution that they name.

    `rows` and `bytes` of a scope count all that leaves under the decision, in the order of the scopes: stop a scope
    when so much has left in all, and decide again when every scope has stopped.
    """

    scopes: tuple[Scope, ...]
    resolution: str  # of terms.RESOLUTIONS
    duties: tuple[Duty, ...]
    trace: tuple[Step, ...]
    until: int | None  # decide again then [ms since 1970 UTC]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing may leave."""

    reasons: tuple[Reason, ...]
    trace: tuple[Step, ...]


Decision = Permitted | Refused


def refusal(code: str, wanted: str, found: str, who: Who, path: str = "") -> Refused:
    """A refusal for one reason that lies outside of the policy's rules."""
    return Refused((Reason(code, path, "", "eq", wanted, found, who),), ())
