"""docs/compensation.md tells every kind of test and move, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from shangyou.faces.cli.compensation import app
from shangyou.governance.compensation.compact import GAPS, ROLES
from shangyou.governance.compensation.rules import MOVES, TESTS
from shangyou.standards.compacts import compact_texts

TEXT = (Path(__file__).parents[2] / "docs/compensation.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^shangyou compensation (.+)$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("word", [*TESTS, *MOVES, *GAPS, *ROLES])
def test_every_word_of_a_rule_is_told(word: str) -> None:
    assert re.search(rf"`{word}[`:,]", TEXT)


def test_every_command_that_it_names_is_there() -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    assert len(COMMANDS) >= 5
    for line in COMMANDS:
        name, *words = line.split(" > ")[0].split()
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
        named = [word for word in words if not word.startswith("--")]
        assert all(word in compact_texts() for word in named if re.fullmatch(r"[a-z]+-20\d\d", word)), line
