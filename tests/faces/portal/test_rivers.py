"""The archive of rivers: the list, the sheet of one, its plan, and the printed sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.adapters.networks import NetworkFile
from shangyou.basin.network.facts import upper_yangtze_draft
from shangyou.basin.network.values import Kind
from shangyou.core.ports import Person
from shangyou.core.registry import River
from shangyou.faces.archive import names, sheet
from shangyou.faces.portal.river_map import river_map, river_maps
from shangyou.faces.portal.river_paper import contents, river_pdf
from shangyou.faces.portal.words import Words
from shangyou.flows.network import Rivers
from shangyou.standards import facts
from tests.basin.network.made import fork, place
from tests.faces.portal.node import FakeNode, Reader


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FakeNode]:
    made = FakeNode(tmp_path, on_disk=True)
    made.people.put_person(Person("li", "operator"), "right")
    made.settings.home = tmp_path
    for river in facts.rivers():
        made.registry.put_river(river)
    for agency in facts.agencies():
        made.registry.put_agency(agency)
    with made.ends:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Rivers:
    return Rivers(upper_yangtze_draft, NetworkFile(tmp_path))


NAMES = {language: names(language, list(facts.rivers()), list(facts.agencies())) for language in ("zh", "en")}


def test_the_list_says_how_many_rivers_have_no_plan(node: FakeNode) -> None:
    client = Reader(node).sign_in()
    text = client.get("/rivers").text
    assert re.search(r"<h1>32 条跨界河流中，32 条还没有写明应急预案</h1>", text)
    assert 'href="/rivers/chishuihe"' in text


def test_a_river_that_the_registry_does_not_hold_has_the_name_that_ships() -> None:
    assert names("zh", [], []).river("jinshajiang") == "金沙江"
    assert names("en", [River("jinshajiang", "金沙江", "Gold Sand")], []).river("jinshajiang") == "Gold Sand"
    assert "四川" in names("zh", [], []).member("sichuan")


def test_the_sheet_names_both_sides_and_the_intake_that_is_nearest_to_a_border(node: FakeNode) -> None:
    text = Reader(node).sign_in().get("/rivers/chishuihe").text
    assert "赤水市城区取水口距上游省界只有 28 小时水程" in text
    for name in ("云南省生态环境厅", "贵州省生态环境厅", "四川省生态环境厅", "太平渡大桥拦截点", "12369"):
        assert name in text


def test_a_plan_is_written_down_with_its_reason_and_shown_to_both_sides(node: FakeNode) -> None:
    reader, path = Reader(node).sign_in(), "/rivers/chishuihe"
    given = {"seen": "0", "why": "两省商定", "text_zh": "一、通报\n二、关闸", "contact.guizhou": "值班室 0851-0000"}
    assert reader.post(path, path, **given).status_code == 303
    shown = reader.get(path).text
    assert "二、关闸" in shown
    assert "值班室 0851-0000" in shown
    again = reader.post(path, path, **(given | {"text_zh": "三、别的"}))
    assert again.status_code == 409  # somebody has changed it since
    assert "三、别的" in again.text  # and what was written is not lost
    assert reader.post(path, path, **(given | {"why": "", "seen": "1"})).status_code == 400


def test_who_only_reads_cannot_write_a_plan(node: FakeNode) -> None:
    node.people.put_person(Person("gast", "viewer"), "right")
    client = Reader(node).sign_in("gast")
    assert "textarea" not in client.get("/rivers/chishuihe").text
    assert client.post("/rivers/chishuihe", "/settings", why="x").status_code == 403


def test_a_river_nobody_knows_is_told_so(node: FakeNode) -> None:
    answer = Reader(node).sign_in().get("/rivers/nowhere")
    assert answer.status_code == 404
    assert "network.river" in answer.text


def test_the_printed_sheet_is_a_pdf_under_the_rivers_name(node: FakeNode) -> None:
    answer = Reader(node).sign_in().get("/rivers/chishuihe.pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert "UTF-8''%E8%B5%A4%E6%B0%B4%E6%B2%B3" in answer.headers["content-disposition"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_printed_sheet_holds_what_the_page_does(own: Rivers, language: str) -> None:
    made = sheet(own, "changjiang", NAMES[language])
    told = contents(made, "T", Words(language), "2026-11-23", True)
    maps = told["maps"]
    assert isinstance(maps, list)
    joined = "".join(maps)
    assert len(maps) == 2
    assert all(line.id for line in made.lines)
    assert joined.count('class="stop') == len(made.lines)
    assert told["band"]
    assert river_pdf(made, "T", Words(language), "2026-11-23", True).startswith(b"%PDF")


def test_a_text_in_the_sheet_is_never_markup(tmp_path: Path) -> None:
    own = Rivers(fork, NetworkFile(tmp_path))
    evil = '</svg><script>#panic("x") \\ $'
    own.change({("place", "e"): place("e", "c", 5.0, Kind.INTAKE, name_en=evil)}, "ann", "a test", 1)
    made = sheet(own, "r", NAMES["en"])
    drawn = river_map(made, Words("en"))
    assert "<script" not in drawn
    assert "&lt;script" in drawn
    assert river_pdf(made, evil, Words("en"), evil, False).startswith(b"%PDF")


def test_a_map_in_pieces_has_every_line_once(own: Rivers) -> None:
    made = sheet(own, "jialingjiang", NAMES["zh"])
    pieces = river_maps(made, Words("zh"), 7)
    assert sum(piece.count('class="stop') for piece in pieces) == len(made.lines)
    assert [piece.count("▼ …") for piece in pieces] == [1] * (len(pieces) - 1) + [0]


def test_hours_on_the_sheet_grow_downstream(own: Rivers) -> None:
    for river in ("changjiang", "chishuihe", "jialingjiang", "wujiang"):
        hours = [line.hours for line in sheet(own, river, NAMES["zh"]).lines]
        known = [each for each in hours if each is not None]
        assert len(known) == len(hours)
        assert known == sorted(known)
