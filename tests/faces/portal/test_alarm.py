"""The page of one alarm: what was seen, what was ruled out, and closing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shangyou.faces.alarms import alarms
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.plan import HOUR
from shangyou.governance.detection.readings import Expected
from tests.contracts.test_alarms import DAY, alarm
from tests.faces.portal.matters import Matters, matters
from tests.governance.detection.river import PLAN, T0, USUAL, River


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


def test_an_alarm_names_the_warning_of_another_member_and_proposes_nobody_who_has_it(tmp_path: Path) -> None:
    with matters(tmp_path) as found:
        said = {"title_zh": "手爬岩氨氮异常", "title_en": "Ammonia at Shoupayan", "text": "自动站"}
        place = {"place": "51.手爬岩", "substance": "ammonia_nitrogen", "to": ("chongqing",)}
        warning = found.do("sichuan", "warnings/send", **said, **place).removeprefix("urn:uuid:")
        at = found.clock.ms() + DAY // 2
        (seen,) = alarm("c0ffee", raised=at + 1).seen
        there = replace(alarm("c0ffee", raised=at + 1), seen=(replace(seen, section="50.朱沱"),))
        alarms(found.basin["chongqing"].node).put([there], at)
        reader = found.reader("chongqing")
        page = reader.get("/alarms/c0ffee").text
        assert f'href="/warnings/{warning}"' in page
        assert "四川省生态环境厅" in page
        assert "预计到达" in page
        centre = reader.get("/warnings").text
        assert "四川省生态环境厅 已预警" in centre
        assert "预警下游" not in centre.split('id="running"')[0]
        [form] = re.findall(r'href="(/warnings\?alarm=c0ffee[^"#]+)', page)
        filled = reader.get(form.replace("&amp;", "&")).text
        assert not re.search(r'name="to:sichuan" value="1" checked', filled)
        reader.get("/warnings?lang=en")
        assert "Warnings of this event" in reader.get("/alarms/c0ffee").text


def test_an_alarm_that_nobody_has_warned_of_leads_to_the_form(two: Matters) -> None:
    assert 'href="/warnings?alarm=ab12' in two.reader("sichuan").get("/alarms/ab12").text
    assert 'href="/warnings?alarm=ab12' not in two.reader("sichuan", "guest").get("/alarms/ab12").text


def test_an_alarm_of_living_things_asks_for_a_sample_and_one_that_was_due_names_the_member_that_warned(
    tmp_path: Path,
) -> None:
    with matters(tmp_path) as found:
        living = River(usual=USUAL | {"bacterial_inhibition": (2.0, 3.0)})
        (bacteria,) = living.add("a", "bacterial_inhibition", 240, [12.0, 38.0, 55.0, 61.0, 52.0]).alarms()
        due = Expected("urn:uuid:w", "sichuan", "a", "ammonia_nitrogen", T0 + 230 * HOUR, T0 + 250 * HOUR)
        weak = River().add("a", "ammonia_nitrogen", 240, [0.05, 0.07, 0.08, 0.08])
        (expected,) = detect(State(), weak.readings(), PLAN, expected=(due,)).state.alarms
        alarms(found.basin["chongqing"].node).put([bacteria, expected], expected.raised)
        page = found.reader("chongqing").get(f"/alarms/{bacteria.id}").text
        assert "可能是未监测的物质，请立即采样" in page
        assert "30 %" in page
        page = found.reader("chongqing").get(f"/alarms/{expected.id}").text
        assert "上游已预警" in page
        assert "四川省生态环境厅的预警 w 预计该物质" in page
