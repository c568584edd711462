"""The page of source tracing, on a node with a simulated spill."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.standards import facts
from tests.faces.portal.node import FakeNode, Reader
from tests.flows.test_trace import observed

START = 1_767_484_800_000  # 2026-01-04 08:00 legal time


def fill(node: FakeNode) -> None:
    """Ammonia at two sections, hourly, with the spill of the tests of tracing."""
    seen = observed()
    keys = tuple(SeriesKey(each.station, "ammonia_nitrogen", "hour", "value") for each in seen)
    count = len(seen[0].time)
    values = Observations(
        keys,
        np.repeat(np.arange(2, dtype=np.int32), count),
        np.concatenate([START + each.time for each in seen]),
        np.concatenate([each.value for each in seen]),
        np.zeros(2 * count, np.uint8),
        np.zeros(2 * count, np.uint8),
    )
    none = np.zeros(2 * count, np.uint32)
    node.store.append(
        Batch(1, "file", "test", START), Flagged(values, np.full(2 * count, Flag.GOOD, np.uint8), none, none)
    )


STATIONS = ("50.朱沱", "50.江津大桥")
LONGEST = 240.0  # s that a tracing may take here, the start of its process included


def begin(reader: Reader, *stations: str, **fields: str) -> str:
    """Send the form; where it leads."""
    boxes = {f"station.{each}": "yes" for each in stations}
    days = {"from": "2026-01-04", "to": "2026-01-06"}
    given = {"parameter": "ammonia_nitrogen", **days, **boxes, **fields}
    answer = reader.post("/tracing", "/tracing?from=2026-01-04&to=2026-01-06", **given)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def over(reader: Reader, address: str) -> str:
    """The page of a tracing once it has ended."""
    until, pause = time.monotonic() + LONGEST, threading.Event()
    while time.monotonic() < until:
        page = reader.get(address).text
        if "hx-trigger" not in page.partition('id="tracing"')[2].partition(">")[0]:
            return page
        pause.wait(0.2)  # the reckoning needs the processor that asking would take
    raise AssertionError("it did not end")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNode]:
    home = tmp_path_factory.mktemp("tracing")
    node = FakeNode(home, on_disk=True, simulated=True)
    node.settings.home = home
    node.clock.at = datetime.fromtimestamp(START / 1000, UTC) + timedelta(days=3)
    for section in facts.sections():
        node.registry.put_section(section, "test", START)
    fill(node)
    with node.ends:
        yield node


@pytest.fixture(scope="module")
def reader(node: FakeNode) -> Reader:
    made = Reader(node).sign_in()
    made.get("/settings?lang=en")
    return made


@pytest.fixture(scope="module")
def told(reader: Reader) -> str:
    """The page of a tracing that is done."""
    return over(reader, begin(reader, *STATIONS))


def test_the_page_offers_the_sections_that_have_values(reader: Reader) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06").text
    assert "Choose stations and days" in page
    assert 'name="station.50.朱沱"' in page
    assert "50.寸滩" not in page


def test_a_tracing_is_begun_by_the_form_and_its_page_tells_how_far_it_is(reader: Reader) -> None:
    address = begin(reader, *STATIONS, free="yes", to="2026-01-05")
    page = reader.get(address).text
    assert "<progress" in page or "The source probably lies" in page  # it may be done already
    assert "<progress" not in over(reader, address)


def test_the_title_is_what_may_be_said_and_no_real_place_is_named(told: str) -> None:
    title = told.partition("<h1>")[2].partition("</h1>")[0]
    assert "Invented outlet" in title
    assert "Naxi" not in told  # a real place is never read beside a made-up offence
    assert "an accusation" in told
    assert "elsewhere along the water" in told
    assert told.count("<meter") >= 2


def test_the_page_says_which_flow_was_used_who_asked_and_what_the_ledger_keeps(told: str, node: FakeNode) -> None:
    assert "nothing is gauged on this water" in told
    inputs, result = re.findall(r"sha256:[0-9a-f]{64}", told)[:2]
    entries = [leaf for leaf in node.ledger.entries(0, node.ledger.size()) if b'"act":"tracing"' in leaf]
    assert any(inputs.encode() in leaf and result.encode() in leaf for leaf in entries)


def test_the_request_leads_filled_in_to_the_warning_centre(told: str) -> None:
    found = re.search(r'href="(/warnings\?[^"]+)"', told)
    assert found
    given = parse_qs(urlsplit(unescape(found[1])).query)
    assert given["type"] == ["request"]
    assert given["place"] == ["50.朱沱"]
    assert "not a finding" in given["text"][0]
    assert given["noticed"][0].startswith("2026-01-06T")


def links(page: str) -> list[str]:
    """Where the map is asked for the plume of a candidate."""
    return [unescape(each) for each in re.findall(r'href="(/map\?[^"]+)"', page)]


def test_the_plume_of_every_candidate_is_a_press_away(told: str, reader: Reader) -> None:
    ranked = told.partition('aria-labelledby="ranked"')[2].partition("</table>")[0]
    assert len(links(ranked)) == ranked.count('<th scope="row">') - 1  # not of what is elsewhere along the water
    first = links(told)[0]
    assert first == links(ranked)[0]
    given = {name: values[0] for name, values in parse_qs(urlsplit(first).query).items()}
    assert float(given["least"]) <= float(given["kg"]) <= float(given["most"])
    assert given["substance"] == "ammonia_nitrogen"
    assert "Invented outlet" in reader.get(first).text.partition('id="drawer"')[2]  # though it is no section
    answer = reader.client.get(f"/map/plume?{urlsplit(first).query}").json()
    assert answer["supposed"]
    assert "ammonia nitrogen" in answer["title"].lower()
    assert any("50.朱沱" in each["name"] or "Zhutuo" in each["name"] for each in answer["seen"])  # what it rests on
    assert answer["kg"] == pytest.approx(float(given["kg"]))
    assert answer["times"][0] == int(given["began"])


def test_without_candidates_the_water_itself_is_searched(reader: Reader) -> None:
    page = over(reader, begin(reader, *STATIONS, free="yes"))
    assert "The source probably lies" in page
    [first, *_] = links(page)
    assert first.startswith("/map?reach=")
    assert reader.get(first).status_code == 200


def test_what_was_traced_before_is_listed_with_its_finding(reader: Reader, told: str) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06").text
    assert "Tracings done here" in page
    assert "Invented outlet" in page


def test_a_section_without_values_in_the_span_is_said_so(reader: Reader) -> None:
    days = {"from": "2025-01-04", "to": "2025-01-06"}
    given = {"parameter": "ammonia_nitrogen", **days, "station.50.朱沱": "yes"}
    page = reader.post("/tracing", "/tracing?from=2026-01-04&to=2026-01-06", **given).text
    assert "has no usable values" in page
    assert 'value="2025-01-04"' in page


def test_days_that_are_none_are_said_so(reader: Reader) -> None:
    given = {"from": "soon", "to": "2026-01-06", "station.50.朱沱": "yes"}
    page = reader.post("/tracing", "/tracing?from=2026-01-04&to=2026-01-06", **given).text
    assert 'role="alert"' in page


def test_a_tracing_from_before_the_last_start_leaves_its_form(reader: Reader) -> None:
    page = reader.get("/tracing?id=abc&from=2026-01-04&to=2026-01-06&station=50.朱沱").text
    assert "equal inputs give equal answers" in page
    assert page.count(" checked>") == 1


def test_a_viewer_reads_but_begins_nothing(node: FakeNode, told: str) -> None:
    guest = Reader(node).sign_in("guest")
    guest.get("/settings?lang=en")
    page = guest.get("/tracing?from=2026-01-04&to=2026-01-06").text
    assert "Your role may read tracings" in page
    assert guest.post("/tracing", "/tracing?from=2026-01-04&to=2026-01-06", parameter="ph").status_code == 403
