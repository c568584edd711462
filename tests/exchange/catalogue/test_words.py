"""Searching in Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.catalogue.words import fits, indexed, terms, tokens

TEXTS = ["沱江干流重金属小时值", "Tuo River, heavy metals by the hour", "铅", "总磷", "NH₃-N 氨氮", "CODMn"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("铅", True),
        ("总磷", True),
        ("磷总", False),
        ("沱江 小时", True),
        ("江沱", False),
        ("heavy met", True),
        ("eavy", False),
        ("NH3-N", True),
        ("ｎｈ３", True),
        ("codmn", True),
        ("铅 长江", False),
        ("值铅", False),
        ("", True),
        ("%", True),
        ('"', True),
    ],
)
def test_chinese_is_found_by_characters_and_latin_by_beginnings(query: str, found: bool) -> None:
    kept = indexed(["沱江干流重金属小时值", *TEXTS[1:]])
    assert fits(query, kept) is found


def test_a_phrase_does_not_reach_from_one_text_into_the_next() -> None:
    assert not fits("铅总", indexed(["铅", "总磷"]))


@given(st.text(max_size=60))
def test_every_text_is_found_by_each_of_its_own_words(text: str) -> None:
    kept = indexed([text])
    assert all(fits(word, kept) for word in tokens(text))


@given(st.text(max_size=400))
def test_a_query_of_any_characters_is_cut_into_plain_words(query: str) -> None:
    for term in terms(query):
        assert term.words
        assert all(word.strip() == word and not set(word) & set("\"'*%.:()") for word in term.words)
