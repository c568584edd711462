"""Tracing in a real Chromium: from what was found to the plume that would go down from there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shangyou.faces.warning import COMPUTING
from shangyou.standards import facts
from tests.browser.conftest import NARROW, WIDE, Served, enter
from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.test_tracing import START, STATIONS, begin, fill, over
from tests.fakes.computing_at_once import ComputingAtOnce

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHANGYOU_SHOTS", "")  # where pictures of the pages go, for people to look at


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNode]:
    home = tmp_path_factory.mktemp("traced")
    node = FakeNode(home, on_disk=True, simulated=True)
    node.settings.home = home
    node.clock.at = datetime.fromtimestamp(START / 1000, UTC) + timedelta(days=3)
    for section in facts.sections():
        node.registry.put_section(section, "test", START)
    fill(node)
    with node.ends:
        yield node


@pytest.fixture(scope="module")
def traced(node: FakeNode) -> str:
    """Where a tracing that is done is told."""
    reader = Reader(node).sign_in()
    address = begin(reader, *STATIONS)
    over(reader, address)
    beside = node.made[COMPUTING] = ComputingAtOnce()
    beside.go.set()
    return address


@pytest.fixture(scope="module")
def desk(node: FakeNode) -> Iterator[Served]:
    running = Served(node).start()
    yield running
    running.stop()


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_candidate_leads_to_its_plume_which_another_amount_computes_again(
    chromium: Browser, desk: Served, traced: str, language: str, size: dict[str, int]
) -> None:
    context = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(context, desk, language, password="right")
    context.set_default_timeout(60_000)
    page = watched.go(traced)
    shoot(page, f"tracing-{language}-{size['width']}")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    page.get_by_role(
        "link", name="在地图上看首选位置的污染团" if language == "zh" else "See the plume of the first"
    ).click()
    page.wait_for_selector(".atlas[data-plume=drawn]")
    expect(page.locator(".plume [data-supposed]")).to_be_visible()
    expect(page.locator(".plume h2")).to_contain_text("氨氮" if language == "zh" else "mmonia")
    expect(page.locator(".plume [data-seen]")).to_be_visible()  # the stations' values stand over it
    page.wait_for_selector(".atlas[data-drawn]")
    shoot(page, f"tracing-map-{language}-{size['width']}")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    page.fill("[data-suppose] input[name=kg]", "0.25")
    page.locator("[data-suppose] button").click()
    expect(page.locator(".plume h2")).to_contain_text("250 g")
    page.wait_for_selector(".atlas[data-plume=drawn]")
    assert "kg=0.25" in page.url
    assert "substance=" in page.url
    assert "least=" not in page.url  # bounds of another amount
    page.click("[data-plume-close]")
    assert not any(f"{name}=" in page.url for name in ("kg", "substance", "began"))
    assert watched.faults == []
    assert watched.strangers == []
    context.close()
