"""Is a policy that somebody asks for within one that was offered? And if not, what is the nearest that would be?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shangyou.core.errors import InputError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.dataset import Dataset
from shangyou.exchange.member import Member
from shangyou.exchange.policy.compile import Places, regions
from shangyou.exchange.policy.decide import applies, pruned
from shangyou.exchange.policy.policy import Duty, Policy, Unknown, atoms
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.region import Names, Region, Span, bounded, meet, rest, without
from shangyou.exchange.policy.render import constraints_of, renders
from shangyou.exchange.policy.terms import ACTIONS

_BESIDE = ("@id", "@type", "@context", "target", "assigner", "assignee", "timestamp", "profile")


class Verdict(StrEnum):
    """What a provider can do with an asked policy without a person."""

    WITHIN = "within"  # every egress under it is permitted by the offer too: agree
    WIDER = "wider"  # it lets out more: offer the counter, or refuse
    PERSON = "person"  # it cannot be told: faults, or too complex


@dataclass(frozen=True, slots=True)
class Excess:
    """One way in which an asked policy is wider than the offer."""

    code: str  # of messages/policy.toml
    path: str  # of the asked rule
    operand: str = ""
    asked: str = ""
    offered: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons, and the nearest narrower policy where there is one."""

    verdict: Verdict
    excess: tuple[Excess, ...] = ()
    counter: Mapping[str, object] | None = None  # ODRL, without @id, @type and parties


def judge(
    asked: Mapping[str, object],
    offered: Mapping[str, object],
    dataset: Dataset,
    consumer: Member,
    at: int,
    places: Places | None = None,
) -> Judgement:
    """Compare an asked ODRL policy with an offered one, for one consumer from a time on.

    Conservative: "within" only if it surely is. What the consumer fixes (its id, level, the time that is gone) is
    taken as given, so an asked policy need not repeat it. `places` makes rivers and reaches comparable with sections.
    """
    if _bare(asked) == _bare(offered):
        whole = read(offered)
        if not whole.faults:
            return _as_offered(whole, dataset, consumer, at)
    mine, theirs = read(asked), read(offered)
    faults = [Excess(f.code, f"{side}{f.path}") for side, p in (("", mine), ("offer:", theirs)) for f in p.faults]
    if faults:
        return Judgement(Verdict.PERSON, tuple(faults))
    try:
        return _compare(mine, theirs, _given(dataset, consumer, at), places, offered)
    except InputError as error:
        return Judgement(Verdict.PERSON, (Excess(error.code, ""),))


def _bare(policy: Mapping[str, object]) -> bytes:
    try:
        return canonical({key: value for key, value in policy.items() if key not in _BESIDE})
    except (ValueError, RecursionError, TypeError):
        return b""


def _given(dataset: Dataset, consumer: Member, at: int) -> Region:
    """What holds of every request that this consumer can still make of this dataset."""
    query = dataset.query
    found: dict[str, Names | Span] = {
        "recipient": Names(frozenset({consumer.id})),
        "recipientLevel": Names(frozenset({consumer.level.value})),
        "dateTime": Span(at, None),
    }
    for axis, names in (
        ("section", query.sections),
        ("parameter", query.parameters),
        ("cadence", query.cadences),
        ("statistic", query.statistics),
    ):
        if names:
            found[axis] = Names(frozenset(names))
    if query.start is not None or query.stop is not None:
        found["observed"] = Span(query.start, query.stop)
    return found


def _covered(policy: Policy, action: str, given: Region, places: Places | None, sure: bool) -> list[tuple[str, Region]]:
    """Path of a permission, and what it lets out after all prohibitions."""
    found: list[tuple[str, Region]] = []
    for rule in policy.permissions:
        if not applies(rule, action):
            continue
        left = [both for each in regions(rule.condition, places, sure) if (both := meet(given, each)) is not None]
        for ban in policy.prohibitions:
            if applies(ban, action):
                for taken in regions(ban.condition, places, not sure):
                    left = pruned(bounded([piece for each in left for piece in without(each, taken)]))
        found += [(rule.path, region) for region in left]
    return found


def _as_offered(policy: Policy, dataset: Dataset, consumer: Member, at: int) -> Judgement:
    """The offer as it stands: within, unless it is for others."""
    given = _given(dataset, consumer, at)
    try:
        if any(_covered(policy, action, given, None, True) for action in ACTIONS[1:]):
            return Judgement(Verdict.WITHIN)
        return Judgement(Verdict.WIDER, tuple(_not_for(policy, given)))
    except InputError as error:
        return Judgement(Verdict.PERSON, (Excess(error.code, ""),))


def _compare(
    mine: Policy, theirs: Policy, given: Region, places: Places | None, offered: Mapping[str, object]
) -> Judgement:
    """Rule by rule, first whatever is known of places, then by what is known of them now."""
    excess: list[Excess] = []
    shared: list[tuple[str, Region]] = []
    for action in ACTIONS[1:]:
        want = _covered(mine, action, given, None, True)
        have = [region for _, region in _covered(theirs, action, given, None, True)]
        wider = [(path, region) for path, region in want if rest(region, have)]
        if wider and not _resolved(mine, theirs, action, given, places):
            for path, region in wider:
                excess += _excess(path, region, have)
        shared += [(action, both) for _, one in want for other in have if (both := meet(one, other)) is not None]
    excess += _duties(mine, theirs)
    if not excess:
        return Judgement(Verdict.WITHIN) if shared else Judgement(Verdict.PERSON, (Excess("policy.rules", ""),))
    counter = _counter(shared, given, offered, mine)
    if not shared:
        excess += _not_for(theirs, given)
    return Judgement(Verdict.WIDER, tuple(dict.fromkeys(excess)), counter)


def _resolved(mine: Policy, theirs: Policy, action: str, given: Region, places: Places | None) -> bool:
    """Is it within by what is known of rivers and reaches now, every doubt against it?"""
    if places is None:
        return False
    have = [region for _, region in _covered(theirs, action, given, places, True)]
    return not any(rest(region, have) for _, region in _covered(mine, action, given, places, False))


def _excess(path: str, region: Region, have: Sequence[Region]) -> list[Excess]:
    """On which operands an asked region is wider than the offered one that is nearest to it."""
    best: list[str] | None = None
    nearest: Region = {}
    for other in have:
        wider = [axis for axis, extent in other.items() if meet(region, {axis: extent}) != dict(region)]
        if best is None or len(wider) < len(best):
            best, nearest = wider, other
    if not best:
        return [Excess("policy.wider", path)]
    return [Excess("policy.wider", path, axis, _say(region, axis), _say(nearest, axis)) for axis in best]


def _say(region: Region, axis: str) -> str:
    if axis not in region:
        return "*"
    return (
        "; ".join(f"{c['operator']} {_spelled(c['rightOperand'])}" for c in constraints_of({axis: region[axis]})) or "*"
    )


def _spelled(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _not_for(policy: Policy, given: Region) -> list[Excess]:
    """Why an offer is not for this consumer now."""
    found = []
    for rule in policy.permissions:
        for atom in atoms(rule.condition):
            if isinstance(atom, Unknown):
                found.append(Excess(atom.code, atom.path))
            elif not any(meet(given, each) for each in regions(atom, None, True)):
                found.append(Excess("policy.not_for", atom.path, atom.operand, _say(given, atom.operand), atom.wanted))
    return found or [Excess("policy.none", "")]


def _duties(mine: Policy, theirs: Policy) -> list[Excess]:
    """Duties of the offer that the asked policy lacks or softens."""
    own = _bound(mine)
    return [
        Excess("policy.duty_missing", duty.path, duty.action, offered=duty.value)
        for duty in _bound(theirs)
        if not any(_keeps(each, duty) for each in own)
    ]


def _bound(policy: Policy) -> list[Duty]:
    """All duties of a policy. Conservative: one of a single permission counts as of the whole."""
    onward = [Duty(rule.path, "notDistribute") for rule in policy.prohibitions if rule.action == "distribute"]
    return [*policy.duties, *(duty for rule in policy.permissions for duty in rule.duties), *onward]


def _keeps(own: Duty, other: Duty) -> bool:
    if own.action != other.action:
        return False
    if own.elapsed is not None and other.elapsed is not None:
        return own.elapsed <= other.elapsed
    return other.value in ("", own.value)


def _counter(
    shared: Sequence[tuple[str, Region]], given: Region, offered: Mapping[str, object], mine: Policy
) -> Mapping[str, object] | None:
    """What both policies let out, with the duties and the ban on passing on of the offer, and that of the asked one.

    None if there is nothing, or it cannot be written, or would be longer than a policy may be.
    """
    by_action: dict[str, list[Region]] = {}
    for action, region in shared:
        if renders(region):
            by_action.setdefault(action, []).append({a: e for a, e in region.items() if given.get(a) != e})
    read_regions, summaries = pruned(by_action.get("read", [])), pruned(by_action.get("aggregate", []))
    if not by_action:
        return None
    both = [region for region in read_regions if region in summaries]
    permission = [
        *(_permission("use", region) for region in both),
        *(_permission("read", region) for region in read_regions if region not in both),
        *(_permission("aggregate", region) for region in summaries if region not in both),
    ]
    duties = [*_listed(offered, "obligation")]
    for rule in _listed(offered, "permission"):
        duties += _listed(rule, "duty") if isinstance(rule, Mapping) else []
    counter: dict[str, object] = {"permission": permission}
    bans = [r for r in _listed(offered, "prohibition") if isinstance(r, Mapping) and _onward(r)]
    if bans or any(rule.action == "distribute" for rule in mine.prohibitions):
        counter["prohibition"] = [{"action": "distribute"}]
    if duties:
        counter["obligation"] = duties
    return None if read({"@id": "urn:uuid:counter", "@type": "Offer", **counter}).faults else counter


def _onward(rule: Mapping[str, object]) -> bool:
    return str(rule.get("action", "")).endswith("distribute")


def _listed(given: Mapping[str, object], key: str) -> list[object]:
    value = given.get(key)
    return list(value) if isinstance(value, list | tuple) else []


def _permission(action: str, region: Region) -> dict[str, object]:
    constraint = constraints_of(region)
    return {"action": action, "constraint": constraint} if constraint else {"action": action}
