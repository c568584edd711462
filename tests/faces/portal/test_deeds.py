"""What pages can change, and who may."""

from __future__ import annotations

import pytest

from shangyou.core.registry import Device
from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.river import MN, digest_orders, refuse_packet


def test_a_batch_is_rolled_back_and_what_was_before_is_in_force_again(filled: FakeNode) -> None:
    reader = Reader(filled).sign_in()
    batch = next(b.batch.id for b in filled.store.batches() if b.batch.source == "更正.csv")
    answer = reader.post(f"/intake/batches/{batch}/withdraw", "/intake?view=batches")
    assert answer.headers["location"] == f"/intake?view=batches&batch={batch}&done=withdrawn"
    assert "批次已回滚" in reader.get(answer.headers["location"]).text
    assert "8.10" not in reader.get("/sections/51.清风峡?parameter=ph").text
    again = reader.post(f"/intake/batches/{batch}/withdraw", "/intake?view=batches")
    assert again.status_code == 409
    assert "store.withdrawn" in again.text


@pytest.mark.parametrize("batch", ["99999", "x"])
def test_a_batch_that_is_not_there_cannot_be_rolled_back(filled: FakeNode, batch: str) -> None:
    answer = Reader(filled).sign_in().post(f"/intake/batches/{batch}/withdraw", "/intake?view=batches")
    assert answer.status_code == 404
    assert "store.batch" in answer.text


def test_a_device_is_asked_to_send_again(filled: FakeNode) -> None:
    reader = Reader(filled).sign_in()
    span = {"start": "2021-04-05T00:00", "stop": "2021-04-05T20:00"}
    answer = reader.post("/intake/ask", "/intake", mn=MN, what="hour", **span)
    assert answer.headers["location"] == "/intake?view=commands&done=asked"
    (order,) = filled.intake.commands()
    assert (order.mn, order.code, order.state, order.by) == (MN, "2061", "queued", "li")
    assert order.arguments == {"BeginTime": "20210405000000", "EndTime": "20210405200000"}
    assert "取小时历史数据" in reader.get("/intake?view=commands").text


@pytest.mark.parametrize(
    ("mn", "start", "code"),
    [
        (MN, "", "portal.time"),
        (MN, "soon", "portal.time"),
        ("nobody", "2021-04-05T00:00", "device.unknown"),
        (MN, "2021-04-06T00:00", "command.period"),
    ],
)
def test_a_request_that_makes_no_sense_is_not_queued(filled: FakeNode, mn: str, start: str, code: str) -> None:
    fields = {"mn": mn, "what": "minute", "start": start, "stop": "2021-04-05T20:00"}
    answer = Reader(filled).sign_in().post("/intake/ask", "/intake", **fields)
    assert answer.status_code in (400, 404)
    assert code in answer.text
    assert filled.intake.commands() == []


def test_refused_packets_are_read_again_from_the_page_where_they_are_listed(filled: FakeNode) -> None:
    stranger = "A510000_0009"
    refuse_packet(filled, stranger)
    reader = Reader(filled).sign_in()
    assert "/intake/read-again" not in reader.get(f"/intake?view=refused&source={stranger}").text
    early = reader.post("/intake/read-again", "/intake", mn=stranger)
    assert (early.status_code, "device.unknown" in early.text) == (404, True)
    filled.registry.put_device(Device(stranger, "新站", "51.清风峡"), None, "li", 1)
    page = reader.get(f"/intake?view=refused&source={stranger}").text
    assert f"重新读取 {stranger} 的数据包" in page
    told = reader.post("/intake/read-again", "/intake", mn=stranger)
    assert told.headers["location"] == f"/intake?view=refused&source={stranger}&done=read_again"
    assert "正在重新读取" in reader.get(told.headers["location"]).text
    digest_orders(filled)
    assert filled.intake.refused(source=stranger) == []
    again = reader.post("/intake/read-again", "/intake", mn=stranger)
    assert "该设备没有被拒的数据包" in reader.get(again.headers["location"]).text


def test_who_may_only_read_changes_nothing_and_is_offered_nothing(filled: FakeNode) -> None:
    guest = Reader(filled).sign_in("guest")
    assert "/withdraw" not in guest.get("/intake?view=batches").text
    assert 'action="/intake/ask"' not in guest.get("/intake").text
    rolled = guest.post("/intake/batches/0/withdraw", "/settings")
    asked = guest.post(
        "/intake/ask", "/settings", mn=MN, what="hour", start="2021-04-05T00:00", stop="2021-04-05T20:00"
    )
    again = guest.post("/intake/read-again", "/settings", mn=MN)
    assert rolled.status_code == asked.status_code == again.status_code == 403
    assert "portal.role" in rolled.text
    assert filled.intake.commands() == []


def test_what_a_page_changes_stands_in_the_ledger(filled: FakeNode) -> None:
    before, span = filled.ledger.size(), {"start": "2021-04-05T00:00", "stop": "2021-04-05T20:00"}
    Reader(filled).sign_in().post("/intake/ask", "/intake", mn=MN, what="hour", **span)
    [leaf] = filled.ledger.entries(before, filled.ledger.size())
    assert b'"deed":"devices/ask"' in leaf
    assert MN.encode() not in leaf
