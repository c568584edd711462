"""One connection of HTTP/1.1 to another node: a request goes out in one piece, the answer comes in pieces.

The bytes of the answer are taken apart by the parser that the web server has too; what is here is what a client adds:
time limits, the end of the answer, and whether the connection may be used again.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Final

import httptools

PIECE: Final = 1 << 18
HEAD_MOST: Final = 64 << 10  # bytes of the head of an answer
SENDS: Final = ("POST", "PUT", "PATCH")  # have a body, if an empty one


class ProtocolError(Exception):
    """What came is no answer of HTTP/1.1, or not the whole of it."""


class Connection:
    """A connection that was made. Not for two threads at once."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, connect: float, name: str, own: Mapping[str, str]
    ) -> None:
        """Connect within `connect` seconds. `name`: as the Host header has it; `own`: headers of every request.

        OSError, ssl.SSLError; TimeoutError.
        """
        plain = socket.create_connection((host, port), connect)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = tls.wrap_socket(plain, server_hostname=host) if tls is not None else plain
        except BaseException:
            plain.close()
            raise
        self._head = "".join(f"{name}: {value}\r\n" for name, value in {"host": name, **own}.items())
        self._answer = _Answer()
        self._since = time.monotonic()

    def usable(self, idle: float) -> bool:
        """May another request go out on it? Not after so many seconds, nor if the other end has closed it."""
        if time.monotonic() - self._since > idle or not self._answer.again:
            return False
        waits = select.poll()
        waits.register(self._socket, select.POLLIN)
        return not waits.poll(0)  # what comes unasked is the end, or no answer of ours

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, dict[str, str]]:
        """Send a request; status and headers of the answer, names in lower case. `seconds`: for each wait.

        Raises OSError, TimeoutError; ProtocolError. ValueError for headers that would not arrive as they are.
        """
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if told.count("\n") != len(headers) or told.count("\r") != len(headers):
            raise ValueError("headers")
        length = f"content-length: {len(body)}\r\n" if body or method in SENDS else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{told}{length}\r\n".encode("latin-1")
        self._socket.settimeout(seconds)
        self._answer = _Answer()
        try:
            self._socket.sendall(head + body if len(body) < PIECE else head)
            if len(body) >= PIECE:
                self._socket.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # who has heard enough may have answered before it hung up
        while not self._answer.headed:
            self._feed()
        return self._answer.status, self._answer.headers

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises as `ask`."""
        while True:
            if self._answer.body:
                yield self._answer.take()
            elif self._answer.done:
                return
            else:
                self._feed()

    def _feed(self) -> None:
        data = self._socket.recv(PIECE)
        if not data:
            self._answer.end()
            return
        self._since = time.monotonic()
        self._answer.feed(data)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()


class _Answer:
    """An answer as it is taken apart. The methods that begin with `on_` are called by the parser."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.headed = self.done = False
        self._size = 0
        self._more = False  # something behind the end
        self._kept = False
        self._parser = httptools.HttpResponseParser(self)

    @property
    def again(self) -> bool:
        """May the connection be used again?"""
        return self.done and self._kept and not self._more

    def take(self) -> bytes:
        """What is there of the body."""
        found, self.body = self.body, []
        return found[0] if len(found) == 1 else b"".join(found)

    def feed(self, data: bytes) -> None:
        """Bytes from the line. ProtocolError."""
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ProtocolError(type(error).__name__) from error
        if not self.headed and self._size > HEAD_MOST:
            raise ProtocolError("head too long")

    def end(self) -> None:
        """The other end has closed. ProtocolError if that was too early."""
        lasts = "content-length" not in self.headers and "transfer-encoding" not in self.headers
        if not (self.headed and lasts):  # without either the end of the connection is that of the body
            raise ProtocolError("closed")
        self.done, self._kept = True, False

    def on_message_begin(self) -> None:
        self._more = self.done

    def on_header(self, name: bytes, value: bytes) -> None:
        key, told = name.decode("latin-1").lower(), value.decode("latin-1")
        if not self.headed:
            self.headers[key] = f"{self.headers[key]}, {told}" if key in self.headers else told

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # only says that an answer is to come
            self.headers = {}
        elif not self.headed:
            self.status, self.headed = status, True

    def on_body(self, data: bytes) -> None:
        if not self.done:
            self.body.append(data)

    def on_message_complete(self) -> None:
        if self.headed and not self.done:
            self.done, self._kept = True, self._parser.should_keep_alive()
