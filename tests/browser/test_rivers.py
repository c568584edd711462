"""The archive of rivers in a real Chromium: a plan is written by a few presses, and no page has a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from shangyou.standards import facts
from tests.browser.conftest import NARROW, WIDE, Served, Watched
from tests.faces.portal.node import FakeNode
from tests.faces.portal.river import fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home: Path = tmp_path_factory.mktemp("archive")
    node = FakeNode(home, on_disk=True, simulated=True)
    node.settings.home = home
    fill(node)
    for river in facts.rivers():
        node.registry.put_river(river)
    for agency in facts.agencies():
        node.registry.put_agency(agency)
    with node.ends:
        running = Served(node).start()
        yield running
        running.stop()


def entered(chromium: Browser, archive: Served, size: ViewportSize, language: str) -> Watched:
    context = chromium.new_context(viewport=size, accept_downloads=True)
    context.set_default_timeout(20_000)
    return Watched(context.new_page(), archive.address).sign_in(language)


def test_a_plan_is_written_from_the_list_and_printed(archive: Served, chromium: Browser) -> None:
    watched = entered(chromium, archive, WIDE, "zh")
    page = watched.go("/rivers")
    expect(page.locator("h1")).to_contain_text("还没有写明应急预案")
    page.get_by_role("link", name="赤水河").click()
    expect(page.locator("svg.river-map .stop")).not_to_have_count(0)
    page.get_by_text("编写预案与联系人").click()
    page.fill("textarea[name=text_zh]", "一、上游先通报\n二、太平渡拦截")
    page.fill("input[name='contact.guizhou']", "值班室")
    page.fill("input[name=why]", "两省商定")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    expect(page.locator(".plan")).to_contain_text("太平渡拦截")
    with page.expect_download() as loading:
        page.get_by_role("link", name="下载 PDF").click()
    saved = loading.value
    assert saved.suggested_filename.startswith("赤水河")
    assert Path(saved.path()).read_bytes().startswith(b"%PDF")
    assert watched.faults == []
    assert watched.strangers == []
    page.context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_fault_or_scrolls_sideways(
    archive: Served, chromium: Browser, language: str, size: ViewportSize
) -> None:
    watched = entered(chromium, archive, size, language)
    for path in ("/rivers", "/rivers/chishuihe", "/rivers/changjiang", "/rivers/xihanshui"):
        page = watched.go(path)
        expect(page.locator("main h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert watched.faults == []
    watched.page.context.close()
