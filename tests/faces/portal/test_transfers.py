"""Transfers and meters in the portal: what moves and how fast, why it stopped, and where two counts differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state.stirring import stirring
from shangyou.core.ports import Selection
from shangyou.exchange.outlet import Place
from shangyou.faces.portal.transfers import Speeds
from shangyou.flows import transfer
from shangyou.flows.deliver import batch_of
from tests.contracts.lots import PH, batch, lot, row
from tests.faces.portal.desk_of_two import Desks, desks


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Desks]:
    with desks(tmp_path) as found:
        yield found


def heading(page: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


def test_with_nothing_to_show_the_page_says_what_to_do(two: Desks) -> None:
    page = two.reader("sichuan").get("/transfers").text
    assert heading(page) == "没有进行中的传输"
    assert "/contracts?view=agreements" in page


def test_a_running_transfer_shows_its_rows_and_rate(two: Desks) -> None:
    agreement = two.agree()
    two.passed("chongqing", agreement, 0)
    reader = two.reader("chongqing")
    reader.get("/transfers")
    two.clock.advance(seconds=10)
    two.passed("chongqing", agreement, 12_000)
    page = reader.get("/transfers").text
    assert heading(page) == "1 项传输进行中"
    assert "12,000" in page
    assert "1,200 行/秒" in page


def test_the_speed_is_that_between_two_looks() -> None:
    found = Speeds()
    assert found.of("a", 0, 0, 500) is None
    assert found.of("a", 4000, 0, 2000) == 2000
    assert found.of("a", 9000, 0, 2100) == 2000  # too soon for another
    assert found.of("a", 4000, 0, 10_000) == 0
    assert found.of("b", 100, 0, 10_000) == 10


def test_a_transfer_asked_for_on_the_page_starts_and_is_stopped_on_the_page(two: Desks) -> None:
    agreement, reader = two.agree(), two.reader("chongqing")
    given = {"id": agreement, "format": "Arrow-PULL", "purpose": "warning"}
    page = f"/contracts/agreements/{quote(agreement)}"
    assert reader.post("/contracts/start", page, **given).status_code == 303
    control = two.control("chongqing")
    two.settle(lambda: [t.state for t in control.talks.talks("transfer")] == ["STARTED"])
    [talk] = control.talks.talks("transfer")
    assert talk.selection == {"purpose": "warning"}
    assert heading(reader.get("/transfers").text) == "1 项传输进行中"
    assert reader.post("/transfers/stop", "/transfers", id=talk.id).status_code == 303
    two.settle(lambda: control.talks.talk("transfer", talk.id).state == "TERMINATED")
    page = reader.get("/transfers").text
    assert heading(page) == "没有进行中的传输"
    assert "已停止" in page
    assert two.reader("chongqing", "guest").post("/transfers/stop", "/transfers", id=talk.id).status_code == 403


def test_a_transfer_that_a_revocation_stopped_says_so(two: Desks) -> None:
    agreement = two.agree()
    talk = transfer.start(two.control("chongqing"), agreement, "Arrow-PULL", "li", None)
    kept = two.control("chongqing").talks
    two.settle(lambda: kept.talk("transfer", talk.id).state == "STARTED")
    given = {"id": agreement, "why": "系统改造", "typed": "sichuan/open"}
    two.reader("sichuan").post("/contracts/revoke", f"/contracts/agreements/{quote(agreement)}", **given)
    two.settle(lambda: kept.talk("transfer", talk.id).state == "TERMINATED")
    page = two.reader("chongqing").get("/transfers").text
    assert "提供方已撤销" in page
    assert "系统改造" in page


def test_receipts_that_agree_are_calm_and_one_that_differs_is_the_headline(two: Desks) -> None:
    agreement = two.agree()
    two.passed("sichuan", agreement, 90, state="complete")
    two.receipt("sichuan", agreement, 90, 90)
    reader = two.reader("sichuan")
    page = reader.get("/transfers").text
    assert heading(page) == "没有进行中的传输"
    assert "2 个签名" in page
    assert "✕" not in page
    two.receipt("sichuan", agreement, 90, 88)
    page = reader.get("/transfers").text
    assert heading(page) == "1 份回执双方计数不一致"
    assert "重庆市生态环境局: 88" in page
    assert "90" in page  # both stand there; nothing is averaged


def test_a_feed_shows_how_old_its_cursor_is(two: Desks) -> None:
    agreement = two.agree()
    two.passed("chongqing", agreement, 7, format="Arrow-FEED")
    two.clock.advance(minutes=12)
    reader = two.reader("chongqing")
    page = reader.get("/transfers").text
    assert heading(page) == "0 项传输进行中，1 项订阅"
    assert "12 分钟前" in page
    assert "尚未开始" in page
    passage = two.meters("chongqing").passage("urn:uuid:t")
    two.meters("chongqing").change(replace(passage, state="stopped", code="transfer.quota", reason="rows"))
    page = reader.get("/transfers").text
    assert "配额" in page
    assert heading(page) == "没有进行中的传输"


def test_what_has_to_go_by_the_agreements_duty_says_when(two: Desks) -> None:
    contracts, store = two.control("chongqing").contracts, two.basin["chongqing"].node.store
    agreement = contracts.agreement(two.agree())
    duty = {
        "action": "delete",
        "constraint": [{"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": "P3D"}],
    }
    contracts.put(replace(agreement, id="urn:uuid:bound", policy={**agreement.policy, "obligation": [duty]}))
    two.passed("chongqing", "urn:uuid:bound", 1)
    reader = two.reader("chongqing")
    assert "到期删除起于" not in reader.get("/transfers").text  # nothing of it is here
    owner = DuckStore(":memory:")
    owner.append(batch(1), lot(row(PH, 1, 7.0)))
    batch_here = batch_of(two.meters("chongqing").passage("urn:uuid:t"), two.clock.ms())
    store.take(batch_here, owner.changes(Selection(), Place(), None, 9).rows)
    assert re.search(r"到期删除起于 .*2026-11-25", reader.get("/transfers").text)


def test_every_step_stirs_the_live_pages(two: Desks) -> None:
    database = two.basin["chongqing"].node.database
    seen = [stirring(database)]
    agreement = two.agree()
    seen.append(stirring(database))
    two.passed("chongqing", agreement, 7)
    seen.append(stirring(database))
    two.passed("chongqing", agreement, 7)
    seen.append(stirring(database))
    two.receipt("chongqing", agreement, 14, 14)
    seen.append(stirring(database))
    assert len(set(seen)) == len(seen)
    assert stirring(database) == seen[-1]
