"""What documents say, in Chinese and English. The texts are data: `words.zh.toml`, `words.en.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def texts(language: str) -> dict[str, dict[str, str]]:
    """All texts of a language, by group and key."""
    found = (files("shangyou.faces.documents") / f"words.{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(found)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; call it with a dotted key and the facts that the text names."""

    language: str

    def __call__(self, key: str, **facts: object) -> str:
        """The text, with its facts filled in."""
        group, _, name = key.partition(".")
        text = texts(self.language)[group][name]
        return text.format_map(facts) if facts else text

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key that may not exist; else what is given."""
        group, _, name = key.partition(".")
        return texts(self.language).get(group, {}).get(name, otherwise)

    def of(self, value: object, stem: str) -> str:
        """One of two fields of a value that exist in both languages: `<stem>_zh`, `<stem>_en`."""
        return str(getattr(value, f"{stem}_{self.language}"))
