"""Offers made from a form are understood by the policy decision, and every policy can be said in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.catalogue.offers import Terms, in_words, policy_of
from shangyou.exchange.catalogue.sharing import recipients
from shangyou.exchange.policy.read import read

TERMS = st.builds(
    Terms,
    recipients=st.lists(st.sampled_from(["cq", "gz", "yn"]), unique=True, max_size=2).map(tuple),
    purposes=st.lists(st.sampled_from(["assessment", "warning", "research"]), unique=True, max_size=2).map(tuple),
    until=st.sampled_from(["", "2027-01-01T00:00:00+08:00"]),
    delay=st.sampled_from(["", "P1D", "PT6H"]),
    resolution=st.sampled_from(["", "hour", "day", "month"]),
    rows=st.none() | st.integers(0, 10**9),
    cite=st.booleans(),
    onward=st.booleans(),
    delete=st.sampled_from(["", "P30D"]),
)


@given(TERMS)
def test_every_choice_of_the_form_is_understood(terms: Terms) -> None:
    policy = policy_of(terms)
    assert read({**policy, "@type": "Offer", "@id": "o"}).faults == ()
    assert recipients(policy) == (frozenset(terms.recipients) or None)


def test_terms_are_said_in_both_languages() -> None:
    policy = policy_of(Terms(recipients=("cq",), delay="P1D", delete="P30D"))
    assert in_words(policy, "zh") == [
        "允许使用：接收方 限于 cq；延迟 不小于 P1D",
        "禁止转给他人",
        "须注明来源",
        "须删除：elapsedTime 不超过 P30D",
    ]
    assert in_words(policy, "en")[1] == "May not pass it on"


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["permission", "constraint", "or", "action", "rightOperand", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["permission", "prohibition", "obligation", "x"]), JSON))
def test_words_are_found_for_any_json(policy: dict[str, object]) -> None:
    assert all(isinstance(line, str) for line in in_words(policy, "zh"))
