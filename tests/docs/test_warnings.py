"""The commands of docs/warning.md and docs/dossiers.md can be given, and what they tell of codes and times is so."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from shangyou.faces.sentences import messages
from shangyou.flows.notify import recipients
from shangyou.standards.library import edition
from tests.docs.test_help import given, words_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("warning", "dossiers")}
LINES = [
    line
    for page in PAGES.values()
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_pages_can_be_given(line: str) -> None:
    given(words_of(line))


def test_every_code_of_the_border_has_its_sentence() -> None:
    codes = re.findall(r"`((?:seal|dossier|wire)\.[a-z_]+)`", PAGES["dossiers"])
    assert len(codes) > 8
    assert set(codes) - {"dossier.invite"} <= set(messages())


def test_the_times_of_the_page_are_those_of_the_edition() -> None:
    rules = edition("warning_clocks", date(2026, 11, 22)).body
    assert (rules["acknowledge"]["first"], rules["acknowledge"]["update"], rules["acknowledge"]["clear"]) == (
        15,
        30,
        120,
    )
    assert [each["after"] for each in rules["steps"]] == [0, 10, 15, 30]
    assert "within 15 minutes, on an update within 30" in PAGES["warning"]


def test_the_setting_of_the_page_is_read() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGES["warning"], re.DOTALL)
    assert len(recipients(tomllib.loads(text)["notify"])) == 2
