"""The contract desk in the portal: what it says first, how a person answers, and what cannot be done by a slip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from shangyou.adapters.workdays import FILE
from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.policy.write import Terms, written
from shangyou.flows import negotiate
from tests.faces.portal.desk_of_two import ASKED, Desks, desks
from tests.faces.portal.node import FakeNode, Reader


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Desks]:
    with desks(tmp_path) as found:
        yield found


def heading(page: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


def talk_page(id: str) -> str:
    return f"/contracts/negotiations/{quote(id)}"


def agreement_page(id: str) -> str:
    return f"/contracts/agreements/{quote(id)}"


def test_a_node_in_no_federation_says_what_to_do_next(tmp_path: Path) -> None:
    reader = Reader(FakeNode(tmp_path)).sign_in()
    for path in ("/contracts", "/transfers"):
        page = reader.get(path).text
        assert "还没有加入联邦" in page
        assert "shangyou federation join" in page


def test_an_empty_desk_says_so_and_leads_to_the_catalogue(two: Desks) -> None:
    page = two.reader("sichuan").get("/contracts").text
    assert heading(page) == "没有待答复的请求；0 份协议有效"
    assert 'href="/catalogue"' in page
    for view in ("agreements", "over"):
        assert two.reader("sichuan").get(f"/contracts?view={view}").status_code == 200


def test_a_request_that_waits_stands_first_with_its_clock_of_working_days(two: Desks) -> None:
    two.request("sichuan/asked")
    two.waits("sichuan")
    reader = two.reader("sichuan")
    page = reader.get("/contracts").text
    assert heading(page) == "1 项请求等您答复，最早一项还剩 10 个工作日"
    assert "按法定假日推算" in page
    assert "模拟数据" in page
    two.clock.advance(days=7)
    assert "还剩 5 个工作日" in heading(two.reader("sichuan").get("/contracts").text)
    two.clock.advance(days=30)
    assert heading(two.reader("sichuan").get("/contracts").text) == "1 项答复已逾期"
    page = two.reader("chongqing").get("/contracts").text
    assert "四川省生态环境厅的下一步" in page


def test_a_list_of_working_days_with_faults_is_told_at_the_desk(two: Desks) -> None:
    (two.basin["sichuan"].node.settings.home / FILE).write_text("[2026", encoding="utf-8")
    assert "工作日名单有误" in two.reader("sichuan").get("/contracts").text


def test_what_is_asked_is_read_in_words_and_held_against_the_offer(two: Desks) -> None:
    two.request("sichuan/asked")
    talk = two.waits("sichuan")
    page = two.reader("sichuan").get(talk_page(talk.id)).text
    assert heading(page) == "重庆市生态环境局等您答复：沱江水质"
    assert "用途 限于 预警, 考核评价" in page
    assert "在报价之内" in page
    assert "条款一致" in page


def test_narrower_terms_show_line_by_line_what_differs(two: Desks) -> None:
    narrow = written(Terms(purposes=("warning",), delay="P2D", rows_day=10), "sichuan/asked#1")
    two.request("sichuan/asked", narrow)
    talk = two.waits("sichuan")
    page = two.reader("sichuan").get(talk_page(talk.id)).text
    assert "只在当前条款" in page
    assert "只在报价" in page
    assert "P2D" in page


def test_an_accepted_request_becomes_an_agreement_at_both_ends(two: Desks) -> None:
    two.request("sichuan/asked")
    talk, reader = two.waits("sichuan"), two.reader("sichuan")
    page = talk_page(talk.id)
    assert reader.post("/contracts/answer", page, id=talk.id, action="accept").status_code == 303
    two.settle(lambda: all(two.control(id).contracts.agreements(active=True) for id in two.basin))
    assert heading(reader.get(page).text) == "已与重庆市生态环境局达成协议：沱江水质"
    assert heading(reader.get("/contracts").text) == "没有待答复的请求；1 份协议有效"
    assert "沱江水质" in two.reader("chongqing").get("/contracts?view=agreements").text


def test_a_refusal_needs_a_reason_and_the_other_side_reads_it(two: Desks) -> None:
    asked = two.request("sichuan/asked")
    talk, reader = two.waits("sichuan"), two.reader("sichuan")
    reader.post("/contracts/answer", talk_page(talk.id), id=talk.id, action="refuse", why="请先说明用途")
    there = two.control("chongqing").talks
    two.settle(lambda: there.talk("negotiation", asked.id).state == "TERMINATED")
    other = two.reader("chongqing")
    page = other.get(talk_page(asked.id)).text
    assert "请先说明用途" in page
    assert "对方拒绝" in page or "拒绝" in page
    assert "四川省生态环境厅" in page
    assert asked.id in other.get("/contracts?view=over").text or "沱江水质" in other.get("/contracts?view=over").text


def test_a_counter_offer_narrows_and_is_accepted_at_the_other_desk(two: Desks) -> None:
    asked = two.request("sichuan/asked")
    talk, reader = two.waits("sichuan"), two.reader("sichuan")
    given = {"base": "table", "until": "2027-06-30", "rows_day": "500", "kept": "1", "purpose:warning": "1"}
    answer = reader.post("/contracts/answer", talk_page(talk.id), id=talk.id, action="counter", **given)
    assert answer.status_code == 303, answer.text
    waiting = two.waits("chongqing")
    assert waiting.id == asked.id
    other = two.reader("chongqing")
    page = other.get(talk_page(asked.id)).text
    assert "2027-07-01T00:00:00+08:00" in page
    assert "只在请求" in page or "只在当前条款" in page
    other.post("/contracts/answer", talk_page(asked.id), id=asked.id, action="accept")
    two.settle(lambda: all(two.control(id).contracts.agreements(active=True) for id in two.basin))
    [agreement] = two.control("chongqing").contracts.agreements(active=True)
    page = other.get(agreement_page(agreement.id)).text
    assert "每日行数" in page
    assert "0 / 500" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"action": "counter", "base": "none"}, "策略"),
        ({"action": "counter", "base": "table", "rows_day": "many"}, "many"),
        ({"action": "counter", "base": "table", "delay": "soon"}, "soon"),
        ({"action": "counter", "base": "table", "until": "never"}, "never"),
        ({"action": "counter", "policy": "{"}, "策略"),
        ({"action": "shrug"}, "shrug"),
    ],
)
def test_a_fault_in_an_answer_is_told_on_the_page_and_nothing_is_sent(
    two: Desks, given: dict[str, str], said: str
) -> None:
    two.request("sichuan/asked")
    talk, reader = two.waits("sichuan"), two.reader("sichuan")
    answer = reader.post("/contracts/answer", talk_page(talk.id), id=talk.id, **given)
    assert answer.status_code == 400
    [alert] = re.findall(r'role="alert">(.*?)</p>', answer.text)
    assert said in alert
    assert two.control("sichuan").talks.talk("negotiation", talk.id).state == "REQUESTED"


def test_who_may_not_bind_the_agency_reads_and_does_nothing(two: Desks) -> None:
    two.request("sichuan/asked")
    talk, guest = two.waits("sichuan"), two.reader("sichuan", "guest")
    page = guest.get(talk_page(talk.id)).text
    assert "等待有权答复的人" in page
    assert "/contracts/answer" not in page
    assert guest.post("/contracts/answer", "/settings", id=talk.id, action="accept").status_code == 403


def test_an_agreement_shows_its_quota_and_why_it_permits(two: Desks) -> None:
    agreement = two.agree()
    two.passed("sichuan", agreement, 250)
    reader = two.reader("sichuan")
    page = reader.get(agreement_page(agreement)).text
    assert heading(page) == "与重庆市生态环境局的协议有效：沱江水质"
    assert "250 / 1,000" in page
    assert 'value="0.2500"' in page
    assert "许可" in page
    reader.get("/contracts?lang=en")
    page = reader.get(f"/contracts/why?agreement={quote(agreement)}&purpose=research").text
    assert heading(page) == "Tuo: permitted observed" or heading(page).startswith("Tuo: permitted")
    two.passed("sichuan", agreement, 750)
    page = reader.get(f"/contracts/why?agreement={quote(agreement)}").text
    assert heading(page).startswith("Tuo: refused")
    assert "rows a day" in page


def test_an_agreement_is_only_ended_by_who_types_its_name(two: Desks) -> None:
    agreement, reader = two.agree(), two.reader("sichuan")
    page, given = agreement_page(agreement), {"id": agreement, "why": "系统改造"}
    answer = reader.post("/contracts/revoke", page, typed="sichuan/opne", **given)
    assert answer.status_code == 400
    assert "什么也没有做" in answer.text
    assert two.control("sichuan").contracts.agreement(agreement).state is AgreementState.ACTIVE
    assert reader.post("/contracts/revoke", page, typed="sichuan/open", **given).status_code == 303
    there = two.control("chongqing").contracts
    two.settle(lambda: there.agreement(agreement).state is AgreementState.REVOKED)
    other = two.reader("chongqing")
    shown = other.get(page).text
    assert heading(shown) == "与四川省生态环境厅的协议已被提供方撤销：沱江水质"
    assert "系统改造" in shown
    assert "拒绝" in shown  # why: an agreement that is over permits nothing
    assert "已撤销" in other.get("/contracts?view=over").text


def test_a_renewal_takes_the_place_of_the_agreement(two: Desks) -> None:
    agreement, reader = two.agree(), two.reader("chongqing")
    assert reader.post("/contracts/renew", agreement_page(agreement), id=agreement).status_code == 303
    kept = two.control("chongqing").contracts
    two.settle(lambda: kept.agreement(agreement).state is AgreementState.REPLACED)
    [new] = kept.agreements(active=True)
    page = reader.get(agreement_page(agreement)).text
    assert "已由此协议接替" in page
    assert new.id in page


def test_an_amendment_asks_with_other_terms(two: Desks) -> None:
    agreement, reader = two.agree(), two.reader("chongqing")
    given = {"id": agreement, "amend": "1", "base": "own", "rows_day": "10"}
    assert reader.post("/contracts/renew", agreement_page(agreement), **given).status_code == 303
    kept = two.control("chongqing").contracts
    two.settle(lambda: kept.agreement(agreement).state is AgreementState.REPLACED)
    [new] = kept.agreements(active=True)
    assert "0 / 10" in reader.get(agreement_page(new.id)).text


def test_a_letter_that_does_not_arrive_is_told_with_whose_turn_it_is(two: Desks) -> None:
    two.basin.network.remove("sichuan")
    control = two.control("chongqing")
    talk = negotiate.request(control, "sichuan", "sichuan/asked", str(ASKED["@id"]), ASKED, "li")
    two.settle(lambda: bool((letter := control.talks.letter(talk.id)) and letter.attempts))
    two.clock.advance(minutes=5)
    page = two.reader("chongqing").get("/contracts").text
    assert "停滞" in heading(page)
    assert "消息送达四川省生态环境厅" in page
    assert "尚未送达" in two.reader("chongqing").get(talk_page(talk.id)).text


def test_what_is_not_there_is_not_found(two: Desks) -> None:
    reader = two.reader("sichuan")
    for path in (talk_page("urn:uuid:none"), agreement_page("urn:uuid:none"), "/contracts/why?agreement=none"):
        assert reader.get(path).status_code == 404
    agreement = two.agree()
    assert reader.get(f"/contracts/why?agreement={quote(agreement)}&purpose=fun").status_code == 400
