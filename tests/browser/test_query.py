"""The page that asks the whole basin, in a real Chromium: asked by its form, answered with what each node said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Browser, expect

from shangyou.core.ports import Person
from shangyou.faces.contracting import contracting
from tests.browser.conftest import NARROW, WIDE, Served
from tests.browser.test_contracts import enter
from tests.faces.portal.desk_of_two import WORD
from tests.faces.portal.node import FakeNode
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_question import a_section, agreed, everything, give

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The ministry, with one province that has agreed and one that has not."""
    with basin(tmp_path_factory.mktemp("query"), ("ministry", "sichuan", "guizhou")) as found:
        found["ministry"].node.people.put_person(Person("li", "operator", "李工", "zh"), WORD)
        for id, section in (("sichuan", "51.清风峡"), ("guizhou", "52.清池")):
            found[id].node.registry.meet([a_section(section)], 0)
            give(found[id].node.store, [(section, "ammonia_nitrogen", hour, 0.25 * hour) for hour in (1, 2, 3, 7)])
            found[id].catalogue.put(everything(id))
        contracting(found["sichuan"]).control.contracts.put(agreed("sichuan", "ministry"))
        running = Served(cast(FakeNode, found["ministry"].node)).start()
        yield running
        running.stop()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_question_is_asked_by_the_form_and_says_who_answered(
    asking: Served, chromium: Browser, size: dict[str, int]
) -> None:
    made = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(made, asking, "en")
    page = watched.go("/query")
    page.fill("input[name=from]", "2021-04-01")
    page.fill("input[name=to]", "2021-04-30")
    page.select_option("select[name=by]", "section")
    page.select_option("select[name=mean]", "hour")
    page.get_by_role("button", name="Ask", exact=False).first.click()
    expect(page.locator("h1")).to_have_text("2 of 3 nodes answered, for 4 observations")
    expect(page.locator("section[aria-labelledby=lines] tbody tr")).to_have_count(3)
    expect(page.locator("section[aria-labelledby=answer]")).to_contain_text("51.清风峡")
    expect(page.locator("figure.chart")).to_have_attribute("data-drawn", "yes")
    box, around = page.locator("figure.chart canvas").bounding_box(), page.locator("main").bounding_box()
    assert box is not None
    assert around is not None
    assert around["x"] <= box["x"] < box["x"] + box["width"] <= around["x"] + around["width"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    assert watched.faults == []
    assert watched.strangers == []
    made.close()
