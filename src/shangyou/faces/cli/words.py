"""What the command line says, in Chinese and English. The texts are data: `words*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

LANGUAGES = ("zh", "en")


def language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language of this run: --lang, SHANGYOU_LANG, the locale, the node's own; else Chinese."""
    return (
        _option(arguments, "--lang", LANGUAGES)
        or _known(environment.get("SHANGYOU_LANG", ""))
        or _locale(environment)
        or _of_node(_option(arguments, "--home") or environment.get("SHANGYOU_HOME", ""))
        or "zh"
    )


def _option(arguments: Sequence[str], name: str, allowed: Sequence[str] = ()) -> str:
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        value = following if word == name else word.removeprefix(f"{name}=") if word.startswith(f"{name}=") else ""
        if value and (not allowed or value in allowed):
            return value
    return ""


def _known(text: str) -> str:
    return text if text in LANGUAGES else ""


def _locale(environment: Mapping[str, str]) -> str:
    """Chinese or English if the locale says so; C and POSIX say nothing."""
    said = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return _known(said[:2].lower())


def _of_node(home: str) -> str:
    if not home:
        return ""
    try:
        return _known(str(tomllib.loads((Path(home) / "node.toml").read_text(encoding="utf-8")).get("language", "")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ""


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every text by key: zh, en."""
    found: dict[str, dict[str, str]] = {}
    for file in files("shangyou.faces.cli").iterdir():
        if file.name.startswith("words") and file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


class Words:
    """The texts of one language; call it with a key and the facts that the text names."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **facts: object) -> str:
        """The text, with its facts filled in."""
        text = texts()[key][self.language]
        return text.format_map(facts) if facts else text

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key that may not exist, such as the name of a column; else what is given."""
        found = texts().get(key)
        return found[self.language] if found else otherwise
