"""The page of one alarm: what was seen, what was ruled out, and closing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.faces.alarms import alarms
from tests.contracts.test_alarms import DAY, alarm
from tests.faces.portal.matters import Matters, matters


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Matters]:
    with matters(tmp_path) as found:
        alarms(found.basin["sichuan"].node).put([alarm("ab12", ended=2 * DAY)], 0)
        yield found


def test_an_alarm_tells_where_it_was_seen_and_what_was_ruled_out(two: Matters) -> None:
    page = two.reader("sichuan").get("/alarms/ab12").text
    assert "51.a 氨氮 曾异常：极值 2.2 mg/L，已恢复" in page
    assert "不是单个跳点：连续 2 次读数异常" in page
    assert "超过限值" in page


def test_the_duty_officer_closes_it_and_a_guest_may_not(two: Matters) -> None:
    assert "/alarms/ab12/close" not in two.reader("sichuan", "guest").get("/alarms/ab12").text
    reader = two.reader("sichuan")
    done = reader.post("/alarms/ab12/close", "/alarms/ab12", outcome="false", note="探头校准")
    assert done.status_code == 303, done.text
    page = reader.get("/alarms/ab12").text
    assert "误报" in page
    assert "探头校准" in page
    assert "/alarms/ab12/close" not in page
    again = two.reader("sichuan").post("/alarms/ab12/close", "/warnings", outcome="event")
    assert again.status_code == 409


def test_an_alarm_that_is_not_there_is_not_found(two: Matters) -> None:
    assert two.reader("sichuan").get("/alarms/zz").status_code == 404
