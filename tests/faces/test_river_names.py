"""Rivers in the language of the reader, wherever a member has told of one."""

from __future__ import annotations

import pytest

from shangyou.core.registry import River
from shangyou.faces.archive import river_name
from shangyou.standards.facts import rivers


@pytest.mark.parametrize("river", rivers(), ids=lambda river: river.id)
def test_a_river_that_ships_has_its_english_name(river: River) -> None:
    assert river_name(river.name_zh, "en") == (river.name_en or river.name_zh)
    assert river_name(river.name_zh, "zh") == river.name_zh


def test_a_river_of_the_registry_counts_for_more_and_an_unknown_one_stays() -> None:
    own = River("own", "长江", "Long River")
    assert river_name("长江", "en", [own]) == "Long River"
    assert river_name("own", "en", [own]) == "Long River"
    assert river_name("某溪", "en", [own]) == "某溪"
    assert river_name("模拟溪(虚构)", "en") == "Invented Brook (fictional)"
    assert river_name("", "en") == ""
