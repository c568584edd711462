"""Compensation in a real Chromium: a statement is opened, reckoned and signed with a few presses, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import conftest
from tests.browser.conftest import NARROW, WIDE, Served
from tests.faces.portal.node import FakeNode
from tests.faces.portal.river_of_three import PARTIES, WORD, Three, hours, three
from tests.faces.portal.test_compensation import begun, computed
from tests.fakes.exchange_question import give

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    with three(tmp_path_factory.mktemp("three")) as found:
        yield found


@pytest.fixture(scope="module")
def at_desk(river: Three) -> Iterator[Served]:
    running = Served(cast(FakeNode, river.basin["sichuan"].node)).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def differing(river: Three) -> str:
    """A statement on 2019 on which Guizhou has a value more."""
    give(river.basin["guizhou"].node.store, [("52.清水铺", "total_phosphorus", hours("2019", 91), 9.0)])
    id = begun(river, "2019")
    computed(river, id, *PARTIES)
    return id


enter = partial(conftest.enter, password=WORD)


def test_a_year_is_opened_reckoned_and_signed_with_a_few_presses(
    river: Three, at_desk: Served, context: BrowserContext
) -> None:
    watched = enter(context, at_desk)
    page = watched.go("/compensation")
    page.get_by_role("link", name="赤水河流域横向生态保护补偿协议").last.click()
    page.select_option("select[name=year]", "2018")
    page.get_by_role("button", name="开立核算单").click()
    expect(page.locator("h1")).to_contain_text("等待核算")
    page.select_option("select[name=source]", "held")
    page.get_by_role("button", name="在本节点核算").click()
    expect(page.get_by_role("status")).to_contain_text("已核算")
    id = page.url.partition("/statements/")[2].partition("?")[0].replace("%3A", ":")
    river.meet(id)
    computed(river, id, "guizhou", "yunnan")
    expect(page.locator("h1")).to_contain_text("各方一致，等待签署")  # by server-sent events
    page.get_by_role("button", name="签署本方核算").click()
    expect(page.get_by_role("status")).to_contain_text("已签署")
    page.get_by_role("link", name="如何算出").last.click()
    expect(page.locator("dialog#aside")).to_contain_text("四舍六入")
    expect(page.locator("dialog#aside tbody tr")).to_have_count(36)
    assert watched.faults == []
    assert watched.strangers == []


def test_a_difference_is_found_and_disputed(at_desk: Served, differing: str, context: BrowserContext) -> None:
    watched = enter(context, at_desk, "en")
    page = watched.go(f"/compensation/statements/{quote(differing)}")
    expect(page.locator("h1")).to_contain_text("The parties differ in one line")
    page.get_by_role("link", name="Differing").click()
    expect(page.locator("tbody tr[id]")).to_have_count(1)
    page.locator("summary", has_text="Dispute").click()
    page.select_option("select[name=line]", "qingshuipu|52.清水铺|2019|")
    page.fill("form[action='/compensation/dispute'] input[name=why]", "a value too many in April")
    page.get_by_role("button", name="Dispute").click()
    expect(page.locator("h1")).to_contain_text("A dispute waits for an answer")
    expect(page.locator("tr[id]").first).to_be_visible()
    assert watched.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_fault_or_scrolls_sideways(
    at_desk: Served, differing: str, chromium: Browser, language: str, size: dict[str, int]
) -> None:
    made = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(made, at_desk, language)
    at = f"/compensation/statements/{quote(differing)}"
    line = f"{at}/line?key={quote('qingshuipu|52.清水铺|2019|')}"
    compacts = [
        f"/compensation/compacts/{id}" for id in ("chishui-2018", "chongqing-districts-2018", "xinanjiang-2012")
    ]
    for path in ("/compensation", *compacts, at, f"{at}?only=differing", line):
        page = watched.go(path)
        page.wait_for_load_state("networkidle")
        for each in page.locator("details.more summary").all():
            each.click()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{path} is {width} px wide"
        assert page.locator("h1").count() == 1
    assert watched.faults == []
    assert watched.strangers == []
    made.close()
