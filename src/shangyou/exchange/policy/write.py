"""Policies made from plain options, and templates for the usual cases. All of them pass `read.checked`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.exchange.policy.read import checked
from shangyou.exchange.policy.render import constraint
from shangyou.exchange.policy.terms import PROFILE


@dataclass(frozen=True, slots=True)
class Terms:
    """What people say when they share data. Empty means no limit. Times and durations are texts, as in the profile."""

    recipients: Sequence[str] = ()
    level: str = ""
    purposes: Sequence[str] = ()
    begin: str = ""  # time of use, from
    end: str = ""  # up to and not including
    sections: Sequence[str] = ()
    rivers: Sequence[str] = ()
    reach: tuple[str, str] = ("", "")
    parameters: Sequence[str] = ()
    cadences: Sequence[str] = ()
    observed_from: str = ""
    observed_to: str = ""
    resolution: str = ""  # the finest that may leave
    delay: str = ""
    review: str = ""
    rows: int | None = None
    rows_day: int | None = None
    bytes: int | None = None
    rate: int | None = None
    delete_after: str = ""
    cite: str = ""
    onward: bool = False  # may be passed on
    hidden: Sequence[str] = ()  # parameters that never leave


def written(terms: Terms, id: str) -> dict[str, object]:
    """The policy as an ODRL offer. InputError "policy.faults" for what the profile does not allow."""
    lists = (
        ("recipient", terms.recipients),
        ("purpose", terms.purposes),
        ("section", terms.sections),
        ("river", terms.rivers),
        ("parameter", terms.parameters),
        ("cadence", terms.cadences),
    )
    single = (
        ("recipientLevel", "eq", terms.level),
        ("dateTime", "gteq", terms.begin),
        ("dateTime", "lt", terms.end),
        ("observed", "gteq", terms.observed_from),
        ("observed", "lt", terms.observed_to),
        ("resolution", "gteq", terms.resolution),
        ("delay", "gteq", terms.delay),
        ("review", "gteq", terms.review),
    )
    counts = (("rows", terms.rows), ("rowsPerDay", terms.rows_day), ("bytes", terms.bytes), ("rate", terms.rate))
    constraints = [constraint(name, "isAnyOf", list(values)) for name, values in lists if values]
    constraints += [constraint(name, operator, value) for name, operator, value in single if value]
    ends = {key: end for key, end in zip(("from", "to"), terms.reach, strict=True) if end}
    constraints += [constraint("reach", "isPartOf", ends)] if ends else []
    constraints += [constraint(name, "lteq", str(count)) for name, count in counts if count is not None]
    rule: dict[str, object] = {"action": "use"}
    if constraints:
        rule["constraint"] = constraints
    policy: dict[str, object] = {"@id": id, "@type": "Offer", "profile": PROFILE, "permission": [rule]}
    bans = [] if terms.onward else [{"action": "distribute"}]
    hidden = [constraint("parameter", "isAnyOf", list(terms.hidden))] if terms.hidden else []
    prohibitions = [*bans, *([{"action": "use", "constraint": hidden}] if hidden else [])]
    if prohibitions:
        policy["prohibition"] = prohibitions
    duties: list[Mapping[str, object]] = []
    if terms.delete_after:
        duties.append({"action": "delete", "constraint": [constraint("elapsedTime", "lteq", terms.delete_after)]})
    if terms.cite:
        duties.append({"action": "attribute", "constraint": [constraint("citation", "eq", terms.cite)]})
    if duties:
        policy["obligation"] = duties
    checked(policy)
    return policy


def narrowed(policy: Mapping[str, object], terms: Terms) -> dict[str, object]:
    """The rules of a policy with more limits, bans and duties: what comes out never lets out more.

    Returns permission, prohibition, obligation and profile, without @id, @type and parties. InputError "policy.faults"
    for what the profile does not allow.
    """
    more = written(terms, "urn:more")
    [rule] = _rules(more, "permission")
    limits = _listed(rule.get("constraint"))
    permissions = [
        {**each, "constraint": [*_listed(each.get("constraint")), *limits]} if limits else dict(each)
        for each in _rules(policy, "permission")
    ]
    found: dict[str, object] = {"profile": PROFILE, "permission": permissions}
    for kind in ("prohibition", "obligation"):
        rules = _rules(policy, kind)
        rules += [each for each in _rules(more, kind) if each not in rules]
        if rules:
            found[kind] = rules
    checked({**found, "@id": "urn:more", "@type": "Offer"})
    return found


def _rules(policy: Mapping[str, object], kind: str) -> list[Mapping[str, object]]:
    return [each for each in _listed(policy.get(kind)) if isinstance(each, Mapping)]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


TEMPLATES: Final[Mapping[str, Terms]] = {
    # 无条件共享: to every member, for whatever it does by law
    "unconditional": Terms(onward=True),
    # 有条件共享, between provinces: reviewed daily means, a day late, for work by law
    "peers": Terms(
        level="provincial",
        purposes=("assessment", "warning", "emergency", "compensation"),
        resolution="day",
        delay="P1D",
        review="first",
        rows_day=1_000_000,
        delete_after="P365D",
    ),
    # province to ministry, with all that there is of the past
    "national": Terms(
        level="national",
        purposes=("assessment", "enforcement", "warning", "emergency", "compensation", "planning"),
        rate=3600,
    ),
    # 应急共享: everything at once, for the emergency alone
    "emergency": Terms(purposes=("emergency",), delete_after="P30D"),
}
