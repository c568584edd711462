"""The pages on compensation: compacts in words, a statement from its opening to its closing, differences named."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.faces.portal.river_of_three import PARTIES, Three, hours, three
from tests.fakes.exchange_question import give


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    with three(tmp_path_factory.mktemp("three")) as found:
        yield found


def begun(river: Three, year: str) -> str:
    page = "/compensation/compacts/chishui-2018"
    answer = river.reader("sichuan").post("/compensation/begin", page, compact="chishui-2018", year=year)
    assert answer.status_code == 303
    id = answer.headers["location"].removeprefix("/compensation/statements/").partition("?")[0]
    river.meet(id)
    return id


def computed(river: Three, id: str, *names: str, **more: str) -> None:
    at = f"/compensation/statements/{quote(id)}"
    for name in names:
        answer = river.reader(name).post("/compensation/compute", at, id=id, source="held", **more)
        assert answer.status_code == 303, answer.text
    river.meet(id)


def test_a_compact_is_read_in_words_with_what_is_not_verified(river: Three) -> None:
    reader = river.reader("sichuan")
    page = reader.get("/compensation").text
    assert "赤水河流域横向生态保护补偿协议" in page
    page = reader.get("/compensation/compacts/chishui-2018").text
    assert "贵州省 50 %、四川省 40 %、云南省 10 %" in page
    assert page.count("未核实") == 2
    assert "茅台镇上游新增断面" in page
    english = river.reader("guizhou", "guest")
    page = english.client.get("/compensation/compacts/xinanjiang-2012?lang=en", follow_redirects=True).text
    assert "The whole compact is from memory" in page
    assert "P = 0.85 × Σ kᵢ·Cᵢ/Cᵢ₀ (Jiekou" in page
    assert "is no party of the compact" in page
    assert reader.get("/compensation/compacts/none").status_code == 404


def test_a_statement_is_opened_reckoned_signed_and_closed_in_the_pages(river: Three) -> None:
    id = begun(river, "2018")
    at = f"/compensation/statements/{quote(id)}"
    assert "等待核算：贵州省生态环境厅、四川省生态环境厅、云南省生态环境厅" in river.reader("sichuan").get(at).text
    computed(river, id, *PARTIES)
    reader = river.reader("yunnan")
    page = reader.get(at).text
    assert "各方一致，等待签署" in page
    assert "40,000,000.00" in page
    assert "贵州省付给云南省" in page
    assert "清水铺为Ⅱ类，要求Ⅱ类" in page
    assert "GB 3838-2002" in reader.get(f"{at}/line?key={quote('qingshuipu|52.清水铺|2018|')}").text
    for name in PARTIES:
        river.reader(name).post("/compensation/sign", at, id=id)
        river.meet(id)
    page = reader.get(at).text
    assert "各方已签署，等待付款" in page
    assert reader.post("/compensation/close", at, id=id, note="已到账").status_code == 303
    assert "已付款办结" in reader.get(at).text
    assert "已到账" in reader.get(at).text
    listed = reader.get("/compensation").text
    assert "3 / 3" in listed
    csv = reader.get(f"{at}/lines.csv?member=guizhou")
    assert "fund||2018|in" in csv.text
    assert reader.get(f"{at}/lines.xlsx?member=yunnan").content.startswith(b"PK")


def test_a_difference_is_named_with_both_figures_and_can_be_disputed_and_corrected(river: Three) -> None:
    id = begun(river, "2019")
    at = f"/compensation/statements/{quote(id)}"
    give(river.basin["guizhou"].node.store, [("52.清水铺", "total_phosphorus", hours("2019", 91), 9.0)])
    computed(river, id, *PARTIES)
    reader = river.reader("sichuan")
    page = reader.get(at).text
    assert "1 行各方不一致" in page
    assert "清水铺总磷 2019-04 个数：四川省生态环境厅 3，贵州省生态环境厅 4" in page
    shown = reader.get(f"{at}?only=differing").text
    assert shown.count('id="qingshuipu|') == 1
    assert 'id="fund|' not in shown
    how = reader.get(f"{at}/line?key={quote('qingshuipu|52.清水铺|2019|')}")
    assert "清水铺为Ⅳ类，要求Ⅱ类" in how.text
    assert how.text.index("2.272500") < how.text.index("2019-01")  # what differs comes first
    assert reader.get(f"{at}/line?key=nothing").status_code == 404
    said = {"id": id, "against": "guizhou", "line": "qingshuipu|52.清水铺|2019|", "why": "多一个值"}
    assert reader.post("/compensation/dispute", at, **said).status_code == 303
    river.meet(id)
    assert "有异议尚未答复" in river.reader("guizhou").get(at).text
    wrong = river.reader("guizhou").post("/compensation/compute", at, id=id, source="held", why="")
    assert (wrong.status_code, "entry.field" in wrong.text or "理由" in wrong.text) == (400, True)
    exempt = "52.清水铺/2019-04=仪器故障，已剔除"
    river.reader("guizhou").post("/compensation/compute", at, id=id, source="held", why="剔除四月", exempt=exempt)
    river.meet(id)
    for name in PARTIES:  # all see which line it changed
        page = river.reader(name).get(at).text
        assert "更正：剔除四月" in page
        told = page.partition('id="corrected"')[2].partition("</section>")[0]
        assert told.count("<a href=") == 1
        assert "清水铺 · 2019" in told


def printed(river: Three, name: str, id: str, user: str = "li", language: str = "zh") -> str:
    """The text of the document, as its HTML form has it."""
    at = f"/compensation/statements/{quote(id)}/statement.html?lang={language}"
    answer = river.reader(name, user).client.get(at, follow_redirects=True)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return answer.text


def test_a_statement_is_printed_with_money_lines_sources_proof_and_room_for_seals(river: Three) -> None:
    id = begun(river, "2018")
    computed(river, id, *PARTIES)
    document = printed(river, "sichuan", id)
    for wanted in (
        "赤水河流域横向生态保护补偿协议（2018–2020 年） 2018 年核算单",
        "贵州省付给云南省 20,000,000.00 元",
        "清水铺为Ⅱ类，要求Ⅱ类",
        "2018-01 – 2018-12 (12)",
        "签署与盖章",
        "有 3 处未核实",
    ):
        assert wanted in document
    assert "Signatures and seals" in printed(river, "guizhou", id, "guest", "en")
    reader = river.reader("sichuan", "guest")
    pdf = reader.get(f"/compensation/statements/{quote(id)}/statement.pdf")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-disposition"] == "attachment; filename*=UTF-8''chishui-2018-2018.pdf"
    assert reader.get(f"/compensation/statements/{quote(id)}/statement.exe").status_code == 400


def test_a_difference_that_stands_is_signed_only_by_naming_it(river: Three) -> None:
    id = begun(river, "2018")
    at = f"/compensation/statements/{quote(id)}"
    give(river.basin["guizhou"].node.store, [("52.清水铺", "total_phosphorus", hours("2018", 91), 9.0)])
    computed(river, id, *PARTIES, why="核对")
    reader = river.reader("sichuan")
    page = reader.get(at).text
    assert "保留差异签署" in page
    assert "签署本方核算" not in page
    refused = reader.post("/compensation/sign", at, id=id)
    assert (refused.status_code, "不能直接签署" in refused.text) == (409, True)
    assert reader.post("/compensation/sign", at, id=id, why="以在线监测为准").status_code == 303
    river.meet(id)
    page = river.reader("yunnan").get(at).text
    assert "已签署（保留差异）" in page
    assert "以在线监测为准" in page
    document = printed(river, "yunnan", id)
    assert "已签署（保留差异）" in document
    assert "清水铺总磷 2018-04 个数：云南省生态环境厅 3，贵州省生态环境厅 4" in document
    before = river.reader("yunnan").get(at).text
    river.reader("guizhou").post(
        "/compensation/compute", at, id=id, source="held", why="复核无误"
    )  # the same once more
    river.meet(id)
    page = river.reader("yunnan").get(at).text
    assert "没有改变任何一行" in page
    assert ("四川省生态环境厅的签署因此失效" in before, "四川省生态环境厅的签署因此失效" in page) == (False, True)


def test_only_who_may_bind_the_agency_signs_and_a_guest_only_reads(river: Three) -> None:
    id = begun(river, "2020")
    at = f"/compensation/statements/{quote(id)}"
    computed(river, id, "sichuan", why="once more")
    guest = river.reader("sichuan", "guest")
    page = guest.get(at).text
    assert "补偿资金按 1:5:4 出资" in page
    assert 'action="/compensation/sign"' not in page
    assert guest.post("/compensation/sign", "/settings", id=id).status_code == 403
    analyst = river.reader("sichuan", "wu")
    assert analyst.post("/compensation/sign", at, id=id).status_code == 403
    assert analyst.post("/compensation/compute", at, id=id, source="held", why="再算").status_code == 303


def test_the_pages_are_there_in_english_too(river: Three) -> None:
    id = begun(river, "2020")
    computed(river, id, "sichuan", why="once more")
    reader = river.reader("guizhou", "guest")
    page = reader.client.get(f"/compensation/statements/{quote(id)}?lang=en", follow_redirects=True).text
    assert "Waiting for Guizhou, Yunnan to reckon" in page
    assert "Qingshuipu is in class Ⅱ; Ⅱ is wanted" in page
