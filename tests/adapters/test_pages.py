"""The portal's page is pulled over real HTTP, bounded, and only when it has changed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from shangyou.adapters.pages import PagePull, PageSettings
from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError, ShangyouError, UnavailableError
from shangyou.ingest.cnemc.reading import read
from tests.fakes.clock import FakeClock
from tests.fakes.site import FakeSite
from tests.ingest.cnemc.sources import NORMAL, answer, page

NOW = datetime(2021, 4, 1, 17, 30, tzinfo=UTC)  # 2 April 01:30 in Beijing


@pytest.fixture
def site() -> Iterator[FakeSite]:
    with FakeSite() as served:
        yield served


def settings(site: FakeSite, whole: float = 5.0, largest: int = 1 << 20) -> PageSettings:
    return PageSettings(site.address, connect=2.0, whole=whole, largest=largest)


def test_a_pulled_page_is_ready_for_its_reader_with_the_legal_day_as_year(site: FakeSite) -> None:
    site.body = page([NORMAL]).body
    with PagePull(settings(site), FakeClock(NOW)) as pull:
        raw = pull.pull()
    assert raw is not None
    assert (raw.kind, raw.source, raw.received, raw.note) == ("cnemc-page", site.address, to_ms(NOW), "2021-04-02")
    parsed = read(raw)
    assert len(parsed.observations) == 10
    assert parsed.observations.time[0] == to_ms(datetime(2021, 4, 1, tzinfo=UTC))


def test_an_answer_in_json_is_recognised(site: FakeSite) -> None:
    site.body = answer([NORMAL]).body
    with PagePull(settings(site), FakeClock(NOW)) as pull:
        raw = pull.pull()
    assert raw is not None
    assert raw.kind == "cnemc-json"


def test_a_page_that_was_kept_is_asked_for_only_if_it_changed(site: FakeSite) -> None:
    site.body, site.headers = page([NORMAL]).body, {"ETag": '"1"', "Last-Modified": "Thu, 01 Apr 2021 00:00:00 GMT"}
    with PagePull(settings(site), FakeClock(NOW)) as pull:
        assert pull.pull() is not None
        assert pull.pull() is not None  # nobody said that the first one is in the journal
        pull.accept()
        assert pull.pull() is None
        site.headers = {"ETag": '"2"'}
        assert pull.pull() is not None
    assert "If-None-Match" not in site.requests[1]
    assert site.requests[2]["If-None-Match"] == '"1"'
    assert site.requests[2]["If-Modified-Since"] == "Thu, 01 Apr 2021 00:00:00 GMT"


def failure(site: FakeSite, whole: float = 5.0, largest: int = 1 << 20) -> ShangyouError:
    with PagePull(settings(site, whole, largest), FakeClock(NOW)) as pull, pytest.raises(UnavailableError) as caught:
        pull.pull()
    return caught.value


@pytest.mark.parametrize("status", [301, 403, 404, 500, 503])
def test_any_other_status_is_told(site: FakeSite, status: int) -> None:
    site.status, site.headers = status, {"Location": "/elsewhere"}
    error = failure(site)
    assert (error.code, error.facts["status"], error.retryable) == ("pages.status", status, True)
    assert len(site.requests) == 1


def test_a_page_beyond_the_limit_is_not_read_to_its_end(site: FakeSite) -> None:
    site.body = b"x" * 200_001
    error = failure(site, largest=200_000)
    assert (error.code, error.facts["limit"]) == ("pages.too_large", 200_000)


def test_an_answer_that_never_comes_ends_in_time(site: FakeSite) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.recv(1)  # until the client gives up

    site.write = silent
    assert failure(site, whole=0.2).code == "pages.timeout"


def test_an_answer_in_endless_small_parts_ends_in_time(site: FakeSite) -> None:
    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(b"x" * 100)

    site.write = dripping
    assert failure(site, whole=0.2, largest=1 << 40).code == "pages.timeout"


def test_an_answer_that_breaks_off_is_told(site: FakeSite) -> None:
    def breaking(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"short")
        handler.close_connection = True

    site.write = breaking
    assert failure(site).code == "pages.unreachable"


def test_a_portal_that_is_not_there_is_told() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # taken, and nobody listens
        address = f"http://127.0.0.1:{held.getsockname()[1]}/"
        with PagePull(PageSettings(address), FakeClock(NOW)) as pull, pytest.raises(UnavailableError) as caught:
            pull.pull()
    assert caught.value.code == "pages.unreachable"


@pytest.mark.parametrize("address", ["", "ftp://host/x", "file:///etc/passwd", "host/x", "http://"])
def test_only_web_addresses_are_pulled(address: str) -> None:
    with pytest.raises(InputError, match=r"pages\.address"):
        PagePull(PageSettings(address), FakeClock(NOW))


@pytest.mark.shared
def test_a_saved_national_page_arrives_whole(site: FakeSite, shared: Path) -> None:
    path = shared / "data/cnemc/pages/20251108T121517.html"
    site.body = path.read_bytes()
    with PagePull(settings(site, largest=32 << 20), FakeClock(datetime(2025, 11, 8, 5, tzinfo=UTC))) as pull:
        raw = pull.pull()
    assert raw is not None
    assert raw.body == path.read_bytes()
    assert len({s.id for s in read(raw).sections}) == 1767
