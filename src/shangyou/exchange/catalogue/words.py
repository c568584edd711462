"""Search in Chinese and English: every Chinese character is a word, Latin words are found by their beginning.

So 铅 is found as well as 总磷, which cutting into trigrams or by a dictionary does not promise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

LONGEST: Final = 200  # characters of a query that are read
PARTED: Final = "\ue000"  # between two texts: a word for SQLite too, and one that no query can hold
_TOKEN: Final = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"  # one character each
    "|[^\\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+"
)
_KEPT: Final = re.compile(f"{PARTED}|{_TOKEN.pattern}")


class Term(NamedTuple):
    """Words that must stand one behind the other; the last of them perhaps only begun."""

    words: tuple[str, ...]
    begun: bool


def tokens(text: str) -> list[str]:
    """The words of a text: 总磷 NH₃-N -> 总, 磷, nh3, n."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def indexed(texts: Iterable[str]) -> str:
    """What is kept for searching: all words with a space around each, and a mark between two texts."""
    whole = PARTED.join(text.replace(PARTED, " ") for text in texts if text)  # cut at once: there may be hundreds
    return f" {' '.join(_KEPT.findall(unicodedata.normalize('NFKC', whole).lower()))} "


def terms(query: str) -> list[Term]:
    """What a query asks for; all terms must be there."""
    found = []
    for piece in query[:LONGEST].split():
        words = tokens(piece)
        if words:
            found.append(Term(tuple(words), not _is_chinese(words[-1])))
    return found


def _is_chinese(word: str) -> bool:
    return len(word) == 1 and ord(word) >= 0x3400


def fits(query: str, kept: str) -> bool:
    """Does a text kept by `indexed` answer the query? The rule that every engine follows."""
    return all(f" {' '.join(term.words)}{'' if term.begun else ' '}" in kept for term in terms(query))
