"""The portal in a real Chromium: what a reader sees, presses and types."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shangyou.core.journal import Raw
from shangyou.core.registry import Device
from tests.browser.conftest import Served, Watched
from tests.faces.portal.river import DIRTY, LAST, TIMES, digest_orders, refuse_packet

pytestmark = pytest.mark.browser

PAGES = (
    *("/basin", "/map", "/sections", "/sections/51.清风峡?parameter=ph", "/intake", "/intake?view=refused"),
    *("/intake?view=batches", "/intake?view=commands", "/intake/entries", "/intake/entries/5", "/exports", "/settings"),
    *("/why/arrival", f"/versions?site=51.清风峡&parameter=ph&cadence=4h&statistic=value&time={TIMES[3]}"),
)
DRAWN = "[data-drawn]"


def settled(page: Page) -> None:
    """Wait for what a page draws."""
    if page.locator("figure.chart, .atlas").count():
        page.wait_for_selector(DRAWN)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_without_a_fault_and_asks_nobody_outside(watched: Watched, language: str) -> None:
    watched.sign_in(language)
    for path in PAGES:
        page = watched.go(path)
        settled(page)
        assert page.locator("h1").count() == 1, path
        assert page.locator(".band").inner_text().startswith("模拟数据" if language == "zh" else "Simulated data"), path
    assert watched.faults == []
    assert watched.strangers == []


def test_no_page_scrolls_sideways_on_a_phone(phone: Watched) -> None:
    for language in ("zh", "en"):
        phone.sign_in(language)
        for path in PAGES:
            page = phone.go(path)
            settled(page)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, (path, language)
        phone.page.context.clear_cookies()
    assert phone.faults == []


def test_a_wrong_password_says_so_and_a_right_one_leads_where_one_wanted_to_go(watched: Watched) -> None:
    page = watched.go("/intake?view=batches")
    page.fill("input[name=name]", "guest")
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")
    page.fill("input[name=password]", "right")
    page.keyboard.press("Enter")
    page.wait_for_url("**/intake?view=batches")
    page.locator(".menu summary", has_text="访客").click()
    page.get_by_text("退出").click()
    page.wait_for_url("**/sign-in")


def test_the_language_link_keeps_the_address_and_the_choice(watched: Watched) -> None:
    page = watched.sign_in().go("/sections?class=5")
    page.get_by_text("English", exact=True).click()
    expect(page.locator("h1")).to_have_text("1 section fits")
    assert page.url.endswith("/sections?class=5")
    watched.go("/basin")
    expect(page.locator("h1")).to_contain_text("worse than class III")


def test_keys_lead_everywhere(watched: Watched) -> None:
    page = watched.sign_in().page
    page.keyboard.press("/")
    page.keyboard.type("清风")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sections?q=*")
    page.locator("body").click(position={"x": 700, "y": 500})
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/map")
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/basin")
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#help")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(page.locator("tbody tr:nth-child(1) a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sections/*")


def test_the_focus_can_always_be_seen(watched: Watched) -> None:
    page = watched.sign_in().go("/sections")
    seen = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            " const name = e.tagName + (e.textContent || e.name || '').trim().slice(0, 20);"
            " return [name, s.outlineStyle, parseFloat(s.outlineWidth)]; }"
        )
        seen.add(outline[0])
        assert outline[1] != "none", outline
        assert outline[2] >= 2, outline
    assert len(seen) > 15


def test_filters_act_at_once_and_stand_in_the_address(watched: Watched) -> None:
    page = watched.sign_in().go("/sections")
    page.locator("main input[name=q]").fill("沱")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    page.locator("input[name=class][value='5']").check()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("h1")).to_have_text("1 个断面符合条件")
    assert "class=5" in page.url
    assert watched.faults == []


def test_the_chart_draws_shows_flags_on_hover_and_gives_a_picture(watched: Watched) -> None:
    page = watched.sign_in().go("/sections/51.清风峡?parameter=ph")
    page.wait_for_selector(DRAWN)
    box = page.locator("figure.chart canvas").bounding_box()
    assert box
    tip = page.locator(".tip")
    for step in range(40):  # somewhere on the way lies the value that fails
        page.mouse.move(box["x"] + 30 + step * (box["width"] - 110) / 40, box["y"] + 100)
        if tip.count() and "突跳" in tip.first.inner_text():
            break
    expect(tip.first).to_contain_text("突跳")
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").click()
    assert picture.value.suggested_filename == "清风峡-pH值.png"
    page.get_by_role("button", name="对数坐标").click()
    expect(page.get_by_role("button", name="常规坐标")).to_be_visible()
    assert watched.faults == []


def test_the_origin_of_a_value_opens_beside_the_page_and_leads_to_the_packet(watched: Watched) -> None:
    page = watched.sign_in().go("/sections/51.清风峡?parameter=ph")
    page.get_by_role("link", name="有修订").first.click()
    aside = page.locator("dialog#aside")
    expect(aside).to_contain_text("这条观测有 2 个版本")
    aside.get_by_role("link", name="日志第").last.click()
    expect(page.locator("pre")).to_have_text("corrected")


def test_how_a_figure_was_computed_opens_beside_it(watched: Watched) -> None:
    page = watched.sign_in().page
    page.locator("a.why").nth(1).click()
    expect(page.locator("dialog#aside")).to_contain_text("优良比例怎么算的")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#aside")).to_be_hidden()


def test_the_map_draws_goes_back_in_time_and_filters(watched: Watched) -> None:
    page = watched.sign_in().go("/map")
    page.wait_for_selector(DRAWN)
    count = page.locator("[data-count='5']")
    expect(count).to_have_text("1")
    page.locator(".time:not(.plume-time) input").fill("0")
    expect(count).to_have_text("0")
    assert "time=" in page.url
    page.locator("[data-class='1']").uncheck()
    assert "hide=1" in page.url
    page.reload()
    page.wait_for_selector(DRAWN)
    expect(count).to_have_text("0")
    expect(page.locator("[data-class='1']")).not_to_be_checked()
    page.get_by_role("button", name="播放").click()
    expect(page.get_by_role("button", name="停止")).to_be_visible()
    assert watched.faults == []


def test_a_disc_opens_the_drawer_the_address_changes_and_back_closes_it(watched: Watched) -> None:
    page = watched.sign_in().go("/map")
    page.wait_for_selector(DRAWN)
    page.locator("#placed").click()
    page.locator(".places a", has_text="沱江二桥").click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("总磷(0.8)")
    assert "section=" in page.url
    page.wait_for_function("() => !document.querySelector('.atlas').dataset.moving")
    page.go_back()
    expect(drawer).to_be_hidden()
    page.go_forward()
    expect(drawer).to_be_visible()
    watched.go(f"/map?section={DIRTY}&time={LAST - 30 * 3_600_000}")
    expect(drawer).to_contain_text("Ⅲ类")


def test_pages_can_be_read_without_scripts(served: Served, context: BrowserContext) -> None:
    browser = context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False)
    watched = Watched(plain.new_page(), served.address).sign_in()
    for path in ("/basin", "/sections", "/sections/51.清风峡", "/intake", "/exports"):
        assert watched.go(path).locator("h1").inner_text(), path
    page = watched.go("/sections/51.清风峡?parameter=ph")
    expect(page.locator("main")).to_contain_text("浏览器没有启用脚本")
    page.get_by_role("link", name="有修订").first.click()
    expect(page.locator("h1")).to_have_text("这条观测有 2 个版本")
    plain.close()


def test_live_parts_renew_themselves_and_can_be_paused(watched: Watched, served: Served) -> None:
    page = watched.sign_in().go("/intake/entries")
    before = page.locator("tbody tr").count()
    watched.go("/intake")
    mark = page.locator(".live")
    expect(mark).to_have_attribute("data-state", "live")
    seen = page.locator("#intake .under time")
    first = seen.inner_text()
    served.node.clock.pass_by(minutes=2)
    served.node.journal.append([Raw("table", "新到.csv", 0, b"new")])
    expect(seen).not_to_have_text(first)
    mark.click()
    expect(mark).to_have_attribute("data-state", "paused")
    watched.go("/intake/entries")
    assert page.locator("tbody tr").count() == before + 1


def test_packets_that_were_refused_leave_the_list_when_they_were_read_again(watched: Watched, served: Served) -> None:
    mn = "A510000_0042"
    refuse_packet(served.node, mn)
    page = watched.sign_in("en").go(f"/intake?view=refused&source={mn}")
    expect(page.get_by_text("is not registered")).to_be_visible()
    button = page.get_by_role("button", name=f"Read the packets of {mn} again")
    expect(button).to_have_count(0)
    served.node.registry.put_device(Device(mn, "新站", ""), None, "li", 1)
    page.reload()
    button.click()
    expect(page.get_by_role("status")).to_contain_text("are being read again")
    digest_orders(served.node)
    watched.go(f"/intake?view=refused&source={mn}")
    expect(page.get_by_text("is not registered")).to_have_count(0)
    assert watched.faults == []


def test_nothing_moves_for_readers_who_asked_for_stillness(context: BrowserContext, served: Served) -> None:
    browser = context.browser
    assert browser
    still = browser.new_context(reduced_motion="reduce", color_scheme="dark")
    page = Watched(still.new_page(), served.address).sign_in().page
    assert page.evaluate("() => getComputedStyle(document.querySelector('.rail a')).transitionDuration") == "0s"
    assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(230, 236, 241)"
    still.close()
