"""The page on the protocol shows the tables as they are."""

from __future__ import annotations

from pathlib import Path

from shangyou.exchange.dsp.tables import TABLES, diagram

PAGE = Path(__file__).parents[2] / "docs" / "dsp.md"
START, END = "it -->\n", "<!-- end -->"


def section() -> str:
    parts = [f"### {kind.capitalize()}\n\n```mermaid\n{diagram(kind)}\n```\n" for kind in TABLES]
    return "\n" + "\n".join(parts) + "\n"


def written(text: str) -> str:
    head, _, rest = text.partition(START)
    return head + START + section() + END + rest.partition(END)[2]


def test_the_diagrams_are_those_of_the_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert START in text
    assert text == written(text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
