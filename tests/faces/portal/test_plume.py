"""The plume of a release on the map: what a warning says, what is computed, what was measured."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError
from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.warnings import arrivals
from shangyou.faces.together import of
from shangyou.faces.warning import COMPUTING
from shangyou.flows import warn
from shangyou.standards import facts
from tests.faces.portal.matters import WORD, Matters, matters
from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.test_warnings import send
from tests.fakes.computing_at_once import ComputingAtOnce

HOUR = 3_600_000
Found = dict[str, Any]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matters]:
    with matters(tmp_path_factory.mktemp("plumes")) as found:
        yield found


def rows(began: int) -> list[dict[str, object]]:
    """A table with bands, as the transport makes it: Zhutuo after 10 h, Jiangjin after 20 h."""

    def row(place: str, zh: str, hours: int, size: float) -> dict[str, object]:
        names = ("first_early", "first", "first_late", "peak_early", "peak", "peak_late", "until")
        times = dict(
            zip(names, (began + round(hours * f * HOUR) for f in (0.8, 0.9, 1.0, 0.9, 1.0, 1.2, 1.4)), strict=True)
        )
        if place == "50.朱沱":  # the other as tables of earlier editions are
            times |= {"until_early": began + 12 * HOUR, "until_late": began + 17 * HOUR}
        return {
            "place": place,
            "name_zh": zh,
            "member": "chongqing",
            **times,
            "concentration": size,
            "concentration_high": 2 * size,
        }

    return [row("50.朱沱", "朱沱", 10, 0.4), row("50.江津大桥", "江津大桥", 20, 0.1)]


def warned(found: Matters, **changed: str) -> str:
    """A warning at Shoupayan with a table that has bands."""
    began = found.clock.ms()
    id = send(found, amount="2000", amount_least="1000", amount_most="5000", began="2026-11-22 08:00", **changed)
    body = {"at": began, "method": "输移集合 / transport", "rows": rows(began)}
    full = f"urn:uuid:{id}"
    warn.tell(of(found.basin["sichuan"]), full, "information", {"text": "到达时间", "arrivals": body}, "")
    found.settle()
    return id


def fresh(found: Matters, member: str) -> Reader:
    """Somebody who signs in now: a stay ends when the clock goes on by hours."""
    return Reader(cast(FakeNode, found.basin[member].node)).sign_in("li", WORD)


def plume(reader: Reader, query: str) -> Found:
    answer = reader.client.get(f"/map/plume?{query}")
    assert answer.status_code == 200, answer.text
    return cast(Found, answer.json())


def test_the_plume_of_a_warning_is_its_own_arrival_table(two: Matters) -> None:
    found = plume(two.reader("chongqing"), f"warning={warned(two)}")
    assert not found["pending"]
    assert not found["supposed"]
    assert found["title"] == "手爬岩苯泄漏"
    assert found["banded"]
    began = found["times"][0]
    step = found["times"].index(began + 10 * HOUR)
    assert found["peak"][step] == upper_yangtze().distance("51.手爬岩", "50.朱沱")
    low, high = found["body"][step]
    far, near = found["wide"][step][1], found["wide"][step][0]
    assert near <= low <= found["peak"][step] <= high <= far
    assert found["metres"][0] <= 0 < found["metres"][-1]
    assert len(found["line"]) == len(found["metres"])
    assert "0.4 mg/L" in found["said"][step]
    assert [each["name"] for each in found["places"]] == ["朱沱", "江津大桥"]
    assert found["places"][0]["size"] == "0.4 mg/L"


def test_it_says_until_when_it_stays_with_the_band_where_the_table_tells_one(two: Matters) -> None:
    id = warned(two)
    places = plume(two.reader("chongqing"), f"warning={id}")["places"]
    assert [(each["over"], each["over_band"]) for each in places] == [
        ("11-22 22:00", "11-22 20:00 – 11-23 01:00"),
        ("11-23 12:00", ""),
    ]
    page = two.reader("chongqing").get(f"/warnings/{id}").text
    assert "过完</dt><dd><time" in page
    assert "11-22 20:00 – 11-23 01:00" in page
    assert "峰值 1 % 以下" in page
    limited = two.reader("chongqing").get(f"/warnings/{warned(two, limit='0.01')}").text
    assert "超限至</dt><dd><time" in limited
    assert "0.01 mg/L 以下" in limited


@pytest.mark.parametrize("kind", ["initial", "followup", "final"])
def test_the_reports_of_a_warning_and_of_its_room_carry_its_arrival_table(two: Matters, kind: str) -> None:
    id = warned(two, limit="0.01")
    room = two.do("sichuan", "incidents/open", warning=f"urn:uuid:{id}")
    reader = two.reader("chongqing")
    for address in (f"/warnings/{id}", f"/incidents/{room}"):
        page = reader.get(f"{address}/report.html?type={kind}").text
        row = next(line for line in page.split("<tr>") if "朱沱" in line and "11-22" in line)
        for text in ("11-22 17:00 (16:00 – 18:00)", "11-22 18:00 (17:00 – 20:00)", "0.4 (≤ 0.8)"):
            assert text in row, (address, row)
        assert "11-22 22:00 (20:00 – 11-23 01:00)" in row  # until it is below the limit again
        assert "超限至" in page
    assert reader.get(f"/warnings/{id}/report.pdf?type={kind}").content.startswith(b"%PDF")
    assert f'href="/warnings/{id}/report.docx?type={kind}"' in reader.get(f"/warnings/{id}").text


def test_a_report_of_a_warning_says_who_has_read_it_and_how_it_ended(two: Matters) -> None:
    id = warned(two)
    two.do("chongqing", "warnings/acknowledge", id=f"urn:uuid:{id}")
    reader = two.reader("sichuan")
    assert "预警尚未解除" in reader.get(f"/warnings/{id}/report.html?type=final").text
    two.do("sichuan", "warnings/clear", id=f"urn:uuid:{id}", text="连续三次达标")
    page = reader.get(f"/warnings/{id}/report.html?type=final").text
    for text in ("解除预警", "连续三次达标", "峰值的 1 %", "人员确认"):
        assert text in page
    reader.get("/settings?lang=en")
    page = reader.get(f"/warnings/{id}/report.html?type=final").text
    reader.get("/settings?lang=zh")
    for text in ("All-clear by", "Arrivals", "Acknowledged", "below 1 % of the place&#39;s own peak"):
        assert text in page.replace("&#x27;", "&#39;"), text
    assert reader.get(f"/warnings/{id}/report.odt").status_code == 400
    assert reader.get(f"/warnings/{id}/report.docx?type=last").status_code == 400


def test_what_the_sender_traced_stands_on_the_page_as_its_word_with_both_answers(two: Matters) -> None:
    id = warned(two)
    began, full = two.clock.ms(), f"urn:uuid:{id}"
    traced = {"velocity": 1.1, "velocity_sd": 0.03, "dispersion": 0.8, "dispersion_sd": 0.15}
    body = {"at": began, "method": "m", "rows": rows(began), "traced": traced}
    warn.tell(of(two.basin["sichuan"]), full, "information", {"text": "到达时间", "arrivals": body}, "")
    two.settle()
    told = {"at": began, "by": "sichuan", "method": "n", "rows": rows(began + HOUR)}
    body = {"at": began, "method": "m", "rows": rows(began + 3 * HOUR), "as_told": told}
    warn.tell(of(two.basin["chongqing"]), full, "information", {"text": "复算", "arrivals": body}, "")
    two.settle()
    page = two.reader("chongqing").get(f"/warnings/{id}").text
    assert "重庆市生态环境局（按四川省生态环境厅的溯源）" in page
    assert "四川省生态环境厅的溯源得出：流速为河道资料推算的 1.10 倍（±3 %）" in page
    assert page.count('data-name="重庆市生态环境局（按四川省生态环境厅的溯源）"') == 2
    found = as_rows(two, id)
    assert {(each["by"], each["as_told"]) for each in found} == {
        ("chongqing", ""),
        ("chongqing", "sichuan"),
        ("sichuan", ""),
    }
    assert {each["first_later_s"] for each in found if each["as_told"]} == {-7200}


def as_rows(found: Matters, id: str) -> list[dict[str, Any]]:
    """The arrival tables as the API gives them at Chongqing."""
    desk = Desk(found.basin["chongqing"].node, by="li")
    return list(arrivals(desk, id).table().to_pylist())


def test_it_says_from_what_it_was_computed_and_by_whom(two: Matters) -> None:
    notes = " ".join(plume(two.reader("chongqing"), f"warning={warned(two)}")["notes"])
    for text in ("苯", "2 t (1–5)", "手爬岩", "四川省生态环境厅", "输移集合", "11-22 08:00"):
        assert text in notes, text


def test_what_can_hold_it_and_who_drinks_stand_on_the_map_in_words(two: Matters) -> None:
    stands = plume(two.reader("sichuan"), f"warning={warned(two)}")["stands"]
    assert {"intake", "border"} <= {each["kind"] for each in stands}
    assert all(each["place"] and each["name"] for each in stands)


def computed(reader: Reader, query: str) -> Found:
    """What there is once it has been computed beside."""
    for _ in range(400):
        found = plume(reader, query)
        if not found["pending"]:
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it was not computed")


def test_a_warning_of_travel_times_alone_is_drawn_at_once_and_with_bands_later(two: Matters) -> None:
    beside = ComputingAtOnce()
    two.basin["sichuan"].node.made[COMPUTING] = beside
    reader, id = two.reader("sichuan"), send(two, amount="2000")
    first = plume(reader, f"warning={id}")
    assert first["pending"]
    assert first["times"]
    assert not first["banded"]
    assert any("集合推算正在进行" in note for note in first["notes"])
    beside.go.set()
    found = computed(reader, f"warning={id}")
    assert found["banded"]
    assert any("本节点" in note for note in found["notes"])
    plume(reader, f"warning={id}")
    assert beside.asked == 1


def test_a_warning_off_the_network_says_that_nothing_can_be_computed(two: Matters) -> None:
    id = send(two, place="", place_zh="无名沟")
    found = plume(two.reader("sichuan"), f"warning={id}")
    assert found["times"] == found["line"] == found["places"] == []
    assert any("不在河网上" in note for note in found["notes"])
    assert f"/map?warning={id}" not in two.reader("sichuan").get(f"/warnings/{id}").text


def test_a_room_shows_the_plume_of_its_warning_with_the_samples_that_were_taken_by_then(two: Matters) -> None:
    id = two.do("sichuan", "incidents/open", warning=f"urn:uuid:{warned(two)}")
    point = {"parameter": ("benzene",), "every": 60, "member": "chongqing", "name_zh": "朱沱"}
    two.do("sichuan", "incidents/point", id=id, point="p1", distance=41_000.0, **point)
    two.clock.advance(hours=3)
    two.do("chongqing", "incidents/sample", id=id, point="p1", result=("benzene=0.034mg/L,limit=0.01",))
    reader = fresh(two, "sichuan")
    found = plume(reader, f"incident={id}")
    [mark] = [each for each in found["seen"] if each["name"] == "朱沱"]
    taken = next(i for i, text in enumerate(mark["told"]) if text)
    assert mark["told"][taken] == "0.034 mg/L"
    assert mark["above"][taken] == "1"
    assert found["times"][taken] >= to_ms(two.clock.now()) - HOUR
    assert not any(mark["told"][:taken])  # nothing is told before it was known
    page = reader.get(f"/incidents/{id}").text
    assert f'data-address="/map/plume?incident={id}"'.replace(":", "%3A") in page or f"incident={id}" in page
    assert 'class="course"' in page  # in words too


def measured(node: FakeNode, section: str, began: int, values: list[float]) -> None:
    """Ammonia at a section, an hour apart from the release on."""
    count = len(values)
    none = np.zeros(count, np.uint32)
    rows = Observations(
        (SeriesKey(section, "ammonia_nitrogen", "hour", "value"),),
        np.zeros(count, np.int32),
        began + HOUR * np.arange(count, dtype=np.int64),
        np.array(values),
        np.zeros(count, np.uint8),
        np.zeros(count, np.uint8),
    )
    node.store.append(Batch(1, "file", "t", began), Flagged(rows, np.full(count, Flag.GOOD, np.uint8), none, none))


def test_what_a_station_measured_stands_over_the_plume_and_nothing_of_what_is_to_come(tmp_path: Path) -> None:
    with matters(tmp_path) as found:
        id, node = (
            warned(found, substance="ammonia_nitrogen", limit="0.01"),
            cast(FakeNode, found.basin["chongqing"].node),
        )
        began = found.clock.ms()
        node.registry.put_section(next(each for each in facts.sections() if each.id == "50.朱沱"), "test", began)
        measured(node, "50.朱沱", began, [0.002, 0.004, 0.02, 0.03])
        found.clock.advance(hours=2)
        [mark] = plume(fresh(found, "chongqing"), f"warning={id}")["seen"]
    assert mark["name"] == "朱沱"
    assert mark["told"][:4] == ["0.002 mg/L", "0.004 mg/L", "0.02 mg/L", "0.02 mg/L"]
    assert mark["above"][:4] == "0011"
    assert mark["told"][9] == ""  # what is six hours old says nothing of that hour


def test_a_room_opened_by_hand_has_only_its_line(two: Matters) -> None:
    id = two.spill()
    reader = fresh(two, "sichuan")
    assert "spill-map" not in reader.get(f"/incidents/{id}").text
    found = plume(reader, f"incident={id}")
    assert found["times"] == found["seen"] == []
    assert any("没有写明河网上的地点" in note for note in found["notes"])


def test_a_room_opened_by_hand_with_a_place_of_the_network_draws_its_plume(two: Matters) -> None:
    form = {"title_zh": "朱沱槽车翻覆", "place": "朱沱 · 断面 · 长江", "amount": "0.5", "substance": "benzene"}
    reader = fresh(two, "sichuan")
    times = {"occurred": "2026-11-22T08:00", "noticed": "2026-11-22T08:30"}
    answer = reader.post("/incidents/open", "/incidents", **form, **times, **{"affected:chongqing": "1"})
    assert answer.status_code == 303, answer.text
    two.settle()
    id = answer.headers["location"].removeprefix("/incidents/").partition("?")[0]
    for member in ("sichuan", "chongqing"):  # the same at each of them, without any warning
        beside = two.basin[member].node.made[COMPUTING] = ComputingAtOnce()
        beside.go.set()
        page = fresh(two, member).get(f"/incidents/{id}").text
        assert "spill-map" in page
        assert "500 g" in page
        assert "朱沱 · 长江" in page  # name and river came with the place
        found = computed(fresh(two, member), f"incident={id}")
        assert not found["supposed"]
        assert found["banded"]
        assert any(each["name"] == "江津大桥" for each in found["places"])
        assert found["times"][0] == to_ms(datetime(2026, 11, 22, tzinfo=UTC))
    opening = two.room("chongqing", id).room.opening
    assert (opening.place, opening.amount) == ("50.朱沱", 500.0)


@pytest.mark.parametrize(("place", "says"), [("无名沟", "无名沟"), ("50.没有", "50.没有")])
def test_a_place_that_is_not_on_the_network_is_said_so_and_the_form_keeps_what_was_typed(
    two: Matters, place: str, says: str
) -> None:
    reader = fresh(two, "sichuan")
    answer = reader.post("/incidents/open", "/incidents", title_zh="某事", place=place, **{"affected:chongqing": "1"})
    assert answer.status_code == 404
    assert says in answer.text
    assert f'value="{place}"' in answer.text


@pytest.mark.parametrize("query", ["warning=none", "incident=none", "section=none", "reach=none&at=105,29"])
def test_what_there_is_not_is_not_found(two: Matters, query: str) -> None:
    assert fresh(two, "sichuan").client.get(f"/map/plume?{query}").status_code == 404


def test_a_supposed_release_says_so_and_is_computed_beside(tmp_path: Path) -> None:
    node, beside = FakeNode(tmp_path, on_disk=True), ComputingAtOnce()
    node.settings.home = tmp_path
    node.made[COMPUTING] = beside
    reader = Reader(node).sign_in()
    with node.ends:
        asked = "section=50.朱沱&kg=500&least=100&most=2000"
        first = plume(reader, asked)
        assert first["pending"]
        assert first["supposed"]
        assert "500 kg" in first["title"]
        assert any("0.5 t (0.1–2)" in note for note in first["notes"])
        beside.go.set()
        found = computed(reader, asked)
        reach = next(each for each in upper_yangtze().reaches if each.river == "changjiang" and len(each.line) > 2)
        here = computed(reader, f"reach={reach.id}&at={reach.line[1][0]},{reach.line[1][1]}")
    assert found["banded"]
    assert any(each["name"] == "江津大桥" for each in found["places"])
    assert found["peak"][1] < found["peak"][5]
    assert here["release"] == pytest.approx(reach.line[1], abs=1e-3)
    assert here["title"].startswith("假想在长江")


@pytest.mark.parametrize(
    ("asked", "said", "kg"),
    [
        ("kg=0.25", "250 g", 0.25),
        ("kg=0.0005&hours=1.5", "0.5 g", 0.0005),
        ("kg=1500", "1.5 t", 1500),
        ("kg=999600", "1,000 t", 999600),
        ("kg=nan", "1 t", 1000),
        ("kg=a+lot", "1 t", 1000),
        ("kg=-3", "0.001 g", 1e-6),
    ],
)
def test_an_amount_may_be_grams_as_well_as_tonnes(tmp_path: Path, asked: str, said: str, kg: float) -> None:
    node = FakeNode(tmp_path, on_disk=True)
    node.settings.home = tmp_path
    node.made[COMPUTING] = Failing()
    with node.ends:
        found = plume(Reader(node).sign_in(), f"section=50.朱沱&{asked}")
    assert said in found["title"]
    assert found["kg"] == pytest.approx(kg)
    assert found["hours"] == (1.5 if "hours" in asked else 0.0)


def test_a_river_of_which_too_little_is_known_says_so(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, on_disk=True)
    node.settings.home = tmp_path
    node.made[COMPUTING] = Failing()
    with node.ends:
        found = computed(Reader(node).sign_in(), "section=50.朱沱")
    assert any("资料" in note or "缺" in note for note in found["notes"])
    assert found["times"]  # the times of travel are there all the same


class Failing:
    """A reckoning that lacks figures."""

    def run(self, *_: object, **__: object) -> object:
        raise InputError("network.incomplete", count=1, reaches="r1: width")
