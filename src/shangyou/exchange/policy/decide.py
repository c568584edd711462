"""The one place where it is decided whether data may leave, and which. Denies unless a permission surely holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shangyou.core.errors import InputError
from shangyou.exchange.member import Standing
from shangyou.exchange.policy.compile import regions
from shangyou.exchange.policy.decision import Decision, Facts, Outcome, Permitted, Reason, Refused, Request, Step
from shangyou.exchange.policy.policy import Atom, Duty, Policy, Rule, atoms
from shangyou.exchange.policy.region import Region, bounded, meet, without
from shangyou.exchange.policy.scopes import AGAIN, region_of, scopes_of
from shangyou.exchange.policy.terms import ACTIONS, METERS, OPERANDS, PURPOSES, RESOLUTIONS, Who
from shangyou.exchange.policy.weigh import Moment, reason, steps
from shangyou.exchange.policy.windows import window


def decide(policy: Policy, request: Request, facts: Facts, at: int) -> Decision:
    """May this request be fulfilled at this time [ms since 1970 UTC], and how far?

    Several permissions widen; prohibitions always win. A request without a resolution gets the finest of which
    anything may leave; if that is none, it is told why at the finest that the policy does not itself rule out.
    """
    if request.resolution is not None:
        return _decide(policy, request, facts, request.resolution, at)
    refused: list[Refused] = []
    for resolution in RESOLUTIONS:
        decision = _decide(policy, request, facts, resolution, at)
        if isinstance(decision, Permitted):
            return decision
        refused.append(decision)
    return min(refused, key=lambda each: any(reason.operand == "resolution" for reason in each.reasons))


def applies(rule: Rule, action: str) -> bool:
    """Is a rule about this action? `use` is every action."""
    return rule.action in ("use", action)


def _decide(policy: Policy, request: Request, facts: Facts, resolution: str, at: int) -> Decision:
    barred = _barred(policy, request, facts, resolution)
    if barred:
        return Refused(tuple(barred), ())
    moment = Moment(request, facts, resolution, at)
    permissions = [rule for rule in policy.permissions if applies(rule, request.action)]
    prohibitions = [rule for rule in policy.prohibitions if applies(rule, request.action)]
    trace = [
        *_trace(policy.prohibitions, "prohibition", moment),
        *_trace(policy.permissions, "permission", moment),
    ]
    try:
        work = _work(permissions, prohibitions, moment)
        scopes, moving = scopes_of(work.left, facts, resolution, at)
    except InputError as error:
        complex = Reason(error.code, "", "", "", str(error.facts.get("most", "")), "", Who.STEWARD)
        return Refused((complex,), tuple(trace))
    if not scopes:
        return Refused(tuple(_reasons(work, permissions, moment)), tuple(trace))
    until = _until((*permissions, *prohibitions), moment, moving)
    return Permitted(
        scopes=tuple(replace(scope, until=until) for scope in scopes),
        resolution=resolution,
        duties=_duties(policy, work.holding),
        trace=tuple(trace),
        until=until,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """What rules came to."""

    permitted: list[tuple[Rule, Region]]  # by permissions whose request and moment hold, whatever rows they are about
    asked: list[Region]  # of it what is in the dataset and asked for
    left: list[Region]  # of it what no prohibition takes
    banned: list[tuple[Rule, Region]]  # prohibitions whose request and moment hold

    @property
    def holding(self) -> list[Rule]:
        """Permissions whose request and moment hold."""
        return list({rule.path: rule for rule, _ in self.permitted}.values())


def _work(permissions: Sequence[Rule], prohibitions: Sequence[Rule], moment: Moment) -> _Work:
    permitted = list(_live(permissions, moment, True))
    banned = list(_live(prohibitions, moment, False))
    base = meet(region_of(moment.facts.limits), region_of(moment.request.wanted))
    asked = [] if base is None else [both for _, each in permitted if (both := meet(base, each)) is not None]
    left = pruned(asked)
    for _, ban in banned:
        left = pruned(bounded([piece for each in left for piece in without(each, ban)]))
    return _Work(permitted, asked, left, banned)


def _live(rules: Sequence[Rule], moment: Moment, sure: bool) -> Iterable[tuple[Rule, Region]]:
    for rule in rules:
        for region in regions(rule.condition, moment.facts.places, sure):
            live = moment.live(region, sure)
            if live is not None:
                yield rule, live


def pruned(found: list[Region]) -> list[Region]:
    """Without regions that lie in another."""
    kept: list[Region] = []
    for region in found:
        if not any(_inside(region, other) for other in kept):
            kept = [other for other in kept if not _inside(other, region)]
            kept.append(region)
    return kept


def _inside(one: Region, other: Region) -> bool:
    both = meet(one, other)
    return both is not None and dict(both) == dict(one)


def _barred(policy: Policy, request: Request, facts: Facts, resolution: str) -> list[Reason]:
    """Reasons that need no look at the rules: who the policy is between, who asks, and for what kind of thing."""
    found = [
        Reason("policy.party", key, "", "eq", named, real, Who.STEWARD)
        for key, named, real in (
            ("target", policy.target, facts.dataset),
            ("assigner", policy.assigner, facts.provider),
            ("assignee", policy.assignee, request.consumer),
        )
        if named and named != real
    ]
    if facts.standing is not Standing.ACTIVE:
        found.append(Reason("policy.standing", "", "", "eq", Standing.ACTIVE.value, facts.standing.value, Who.OPERATOR))
    if request.action not in ACTIONS[1:]:
        found.append(Reason("policy.asked_action", "", "", "", ", ".join(ACTIONS[1:]), request.action, Who.CONSUMER))
    if request.purpose and request.purpose not in PURPOSES:
        found.append(Reason("policy.asked_purpose", "", "", "", ", ".join(PURPOSES), request.purpose, Who.CONSUMER))
    if resolution not in RESOLUTIONS:
        found.append(Reason("policy.asked_resolution", "", "", "", ", ".join(RESOLUTIONS), resolution, Who.CONSUMER))
    return found


def _trace(rules: Sequence[Rule], word: str, moment: Moment) -> list[Step]:
    found: list[Step] = []
    for rule in rules:
        if not applies(rule, moment.request.action):
            found.append(Step(rule.path, word, "", rule.action, "", moment.request.action, Outcome.ASIDE))
            continue
        try:
            live = any(
                moment.live(region, word == "permission") is not None
                for region in regions(rule.condition, moment.facts.places, word == "permission")
            )
        except InputError:
            live = word == "prohibition"
        outcome = Outcome.HOLDS if live else Outcome.FAILS
        found.append(Step(rule.path, word, "", rule.action, "", moment.request.action, outcome))
        found += steps(rule, word, moment)
    return found


def _reasons(work: _Work, permissions: Sequence[Rule], moment: Moment) -> list[Reason]:
    """Why nothing is left, by each permission that might have been."""
    if not permissions:
        return [Reason("policy.none", "permission", "", "", moment.request.action, "", Who.STEWARD)]
    found: list[Reason] = []
    holding = {rule.path for rule in work.holding}
    for rule in permissions:
        if rule.path in holding:
            continue
        weighed = zip(atoms(rule.condition), steps(rule, "permission", moment), strict=True)
        failing = [
            reason(step, atom, moment) for atom, step in weighed if step.outcome in (Outcome.FAILS, Outcome.UNKNOWN)
        ]
        found += failing or [Reason("policy.condition", rule.path, "", "", "", "", Who.STEWARD)]
    if work.permitted and not work.asked:
        found += _outside(work, moment)
    elif work.asked:
        found += [
            Reason("policy.prohibited", rule.path, *_about(rule), Who.STEWARD)
            for rule in {rule.path: rule for rule, _ in work.banned}.values()
        ]
        found = found or [Reason("policy.outside", "permission", "", "", "", "", Who.CONSUMER)]
    return list(dict.fromkeys(found))


def _about(rule: Rule) -> tuple[str, str, str, str]:
    """Operand, operator, wanted and found of a prohibition, by its first constraint."""
    for atom in atoms(rule.condition):
        return (
            (atom.operand, atom.operator, atom.wanted, "")
            if isinstance(atom, Atom)
            else ("", "", atom.wanted, atom.code)
        )
    return "", "", rule.action, ""


def _outside(work: _Work, moment: Moment) -> list[Reason]:
    """Permissions hold, but for other rows than are asked for."""
    found = []
    for rule in work.holding:
        narrowing = [step for step in steps(rule, "permission", moment) if step.outcome is Outcome.NARROWS]
        found += [
            Reason("policy.outside", s.path, s.operand, s.operator, s.wanted, s.found, OPERANDS[s.operand].who)
            for s in narrowing
        ]
    return found or [Reason("policy.outside", "permission", "", "", "", "", Who.CONSUMER)]


def _duties(policy: Policy, holding: Sequence[Rule]) -> tuple[Duty, ...]:
    """What the consumer has to do: of the policy, of the permissions that hold, and not to pass on what must not be."""
    onward = [Duty(rule.path, "notDistribute") for rule in policy.prohibitions if rule.action == "distribute"]
    return (*policy.duties, *(duty for rule in holding for duty in rule.duties), *onward)


def _until(rules: Sequence[Rule], moment: Moment, moving: bool) -> int | None:
    """The next moment at which a rule may come to another result."""
    ends = [moment.at + AGAIN] if moving else []
    for rule in rules:
        for atom in atoms(rule.condition):
            if isinstance(atom, Atom) and atom.operand == "dateTime" and isinstance(atom.value, int):
                ends.append(atom.value if atom.operator in ("lt", "gteq") else atom.value + 1)
            elif isinstance(atom, Atom) and atom.operand in METERS:
                _, stop = window(atom.operand, moment.at, moment.facts.offset)
                ends += [] if stop is None else [stop]
    later = [end for end in ends if end > moment.at]
    return min(later) if later else None
