"""The warning centre: what waits here stands first, one press acknowledges, both sides see the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.faces.alarms import alarms
from shangyou.faces.warning import watching
from shangyou.governance.detection.alarm import Alarm, Level, Rule, Seen
from tests.faces.portal.matters import Matters, matters
from tests.faces.portal.node import FakeNode, Reader

SPILL = {"title_zh": "手爬岩苯泄漏", "title_en": "Benzene near Shoupayan", "place": "51.手爬岩", "substance": "benzene"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matters]:
    with matters(tmp_path_factory.mktemp("warned")) as found:
        yield found


def send(found: Matters, **changed: str) -> str:
    """A warning from Sichuan that Chongqing has received; its id for the address."""
    given: dict[str, object] = {**SPILL, "text": "槽罐车侧翻", "to": ("chongqing",), **changed}
    return found.do("sichuan", "warnings/send", **given).removeprefix("urn:uuid:")


def attend(found: Matters) -> None:
    for id in ("sichuan", "chongqing"):
        watching(found.basin[id]).refining = None  # the ensemble has its own tests
        watching(found.basin[id]).turn()
        found.settle()


def heading(page: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


def test_a_node_in_no_federation_says_what_to_do_next(tmp_path: Path) -> None:
    page = Reader(FakeNode(tmp_path)).sign_in().get("/warnings").text
    assert "还没有加入联邦" in page


def test_an_empty_centre_says_so_and_offers_the_form_to_who_may(tmp_path: Path) -> None:
    with matters(tmp_path) as found:
        page = found.reader("sichuan").get("/warnings").text
        assert heading(page) == "没有进行中的预警"
        assert 'action="/warnings/send"' in page
        assert 'action="/warnings/send"' not in found.reader("sichuan", "guest").get("/warnings").text


def test_a_substance_is_picked_from_a_list_of_names_and_goes_out_by_its_key(tmp_path: Path) -> None:
    with matters(tmp_path) as found:
        sichuan = found.reader("sichuan")
        page = sichuan.get("/warnings?substance=ammonia_nitrogen&title_zh=x").text
        assert '<option value="氨氮">Ammonia nitrogen · ammonia_nitrogen</option>' in page
        assert 'list="substances" maxlength="200" value="氨氮"' in page
        given = {**SPILL, "substance": "水中苯", "text": "侧翻", "type": "first"}
        sent = sichuan.post("/warnings/send", "/warnings", **given)
        assert sent.status_code == 303, sent.text
        id = sent.headers["location"].split("/")[-1].split("?")[0]
        assert "水中苯" in sichuan.get(f"/warnings/{id}").text
        sichuan.get("/settings?lang=en")
        assert "Benzene in water" in sichuan.get(f"/warnings/{id}").text


def test_a_warning_is_sent_by_the_form_acknowledged_in_one_press_and_seen_by_both(two: Matters) -> None:
    sichuan, chongqing = two.reader("sichuan"), two.reader("chongqing")
    sent = sichuan.post(
        "/warnings/send", "/warnings", **{**SPILL, "text": "槽罐车侧翻", "amount": "2000", "type": "first"}
    )
    assert sent.status_code == 303, sent.text
    id = sent.headers["location"].split("/")[-1].split("?")[0]
    two.settle()
    attend(two)
    assert heading(chongqing.get("/warnings").text) == "1 起预警等您答复或确认"
    page = chongqing.get(f"/warnings/{id}").text
    assert heading(page).startswith("手爬岩苯泄漏：等您确认，还剩")
    assert "2e+03 kg" not in page
    assert "朱沱" in page
    assert chongqing.post("/warnings/act", "/warnings", act="acknowledge", id=id, role="duty").status_code == 303
    two.settle()
    assert heading(sichuan.get(f"/warnings/{id}").text) == "手爬岩苯泄漏：各方均已确认"
    assert "值班员" in sichuan.get(f"/warnings/{id}").text
    sichuan.post("/warnings/act", "/warnings", act="clear", id=id, text="达标")
    cleared = sichuan.get(f"/warnings/{id}").text
    assert heading(cleared) == "手爬岩苯泄漏：已解除"
    assert "重庆市生态环境局还没有确认解除" in cleared
    assert "已解除" in sichuan.get("/warnings").text


def test_a_warning_leads_to_a_room_that_is_filled_in_and_then_to_that_room(two: Matters) -> None:
    id, sichuan = send(two), two.reader("sichuan")
    assert f'href="/incidents?warning={id}#open"' in sichuan.get("/warnings").text
    page = sichuan.get(f"/incidents?warning={id}").text
    for text in (
        'value="手爬岩苯泄漏"',
        f'value="urn:uuid:{id}" selected',
        'value="benzene"',
        '<details class="more" open>',
    ):
        assert text in page, text
    assert re.search(r'name="affected:chongqing" value="1" checked', page)
    given = {"title_zh": "手爬岩苯泄漏", "in_charge": "sichuan", "affected:chongqing": "1"}
    opened = sichuan.post("/incidents/open", "/incidents", warning=f"urn:uuid:{id}", **given)
    assert opened.status_code == 303, opened.text
    room = opened.headers["location"].partition("?")[0]
    assert f'href="{room}"' in sichuan.get(f"/warnings/{id}").text
    assert f'href="{room}"' in sichuan.get("/warnings").text
    assert f'href="/warnings/urn:uuid:{id}"' in sichuan.get(room).text


def test_a_request_is_answered_where_it_stands(two: Matters) -> None:
    id = send(two)
    chongqing, sichuan = two.reader("chongqing"), two.reader("sichuan")
    chongqing.post("/warnings/act", "/warnings", **{"act": "request", "id": id, "text": "多少吨？", "to:sichuan": "1"})
    two.settle()
    page = sichuan.get(f"/warnings/{id}").text
    assert heading(page).startswith("手爬岩苯泄漏：有问询等您答复")
    [request] = re.findall(r'name="answers" value="([0-9a-f]+)"', page)
    sichuan.post("/warnings/act", "/warnings", act="information", id=id, text="约 2 吨", answers=request)
    assert "有问询等您答复" not in sichuan.get(f"/warnings/{id}").text


def test_arrivals_of_both_stand_beside_each_other_with_their_difference(two: Matters) -> None:
    id = send(two)
    attend(two)
    page = two.reader("sichuan").get(f"/warnings/{id}").text
    assert page.count("多年平均流量") == 2


def test_an_alarm_leads_to_a_form_that_is_filled_in_with_those_downstream_ticked(two: Matters) -> None:
    page = two.reader("sichuan").get("/warnings?alarm=a1&title_zh=苯超标&place=51.手爬岩&substance=benzene").text
    assert 'value="苯超标"' in page
    assert 'name="alarm" value="a1"' in page
    assert re.search(r'name="to:chongqing" value="1" checked', page)
    assert '<details class="more" open>' in page


def test_an_alarm_of_this_node_stands_there_with_the_way_to_warn_of_it(tmp_path: Path) -> None:
    with matters(tmp_path) as found:
        at = found.clock.ms()
        seen = Seen("51.手爬岩", "benzene", at, at, at, 0.034, 0.001, 0.034, at, 0.01, (Rule.LIMIT,), ())
        alarms(found.basin["sichuan"].node).put([Alarm("ab12", "benzene", at, at, Level.SERIOUS, (seen,))], at)
        reader = found.reader("sichuan")
        page = reader.get("/warnings").text
        assert heading(page) == "1 个报警等人处理"
        [form] = re.findall(r'href="(/warnings\?alarm=ab12[^"#]+)', page)
        filled = reader.get(form.replace("&amp;", "&")).text
        assert 'name="place" list="places" maxlength="200" value="手爬岩 · 断面 · 长江"' in filled
        assert re.search(r'name="to:chongqing" value="1" checked', filled)


def test_what_is_missing_is_told_beside_what_was_given(two: Matters) -> None:
    told = two.reader("sichuan").post("/warnings/send", "/warnings", title_zh="只有标题", type="first")
    assert told.status_code == 400
    assert 'value="只有标题"' in told.text
    id = send(two)
    told = two.reader("chongqing").post("/warnings/act", "/warnings", act="update", id=id, amount="5")
    assert told.status_code == 409
    assert "事发方" in told.text


def test_who_may_not_speak_sees_no_forms_and_cannot_send_any(two: Matters) -> None:
    id = send(two)
    guest = two.reader("chongqing", "guest")
    page = guest.get(f"/warnings/{id}").text
    assert "<form" not in page.split("<main")[1]
    assert guest.post("/warnings/act", "/settings", act="acknowledge", id=id).status_code == 403


@pytest.mark.parametrize("path", ["/warnings/none", "/warnings/" + "0" * 36])
def test_what_there_is_not_is_not_found(two: Matters, path: str) -> None:
    assert two.reader("sichuan").get(path).status_code == 404


def test_the_pages_speak_english_too(two: Matters) -> None:
    id = send(two)
    reader = two.reader("chongqing")
    reader.get("/warnings?lang=en")
    page = reader.get(f"/warnings/{id}").text
    assert heading(page).startswith("Benzene near Shoupayan: acknowledge within")
    assert "duty officer" in page
