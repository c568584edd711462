"""The command line speaks both languages, and chooses as its users expect."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from shangyou.faces.cli.words import language, texts


def test_every_text_is_there_in_both_languages_with_the_same_facts() -> None:
    def facts(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    assert [key for key, entry in texts().items() if set(entry) != {"zh", "en"}] == []
    plain = {key: entry for key, entry in texts().items() if not key.endswith("examples")}
    assert [key for key, entry in plain.items() if facts(entry["zh"]) != facts(entry["en"])] == []


def test_every_text_that_the_code_names_is_there_and_every_text_is_named() -> None:
    folder = Path(__file__).parents[3] / "src/shangyou/faces/cli"
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'"([a-z0-9_]+(?:\.[a-z0-9_ ]+)*)"', code))
    ours = {
        key
        for key in texts()
        if not key.startswith(
            ("column.", "doctor.level.", "help.", "federation.change.", "federation.phase.", "query.line.")
        )
        and not key.endswith(".examples")
    }
    assert ours <= named, ours - named


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "zh"),
        (["--lang", "en"], {"SHANGYOU_LANG": "zh"}, "en"),
        (["--lang=en"], {}, "en"),
        (["--lang", "de"], {"SHANGYOU_LANG": "en"}, "en"),
        ([], {"SHANGYOU_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LANG": "C.UTF-8"}, "zh"),
        (["--lang"], {}, "zh"),
    ],
)
def test_the_language_is_the_one_asked_for_then_of_the_environment(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    assert language(arguments, environment) == expected


def test_else_it_is_the_nodes(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text('language = "en"')
    assert language(["--home", str(tmp_path)], {"LANG": "C"}) == "en"
    assert language([], {"SHANGYOU_HOME": str(tmp_path)}) == "en"
    (tmp_path / "node.toml").write_text("language = ")
    assert language(["--home", str(tmp_path)], {}) == "zh"
