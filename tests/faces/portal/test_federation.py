"""The federation's page and the dots of the top bar, on real nodes of a federation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from shangyou.core.ports import Person
from shangyou.exchange.member import Standing
from shangyou.faces.sentences import sentence
from shangyou.flows import federation
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, ("ministry", "sichuan", "guizhou")) as found:
        people = found["ministry"].node.people
        people.put_person(Person("li", "operator", "李工", "zh"), "right horse battery")
        people.put_person(Person("guest", "viewer", "访客", "zh"), "right horse battery")
        yield found


def reader(found: Basin, name: str = "li") -> Reader:
    return Reader(cast(FakeNode, found["ministry"].node)).sign_in(name, "right horse battery")


def pulse(found: Basin) -> None:
    for work in found["ministry"].due(found.clock.ms()):
        work()


def states(page: str) -> list[str]:
    [bar] = re.findall(r'<a class="health".*?</a>', page, re.DOTALL)
    return re.findall(r'class="dot dot-(\w+)"', bar)


def test_the_page_says_first_how_the_federation_is(three: Basin) -> None:
    pulse(three)
    someone = reader(three)
    page = someone.get("/federation").text
    assert "<h1>3 个成员全部正常</h1>" in page
    someone.get("/federation?lang=en")
    assert "<h1>All 3 members are well</h1>" in someone.get("/federation").text
    for id in three:
        assert three["ministry"].trust.member(id).name_zh in page


def test_the_top_bar_has_a_dot_for_each_member_with_its_state_in_words(three: Basin) -> None:
    someone = reader(three)
    assert states(someone.get("/basin").text) == ["good", "unknown", "unknown"]
    three.network.remove("guizhou")
    pulse(three)
    page = someone.get("/basin").text
    assert states(page) == ["good", "good", "bad"]
    assert "贵州省生态环境厅: 无应答" in page
    assert 'class="health"' not in Reader(cast(FakeNode, three["ministry"].node)).get("/sign-in").text


def test_a_member_that_is_away_is_named_with_its_cause(three: Basin) -> None:
    three.network.remove("guizhou")
    pulse(three)
    page = reader(three).get("/federation").text
    assert "<h1>3 个成员中有 1 个不正常</h1>" in page
    facts = {"member": "贵州省生态环境厅", "address": three["ministry"].trust.member("guizhou").address}
    assert sentence("check.port", facts, "zh").text in page


def test_a_suspension_is_shown_with_its_reason(three: Basin) -> None:
    at = three.clock.ms()
    outcome = federation.set_standing(three["ministry"].trust, "guizhou", Standing.SUSPENDED, "失陷待查", at)
    three["ministry"].hand_on(outcome)
    for id in ("sichuan", "guizhou"):
        three[id].hand_on(federation.sign(three[id].trust, outcome.digest, at))
    page = reader(three).get("/federation").text
    assert "失陷待查" in page
    assert states(page) == ["good", "good" if three["ministry"].health else "unknown", "out"]


@pytest.mark.parametrize(("days", "title"), [(21, "信任清单须续签"), (28, "只继续已有合约"), (31, "节点间往来停止")])
def test_the_countdown_of_the_list_is_the_first_thing_said(three: Basin, days: int, title: str) -> None:
    three.clock.advance(days=days)
    [heading] = re.findall(r"<h1>(.*?)</h1>", reader(three).get("/federation").text)
    assert title in heading


def test_connections_are_checked_for_those_who_work_with_them(three: Basin) -> None:
    page = reader(three).get("/federation?check=1").text
    assert page.count("与“") == 2
    assert reader(three, "guest").get("/federation?check=1").status_code == 403
    assert reader(three, "guest").get("/federation").status_code == 200


def test_a_node_in_no_federation_says_how_to_come_into_one(tmp_path: Path) -> None:
    page = Reader(FakeNode(tmp_path)).sign_in().get("/federation").text
    assert "还没有加入联邦" in page
    assert "shangyou federation join" in page
