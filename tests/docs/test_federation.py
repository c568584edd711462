"""The page on the federation is current: its commands can be given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_help import given, words_of

PAGE = (Path(__file__).parents[2] / "docs" / "federation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("shangyou ")]


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_can_be_given(line: str) -> None:
    given(words_of(line))


def test_the_page_has_commands() -> None:
    assert len(LINES) >= 9
