"""The warning centre in a real Chromium: a warning appears by itself and is acknowledged in one press, on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, expect

from shangyou.faces.warning import watching
from tests.browser import conftest
from tests.browser.conftest import NARROW, WIDE, Served
from tests.faces.portal.matters import WORD, Matters, matters
from tests.faces.portal.node import FakeNode

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHANGYOU_SHOTS", "")  # where pictures of the pages go, for people to look at


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matters]:
    with matters(tmp_path_factory.mktemp("warned")) as found:
        yield found


@pytest.fixture(scope="module")
def downstream(two: Matters) -> Iterator[Served]:
    running = Served(cast(FakeNode, two.basin["chongqing"].node)).start()
    yield running
    running.stop()


def send(two: Matters) -> str:
    given: dict[str, object] = {
        "title_zh": "手爬岩苯泄漏",
        "title_en": "Benzene near Shoupayan",
        "place": "51.手爬岩",
        "substance": "benzene",
        "text": "槽罐车侧翻，罐体破裂",
        "amount": "2000",
        "amount_most": "5000",
        "to": ("chongqing",),
        "bank": "left",
        "evidence": ("自动站序列 14:00 起超标", "现场照片 3 张"),
    }
    id = two.do("sichuan", "warnings/send", **given).removeprefix("urn:uuid:")
    for member in ("sichuan", "chongqing"):
        watching(two.basin[member]).refining = None  # the ensemble has its own tests
        watching(two.basin[member]).turn()
        two.settle()
    return id


enter = partial(conftest.enter, password=WORD)


def test_a_warning_appears_by_itself_and_is_acknowledged_in_one_press_on_a_phone(
    two: Matters, downstream: Served, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=NARROW)
    watched = enter(context, downstream)
    page = watched.go("/warnings")
    send(two)
    expect(page.locator("h1")).to_contain_text("等您答复或确认")  # by server-sent events
    page.get_by_role("link", name="去确认").first.click()
    expect(page.locator("h1")).to_contain_text("手爬岩苯泄漏：等您确认")
    button = page.get_by_role("button", name="确认收悉（值班员）")
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= NARROW["height"]  # the first thing on the screen
    expect(page.locator(".countdown").first).to_contain_text("还剩 0:")  # it counts
    button.click()
    expect(page.get_by_role("status")).to_contain_text("已确认")
    expect(page.locator("h1")).to_contain_text("各方均已确认")
    assert watched.faults == []
    assert watched.strangers == []
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_fault_or_scrolls_sideways(
    two: Matters, downstream: Served, chromium: Browser, language: str, size: dict[str, int]
) -> None:
    id = send(two)
    made = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(made, downstream, language)
    for name, path in (("list", "/warnings"), ("one", f"/warnings/{id}")):
        page = watched.go(path)
        assert page.locator("h1").count() == 1, path
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{language}-{size['width']}.png"), full_page=True)
        for more in page.query_selector_all("details.more"):
            more.evaluate("element => element.open = true")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"], (path, language)
    assert watched.faults == []
    made.close()
