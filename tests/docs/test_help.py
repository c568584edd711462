"""Help, README and documents are current: each command is described in both languages, each example can be given."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shangyou.faces.cli.app import application
from shangyou.faces.cli.words import texts

ROOT = Path(__file__).parents[2]
APP: Any = application()
PROMISED = (
    "node init",
    "node serve",
    "node status",
    "node backup",
    "node restore",
    "ingest",
    "assess",
    "registry",
    "device",
    "export",
    "demo",
    "doctor",
)


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below one, with its full name."""
    for word, each in getattr(command, "commands", {}).items():
        full = f"{name} {word}".strip()
        yield full, each
        yield from commands(each, full)


ALL = dict(commands(APP))
LEAVES = {name: command for name, command in ALL.items() if not hasattr(command, "commands")}


def given(words: list[str]) -> None:
    """Read words as the command line does, without doing what they say; SystemExit or UsageError if they are wrong."""
    command, context = APP, APP.make_context("shangyou", list(words))
    while hasattr(command, "commands"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def lines_of(key: str, language: str) -> list[str]:
    """The commands of an example, without the remark behind them."""
    found = texts().get(f"{key}.examples", {}).get(language, "").strip("\n").splitlines()
    return [re.split(r"\s{2,}", line.strip())[0] for line in found]


EXAMPLES = [
    (key.removesuffix(".examples"), language, line)
    for key in texts()
    if key.endswith(".examples")
    for language in ("zh", "en")
    for line in lines_of(key.removesuffix(".examples"), language)
]


def words_of(line: str) -> list[str]:
    """The words behind `shangyou` in a shell line."""
    words = shlex.split(line.partition(" > ")[0], comments=True)
    while "=" in words[0]:
        words = words[1:]
    assert words[0] == "shangyou", line
    return words[1:]


@pytest.mark.parametrize("name", PROMISED)
def test_every_command_that_was_promised_is_there(name: str) -> None:
    assert name in ALL


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    assert ALL[name].help
    for parameter in ALL[name].params:
        assert getattr(parameter, "help", None) or parameter.name == "context", (name, parameter.name)


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_takes_home_and_language(name: str) -> None:
    options = {option for parameter in LEAVES[name].params for option in parameter.opts}
    assert {"--home", "--lang", "--debug"} <= options
    assert ("--format" in options) == ("--output" in options)


@pytest.mark.parametrize(("key", "language", "line"), EXAMPLES)
def test_every_example_of_the_help_can_be_given(key: str, language: str, line: str) -> None:
    given(words_of(line))


WRITTEN = [  # in running text, or as a line to be copied, which may name the programme with its folder
    (file, "shangyou" + rest)
    for file in ("README.md", "README.zh.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
    for rest in re.findall(r"`shangyou( [^`]+)`", line) + re.findall(r"^(?:sudo -u \S+ )?(?:\S+/)?shangyou( .+)$", line)
]


@pytest.mark.parametrize(("file", "line"), WRITTEN)
def test_every_command_of_readme_and_documents_can_be_given(file: str, line: str) -> None:
    words = words_of(line)
    if " ".join(words) not in ALL:  # in running text a command may stand without its arguments
        given(words)


def test_readme_and_documents_name_commands() -> None:
    counted = Counter(file for file, _ in WRITTEN)
    assert min(counted["README.md"], counted["README.zh.md"]) > 4
    assert len(counted) > 20
