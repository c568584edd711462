"""Decisions in words, in both languages, as rows and as a part of a page."""

from __future__ import annotations

import random
import re

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Review
from shangyou.exchange.policy.explain import explained, why
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.terms import ACTIONS, BANNED, DUTIES, OPERANDS, REVIEWS, Who
from shangyou.faces.policies import faults, lines, told, word
from shangyou.faces.sentences import messages
from tests.exchange.policy.lots import decided, lot

PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("shangyou.faces.portal"), autoescape=True, undefined=jinja2.StrictUndefined
)


@given(st.integers(0, 2**40), st.sampled_from(["zh", "en"]))
def test_any_decision_is_told_in_rows_and_on_a_page(seed: int, language: str) -> None:
    lots = lot(random.Random(seed), 1)
    decision = decided(lots.policy, lots.ask)
    found = why(decision)
    rows = lines(found, language).table().to_pylist()
    assert len(rows) == len(found)
    assert all(row["said"].strip() for row in rows)
    assert not any(re.search(r"\{\w+\}", row["said"] + row["remedy"]) for row in rows)
    page = PAGES.get_template("policy_why.html").render(told=told(found, language))
    assert page.count("<li>") == len(found) - 1
    assert lines(explained(read(lots.policy)), language).table().num_rows > 0


def test_what_a_policy_says_is_no_markup() -> None:
    given = {"@id": "x", "@type": "Offer", "permission": [{"action": "use", "constraint": [
        {"leftOperand": "recipient", "operator": "eq", "rightOperand": "<script>alert(1)</script>"}]}]}  # fmt: skip
    lots = lot(random.Random(1), 1)
    page = PAGES.get_template("policy_why.html").render(told=told(why(decided(given, lots.ask)), "en"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_all_faults_have_sentences_with_their_facts() -> None:
    given = {"@type": "Thing", "x": 1, "permission": [{"action": "sell", "constraint": [{"leftOperand": "y"}, 7]}]}
    rows = faults(read(given).faults, "en").table().to_pylist()
    assert len(rows) == 5
    assert not any("?" in row["said"] for row in rows)


@pytest.mark.parametrize("key", [*OPERANDS, *ACTIONS, *BANNED, *DUTIES, *Who])
def test_every_word_has_both_languages(key: str) -> None:
    assert word(key, "zh") != key
    assert re.search("[一-鿿]", word(key, "zh"))
    assert not re.search("[一-鿿]", word(key, "en"))


def test_every_operand_that_can_fail_has_its_sentence() -> None:
    wanted = {f"policy.not.{name}" for name, operand in OPERANDS.items() if operand.about != "rows"}
    assert wanted <= set(messages())


def test_levels_of_review_are_those_of_the_records() -> None:
    assert [level.name.lower() for level in Review] == list(REVIEWS)
