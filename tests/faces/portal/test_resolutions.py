"""Resolutions in the portal: versions with their differences, votes that count, signatures, tasks, standards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.faces.portal.differences import marked
from shangyou.faces.together import rulebook
from tests.faces.portal.matters import Matters, matters
from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.test_incidents import heading
from tests.standards.test_adopted import TEXT


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Matters]:
    with matters(tmp_path) as found:
        yield found


def act(two: Matters, member: str, id: str, name: str, **given: str) -> None:
    answer = two.reader(member).post("/resolutions/act", f"/resolutions/{id}", id=id, act=name, **given)
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/resolutions/{id}?done={name}"), answer.text
    two.settle()


def test_a_node_in_no_federation_says_what_to_do_next(tmp_path: Path) -> None:
    page = Reader(FakeNode(tmp_path)).sign_in().get("/resolutions").text
    assert "还没有加入联邦" in page


def test_a_new_version_shows_what_changed(two: Matters) -> None:
    id = two.patrol()
    page = two.reader("sichuan").get(f"/resolutions/{id}").text
    assert heading(page) == "长江川渝段联合巡查：表决中，0/2 已投"
    assert "<del>季度</del><ins>月</ins>" in page
    assert "每季度一次太少。" in page
    assert heading(two.reader("chongqing").get("/resolutions").text) == "1 项议案等本单位表决或签署"


def test_it_is_voted_on_signed_published_and_its_tasks_are_tracked(two: Matters) -> None:
    id = two.patrol()
    act(two, "sichuan", id, "vote", choice="no", reason="")
    act(two, "sichuan", id, "vote", choice="yes", reason="汛期确有需要")
    act(two, "chongqing", id, "vote", choice="yes", reason="")
    assert "等待另一成员确认收到" in two.reader("chongqing").get(f"/resolutions/{id}").text
    two.tend()
    page = two.reader("chongqing").get(f"/resolutions/{id}").text
    assert heading(page) == "长江川渝段联合巡查：结果待签署（已通过），0/2 已签"
    assert "重新表决，此票不计入" in page
    for member in ("sichuan", "chongqing"):
        act(two, member, id, "sign")
    act(two, "sichuan", id, "publish")
    act(
        two,
        "sichuan",
        id,
        "task",
        task="t1",
        title_zh="第一次巡查",
        owner="chongqing",
        due="2026-11-22T09:00",
        state="open",
    )
    two.clock.advance(days=1)
    for member in two.basin:
        assert two.matter(member, id).phase == "adopted"
        assert heading(two.reader(member).get("/resolutions").text) == "1 项决议任务已逾期"
    act(two, "chongqing", id, "task", task="t1", state="done", note="已巡查")
    page = two.reader("sichuan").get(f"/resolutions/{id}").text
    assert heading(page) == "长江川渝段联合巡查：已通过"
    assert "已巡查" in page
    assert two.matter("sichuan", id).matter == two.matter("chongqing", id).matter


def test_a_joint_standard_comes_into_both_rulebooks(two: Matters) -> None:
    fields = {
        "form": "standard",
        "title_zh": "联合标准",
        "text_zh": "第一条 采用。",
        "quorum": "1/1",
        "majority": "1/2",
    }
    answer = two.reader("sichuan").post("/resolutions/propose", "/resolutions", **fields, edition=TEXT)
    assert answer.status_code == 303
    id = answer.headers["location"].partition("?")[0].removeprefix("/resolutions/")
    two.settle()
    for member in two.basin:
        act(two, member, id, "vote", choice="yes", reason="")
    two.tend()
    for member in two.basin:
        act(two, member, id, "sign")
    act(two, "chongqing", id, "publish")
    two.tend()
    for member in two.basin:
        assert [one.id for one in rulebook(two.basin[member].node).editions()] == ["川渝联标 1-2026"]
        assert "川渝联标 1-2026" in two.reader(member).get("/resolutions").text


def test_a_laxer_standard_comes_back_with_what_was_typed(two: Matters) -> None:
    fields = {
        "form": "standard",
        "title_zh": "联合标准",
        "text_zh": "第一条 采用。",
        "quorum": "1/1",
        "majority": "1/2",
    }
    wrong = TEXT.replace("III: 0.15", "III: 0.25")
    answer = two.reader("sichuan").post("/resolutions/propose", "/resolutions", **fields, edition=wrong)
    assert answer.status_code == 400
    assert "total_phosphorus" in answer.text
    assert "第一条 采用。" in answer.text
    assert re.search(r"III: 0\.25", answer.text)


def test_who_may_only_look_cannot_vote(two: Matters) -> None:
    id = two.patrol()
    guest = two.reader("sichuan", "guest")
    assert 'action="/resolutions/act"' not in guest.get(f"/resolutions/{id}").text
    assert guest.post("/resolutions/act", "/settings", id=id, act="vote", choice="no").status_code == 403


def test_differences_are_marked_and_nothing_in_a_text_is_markup() -> None:
    assert str(marked("a <b> 每季度", "a <b> 每月")) == "a &lt;b&gt; 每<del>季度</del><ins>月</ins>"
    assert str(marked("same", "same")) == "same"
    long = "甲" * 7000
    assert str(marked(long, long + "\n乙")).endswith("<ins>" + long + "\n乙</ins>")
