"""Every error code has its sentence and its remedy in both languages."""

from __future__ import annotations

import re
import string

import pytest

from shangyou.faces.sentences import messages, sentence
from tests.conftest import Unfilled

TOLD = ("alarm.tried.", "alarm.sign.", "alarm.doubt.")  # what an alarm says: there is nothing to be done about it


@pytest.mark.parametrize("code", sorted(messages()))
def test_a_code_has_a_sentence_and_a_remedy_in_both_languages(code: str) -> None:
    assert set(messages()[code]) == {"zh", "en", "remedy_zh", "remedy_en"}
    assert all(
        text for key, text in messages()[code].items() if not code.startswith(TOLD) or not key.startswith("remedy")
    )
    assert re.search("[\u4e00-\u9fff]", messages()[code]["zh"])
    assert not re.search("[\u4e00-\u9fff]", messages()[code]["en"])


@pytest.mark.parametrize("code", sorted(messages()))
def test_both_languages_tell_the_same_facts(code: str) -> None:
    def facts(language: str) -> set[str | None]:
        entry = messages()[code]
        texts = entry[language], entry[f"remedy_{language}"]
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text)} - {None}

    assert facts("zh") == facts("en")


def test_a_sentence_carries_its_facts() -> None:
    said = sentence("units.unknown", {"unit": "furlong"}, "en")
    assert said.text == "The unit “furlong” is not known."
    assert said.remedy.startswith("Name a registered unit")


def test_a_missing_fact_does_not_spoil_the_sentence_and_no_test_lets_it_pass(
    no_sentence_without_its_facts: Unfilled,
) -> None:
    assert sentence("units.unknown", {}, "zh").text == "不认识的单位“不详”。"
    assert no_sentence_without_its_facts.told == ["units.unknown is told without its fact unit"]
    no_sentence_without_its_facts.told.clear()


def test_an_unknown_code_speaks_for_itself() -> None:
    assert sentence("nobody.knows", {"a": 1}).text == "nobody.knows"


def test_bytes_and_lists_are_shown_as_a_reader_writes_them() -> None:
    assert sentence("units.incompatible", {"source": b"mg", "target": ["a", 1]}, "en").text == (
        "The unit “mg” cannot be converted to “a, 1”."
    )
