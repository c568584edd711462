"""Laws of deciding, over policies, requests and stores by lot."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.policy.decision import Permitted, Refused
from shangyou.exchange.policy.terms import METERS
from tests.exchange.policy.lots import Lot, compared, constraint, decided, egress, lot, rule

SEEDS = st.integers(0, 2**40)


def made(seed: int) -> tuple[random.Random, Lot]:
    chance = random.Random(seed)
    return chance, lot(chance, 12)


def out(policy: dict[str, Any], lot: Lot) -> list[int]:
    decision = decided(policy, lot.ask)
    return egress(decision.scopes, lot.rows, lot.ask.at) if isinstance(decision, Permitted) else [0] * len(lot.rows)


def never_more(narrow: list[int], wide: list[int]) -> bool:
    return all(a <= b for a, b in zip(narrow, wide, strict=True))


@pytest.mark.parametrize("thousand", range(3))
def test_compiled_scopes_let_out_just_the_rows_that_an_independent_decision_of_each_row_lets_out(thousand: int) -> None:
    out_of_it = 0
    for number in range(thousand * 1000, thousand * 1000 + 1000):
        lots = lot(random.Random(number), 16)
        ours, theirs = compared(lots)
        assert ours == theirs, lots.policy  # equal counts: no row leaves twice either
        out_of_it += sum(theirs)
    assert out_of_it > 1000


@given(SEEDS)
def test_an_added_prohibition_never_widens(seed: int) -> None:
    chance, lots = made(seed)
    bans = [*lots.policy.get("prohibition", []), rule(chance, False)]
    assert never_more(out({**lots.policy, "prohibition": bans}, lots), out(lots.policy, lots))


@given(SEEDS)
def test_an_added_constraint_never_widens_a_permission(seed: int) -> None:
    chance, lots = made(seed)
    rules = [dict(rule) for rule in lots.policy["permission"]]
    chosen = chance.choice(rules)
    chosen["constraint"] = [*chosen["constraint"], constraint(chance, True, 0)]
    assert never_more(out({**lots.policy, "permission": rules}, lots), out(lots.policy, lots))


@given(SEEDS)
def test_a_constraint_taken_off_a_prohibition_never_widens(seed: int) -> None:
    _, lots = made(seed)
    bans = [{**ban, "constraint": ban["constraint"][1:]} for ban in lots.policy.get("prohibition", [])]
    assert never_more(out({**lots.policy, "prohibition": bans}, lots), out(lots.policy, lots))


@given(SEEDS)
def test_the_more_has_left_the_less_may_leave(seed: int) -> None:
    chance, lots = made(seed)
    more = {meter: count + chance.choice((0, 1, 5)) for meter, count in lots.ask.used.items()}
    later = replace(lots, ask=replace(lots.ask, used=more))
    assert never_more(out(lots.policy, later), out(lots.policy, lots))


@given(SEEDS)
def test_what_nobody_has_counted_denies(seed: int) -> None:
    _, lots = made(seed)
    uncounted = replace(lots, ask=replace(lots.ask, used={}))
    counted = replace(lots, ask=replace(lots.ask, used=dict.fromkeys(METERS, 0)))
    assert never_more(out(lots.policy, uncounted), out(lots.policy, counted))


@given(SEEDS)
def test_a_request_that_says_no_purpose_gets_no_more_than_one_that_says_any(seed: int) -> None:
    _, lots = made(seed)
    unsaid = replace(lots, ask=replace(lots.ask, purpose=""))
    said = replace(lots, ask=replace(lots.ask, purpose="research"))
    assert never_more(out(lots.policy, unsaid), out(lots.policy, said))


@given(SEEDS, st.sampled_from(["leftOperand", "operator", "rightOperand"]))
def test_a_word_that_is_not_understood_never_widens(seed: int, key: str) -> None:
    chance, lots = made(seed)
    kind = chance.choice([name for name in ("permission", "prohibition") if name in lots.policy])
    rules = [dict(rule) for rule in lots.policy[kind]]
    chosen = chance.choice(rules)
    if chosen["constraint"]:
        others, last = chosen["constraint"][:-1], chosen["constraint"][-1]
        chosen["constraint"] = [*others, {**last, key: 7} if key in last else {"nor": []}]
    else:
        chosen["action"] = "nonsense"
    assert never_more(out({**lots.policy, kind: rules}, lots), out(lots.policy, lots))


@given(SEEDS)
def test_every_refusal_has_a_reason_and_every_decision_a_trace(seed: int) -> None:
    _, lots = made(seed)
    decision = decided(lots.policy, lots.ask)
    if isinstance(decision, Refused):
        assert decision.reasons
        assert all(reason.code.startswith("policy.") for reason in decision.reasons)
    assert decision.trace


@given(SEEDS)
def test_a_decision_holds_until_the_time_it_names(seed: int) -> None:
    chance, lots = made(seed)
    decision = decided(lots.policy, lots.ask)
    if not isinstance(decision, Permitted) or decision.until is None:
        return
    assert decision.until > lots.ask.at
    later = replace(lots.ask, at=chance.randint(lots.ask.at, min(decision.until, lots.ask.at + 3_600_000) - 1))
    again = decided(lots.policy, later)
    moving = decision.until == lots.ask.at + 60_000
    if not moving:
        wide = egress(again.scopes, lots.rows, later.at) if isinstance(again, Permitted) else [0] * len(lots.rows)
        held = [min(n, 1) for n in egress(decision.scopes, lots.rows, later.at)]
        assert never_more(held, wide)
