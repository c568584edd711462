"""The portal's own words, in Chinese and English. The texts are data: `words/*zh.toml`, `words/*en.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def texts(language: str) -> dict[str, str]:
    """Every text of a language by dotted key."""
    found: dict[str, str] = {}
    for file in (files("shangyou.faces.portal") / "words").iterdir():
        if file.name == f"{language}.toml" or file.name.endswith(f".{language}.toml"):
            found |= _flat("", tomllib.loads(file.read_text(encoding="utf-8")))
    return found


def _flat(prefix: str, table: dict[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(f"{prefix}{key}.", value) if isinstance(value, dict) else [(prefix + key, str(value))]
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; call it with a key and the facts that the text names."""

    language: str

    def __call__(self, key: str, **facts: object) -> str:
        """The text, with its facts filled in."""
        text = texts(self.language)[key]
        return text.format_map(facts) if facts else text

    def count(self, key: str, n: int, **facts: object) -> str:
        """The text for n things: `key.one` where the language has one and n is 1, else `key.other`."""
        chosen = f"{key}.one" if n == 1 and f"{key}.one" in texts(self.language) else f"{key}.other"
        return self(chosen, n=f"{n:,}", **facts)

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key that may not exist, such as a level or a role; else what is given."""
        return texts(self.language).get(key, otherwise)
