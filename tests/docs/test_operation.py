"""The operator's page is current: every setting, and only commands and figures that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shangyou.faces.api.metrics import FIGURES, MOMENTS
from shangyou.faces.serve import GRACE
from shangyou.settings import NAMES
from tests.docs.test_help import given, words_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "operation.md").read_text(encoding="utf-8")
LINES = [
    line[line.index("shangyou ") :]
    for file in ("operation.md", "column-map.md")
    for block in re.findall(r"```sh\n(.*?)```", (DOCS / file).read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if re.match(r"(sudo -u shangyou \S+/)?shangyou ", line)
]


@pytest.mark.parametrize("line", [*LINES, re.findall(r"^ExecStart=\S+/(shangyou .*)$", PAGE, re.MULTILINE)[0]])
def test_every_command_of_the_page_can_be_given(line: str) -> None:
    given(words_of(line.removeprefix("shangyou .venv/bin/")))


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_figure_that_is_worth_an_alarm_is_there() -> None:
    known = {f"shangyou_{name}" for name, *_ in [*FIGURES.values(), *MOMENTS.values()]} | {"shangyou_trouble"}
    told = set(re.findall(r"`(shangyou_[a-z_]+)`", PAGE))
    assert told
    assert told <= known


def test_the_unit_gives_the_node_longer_to_end_than_it_takes() -> None:
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", PAGE, re.MULTILINE)
    assert int(seconds) > GRACE
    assert f"{GRACE} s" in PAGE


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readmes_lead_to_the_page(readme: str) -> None:
    text = (DOCS.parent / readme).read_text(encoding="utf-8")
    assert "(docs/operation.md)" in text
    assert "(docs/column-map.md)" in text
