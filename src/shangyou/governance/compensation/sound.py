"""Does a compact add up as a whole? Routes, roles, deductions and what nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from shangyou.governance.compensation.compact import (
    ROLES,
    Compact,
    Declared,
    Deduct,
    IndexAtMost,
    Pot,
    Rule,
    Transfer,
    leaves,
)
from shangyou.governance.compensation.money import Shares
from shangyou.governance.compensation.paper import Faults


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """Rules after those that they deduct from, else by their ids; rules of a circle are left out."""
    waiting = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
    found: list[Rule] = []
    while ready := [rule for rule in waiting.values() if not (_needs(rule) & waiting.keys())]:
        found += [waiting.pop(rule.id) for rule in ready]
    return found


def _needs(rule: Rule) -> set[str]:
    return {case.move.rule for case in rule.cases if isinstance(case.move, Deduct)}


def sound(compact: Compact, rules: Sequence[Rule], faults: Faults) -> None:
    """Add what is wrong with the whole; `rules` are all of them, in the order in which they stand."""
    if not compact.members:
        faults.add("parties", "compensation.no_member")
    _circles(compact, rules, faults)
    drawn: dict[tuple[str, str], Decimal] = {}
    for place, rule in enumerate(rules):
        path = f"rules[{place}]"
        _roles(compact, rule, path, faults)
        _deductions(rule, rules, path, drawn, faults)
        _capped(rule, path, faults)
        if rule.every == "month" and any(isinstance(leaf, IndexAtMost) for leaf in _leaves(rule)):
            faults.add(f"{path}.every", "compensation.index_month")
    for (target, payer), part in sorted(drawn.items()):
        if part > 1:
            faults.add("rules", "compensation.overdrawn", rule=target, name=payer, part=str(part))
    for place, index in enumerate(compact.indices):
        for item in sorted({item for item, _ in index.weights} - set(compact.indicators)):
            faults.add(
                f"indices[{place}].weights.{item}", "compensation.name", name=item, known=", ".join(compact.indicators)
            )
    _idle(compact, rules, faults)


def _leaves(rule: Rule) -> Iterator[object]:
    return (leaf for case in rule.cases for leaf in leaves(case.test))


def _circles(compact: Compact, rules: Sequence[Rule], faults: Faults) -> None:
    known = {rule.id for rule in rules}
    for place, rule in enumerate(rules):
        for missing in sorted(_needs(rule) - known):
            faults.add(f"rules[{place}]", "compensation.name", name=missing, known=", ".join(sorted(known))[:300])
    left = known - {rule.id for rule in compact.rules}
    inside = {rule.id for rule in rules if rule.id in left and _needs(rule) & left}
    if inside:
        faults.add("rules", "compensation.circular", rules=" → ".join(sorted(inside)))


def _sides(rule: Rule) -> Iterator[tuple[Shares, Shares]]:
    for case in rule.cases:
        if isinstance(case.move, Transfer):
            yield case.move.payers, case.move.payees
        elif isinstance(case.move, Pot):
            yield case.move.pay_in, ()
            yield case.move.pay_out, ()


def _roles(compact: Compact, rule: Rule, path: str, faults: Faults) -> None:
    """Whoever a role stands for must be there at each section, and must not end up on both sides."""
    used = {name for sides in _sides(rule) for side in sides for name, _ in side} & set(ROLES)
    for id in rule.sections:
        for role in sorted(used):
            if not acting(compact, rule, id, role):
                faults.add(path, "compensation.no_role", section=id, role=role)
        for payers, payees in _sides(rule):
            first, second = ({acting(compact, rule, id, name) for name, _ in side} for side in (payers, payees))
            for name in sorted((first & second) - {""}):
                faults.add(path, "compensation.self", name=name)


def acting(compact: Compact, rule: Rule, section: str, name: str) -> str:
    """The party that a name of a rule stands for at a section; "" = nobody."""
    if name not in ROLES:
        return name
    known = {each.id: each for each in compact.sections}
    side = getattr(known[section], name) if section in known else None
    return side or rule.filled_by


def _deductions(
    rule: Rule, rules: Sequence[Rule], path: str, drawn: dict[tuple[str, str], Decimal], faults: Faults
) -> None:
    largest: dict[tuple[str, str], Decimal] = {}
    for case in rule.cases:
        move = case.move
        if not isinstance(move, Deduct):
            continue
        target = next((other for other in rules if other.id == move.rule), None)
        if target is None:
            continue
        if rule.every != target.every:
            faults.add(f"{path}.every", "compensation.deduct_period", rule=target.id)
        if move.payer not in _gains(target):
            faults.add(path, "compensation.no_gain", name=move.payer, rule=target.id)
        key = (move.rule, move.payer)
        largest[key] = max(largest.get(key, Decimal(0)), (move.part or Decimal(0)) * max(1, len(rule.sections)))
    for key, part in largest.items():
        drawn[key] = drawn.get(key, Decimal(0)) + part


def _gains(rule: Rule) -> set[str]:
    """Who may get something by a rule, by name."""
    found: set[str] = set()
    for case in rule.cases:
        move = case.move
        if isinstance(move, Pot):
            found |= {name for name, _ in move.pay_out}
        elif isinstance(move, Transfer | Deduct):
            found |= {name for name, _ in move.payees}
    return found


def _capped(rule: Rule, path: str, faults: Faults) -> None:
    """A cap says what one payer pays: it needs transfers that one pays."""
    if rule.cap is None:
        return
    for case in rule.cases:
        if isinstance(case.move, Pot | Deduct) or (isinstance(case.move, Transfer) and len(case.move.payers) > 1):
            faults.add(f"{path}.cap", "compensation.cap_kind")


def _idle(compact: Compact, rules: Sequence[Rule], faults: Faults) -> None:
    """What no rule speaks of was forgotten, or a rule was."""
    spoken: set[str] = set()
    sections: set[str] = set()
    indices: set[str] = set()
    facts: set[str] = set()
    for rule in rules:
        sections |= set(rule.sections)
        spoken |= _gains(rule) | {rule.filled_by}
        spoken |= {name for sides in _sides(rule) for side in sides for name, _ in side}
        for leaf in _leaves(rule):
            sections |= {getattr(leaf, "section", "")}
            indices |= {leaf.index} if isinstance(leaf, IndexAtMost) else set()
            facts |= {leaf.fact} if isinstance(leaf, Declared) else set()
    sections |= {index.section for index in compact.indices if index.id in indices}
    if spoken & set(ROLES):
        spoken |= {side for each in compact.sections for side in (each.upstream, each.downstream) if side}
    told = (
        ("parties", [each.id for each in compact.parties], spoken),
        ("sections", [each.id for each in compact.sections], sections),
        ("indices", [each.id for each in compact.indices], indices),
        ("declared", [key for key, *_ in compact.facts], facts),
    )
    for path, ids, used in told:
        for id in ids:
            if id not in used:
                faults.add(path, "compensation.idle", name=id)
