"""Incidents in the portal: what presses stands first, each form does its deed, both sides see the same."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest

from shangyou.faces.together import of
from shangyou.faces.warning import COMPUTING
from shangyou.flows import incident
from tests.faces.portal.matters import Matters, matters
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.computing_at_once import ComputingAtOnce


@pytest.fixture(scope="module")
def shared_two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Matters, str]]:
    """One spill for all tests that only read."""
    with matters(tmp_path_factory.mktemp("matters")) as found:
        yield found, found.spill()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Matters]:
    with matters(tmp_path) as found:
        yield found


def heading(page: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


def test_a_node_in_no_federation_says_what_to_do_next(tmp_path: Path) -> None:
    reader = Reader(FakeNode(tmp_path)).sign_in()
    page = reader.get("/incidents").text
    assert "还没有加入联邦" in page
    assert "shangyou federation join" in page


def test_an_empty_list_says_so_and_offers_the_form(two: Matters) -> None:
    page = two.reader("sichuan").get("/incidents").text
    assert heading(page) == "没有正在处置的事件"
    assert 'action="/incidents/open"' in page
    assert 'action="/incidents/open"' not in two.reader("sichuan", "guest").get("/incidents").text


def test_reports_that_are_overdue_are_the_title_of_both_pages(shared_two: tuple[Matters, str]) -> None:
    found, id = shared_two
    reader = found.reader("sichuan")
    assert heading(reader.get("/incidents").text) == "3 份法定报告已逾期"
    assert heading(reader.get(f"/incidents/{id}").text) == "江安槽罐车苯泄漏：II 级，3 份法定报告已逾期"


def test_the_room_shows_everything_that_was_said(shared_two: tuple[Matters, str]) -> None:
    found, id = shared_two
    page = found.reader("chongqing").get(f"/incidents/{id}").text
    for text in (
        "跨行政区域影响: 跨省",
        "实施联合监测",
        "向家坝加大下泄",
        "800 m³/s",
        "暂停江津取水口",
        "苯 0.034 mg/L",
    ):
        assert text in page or text.split()[-1] in page, text
    assert page.index("朱沱") < page.index("江津")  # down the river
    assert page.count("<path class=") == 2
    assert "建议，未确认" in page
    assert "八" not in heading(page)


def test_what_was_computed_for_a_measure_stands_beside_it(two: Matters) -> None:
    id = two.spill()
    row = {"place": "p", "name_zh": "江津取水口", "without": {"arrival": 1_790_000_000_000, "peak": 0.034}}
    effect = {"method": "一维输移", "unit": "mg/L", "places": [{**row, "with": {"arrival": None, "peak": 0.012}}]}
    body = {"measure": "m2", "kind": "divert", "name_zh": "导流", "member": "sichuan", "share": 0.6, "effect": effect}
    incident.tell(of(two.basin["sichuan"]), id, "measure", body, "")
    reader = two.reader("sichuan")
    page = reader.get(f"/incidents/{id}").text
    assert "江津取水口" in page
    assert "0.034 → 0.012 mg/L" in page
    assert "0.034 → 0.012 mg/L" in reader.get(f"/incidents/{id}/report.html").text
    assert 'value="dam.xiangjiaba"' in page  # the form knows the control points of the network


def test_a_place_that_stays_below_the_limit_is_told_so(two: Matters) -> None:
    id = two.spill()
    over = {"arrival": 1_790_000_000_000, "until": 1_790_010_000_000, "peak": 0.8}
    rows = [
        {"place": "p", "name_zh": "江津取水口", "without": over, "with": {"arrival": None, "peak": 0.4}},
        {"place": "q", "name_zh": "鱼嘴取水口", "without": {"peak": 0.3}, "with": {"peak": 0.2}},
    ]
    method = "一维输移 / one-dimensional transport"
    effect = {"method": method, "unit": "mg/L", "limit": 0.5, "places": rows}
    body = {"measure": "m2", "kind": "divert", "name_zh": "导流", "member": "sichuan", "share": 0.6, "effect": effect}
    incident.tell(of(two.basin["sichuan"]), id, "measure", body, "")
    reader = two.reader("sichuan")
    page = re.sub(r"<[^>]+>", "", reader.get(f"/incidents/{id}").text)
    assert "限值 0.5 mg/L" in page
    assert re.search(r"江津取水口\s+09-21 22:13 → 不超限\s*09-22 01:00 → 不超限\s+0.8 → 0.4 mg/L", page)
    assert re.search(r"鱼嘴取水口\s+不超限\s+0.3 → 0.2 mg/L", page)
    reader.get("/settings?lang=en")
    page = reader.get(f"/incidents/{id}").text
    assert "stays below the limit" in page
    assert method not in page
    assert "one-dimensional transport" in page


def test_english_readers_get_english(shared_two: tuple[Matters, str]) -> None:
    found, id = shared_two
    reader = found.reader("chongqing")
    reader.get("/settings?lang=en")
    page = reader.get(f"/incidents/{id}").text
    reader.get("/settings?lang=zh")
    assert heading(page) == "Benzene from a tanker at Jiang&#39;an: grade II, 3 statutory reports overdue"
    assert "Zhutuo" in page


def test_reports_come_as_word_and_html(shared_two: tuple[Matters, str]) -> None:
    found, id = shared_two
    reader = found.reader("sichuan")
    for kind, title in (("initial", "初报"), ("followup", "续报"), ("final", "处理结果报告")):
        answer = reader.get(f"/incidents/{id}/report.docx?type={kind}")
        document = docx.Document(io.BytesIO(answer.content))
        assert any(title in each.text for each in document.paragraphs)
        assert len(document.tables) >= 3
        assert title in reader.get(f"/incidents/{id}/report.html?type={kind}").text
    assert reader.get(f"/incidents/{id}/report.pdf?type=final").content.startswith(b"%PDF")
    assert reader.get(f"/incidents/{id}/report.docx?type=last").status_code == 400
    assert reader.get(f"/incidents/{id}/report.odt").status_code == 400


def test_who_may_only_look_finds_no_form_and_is_refused(shared_two: tuple[Matters, str]) -> None:
    found, id = shared_two
    guest = found.reader("sichuan", "guest")
    page = guest.get(f"/incidents/{id}").text
    assert 'action="/incidents/act"' not in page
    assert guest.post("/incidents/act", "/settings", id=id, act="grade", grade="I", why="x").status_code == 403


def test_an_incident_goes_through_all_its_forms(two: Matters) -> None:
    reader = two.reader("sichuan")
    fields = {"title_zh": "苯泄漏", "river": "长江", "substance": "benzene", "in_charge": "sichuan"}
    answer = reader.post("/incidents/open", "/incidents", **fields, **{"affected:chongqing": "1"})
    assert answer.status_code == 303
    here = answer.headers["location"].partition("?")[0]
    id = here.removeprefix("/incidents/")
    two.settle()

    def act(name: str, **given: str) -> None:
        answer = reader.post("/incidents/act", here, id=id, act=name, **given)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"{here}?done={name}"), answer.text
        assert 'role="status"' in reader.get(f"{here}?done={name}").text

    act("facts", **{"fact:crossing": "province", "fact:intake": "", "fact:deaths": "0"})
    act("grade", grade="II")
    duties = {f"duty:{duty}@": "1" for duty in ("own_government", "province", "ministry")}
    act("report", type="initial", sent="", note="电话", **duties, **{"duty:neighbour@chongqing": "1"})
    act("task", task="monitoring", owner="chongqing", due="2026-11-23T08:00", state="open", note="", title_zh="")
    act("point", point="p1", name_zh="朱沱", km="41", parameter="benzene，cod_mn", every="60", member="chongqing")
    act("sample", point="p1", parameter="benzene", value="0.001", unit="mg/L", below="1", limit="0.01", taken="")
    act(
        "measure", measure="m1", kind="hold", name_zh="闸坝拦截", member="sichuan", share="60", flow="", stage="running"
    )
    act("decide", text="关闭取水口", why="预计超标")
    act("note", text="已到现场")
    seen = two.room("sichuan", id)
    assert [clock.state for clock in seen.clocks] == ["done", "done", "done", "running", "done"]
    assert seen.room.points["p1"].value.parameters == ("benzene", "cod_mn")
    assert seen.room.samples[0].results[0].below
    assert seen.room.measures["m1"].value.share == 0.6
    assert set(seen.room.facts) == {"crossing", "deaths"}
    assert seen.room.void == ()
    act("report", type="final", sent="", note="", **{"duty:province_to_ministry@": "1"})
    act("close", summary_zh="已处置", summary_en="", cause="", lessons="")
    two.settle()
    theirs = two.reader("chongqing")
    assert "等待 重庆市生态环境局 结案" in theirs.get(here).text
    theirs.post("/incidents/act", here, id=id, act="close", summary_zh="水质恢复")
    two.settle()
    assert heading(reader.get(here).text) == "苯泄漏：各方已结案"
    assert two.room("sichuan", id).room == two.room("chongqing", id).room
    act("reopen", why="再次超标")
    assert two.room("sichuan", id).room.closed is None


def test_no_clock_runs_on_in_a_room_that_is_closed(two: Matters) -> None:
    id = two.do(
        "sichuan", "incidents/open", title_zh="误报", place_zh="泸州", substance="benzene", affected=("chongqing",)
    )
    reader = two.reader("sichuan")
    assert "data-due" in reader.get(f"/incidents/{id}").text
    for member in ("sichuan", "chongqing"):
        two.do(member, "incidents/close", id=id, summary_zh="误报")
    page = reader.get(f"/incidents/{id}").text
    assert heading(page) == "误报：各方已结案"
    assert "data-due" not in page
    assert "已结案，不再计时" in page


@pytest.mark.parametrize(
    ("act", "fields", "status", "says"),
    [
        ("grade", {"grade": "I"}, 400, "缺失或不合规定"),
        ("sample", {"point": "p9", "parameter": "benzene", "value": "1", "unit": "mg/L"}, 409, "联合监测方案"),
        ("sample", {"point": "p0", "parameter": "benzene", "value": "many", "unit": "mg/L"}, 400, "看不懂结果"),
        ("measure", {"measure": "m", "kind": "hold", "name_zh": "x", "member": "sichuan", "share": "a"}, 400, "缺失"),
        ("facts", {"fact:deaths": "-1"}, 400, "缺失"),
        ("dance", {}, 400, "缺失"),
    ],
)
def test_a_fault_in_a_form_is_told_on_its_page(
    shared_two: tuple[Matters, str], act: str, fields: dict[str, str], status: int, says: str
) -> None:
    found, id = shared_two
    before = len(found.room("sichuan", id).entries)
    answer = found.reader("sichuan").post("/incidents/act", f"/incidents/{id}", id=id, act=act, **fields)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert len(found.room("sichuan", id).entries) == before


def test_two_grades_at_once_are_shown_to_both_until_somebody_decides(two: Matters) -> None:
    id = two.spill()
    two.basin.network.cut(frozenset({"sichuan"}), frozenset({"chongqing"}))
    for member, grade in (("sichuan", "III"), ("chongqing", "I")):
        answer = two.reader(member).post(
            "/incidents/act", f"/incidents/{id}", id=id, act="grade", grade=grade, why="判断"
        )
        assert answer.status_code == 303
    two.basin.network.heal()
    two.clock.advance(minutes=10)
    two.settle()
    for member in two.basin:
        page = two.reader(member).get(f"/incidents/{id}").text
        assert "各方说法并存" in page
        assert "I 级" in heading(page)
    two.reader("sichuan").post("/incidents/act", f"/incidents/{id}", id=id, act="grade", grade="II")
    two.settle()
    assert "各方说法并存" not in two.reader("chongqing").get(f"/incidents/{id}").text


def test_every_act_on_a_page_is_in_the_ledger_without_names(two: Matters) -> None:
    id = two.spill()
    log = two.basin["sichuan"].node.ledger
    size = log.size()
    two.reader("sichuan").post("/incidents/act", f"/incidents/{id}", id=id, act="note", text="保密内容")
    leaves = b"".join(log.entries(size, log.size()))
    assert b'"said":"incident.note"' in leaves
    assert b"hmac-sha256:" in leaves
    assert "保密内容".encode() not in leaves
    assert b'"li"' not in leaves
    assert "notice" in two.reader("sichuan").get(f"/ledger?about={id}").text


def test_a_room_of_two_provinces_says_so_by_itself_with_its_source_and_a_person_corrects_it(two: Matters) -> None:
    reader = two.reader("sichuan")
    fields = {"title_zh": "苯泄漏", "river": "长江", "substance": "benzene", "in_charge": "sichuan"}
    answer = reader.post("/incidents/open", "/incidents", **fields, **{"affected:chongqing": "1"})
    here = answer.headers["location"].partition("?")[0]
    two.settle()
    for member in ("sichuan", "chongqing"):
        page = two.reader(member).get(here).text
        assert heading(page).startswith("苯泄漏：II 级")
        assert page.count("由河网和成员单位得出") == 3, member  # the grade's reason, the fact, the timeline
    report = reader.get(f"{here}/report.html?type=initial").text
    assert "跨省（由河网和成员单位得出：四川省生态环境厅, 重庆市生态环境局）" in report
    id = here.removeprefix("/incidents/")
    reader.post("/incidents/act", here, id=id, act="facts", **{"fact:crossing": "none"})
    assert two.room("sichuan", f"urn:uuid:{id.removeprefix('urn:uuid:')}").proposal.grade == "IV"
    assert page_of_facts(reader.get(here).text).count("由河网和成员单位得出") == 0


def page_of_facts(page: str) -> str:
    return page.partition('id="facts"')[2].partition("</section>")[0]


def test_a_place_that_is_learned_later_draws_the_plume_at_every_member(two: Matters) -> None:
    id = two.spill()
    for member in ("sichuan", "chongqing"):
        assert "/map/plume?incident=" not in two.reader(member).get(f"/incidents/{id}").text
    reader = two.reader("chongqing")
    given = {"place": "手爬岩", "place_zh": "", "substance": "", "amount": "2000", "occurred": ""}
    answer = reader.post("/incidents/act", f"/incidents/{id}", id=id, act="place", **given)
    assert answer.headers.get("location") == f"/incidents/{id}?done=place", answer.text
    two.settle()
    for member in ("sichuan", "chongqing"):
        page = two.reader(member).get(f"/incidents/{id}").text
        assert "/map/plume?incident=" in page
        assert "得知：地点: 手爬岩; 河流: 长江; 入水量: 2 t" in page
        [began] = two.reader(member).client.get(f"/map/plume?incident={id}").json()["times"][:1]
        opening = two.room(member, id).room.opening
        assert (began, opening.amount) == (opening.noticed, 2e6)


def test_the_reports_of_a_room_carry_the_arrival_table_with_bands_and_ends(two: Matters) -> None:
    two.basin["sichuan"].node.made.once(COMPUTING, ComputingAtOnce)
    given = {"title_zh": "苯泄漏", "place": "51.手爬岩", "substance": "benzene", "amount": "2000", "limit": "0.01"}
    id = two.do("sichuan", "incidents/open", affected=("chongqing",), **given)
    reader = two.reader("sichuan")
    opening = two.room("sichuan", id).room.opening
    assert (opening.amount, opening.limit) == (2e6, 0.01)
    for kind in ("initial", "followup", "final"):
        page = reader.get(f"/incidents/{id}/report.html?type={kind}").text
        assert "到达时间" in page
        assert "此后浓度低于 0.01 mg/L" in page
        row = next(line for line in page.split("<tr>") if "朱沱" in line)
        assert len(re.findall(r"\d\d-\d\d \d\d:\d\d \([\d: -]+ – [\d: -]+\)", row)) == 3, row  # first, peak, end
    reader.get("/settings?lang=en")
    page = reader.get(f"/incidents/{id}/report.html?type=initial").text
    reader.get("/settings?lang=zh")
    assert "Above the limit until" in page
    assert "In brackets the 90 % band" in page
    assert reader.get(f"/incidents/{id}/report.pdf?type=final").content.startswith(b"%PDF")
