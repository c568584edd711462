from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shangyou.core.errors import ConflictError, InputError, RefusedError, ShangyouError
from shangyou.exchange.member import Standing
from shangyou.exchange.trust.acceptance import (
    SKEW,
    Accepted,
    Phase,
    Roots,
    accept_all,
    accept_first,
    accept_next,
    countdown,
)
from shangyou.exchange.trust.document import DAY, TrustList
from tests.exchange.signers import key, std
from tests.exchange.trust.lists import ANCHORS, NOW, after, begun, first, roots, sealed


def code_of(current: Accepted, document: object, at: int = NOW + 1000) -> str:
    with pytest.raises(ShangyouError) as refused:
        accept_next(current, document, at)
    return refused.value.code


def test_a_first_list_is_known_by_the_fingerprints_of_the_invitation() -> None:
    assert accept_first(sealed(first(), "a", "b", "c"), roots(first()), NOW).trusted == first()
    strange = first(("v", "w", "x"), 2)
    with pytest.raises(RefusedError, match=r"trust\.signatures"):
        accept_first(sealed(strange, "v", "w", "x"), roots(first()), NOW)
    with pytest.raises(RefusedError, match=r"trust\.federation"):
        accept_first(sealed(first(), *ANCHORS), Roots("other", roots(first()).kids, 3), NOW)
    with pytest.raises(RefusedError, match=r"trust\.expired"):
        accept_first(sealed(first(), *ANCHORS), roots(first()), NOW + 30 * DAY)


def test_the_next_version_needs_enough_anchors() -> None:
    new = after(begun())
    assert accept_next(begun(), sealed(new, "a", "b", "c"), NOW + 1000).trusted.version == 2
    assert code_of(begun(), sealed(new, "a", "b")) == "trust.signatures"
    assert code_of(begun(), {"document": sealed(new)["document"], "signatures": []}) == "seal.unsigned"
    assert code_of(begun(), sealed(new, "a", "b", "x")) == "seal.kid"


def test_the_same_version_again_changes_nothing() -> None:
    assert accept_next(begun(), sealed(first(), "c", "d", "e"), NOW).trusted == first()


def test_an_older_version_is_refused_whoever_signed_it() -> None:
    current = accept_next(begun(), sealed(after(begun()), *ANCHORS), NOW + 1000)
    assert code_of(current, sealed(first(), *ANCHORS)) == "trust.rollback"


def test_another_list_of_the_same_version_is_a_fork() -> None:
    other = replace(first(), witnesses=1)
    assert code_of(begun(), sealed(other, *ANCHORS)) == "trust.fork"
    new = replace(after(begun()), previous="0" * 64)
    assert code_of(begun(), sealed(new, *ANCHORS)) == "trust.fork"


def test_a_version_that_passes_over_others_is_refused_until_they_come() -> None:
    two = accept_next(begun(), sealed(after(begun()), *ANCHORS), NOW + 1000)
    three = after(two, NOW + 2000)
    assert code_of(begun(), sealed(three, *ANCHORS)) == "trust.gap"
    chain = [sealed(two.trusted, "a", "b", "c"), sealed(three, "c", "d", "e")]
    assert accept_all(begun(), chain, NOW + 2000).trusted.version == 3


def test_new_anchors_need_the_old_ones_and_themselves() -> None:
    changed = after(begun(), anchors=tuple(key(std(name), NOW) for name in ("c", "x", "y")), threshold=2)
    assert code_of(begun(), sealed(changed, "a", "b", "c")) == "trust.signatures"  # one of the new
    assert code_of(begun(), sealed(changed, "c", "x", "y")) == "trust.signatures"  # one of the old
    current = accept_next(begun(), sealed(changed, "a", "b", "c", "x"), NOW + 1000)
    third = after(current, NOW + 2000)
    assert code_of(current, sealed(third, "a", "b", "c"), NOW + 2000) == "seal.kid"  # the old ones are strangers now
    assert accept_next(current, sealed(third, "x", "y"), NOW + 2000).trusted.version == 3


def test_a_list_from_the_future_or_issued_before_its_forerunner_is_refused() -> None:
    late = after(begun(), NOW + SKEW + 2000)
    assert code_of(begun(), sealed(late, *ANCHORS), NOW + 1000) == "trust.future"
    early = replace(after(begun()), issued=NOW - 1, expires=NOW + DAY)
    assert code_of(begun(), sealed(early, *ANCHORS)) == "trust.order"


def test_a_newer_list_is_taken_even_when_it_has_expired_for_it_may_name_a_revocation() -> None:
    found = accept_next(begun(), sealed(after(begun()), "a", "b", "c"), NOW + 90 * DAY)
    assert countdown(found.trusted, NOW + 90 * DAY).phase is Phase.STOP


def test_lists_of_other_federations_are_refused() -> None:
    assert code_of(begun(), sealed(replace(after(begun()), federation="other"), *ANCHORS)) == "trust.federation"


@pytest.mark.parametrize("document", [None, 5, [], {}, {"document": 5, "signatures": []}, {"document": {}}])
def test_what_is_no_list_is_an_error_of_ours(document: object) -> None:
    with pytest.raises(InputError):
        accept_next(begun(), document, NOW)


@pytest.mark.parametrize(
    ("days", "phase", "following", "left"),
    [
        (0, Phase.FRESH, Phase.WARN, 20 * DAY),
        (19.99, Phase.FRESH, Phase.WARN, None),
        (20, Phase.WARN, Phase.EXISTING, 7 * DAY),
        (27, Phase.EXISTING, Phase.STOP, 3 * DAY),
        (30, Phase.STOP, None, 0),
        (-1, Phase.STOP, None, 0),  # a clock before the list's issue: nobody knows how old it is
    ],
)
def test_the_age_of_the_list_says_what_may_go_on(
    days: float, phase: Phase, following: Phase | None, left: int | None
) -> None:
    found = countdown(first(), NOW + round(days * DAY))
    assert (found.phase, found.next) == (phase, following)
    assert left is None or found.left == left


@given(st.integers(0, 40 * DAY), st.integers(0, 40 * DAY))
def test_an_older_list_never_allows_more(one: int, other: int) -> None:
    order = list(Phase)
    early, late = sorted((one, other))
    assert order.index(countdown(first(), NOW + early).phase) <= order.index(countdown(first(), NOW + late).phase)


class AnyListsAndClocks(RuleBasedStateMachine):
    """Whatever versions, signers and clocks come, in whatever order, nothing goes back and too few are never enough."""

    def __init__(self) -> None:
        super().__init__()
        self.current = begun()
        self.seen = [self.current]

    def candidate(self, base: Accepted, standing: Standing, jump: int, at: int) -> TrustList:
        changed = replace(base.trusted.members[1], standing=standing, reason="r")
        members = (base.trusted.members[0], changed, *base.trusted.members[2:])
        made = after(base, max(at, base.trusted.issued), members=members)
        return replace(made, version=max(2, made.version + jump))

    @rule(
        base=st.integers(0, 100),
        names=st.sets(st.sampled_from(ANCHORS)),
        standing=st.sampled_from([Standing.ACTIVE, Standing.SUSPENDED]),
        jump=st.sampled_from([0, 0, 0, -1, 1]),
        clock=st.integers(-2 * DAY, 60 * DAY),
    )
    def offer(self, base: int, names: set[str], standing: Standing, jump: int, clock: int) -> None:
        found = self.seen[base % len(self.seen)]
        offered = self.candidate(found, standing, jump, NOW + clock)
        before = self.current
        try:
            self.current = accept_next(before, sealed(offered, *sorted(names)), NOW + clock)
        except (InputError, RefusedError, ConflictError):
            return
        assert len(names) >= 3
        if self.current is not before:
            assert self.current.trusted.version == before.trusted.version + 1
            assert self.current.trusted.previous == before.digest
            self.seen.append(self.current)

    @rule(base=st.integers(0, 100), names=st.sets(st.sampled_from(ANCHORS), min_size=1))
    def replay(self, base: int, names: set[str]) -> None:
        """What was in force once comes again."""
        old = self.seen[base % len(self.seen)]
        if old.trusted.version < self.current.trusted.version:
            with pytest.raises(RefusedError):
                accept_next(self.current, sealed(old.trusted, *sorted(names)), NOW)

    @invariant()
    def versions_only_grow(self) -> None:
        assert [each.trusted.version for each in self.seen] == list(range(1, len(self.seen) + 1))


TestAnyListsAndClocks = AnyListsAndClocks.TestCase
