"""The river network on the map, and source tracing, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from shangyou.standards import facts
from tests.browser.conftest import NARROW, WIDE, Served, Watched
from tests.faces.portal.node import FakeNode
from tests.faces.portal.test_tracing import START, fill

pytestmark = pytest.mark.browser

TO_TRACE = "/tracing?from=2026-01-04&to=2026-01-06&station=50.朱沱&station=50.江津大桥"


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with the sections that ship and the spill of the tests of tracing."""
    home = tmp_path_factory.mktemp("waters")
    node = FakeNode(home, on_disk=True, simulated=True)
    node.settings.home = home
    node.clock.at = datetime.fromtimestamp(START / 1000, UTC) + timedelta(days=3)
    for section in facts.sections():
        node.registry.put_section(section, "test", START)
    fill(node)
    with node.ends:
        running = Served(node).start()
        yield running
        running.stop()


def test_one_key_shows_what_lies_downstream_and_another_what_lies_upstream(chromium: Browser, river: Served) -> None:
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page(), river.address).sign_in("en")
    page = watched.go("/map?section=50.朱沱")
    page.wait_for_selector("[data-drawn]")
    page.keyboard.press("d")
    expect(page.locator("#way h2")).to_contain_text("Downstream of Zhutuo")
    expect(page.locator("#way tbody tr").first).to_contain_text("Jiangjin city intake")
    expect(page.locator(".zoom [data-look=down]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(page.locator("#way h2")).to_contain_text("Upstream of Zhutuo")
    page.click("[data-way-close]")
    expect(page.locator("#way")).to_be_hidden()
    assert watched.faults == []
    assert watched.strangers == []
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_tracing_is_begun_shows_its_progress_and_fits_a_phone(
    chromium: Browser, river: Served, language: str
) -> None:
    context = chromium.new_context(viewport=NARROW)
    context.set_default_timeout(240_000)
    watched = Watched(context.new_page(), river.address).sign_in(language)
    page = watched.go(TO_TRACE)
    page.click("button.first")
    expect(page.locator("h1")).to_contain_text("模拟排口" if language == "zh" else "Invented outlet", timeout=240_000)
    assert "id=" in page.url  # a tracing has an address of its own
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert page.locator("meter").count() >= 2
    assert page.locator("progress").count() == 0
    assert watched.faults == []
    context.close()
