"""A line to a node that delays, cuts, loses answers and doubles requests, as the test says."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAUSE = 0.15  # seconds of a delay
PATIENCE = 30.0


class Fate(Enum):
    """What becomes of a request."""

    DELIVER = auto()
    DELAY = auto()
    CUT = auto()  # it does not arrive
    LOSE_ANSWER = auto()  # it arrives, and its sender never hears
    DOUBLE = auto()  # it arrives twice; its sender hears the first answer


class Proxy:
    """Stands before one node: others know its address alone."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.target: tuple[str, int] | None = None  # where the node is now; None: nobody is there
        self.fate: Callable[[str], Fate] = lambda path: Fate.DELIVER
        self.met = dict.fromkeys(Fate, 0)
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def judge(self, path: str) -> Fate:
        with self._lock:
            found = self.fate(path)
            self.met[found] += 1
            return found

    def forward(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> tuple[int, bytes, bytes]:
        """Status, headers and body of the node's answer. OSError, HTTPException where there is none."""
        if self.target is None:
            raise ConnectionRefusedError
        line = http.client.HTTPConnection(*self.target, timeout=PATIENCE)
        try:
            line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                line.putheader(name, value)
            line.endheaders(body)
            answer = line.getresponse()
            told = answer.read()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in ("connection", "transfer-encoding")]
            kept = [(n, v) for n, v in kept if n.lower() != "content-length"] + [("content-length", str(len(told)))]
            return answer.status, "".join(f"{n}: {v}\r\n" for n, v in kept).encode("latin-1"), told
        finally:
            line.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass(self) -> None:
        proxy, self.close_connection = self.server.proxy, True
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fate = proxy.judge(self.path)
        if fate is Fate.CUT:
            return
        if fate is Fate.DELAY:
            time.sleep(PAUSE)
        headers = list(self.headers.items())
        with suppress(OSError, http.client.HTTPException):  # a node that is not there, or dies of it: silence
            status, told, answer = proxy.forward(self.command, self.path, headers, body)
            if fate is Fate.DOUBLE:
                proxy.forward(self.command, self.path, headers, body)
            if fate is not Fate.LOSE_ANSWER:
                self.wfile.write(f"HTTP/1.1 {status} \r\n".encode() + told + b"connection: close\r\n\r\n" + answer)

    do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815  names of the library

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that has gone away, as senders do when they are killed."""


@contextmanager
def proxy() -> Iterator[Proxy]:
    """A proxy on a port of the system's choice, until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        made = server.proxy = Proxy(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
