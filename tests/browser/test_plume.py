"""A release on the map in a real Chromium: it moves, it is told in words, and a river can be traced up and down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from shangyou.basin.network.facts import upper_yangtze
from shangyou.core.clock import to_ms
from shangyou.faces.warning import COMPUTING
from shangyou.standards import facts
from tests.browser import conftest
from tests.browser.conftest import NARROW, WIDE, Served
from tests.faces.portal.matters import WORD, Matters, matters
from tests.faces.portal.node import FakeNode
from tests.faces.portal.test_plume import warned
from tests.fakes.computing_at_once import ComputingAtOnce

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHANGYOU_SHOTS", "")  # where pictures of the pages go, for people to look at
enter = partial(conftest.enter, password=WORD)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matters]:
    with matters(tmp_path_factory.mktemp("plumes")) as found:
        node = found.basin["sichuan"].node
        beside = node.made[COMPUTING] = ComputingAtOnce()
        beside.go.set()
        for section in facts.sections():
            node.registry.put_section(section, "test", to_ms(found.clock.now()))
        yield found


@pytest.fixture(scope="module")
def warning(two: Matters) -> str:
    return warned(two)


@pytest.fixture(scope="module")
def room(two: Matters, warning: str) -> str:
    id = two.do("sichuan", "incidents/open", warning=f"urn:uuid:{warning}")
    point = {"parameter": ("benzene",), "every": 60, "member": "chongqing", "name_zh": "朱沱", "name_en": "Zhutuo"}
    two.do("sichuan", "incidents/point", id=id, point="p1", distance=77_000.0, **point)
    two.do("chongqing", "incidents/sample", id=id, point="p1", result=("benzene=0.034mg/L,limit=0.01",))
    return id


@pytest.fixture(scope="module")
def desk(two: Matters) -> Iterator[Served]:
    running = Served(cast(FakeNode, two.basin["sichuan"].node)).start()
    yield running
    running.stop()


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def step(page: Page) -> int:
    return int(page.locator("[data-step]").get_attribute("data-step") or "-1")


def test_a_warning_leads_to_its_plume_which_moves_by_keys_and_by_itself(
    chromium: Browser, desk: Served, warning: str
) -> None:
    context = chromium.new_context(viewport=WIDE)
    watched = enter(context, desk)
    context.set_default_timeout(60_000)
    page = watched.go(f"/warnings/{warning}")
    page.get_by_role("link", name="在一张图上看污染团").click()
    page.wait_for_selector(".atlas[data-plume=drawn]")
    expect(page.locator(".plume h2")).to_contain_text("手爬岩苯泄漏")
    expect(page.locator(".plume [data-notes]")).to_contain_text("2 t (1–5)")
    expect(page.locator(".plume tbody tr")).to_have_count(2)
    first = step(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert step(page) == first + 2
    expect(page.locator(".plume-time output")).to_contain_text("预计")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".plume tbody tr.passing th")).to_contain_text("正在通过")
    expect(page.locator(".plume [data-size]")).to_contain_text("mg/L")
    shoot(page, "plume-wide-zh")
    page.keyboard.press("Space")
    expect(page.locator(".plume-time [data-play]")).to_have_text("停止")
    page.wait_for_function("now => Number(document.querySelector('[data-step]').dataset.step) > now", arg=first + 11)
    page.keyboard.press("Space")
    expect(page.locator(".plume-time [data-play]")).to_have_text("播放")
    page.click("[data-plume-close]")
    expect(page.locator(".plume")).to_be_hidden()
    assert "warning" not in page.url
    assert watched.faults == []
    assert watched.strangers == []
    context.close()


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_river_line_offers_to_trace_up_and_down_and_to_suppose_a_release(
    chromium: Browser, desk: Served, way: str
) -> None:
    reach = next(each for each in upper_yangtze().reaches if each.river == "chishuihe" and len(each.line) > 2)
    longitude, latitude = reach.line[1]
    context = chromium.new_context(viewport=WIDE)
    watched = enter(context, desk, "en")
    context.set_default_timeout(60_000)
    page = watched.go(f"/map#view=10/{latitude}/{longitude}")
    page.wait_for_selector(".atlas[data-drawn]")
    canvas = page.locator("#map canvas")
    if way == "mouse":
        canvas.click()
    else:
        page.keyboard.press("Tab")
        canvas.focus()
        page.keyboard.press("Enter")
    expect(page.locator("#drawer h2")).to_contain_text("Chishui")
    page.locator("#drawer [data-look=down]").click()
    expect(page.locator("#way h2")).to_contain_text("Downstream of Chishui")
    expect(page.locator("#way tbody tr").first).to_contain_text("border")
    assert "reach=chishuihe" in page.url
    assert "to=down" in page.url
    shoot(page, f"river-{way}-en")
    page.locator("#drawer [data-look=plume]").click()
    page.wait_for_selector(".atlas[data-plume=drawn]")
    expect(page.locator(".plume [data-supposed]")).to_be_visible()
    expect(page.locator("#way")).to_be_hidden()
    page.reload()
    page.wait_for_selector(".atlas[data-plume=drawn]")  # every state has an address
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_room_has_its_own_map_with_what_was_measured(
    two: Matters, chromium: Browser, desk: Served, room: str, language: str, size: dict[str, int]
) -> None:
    context = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(context, desk, language)
    context.set_default_timeout(60_000)
    page = watched.go(f"/incidents/{room}")
    page.wait_for_selector(".spill-map[data-plume=drawn][data-drawn]")
    expect(page.locator(".course")).to_contain_text("朱沱" if language == "zh" else "Zhutuo")  # in words too
    page.locator(".plume-time input").focus()
    before = step(page)
    page.keyboard.press("ArrowRight")
    assert step(page) == before + 1
    shoot(page, f"room-{language}-{size['width']}")
    two.do("chongqing", "incidents/note", id=room, text=f"{language} {size['width']} 油膜")
    timeline = page.locator("section[aria-labelledby=timeline]")
    expect(timeline).to_contain_text(f"{language} {size['width']} 油膜", timeout=20_000)  # by server-sent events
    assert step(page) == before + 1  # the map stays while the page renews itself
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_plume_fits_a_phone(chromium: Browser, desk: Served, warning: str, language: str) -> None:
    context = chromium.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    watched = enter(context, desk, language)
    context.set_default_timeout(60_000)
    page = watched.go(f"/map?warning={warning}")
    page.wait_for_selector(".atlas[data-plume=drawn]")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
    bar = page.locator(".plume-time").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= NARROW["height"]  # map and time on one screen
    shoot(page, f"plume-narrow-{language}")
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_room_is_opened_by_hand_at_a_place_that_is_searched_and_has_its_plume(
    two: Matters, chromium: Browser, desk: Served, language: str, size: dict[str, int]
) -> None:
    context = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    watched = enter(context, desk, language)
    context.set_default_timeout(60_000)
    page = watched.go("/incidents")
    page.locator("#open").click()
    label = "朱沱 · 断面 · 长江" if language == "zh" else "Zhutuo · section · Yangtze River"
    option = page.locator(f'datalist option[value="{label}"]')
    expect(option).to_have_count(1)
    page.fill("input[name=place]", label)
    page.fill("input[name=title_zh]", f"槽车翻覆 {language} {size['width']}")
    page.fill("input[name=amount]", "0.5")
    page.fill("input[name=substance]", "benzene")
    shoot(page, f"open-room-{language}-{size['width']}")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    page.locator("form[action='/incidents/open'] button").click()
    page.wait_for_selector(".spill-map[data-plume=drawn][data-drawn]")
    expect(page.locator(".plume tbody tr").first).to_contain_text("km")
    expect(page.locator("h1 + .under")).to_contain_text("500 g")
    shoot(page, f"room-by-hand-{language}-{size['width']}")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
    assert watched.faults == []
    context.close()
