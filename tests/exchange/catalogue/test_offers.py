"""Every policy can be said in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.catalogue.offers import in_words
from shangyou.exchange.policy.write import TEMPLATES, Terms, written


@pytest.mark.parametrize("name", sorted(TEMPLATES))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_template_is_said_without_a_word_of_the_machine(name: str, language: str) -> None:
    for line in in_words(written(TEMPLATES[name], "o"), language):
        assert not re.search(r"isAnyOf|gteq|lteq|elapsedTime|recipientLevel", line)
        assert language == "zh" or not re.search("[\u4e00-\u9fff]", line)


def test_terms_are_said_in_both_languages() -> None:
    policy = written(Terms(recipients=("cq",), purposes=("warning",), delay="P1D", delete_after="P30D"), "o")
    assert in_words(policy, "zh") == [
        "允许使用：接收方 限于 cq；用途 限于 预警；延迟 不小于 P1D",
        "禁止转给他人",
        "须删除：收到后 不超过 P30D",
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
