"""The portal's words: the same in both languages, none missing, none left over."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import shangyou.faces.portal
from shangyou.exchange.ledger.entry import KINDS
from shangyou.faces.portal.words import LANGUAGES, Words, texts

FOLDER = Path(shangyou.faces.portal.__file__).parent
KEY = r"""\bt(?:\.count|\.known)?\(\s*f?["']([a-z_0-9.]+)"""
USED = re.compile(KEY + r"""["']\s*[,)]""")
STEMS = re.compile(KEY + r"""(?:["']\s*~|\{)""")  # "level." ~ level, f"province.{code}"


def source() -> str:
    files = [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_both_languages_have_the_same_keys() -> None:
    zh, en = ({key.removesuffix(".one") for key in texts(language)} for language in LANGUAGES)
    assert {k.removesuffix(".other") for k in zh} == {k.removesuffix(".other") for k in en}


def test_both_languages_tell_the_same_facts() -> None:
    for key in set(texts("zh")) & set(texts("en")):
        facts = [{name for _, name, _, _ in string.Formatter().parse(texts(x)[key])} - {None} for x in LANGUAGES]
        assert facts[0] == facts[1], key


def test_every_word_that_a_page_uses_is_there() -> None:
    used = set(USED.findall(source()))
    assert used
    for key in used:
        assert key in texts("zh") or f"{key}.other" in texts("zh"), key


def test_every_word_that_is_there_is_used() -> None:
    text = source()
    used, stems = set(USED.findall(text)), set(STEMS.findall(text))
    for key in texts("zh"):
        bare = key.removesuffix(".other")
        assert bare in used or any(bare.startswith(stem) for stem in stems), key


def test_chinese_is_chinese_and_english_is_not() -> None:
    for key, text in texts("en").items():
        assert key == "frame.other_language" or not re.search("[\u4e00-\u9fff]", text), key
    assert sum(1 for text in texts("zh").values() if re.search("[\u4e00-\u9fff]", text)) > 0.9 * len(texts("zh"))


@pytest.mark.parametrize(("n", "said"), [(1, "1 minute"), (2, "2 minutes"), (1200, "1,200 minutes"), (0, "0 minutes")])
def test_english_counts_have_their_plural(n: int, said: str) -> None:
    assert Words("en").count("time.minute", n) == said


def test_chinese_counts_have_one_form() -> None:
    assert Words("zh").count("time.minute", 1) == "1 分钟"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_entry_in_the_ledger_has_its_word(language: str) -> None:
    assert [kind for kind in KINDS if f"act.{kind}" not in texts(language)] == []
