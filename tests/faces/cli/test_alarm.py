"""`shangyou alarm` on a home that is not served."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.faces.alarms import alarms, travel_hours
from shangyou.faces.sentences import messages
from shangyou.governance.detection import explain, signs
from shangyou.settings import Settings
from tests.contracts.test_alarms import alarm
from tests.faces.cli.shell import Shell


@pytest.fixture
def alarmed(shell: Shell) -> Shell:
    with closing(wiring.build(Settings(home=shell.home))) as node:
        alarms(node).put([alarm("ab12cd"), alarm("ff00", ended=10**9)], 0)
    return shell


def test_alarms_are_listed_shown_and_closed(alarmed: Shell) -> None:
    rows = alarmed.rows("alarm", "list")
    assert {row["id"]: row["standing"] for row in rows} == {"ab12cd": "silent", "ff00": "ended"}
    assert rows[0]["unit"] == "mg/L"
    (seen,) = alarmed.rows("alarm", "show", "ab1")
    assert seen["rules"] == "limit, rate"
    assert seen["excluded_zh"] == "不是单个跳点：连续 2 次读数异常"
    assert seen["excluded_en"] == "no single spike: 2 readings in succession"
    said = alarmed("--lang", "en", "alarm", "close", "ab1", "--outcome", "false", "--note", "probe")
    assert "Alarm ab12cd is closed: false" in said.err
    (row,) = [row for row in alarmed.rows("alarm", "list") if row["id"] == "ab12cd"]
    assert (row["standing"], row["outcome"], row["note"]) == ("closed", "false", "probe")
    assert alarmed.rows("alarm", "list", "--open") == []


def test_an_alarm_that_is_not_there_and_a_second_closing_are_refused(alarmed: Shell) -> None:
    missing = alarmed("alarm", "show", "zz")
    assert missing.error is not None
    assert missing.error.code == "alarm.unknown"
    alarmed("alarm", "close", "ff", "--outcome", "event")
    again = alarmed("alarm", "close", "ff", "--outcome", "event")
    assert again.error is not None
    assert again.error.code == "alarm.closed"


def test_travel_times_come_from_the_rivers_of_the_node(shell: Shell) -> None:
    with closing(wiring.build(Settings(home=shell.home, simulated=True))) as node:
        hours = travel_hours(node)
    assert hours is not None
    down = hours("51.手爬岩", "50.朱沱")
    assert down is not None
    assert 3 < down < 40
    assert hours("50.朱沱", "51.手爬岩") is None
    assert hours("nowhere", "50.朱沱") is None


def test_every_way_to_exclude_an_explanation_has_its_sentence() -> None:
    source = Path(explain.__file__).read_text(encoding="utf-8")
    ways = set(re.findall(r'"((?:spike|mark|check|flat|sampling|parts|life|flow|neighbours)\.[a-z_]+)"', source))
    told = {code.removeprefix("alarm.tried.") for code in messages() if code.startswith("alarm.tried.")}
    assert ways == told


def test_every_sign_has_its_sentence() -> None:
    source = Path(signs.__file__).read_text(encoding="utf-8")
    ways = set(re.findall(r'"((?:contradiction|joint|biological|warned)\.[a-z_]+)"', source))
    told = {code.removeprefix("alarm.sign.") for code in messages() if code.startswith("alarm.sign.")}
    assert ways == told
