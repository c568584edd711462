"""Sentences for error codes, in Chinese and English: what happened, and what to do about it.

The texts are data: `messages/<area>.toml`, one entry a code. Errors carry a code and facts only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, and what the reader can do."""

    text: str
    remedy: str


class _Facts(dict[str, object]):
    """Facts by name; one that an error did not bring shows as "?" instead of spoiling the whole sentence."""

    def __missing__(self, name: str) -> str:
        return "?"


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
    known = _Facts({name: _shown(value) for name, value in facts.items()})
    return Sentence(*(_tidy(entry[name].format_map(known)) for name in (language, f"remedy_{language}")))


def _tidy(text: str) -> str:
    """Without the brackets around a fact that is empty."""
    return text.replace("（）", "").replace(" ()", "").replace("()", "")


def _shown(value: object) -> str:
    """A fact as a reader sees it: bytes without their b'', lists with commas."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(v) for v in value)
    return str(value)
