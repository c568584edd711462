"""One event is one across members that share no series: alarms meet warnings, the later warning names the earlier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import ConflictError
from shangyou.faces.alarms import alarms
from shangyou.faces.api.alarms import alarms as listed
from shangyou.faces.api.warning_deeds import send
from shangyou.faces.api.warnings import messages
from shangyou.governance.detection.alarm import Alarm, Level, Rule, Seen
from tests.fakes.exchange_basin import basin
from tests.federation.test_warnings import Warned, rows

HOUR = 3_600_000
IDS = ("ministry", "chongqing", "sichuan", "guizhou")
SPILL = {"substance": "ammonia_nitrogen", "title_zh": "手爬岩氨氮异常", "title_en": "Ammonia at Shoupayan"}


@pytest.fixture
def warned(tmp_path: Path) -> Iterator[Warned]:
    with basin(tmp_path, IDS) as made:
        yield Warned(made)


def raise_alarm(warned: Warned, member: str, section: str, hours: float, id: str) -> None:
    """An alarm of ammonia, first odd so many hours from now."""
    at = warned.basin.clock.ms() + round(hours * HOUR)
    seen = Seen(section, "ammonia_nitrogen", at, at + HOUR, at + HOUR, 1.4, 0.2, 1.4, at, 1.0, (Rule.LIMIT,), ())
    alarms(warned.basin[member].node).put([Alarm(id, "ammonia_nitrogen", at, at + HOUR, Level.EXCEEDED, (seen,))], at)


def of(warned: Warned, member: str, id: str) -> dict[str, object]:
    [row] = [each for each in rows(listed(warned.desk(member))) if each["id"] == id]
    return row


def test_an_alarm_below_is_the_event_that_was_warned_of_above_whichever_came_first(warned: Warned) -> None:
    raise_alarm(warned, "chongqing", "50.朱沱", 12, "c0ffee")
    raise_alarm(warned, "chongqing", "50.朱沱", 240, "c01d")
    assert of(warned, "chongqing", "c0ffee")["warned_by"] is None
    id = warned.send(**SPILL)
    assert of(warned, "chongqing", "c0ffee")["warning"] == id
    assert of(warned, "chongqing", "c0ffee")["warned_by"] == "sichuan"
    assert of(warned, "chongqing", "c01d")["warning"] is None  # days later is something else


def test_who_was_warned_already_is_not_warned_again_and_the_message_names_the_earlier_one(warned: Warned) -> None:
    above = {**SPILL, "place": "51.手爬岩", "text": "自动站"}
    first = str(send(warned.desk("sichuan"), **above, to=("chongqing", "guizhou"))["id"])  # type: ignore[arg-type]
    warned.run()
    raise_alarm(warned, "chongqing", "50.朱沱", 12, "c0ffee")
    given = {"title_zh": "朱沱氨氮异常", "place": "50.朱沱", "substance": "ammonia_nitrogen", "text": "自动站"}
    told = send(warned.desk("chongqing"), **given, alarm="c0ffee", to=("ministry",))  # type: ignore[arg-type]
    warned.run()
    [opening] = [each for each in rows(messages(warned.desk("ministry"), str(told["id"]))) if each["kind"] == "first"]
    assert first in str(opening["refers"])
    with pytest.raises(ConflictError) as caught:  # of those below, nobody is left
        send(warned.desk("chongqing"), **given, alarm="c0ffee")  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.facts["by"]) == ("warning.told", "sichuan")


def test_two_that_warn_while_they_cannot_hear_each_other_come_to_one_event_once_they_can(warned: Warned) -> None:
    warned.basin.network.cut(frozenset({"sichuan"}), frozenset(IDS) - {"sichuan"})
    first = warned.send(**SPILL)
    warned.basin.clock.advance(hours=11)
    given = {"title_zh": "朱沱氨氮异常", "place": "50.朱沱", "substance": "ammonia_nitrogen", "text": "自动站"}
    later = str(send(warned.desk("chongqing"), **given, to=("sichuan", "guizhou"))["id"])  # type: ignore[arg-type]
    warned.run()
    warned.turn()
    assert not any(each["refers"] for each in rows(messages(warned.desk("chongqing"), later)))
    warned.basin.network.heal()
    for _ in range(6):
        warned.turn(3600)
    for member in ("sichuan", "chongqing", "guizhou"):  # Guizhou was told of the later one alone
        said = [each for each in rows(messages(warned.desk(member), later)) if each["refers"]]
        assert [(each["by"], each["refers"]) for each in said] == [("chongqing", first)]
    assert not any(each["refers"] for each in rows(messages(warned.desk("sichuan"), first)))


def test_an_open_warning_is_compared_however_many_were_told_since(warned: Warned) -> None:
    warned.basin.network.cut(frozenset({"sichuan"}), frozenset(IDS) - {"sichuan"})
    first = warned.send(**SPILL)
    warned.basin.clock.advance(hours=11)
    given = {"title_zh": "朱沱氨氮异常", "place": "50.朱沱", "substance": "ammonia_nitrogen", "text": "自动站"}
    later = str(send(warned.desk("chongqing"), **given, to=("guizhou",))["id"])  # type: ignore[arg-type]
    warned.turn()
    for number in range(52):
        other = {"title_zh": f"其他 {number}", "place_zh": "某处", "text": "自动站"}
        send(warned.desk("chongqing"), **other, to=("guizhou",))  # type: ignore[arg-type]
    warned.basin.network.heal()
    for _ in range(2):
        warned.turn(3600)
    said = [each for each in rows(messages(warned.desk("chongqing"), later)) if each["refers"]]
    assert [(each["by"], each["refers"]) for each in said] == [("chongqing", first)]
