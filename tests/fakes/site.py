"""A real HTTP server on loopback that serves what a test puts into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class FakeSite:
    """Serves one page under "/"; remembers the requests."""

    def __init__(self, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.body, self.status, self.headers = body, status, headers or {}
        self.requests: list[dict[str, str]] = []
        self.write: Callable[[BaseHTTPRequestHandler], None] | None = None  # answers in its own way
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/GJZ/RealDatas.html"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(dict(self.headers.items()))
                if site.write is not None:
                    site.write(self)
                    return
                unchanged = site.headers.get("ETag") == self.headers.get("If-None-Match") is not None
                self.send_response(304 if unchanged else site.status)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0" if unchanged else str(len(site.body)))
                self.end_headers()
                if not unchanged:
                    self.wfile.write(site.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the test reads `requests`."""

        return Handler

    def __enter__(self) -> FakeSite:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
