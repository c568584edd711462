"""A real node behind a real server on the loopback, and a real Chromium in front of it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from shangyou.faces.portal import create_portal
from tests.faces.portal.node import FakeNode
from tests.faces.portal.river import fill

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


class Served:
    """A node and where it is served."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(create_portal(node), log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def start(self) -> Served:
        self._thread.start()
        limit = time.monotonic() + 20
        while not self._server.started and time.monotonic() < limit:
            threading.Event().wait(0.02)
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class Watched:
    """A page that writes down what should not happen."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.faults: list[str] = []
        self.strangers: list[str] = []
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "GL Driver Message" not in text:  # drawing without a graphics card is slow
            self.faults.append(f"{kind}: {text}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:" + self.address)):
            self.strangers.append(url)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, language: str = "zh", password: str = "right") -> Watched:
        self.go(f"/sign-in?lang={language}")
        self.page.fill("input[name=name]", "li")
        self.page.fill("input[name=password]", password)
        self.page.click("main button")
        self.page.wait_for_url("**/basin")
        return self


def enter(context: BrowserContext, served: Served, language: str = "zh", *, password: str) -> Watched:
    """A window of li's at a node that is no FakeNode's, signed in."""
    context.set_default_timeout(20_000)
    return Watched(context.new_page(), served.address).sign_in(language, password)


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One node with the small river for all browser tests."""
    node = FakeNode(tmp_path_factory.mktemp("browser"), on_disk=True, simulated=True)
    fill(node)
    with node.ends:
        running = Served(node).start()
        yield running
        running.stop()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    assert found, (
        "缺少 Chromium，请安装 Debian 软件包 chromium / Chromium is missing: install Debian's package chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser window with no memory."""
    made = chromium.new_context(viewport=WIDE)
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def watched(context: BrowserContext, served: Served) -> Watched:
    """A page of it."""
    return Watched(context.new_page(), served.address)


@pytest.fixture
def phone(chromium: Browser, served: Served) -> Iterator[Watched]:
    """A page on a phone."""
    made = chromium.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    made.set_default_timeout(20_000)
    yield Watched(made.new_page(), served.address)
    made.close()
