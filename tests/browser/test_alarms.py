"""The page of an alarm in a real Chromium, on a desk and on a phone: read, and closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from shangyou.faces.alarms import alarms
from shangyou.governance.detection.alarm import Alarm, Cause
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.plan import HOUR
from shangyou.governance.detection.readings import Expected
from shangyou.wiring import Node
from tests.browser.conftest import NARROW, WIDE, Served
from tests.browser.test_warnings import enter
from tests.faces.portal.matters import matters
from tests.faces.portal.node import FakeNode
from tests.governance.detection.river import LINE, PLAN, T0, USUAL, WAVE, River

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHANGYOU_SHOTS", "")  # where pictures of the pages go, for people to look at


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A node with an alarm that three stations saw."""
    with matters(tmp_path_factory.mktemp("alarmed")) as found:
        river = River("abc")
        for n, section in enumerate("abc"):
            river.add(section, "ammonia_nitrogen", 200 + 20 * n, [x * 0.7**n for x in WAVE])
        raised = detect(State(), river.readings(), PLAN, LINE).state.alarms
        node = found.basin["sichuan"].node
        alarms(node).put(raised, 0)
        running = Served(cast(FakeNode, node)).start()
        yield running, raised[0].id
        running.stop()


def reacted() -> Alarm:
    """Bacteria and daphnia react while the chemistry is silent; then ammonia comes that was warned of."""
    usual = USUAL | {"bacterial_inhibition": (2.0, 3.0), "daphnia_toxicity": (1.0, 0.7)}
    river = River(usual=usual).add("a", "bacterial_inhibition", 240, [12.0, 38.0, 55.0, 61.0, 52.0, 44.0])
    river.add("a", "daphnia_toxicity", 242, [12.0, 14.0, 13.0, 11.0]).add("a", "ammonia_nitrogen", 245, [0.3, 0.5, 0.4])
    due = Expected("urn:uuid:3f9a61c2", "chongqing", "a", "ammonia_nitrogen", T0 + 240 * HOUR, T0 + 260 * HOUR)
    (found,) = detect(State(), river.readings(), PLAN, expected=(due,)).state.alarms
    return found


@pytest.mark.parametrize(("size", "language"), [(WIDE, "zh"), (WIDE, "en"), (NARROW, "zh"), (NARROW, "en")])
def test_what_living_things_and_a_member_upstream_say_is_read_at_any_width(
    chromium: Browser, served: tuple[Served, str], size: ViewportSize, language: str
) -> None:
    alarm = reacted()
    alarms(cast(Node, served[0].node)).put([alarm], 0)
    context = chromium.new_context(viewport=size)
    watched = enter(context, served[0], language)
    page = watched.go(f"/alarms/{alarm.id}")
    told = page.locator("[aria-labelledby=signs]").inner_text()
    assert ("请立即采样" if language == "zh" else "take a sample") in told
    assert ("预警 3f9a61c2 预计" if language == "zh" else "by warning 3f9a61c2 of") in told
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    assert watched.faults == []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"alarm-living-{language}-{size['width']}.png"), full_page=True)
    context.close()


@pytest.mark.parametrize(("size", "language"), [(WIDE, "zh"), (NARROW, "zh"), (NARROW, "en")])
def test_an_alarm_is_read_at_any_width(
    chromium: Browser, served: tuple[Served, str], size: ViewportSize, language: str
) -> None:
    running, id = served
    context = chromium.new_context(viewport=size)
    watched = enter(context, running, language)
    watched.go(f"/alarms/{id}")
    page = watched.page
    expect(page.locator(".tried").first).to_be_visible()
    assert page.locator("[aria-labelledby=tried] .tried").count() == len(Cause)
    assert page.locator("[aria-labelledby=signs] .tried").count() >= 3
    assert page.locator("table tbody tr").count() >= 3
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    assert watched.faults == []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"alarm-{language}-{size['width']}.png"), full_page=True)
    context.close()


def test_an_alarm_is_closed_by_its_form(chromium: Browser, served: tuple[Served, str]) -> None:
    running, id = served
    context = chromium.new_context(viewport=WIDE)
    watched = enter(context, running)
    watched.go(f"/alarms/{id}")
    page = watched.page
    page.select_option("select[name=outcome]", "known")
    page.fill("input[name=note]", "上游检修，已知")
    page.get_by_role("button", name="关闭报警").click()
    expect(page.get_by_role("status")).to_contain_text("已知且无害")
    expect(page.locator("select[name=outcome]")).to_have_count(0)
    context.close()
