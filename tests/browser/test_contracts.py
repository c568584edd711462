"""The contract desk and the transfers in a real Chromium: answered with a few presses, live, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import conftest
from tests.browser.conftest import NARROW, WIDE, Served
from tests.faces.portal.desk_of_two import WORD, Desks, desks
from tests.faces.portal.node import FakeNode

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    with desks(tmp_path_factory.mktemp("desks")) as found:
        yield found


@pytest.fixture(scope="module")
def at_desk(two: Desks) -> Iterator[Served]:
    running = Served(cast(FakeNode, two.basin["sichuan"].node)).start()
    yield running
    running.stop()


enter = partial(conftest.enter, password=WORD)


def test_a_request_appears_by_itself_is_read_and_accepted(two: Desks, at_desk: Served, context: BrowserContext) -> None:
    watched = enter(context, at_desk)
    page = watched.page
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/contracts")
    before = len(two.control("sichuan").contracts.agreements(active=True))
    two.request("sichuan/asked")
    two.waits("sichuan")
    expect(page.locator("h1")).to_contain_text("1 项请求等您答复")  # by server-sent events
    page.get_by_role("link", name="答复", exact=True).click()
    expect(page.locator("h1")).to_contain_text("等您答复：沱江水质")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_role("status")).to_contain_text("已同意")
    two.settle(lambda: len(two.control("sichuan").contracts.agreements(active=True)) == before + 1)
    assert watched.faults == []
    assert watched.strangers == []


def test_why_answers_in_place_when_the_purpose_changes(two: Desks, at_desk: Served, context: BrowserContext) -> None:
    two.request("sichuan/asked")
    talk = two.waits("sichuan")
    watched = enter(context, at_desk, "en")
    page = watched.go(f"/contracts/negotiations/{quote(talk.id)}")
    page.get_by_role("button", name="Accept").click()
    two.settle(lambda: two.control("sichuan").talks.talk("negotiation", talk.id).state == "FINALIZED")
    agreement = two.control("sichuan").talks.talk("negotiation", talk.id).agreement
    watched.go(f"/contracts/agreements/{quote(agreement)}")
    expect(page.locator("#why-part .chip").first).to_contain_text("permitted")
    page.select_option("#why-part select[name=purpose]", "research")
    expect(page.locator("#why-part .chip").first).to_contain_text("refused")
    assert watched.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_fault_or_scrolls_sideways(
    two: Desks, at_desk: Served, chromium: Browser, language: str, size: dict[str, int]
) -> None:
    agreement = two.agree()
    two.passed("sichuan", agreement, 90)
    two.receipt("sichuan", agreement, 90, 88)
    made = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(made, at_desk, language)
    held = f"/contracts/agreements/{quote(agreement)}"
    why = f"/contracts/why?agreement={quote(agreement)}"
    for path in ("/contracts", "/contracts?view=agreements", "/contracts?view=over", held, why, "/transfers"):
        page = watched.go(path)
        assert page.locator("h1").count() == 1, path
        for more in page.query_selector_all("details.more"):
            more.evaluate("element => element.open = true")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"], (path, language)
    assert watched.faults == []
    made.close()
