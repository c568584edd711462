"""What the demo says, in Chinese and English. The texts are data: `words*.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every text by key: zh, en."""
    folder = files("shangyou.faces.demo")
    both = (
        tomllib.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("words.toml", "words_between.toml", "words_spill.toml")
    )
    return {key: text for each in both for key, text in each.items()}


class Words:
    """The texts of one language; call it with a key and the facts that the text names."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **facts: object) -> str:
        """The text, with its facts filled in."""
        return texts()[key][self.language].format_map(facts)

    def choose(self, zh: str, en: str) -> str:
        """Of two texts the one in the language; Chinese where there is no English."""
        return zh if self.language == "zh" or not en else en

    def list(self, parts: list[str]) -> str:
        """Several things in a sentence."""
        return ("、" if self.language == "zh" else ", ").join(parts)
