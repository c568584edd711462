"""The page of source tracing, on a node with a simulated spill."""

from __future__ import annotations

import re
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


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    home = tmp_path_factory.mktemp("tracing")
    node = FakeNode(home, on_disk=True, simulated=True)
    node.settings.home = home
    node.clock.at = datetime.fromtimestamp(START / 1000, UTC) + timedelta(days=3)
    for section in facts.sections():
        node.registry.put_section(section, "test", START)
    fill(node)
    made = Reader(node).sign_in()
    made.get("/settings?lang=en")
    return made


def test_the_page_offers_the_sections_that_have_values(reader: Reader) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06").text
    assert "Choose stations and days" in page
    assert 'value="50.朱沱"' in page
    assert 'value="50.寸滩"' not in page


def test_the_title_is_what_may_be_said_and_no_real_place_is_named(reader: Reader) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06&station=50.朱沱&station=50.江津大桥").text
    title = page.partition("<h1>")[2].partition("</h1>")[0]
    assert "Invented outlet" in title
    assert "Naxi" not in page  # a real place is never read beside a made-up offence
    assert "an accusation" in page
    assert "elsewhere along the water" in page
    assert page.count("<meter") >= 2


def test_the_request_leads_filled_in_to_the_warning_centre(reader: Reader) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06&station=50.朱沱&station=50.江津大桥").text
    found = re.search(r'href="(/warnings\?[^"]+)"', page)
    assert found
    given = parse_qs(urlsplit(unescape(found[1])).query)
    assert given["type"] == ["request"]
    assert given["place"] == ["50.朱沱"]
    assert "not a finding" in given["text"][0]
    assert given["noticed"][0].startswith("2026-01-06T")


def test_without_candidates_the_water_itself_is_searched(reader: Reader) -> None:
    page = reader.get("/tracing?from=2026-01-04&to=2026-01-06&station=50.朱沱&station=50.江津大桥&free=yes").text
    assert "The source probably lies" in page


def test_a_section_without_values_in_the_span_is_said_so(reader: Reader) -> None:
    page = reader.get("/tracing?from=2025-01-04&to=2025-01-06&station=50.朱沱").text
    assert "has no usable values" in page
