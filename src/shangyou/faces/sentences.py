"""Sentences for error codes, in Chinese and English: what happened, and what to do about it.

The texts are data: `messages/<area>.toml`, one entry a code. Errors carry a code and facts only.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, and what the reader can do."""

    text: str
    remedy: str


log = logging.getLogger("shangyou.sentences")
UNKNOWN: Final = {"zh": "不详", "en": "not stated"}


class _Facts(dict[str, object]):
    """Facts by name; one that is not there, as of another node's error, is called so and does not spoil the sentence.

    Of our own errors it is a fault of the programme, which no test lets pass: see tests/conftest.py.
    """

    def __init__(self, code: str, language: str, facts: Mapping[str, object]) -> None:
        super().__init__(facts)
        self._code, self._language = code, language

    def __missing__(self, name: str) -> str:
        log.info("%s is told without its fact %s", self._code, name)
        return UNKNOWN[self._language]


@cache
def messages() -> dict[str, dict[str, str]]:
    """All entries of all areas by code."""
    folder = files("shangyou.faces") / "messages"
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


def sentence(code: str, facts: Mapping[str, object], language: str = "zh") -> Sentence:
    """The sentence and the remedy of a code in a language ("zh" or "en"); a code without an entry speaks for itself."""
    entry = messages().get(code)
    if entry is None:
        return Sentence(code, "")
    known = _Facts(code, language, {name: _shown(value) for name, value in facts.items()})
    return Sentence(*(_tidy(entry[name].format_map(known)) for name in (language, f"remedy_{language}")))


def _tidy(text: str) -> str:
    """Without the brackets around a fact that is empty."""
    return re.sub(r"（\s*）| ?\(\s*\)", "", text)


def _shown(value: object) -> str:
    """A fact as a reader sees it: bytes without their b'', lists with commas."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(v) for v in value)
    return str(value)
