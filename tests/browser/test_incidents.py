"""Incidents and resolutions in a real Chromium: one press, live at both ends, wide and narrow, clocks that count."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import conftest
from tests.browser.conftest import NARROW, WIDE, Served
from tests.faces.portal.matters import WORD, Matters, matters
from tests.faces.portal.node import FakeNode

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matters]:
    with matters(tmp_path_factory.mktemp("matters")) as found:
        yield found


@pytest.fixture(scope="module")
def spill(two: Matters) -> str:
    return two.spill()


@pytest.fixture(scope="module")
def at_desk(two: Matters) -> Iterator[Served]:
    running = Served(cast(FakeNode, two.basin["sichuan"].node)).start()
    yield running
    running.stop()


enter = partial(conftest.enter, password=WORD)


def test_a_grade_is_confirmed_with_one_press_and_what_a_neighbour_says_appears_by_itself(
    two: Matters, spill: str, at_desk: Served, context: BrowserContext
) -> None:
    watched = enter(context, at_desk)
    page = watched.go(f"/incidents/{spill}")
    page.get_by_role("button", name="确认为 II 级").click()
    expect(page.get_by_role("status")).to_contain_text("级别已登记")
    expect(page.locator("#grade")).to_contain_text("重大")
    page.get_by_text("写说明").click()
    page.fill("textarea[name=text]", "正在写的话")
    two.do("chongqing", "incidents/note", id=spill, text="朱沱上游发现油膜")
    expect(page.locator("#room")).to_contain_text("朱沱上游发现油膜")  # by server-sent events
    assert page.input_value("textarea[name=text]") == "正在写的话"  # nobody loses what is being typed
    assert watched.faults == []
    assert watched.strangers == []


def test_clocks_count_in_front_of_the_readers_eyes(
    two: Matters, spill: str, at_desk: Served, context: BrowserContext
) -> None:
    page = enter(context, at_desk).go(f"/incidents/{spill}")
    clock = page.locator("#room .countdown").first
    expect(clock).to_contain_text("超时")
    first = clock.inner_text()
    expect(clock).not_to_have_text(first)


def test_a_vote_is_one_press(two: Matters, at_desk: Served, context: BrowserContext) -> None:
    id = two.patrol()
    watched = enter(context, at_desk)
    page = watched.go(f"/resolutions/{id}")
    page.get_by_role("button", name="赞成").click()
    expect(page.get_by_role("status")).to_contain_text("已表决")
    two.settle()
    assert [each.choice for each in two.matter("chongqing", id).matter.ballots] == ["yes"]
    assert watched.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_fault_or_scrolls_sideways(
    two: Matters, spill: str, at_desk: Served, chromium: Browser, language: str, size: dict[str, int]
) -> None:
    id = two.patrol()
    made = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(made, at_desk, language)
    for path in ("/incidents", f"/incidents/{spill}", "/resolutions", f"/resolutions/{id}"):
        page = watched.go(path)
        assert page.locator("h1").count() == 1, path
        for more in page.query_selector_all("details.more"):
            more.evaluate("element => element.open = true")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"], (path, language)
    assert watched.faults == []
    made.close()
