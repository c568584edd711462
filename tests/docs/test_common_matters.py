"""The pages on incidents and resolutions are current: their commands can be given, their standard can be adopted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shangyou.standards.adopted import read_adopted
from tests.docs.test_help import given, words_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("incidents", "resolutions")}
LINES = [
    line
    for page in PAGES.values()
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_can_be_given(line: str) -> None:
    given(words_of(line))


def test_the_standard_of_the_page_can_be_adopted() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", PAGES["resolutions"], re.DOTALL)
    assert read_adopted(text).id == "川渝联标 1-2026"
