"""Take a screenshot of each page of a running node, in both languages, wide and narrow.

Usage: python scripts/screenshots.py ADDRESS NAME PASSWORD FOLDER [SECTION-ID]
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
PAGES = {
    "basin": "/basin",
    "basin-by-river": "/basin?by=river",
    "map": "/map",
    "sections": "/sections",
    "intake": "/intake",
    "intake-refused": "/intake?view=refused",
    "intake-batches": "/intake?view=batches",
    "intake-commands": "/intake?view=commands",
    "journal": "/intake/entries",
    "entry": "/intake/entries/0",
    "contracts": "/contracts",
    "agreements": "/contracts?view=agreements",
    "transfers": "/transfers",
    "federation": "/federation",
    "federation-check": "/federation?check=1",
    "exports": "/exports",
    "settings": "/settings",
    "why": "/why/classes",
    "not-found": "/no-such-page",
}


def main(address: str, name: str, password: str, folder: Path, section: str = "") -> None:
    """Write FOLDER/<page>-<language>-<size>.png for all of them; dark ones of the narrow English pages."""
    folder.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        for language in ("zh", "en"):
            for size in SIZES:
                shoot(browser, address, (name, password), folder, (language, size), section)
        browser.close()


def shoot(
    browser: Browser, address: str, who: tuple[str, str], folder: Path, kind: tuple[str, str], section: str
) -> None:
    """All pages of one language and size."""
    language, size = kind
    width, height = SIZES[size]
    dark = kind == ("en", "narrow")
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    page = context.new_page()

    def keep(title: str) -> None:
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        note = f" SCROLLS SIDEWAYS ({wide} px)" if wide > width else ""
        file = folder / f"{title}-{language}-{size}.png"
        page.screenshot(path=file, full_page=title != "map")
        print(f"{file}{note}")

    page.goto(f"{address}/sign-in?lang={language}")
    keep("sign-in")
    page.fill("input[name=name]", who[0])
    page.fill("input[name=password]", who[1])
    page.click("main button")
    page.wait_for_url("**/basin")
    for title, path in (PAGES | section_page(page, address, section)).items():
        page.goto(address + path)
        if page.locator("figure.chart, .atlas").count():
            page.wait_for_selector("[data-drawn]", timeout=20_000)
        page.wait_for_timeout(300)
        keep(title)
    context.close()


def section_page(page: Page, address: str, section: str) -> dict[str, str]:
    """The page of a section: the one asked for, or the first of the list."""
    if not section:
        page.goto(f"{address}/sections")
        links = re.findall(r'href="(/sections/[^"]+)"', page.content())
        return {"section": links[0]} if links else {}
    return {"section": f"/sections/{quote(section)}"}


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), *sys.argv[5:])
