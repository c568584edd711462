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
from shangyou.faces.limits import place_of, value
from shangyou.faces.policies import faults, limit, lines, told, word
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


def test_a_decision_is_told_in_words_without_those_of_the_profile() -> None:
    constraints = [
        {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": ["assessment", "warning"]},
        {"leftOperand": "delay", "operator": "gteq", "rightOperand": "P1DT6H"},
        {"leftOperand": "parameter", "operator": "isAnyOf", "rightOperand": ["ammonia_nitrogen"]},
        {"leftOperand": "rowsPerDay", "operator": "lteq", "rightOperand": "1000000"},
        {"leftOperand": "observed", "operator": "gteq", "rightOperand": "2021-04-01T00:00:00+08:00"},
    ]
    given = {"@id": "x", "@type": "Offer", "permission": [{"action": "use", "constraint": constraints}]}
    zh = "\n".join(line.said for line in told(explained(read(given)), "zh"))
    for words in ("考核评价、预警", "1 天 6 小时", "氨氮", "1,000,000", "2021-04-01 00:00"):
        assert words in zh
    assert not re.search(r"[a-z]{3,}", zh)
    assert [line.path for line in told(explained(read(given)), "zh")][:3] == [
        "许可 1",
        "许可 1 · 约束 1",
        "许可 1 · 约束 2",
    ]


@given(st.integers(0, 2**40))
def test_what_a_person_reads_of_a_decision_shows_no_place_as_programmes_write_it(seed: int) -> None:
    lots = lot(random.Random(seed), 1)
    for line in told(why(decided(lots.policy, lots.ask)), "zh"):
        assert "[" not in line.path
        assert "（）" not in line.said + line.remedy
        assert "PT" not in line.said


def test_what_is_in_no_table_stands_as_it_was_written() -> None:
    assert value("parameter", "moonlight, ph", "en") == "moonlight, pH"
    assert value("delay", "P1M", "zh") == "P1M"
    assert value("observed", "yesterday", "zh") == "yesterday"
    assert place_of("profile", "zh") == "profile"


def test_the_reason_of_a_negotiation_is_read_in_words() -> None:
    assert limit("rowsPerDay", "lteq 1000000", "zh") == "至多 1,000,000"
    assert limit("purpose", "isAnyOf warning, research", "en") == "is any of warning, research"
    assert limit("recipient", "yunnan", "zh") == "yunnan"
