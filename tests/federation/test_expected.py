"""A warning that arrives from upstream speaks for an alarm here, in its time and while nobody has taken it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.core.registry import Device, Section
from shangyou.exchange.member import Standing
from shangyou.faces.alarms import alarms, watching
from shangyou.faces.api.alarms import alarm as one
from shangyou.faces.api.alarms import alarms as listed
from shangyou.faces.api.warning_deeds import clear
from shangyou.faces.together import of as together
from shangyou.faces.told import Expecting
from shangyou.flows import warn
from shangyou.flows.federation import set_standing, sign
from tests.fakes.exchange_basin import basin
from tests.federation.test_warnings import Warned, rows
from tests.governance.detection.river import T0, River

HOUR = 3_600_000
IDS = ("ministry", "chongqing", "sichuan", "guizhou")
HERE = "50.朱沱"
WEAK = [0.05, 0.07, 0.08, 0.08, 0.07, 0.05]
SPILL = {"substance": "ammonia_nitrogen", "title_zh": "手爬岩氨氮异常", "began": "2026-11-21 20:00"}


@pytest.fixture
def warned(tmp_path: Path) -> Iterator[Warned]:
    with basin(tmp_path, IDS) as made:
        yield Warned(made)


def warn_of(warned: Warned, first: float, last: float, **given: object) -> str:
    """Sichuan warns, and tells when it comes to Zhutuo; hours from now."""
    id, now = warned.send(**(SPILL | given)), warned.basin.clock.ms()
    early, late = now + round(first * HOUR), now + round(last * HOUR)
    row = {"place": HERE, "first_early": early, "first": early, "first_late": late, "peak": late, "peak_late": late}
    table = {"at": now, "method": "m", "rows": [row]}
    warn.tell(together(warned.basin["sichuan"]), id, "information", {"arrivals": table}, "")
    warned.run()
    return id


def measure(warned: Warned) -> None:
    """Twelve days at Zhutuo end in a weak wave, the last hours of which are those before the clock's."""
    node, river = warned.basin["chongqing"].node, River()
    river.add("a", "ammonia_nitrogen", river.hours - len(WEAK), WEAK)
    node.registry.meet([Section(HERE, "朱沱", province="重庆市", river="长江")], 0)
    node.registry.put_device(Device("MNa", "a", HERE), None, "test", 0)
    told, n, now = river.readings(), river.value.size, warned.basin.clock.ms()
    keys = tuple(SeriesKey("MNa", parameter, "hour", "mean") for _, parameter in told.keys)
    zero, nothing = np.zeros(n, np.uint8), np.zeros(n, np.uint32)
    time = told.time - T0 + now - river.hours * HOUR
    read = Observations(keys, told.series.astype(np.int32), time, told.value, zero, zero)
    node.store.append(Batch(1, "hj212", "hj212", now), Flagged(read, np.full(n, Flag.GOOD, np.uint8), nothing, nothing))


def test_a_wave_too_weak_by_itself_is_an_alarm_where_it_was_warned_of_and_of_the_same_event(warned: Warned) -> None:
    id = warn_of(warned, 4, 16)
    warned.basin.clock.advance(hours=12)
    measure(warned)
    watching(warned.basin["chongqing"].node).turn()
    [alarm] = rows(listed(warned.desk("chongqing")))
    assert (alarm["warning"], alarm["warned_by"]) == (id, "sichuan")  # one event: the alarm joins it
    assert "warned" in str(alarm["rules"])
    seen = rows(one(warned.desk("chongqing"), str(alarm["id"])))[0]
    assert "sichuan" in str(seen["signs_zh"])
    assert id.removeprefix("urn:uuid:")[:8] in str(seen["signs_en"])
    watching(warned.basin["chongqing"].node).turn()  # another process, from the beginning
    assert len(alarms(warned.basin["chongqing"].node).alarms()) == 1


def test_without_a_warning_or_outside_of_its_time_it_is_none(warned: Warned) -> None:
    measure(warned)
    node = warned.basin["chongqing"].node
    assert watching(node).turn() == 0
    warn_of(warned, 40, 60)
    assert len(Expecting(node)()) == 1  # it is known, and not due yet
    assert watching(node).turn() == 0


def test_what_was_taken_back_before_it_was_due_is_no_evidence(warned: Warned) -> None:
    id = warn_of(warned, 4, 16)
    clear(warned.desk("sichuan"), id, "误报")
    warned.run()
    warned.basin.clock.advance(hours=12)
    measure(warned)
    node = warned.basin["chongqing"].node
    assert Expecting(node)() == ()
    assert watching(node).turn() == 0


@pytest.mark.parametrize(
    "given",
    [
        {"place": HERE},  # it does not come from above
        {"place": "", "place_zh": "某处"},
        {"exercise": True},
        {"substance": "油膜"},
    ],
)
def test_a_warning_of_nothing_that_comes_here_is_no_evidence(warned: Warned, given: dict[str, object]) -> None:
    warn_of(warned, 4, 16, **given)
    warned.basin.clock.advance(hours=12)
    measure(warned)
    assert watching(warned.basin["chongqing"].node).turn() == 0


def test_a_member_that_warns_of_waters_not_its_own_or_is_suspended_gives_no_evidence(warned: Warned) -> None:
    warn_of(warned, 4, 16)
    node = warned.basin["chongqing"].node
    assert [each.member for each in Expecting(node)()] == ["sichuan"]
    assert Expecting(warned.basin["sichuan"].node)() == ()  # its own word proves nothing to itself
    expecting, made = Expecting(node), warned.basin
    assert len(expecting()) == 1
    outcome = set_standing(made["ministry"].trust, "sichuan", Standing.SUSPENDED, "失陷待查", made.clock.ms())
    made["ministry"].hand_on(outcome)
    for id in ("chongqing", "guizhou"):
        made[id].hand_on(sign(made[id].trust, outcome.digest, made.clock.ms()))
    assert expecting() == ()


def test_a_substance_that_is_named_in_words_is_known_by_its_key_and_what_is_none_stays_as_it_was_said(
    warned: Warned,
) -> None:
    words = {"氨氮": "ammonia_nitrogen", "苯": "water_benzene", "水中苯": "water_benzene", "thallium": "thallium"}
    for said, key in (words | {same: same for same in ("油膜", "benzene", "PM2.5")}).items():
        id = warned.send(substance=said)
        assert warn.look(together(warned.basin["chongqing"]), id).situation.content.substance == key
