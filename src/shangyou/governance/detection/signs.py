"""What several parameters of one place say together: how pollution shows in water, and what nature does not do.

Oxygen and pH follow life together, by day up and by night down (see `explain`); rain brings particles and dilutes
salt. What moves against that did not come by itself. One parameter alone never tells: each sign needs two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from shangyou.governance.detection.alarm import Rule, Sign
from shangyou.governance.detection.explain import (
    ALGAE,
    ALONG,
    SWING,
    WHOLE,
    Case,
    chemistry,
    odd_beside,
    river,
    swing,
)
from shangyou.governance.detection.plan import LIVING

Told: TypeAlias = tuple[Rule | None, Sign]  # None: it is told, but raises nothing by itself
JOINT: Final = ("ammonia_nitrogen", "total_phosphorus", "total_nitrogen", "permanganate_index", "dissolved_oxygen")
SAMENESS: Final = frozenset({"ammonia_nitrogen", "total_nitrogen"})  # one substance is one witness
OXYGEN, SALT, ACID = "dissolved_oxygen", "conductivity", "ph"
PAIRS: Final = (  # both odd: what it is; True: rain does it too, so only where the river has not risen
    (("ammonia_nitrogen", OXYGEN), "joint.sewage", False),
    (("permanganate_index", OXYGEN), "joint.organic", True),
    (("chemical_oxygen_demand", OXYGEN), "joint.organic", True),
    (("ammonia_nitrogen", SALT), "joint.effluent", False),
    (("permanganate_index", SALT), "joint.effluent", False),
    (("chemical_oxygen_demand", SALT), "joint.effluent", False),
)
ENOUGH: Final = 0.5  # of the limit: what two instruments must agree on, before that alone is reason for an alarm
DAYLIGHT: Final = (11.0, 18.0)  # legal hours in which plants give off the most oxygen


def signs(case: Case) -> Iterator[Told]:
    """All that the other parameters of the place say for it."""
    yield from _against_day(case)
    yield from _acid(case)
    yield from _whole(case)
    yield from _pairs(case)
    yield from _several(case)
    yield from _bloom(case)
    yield from _living(case) if case.watch.alert is not None else _reacts(case)
    if case.expected is not None:
        due = case.expected
        facts: dict[str, float | str] = {"warning": due.warning, "member": due.member}
        yield Rule.WARNED, Sign("warned.due", {**facts, "from": float(due.first), "to": float(due.last)})


def _against_day(case: Case) -> Iterator[Told]:
    """Oxygen that is low by daylight, where plants usually raise it and pH has not risen either: they do not work."""
    if case.parameter != OXYGEN or not DAYLIGHT[0] <= case.hour < DAYLIGHT[1]:
        return
    acid, usual = case.beside(ACID), swing(case)
    if usual >= SWING and acid is not None and acid.off < ALONG:
        yield (
            Rule.CONTRADICTION,
            Sign("contradiction.day", {"value": case.value, "swing": usual, "ph": acid.value}),
        )


def _acid(case: Case) -> Iterator[Told]:
    """pH against oxygen, with more salt than usual: acid or lye, not life. pH alone is as often the electrode."""
    if case.parameter != ACID:
        return
    oxygen, salt = case.beside(OXYGEN), case.beside(SALT)
    if oxygen is None or salt is None or salt.off < case.plan.odd:
        return
    if (oxygen.off < ALONG) if case.off > 0 else (oxygen.off > -ALONG):
        how = "contradiction.lye" if case.off > 0 else "contradiction.acid"
        yield Rule.CONTRADICTION, Sign(how, {"oxygen": oxygen.value, "conductivity": salt.value, "usual": salt.usual})


def _whole(case: Case) -> Iterator[Told]:
    """The whole has risen by what its part has: two instruments that know nothing of each other."""
    name = WHOLE.get(case.parameter)
    whole = case.beside(name) if name is not None else None
    if name is None or whole is None or whole.off < case.plan.calm:
        return
    rise, more = case.value - float(case.memory.usual[case.row]), whole.value - whole.usual
    if 0 < 0.5 * rise <= more <= 2.0 * rise:
        # what is near its limit, or beyond, swings by as much with the flow
        clean = float(case.memory.usual[case.row]) <= ENOUGH * case.limit
        rule = Rule.JOINT if clean and rise >= ENOUGH * case.limit else None  # NaN, no limit: none
        yield rule, Sign("joint.whole", {"whole": name, "rise": rise, "more": more})


def _pairs(case: Case) -> Iterator[Told]:
    for pair, how, calm in PAIRS:
        if case.parameter not in pair or case.parameter == SALT:  # which drifts, and has seasons
            continue
        other = pair[1] if case.parameter == pair[0] else pair[0]
        found = case.beside(other)
        if found is not None and found.odd and not (calm and river(case)[1]):
            yield Rule.JOINT, Sign(how, {"other": other, "value": found.value, "usual": found.usual})


def _several(case: Case) -> Iterator[Told]:
    if case.parameter not in JOINT:
        return
    others = [name for name in JOINT if name != case.parameter and odd_beside(case, name)]
    witnesses = {"nitrogen" if name in SAMENESS else name for name in others}
    if case.parameter in SAMENESS:
        witnesses.discard("nitrogen")
    if len(witnesses) >= 2:
        yield Rule.JOINT, Sign("joint.several", {"others": " ".join(others)})


def _bloom(case: Case) -> Iterator[Told]:
    """Algae that are seen in two ways, or that are seen at work: oxygen and pH are up with them."""
    if case.parameter not in ALGAE:
        return
    for name in ALGAE:
        found = case.beside(name) if name != case.parameter else None
        if found is not None and (found.odd or found.off >= case.plan.calm):
            yield Rule.BIOLOGICAL, Sign("biological.algae", {"other": name, "value": found.value, "usual": found.usual})
    oxygen, acid = case.beside(OXYGEN), case.beside(ACID)
    if oxygen is not None and acid is not None and min(oxygen.off, acid.off) >= ALONG:
        yield Rule.BIOLOGICAL, Sign("biological.work", {"oxygen": oxygen.value, "ph": acid.value})


def _living(case: Case) -> Iterator[Told]:
    """What the chemistry of the same water says to a monitor of living things: the same, or nothing at all."""
    others = [name for name in LIVING if name != case.parameter and odd_beside(case, name)]
    if others:
        yield Rule.JOINT, Sign("biological.organisms", {"others": " ".join(others)})
    known = chemistry(case)
    agree = [name for name in known if odd_beside(case, name)]
    if agree:
        yield Rule.JOINT, Sign("biological.agrees", {"others": " ".join(agree)})
    elif known:
        yield Rule.CONTRADICTION, Sign("contradiction.biology", {"others": " ".join(known)})
    else:
        yield None, Sign("biological.unmeasured", {})


def _reacts(case: Case) -> Iterator[Told]:
    """Living things react to what chemistry sees; in muddy water that proves nothing."""
    if case.watch.biological or not case.watch.alone:
        return
    others = [name for name in LIVING if odd_beside(case, name)]
    if others:
        yield None if river(case)[1] else Rule.BIOLOGICAL, Sign("biological.reacts", {"others": " ".join(others)})
