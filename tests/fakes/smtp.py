"""A small real SMTP server on loopback: takes messages, or refuses as long as a test says so."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast


class MailServer(socketserver.ThreadingTCPServer):
    """RFC 5321 as far as a client that sends one message at a time needs it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailTalk)
        self.taken: list[tuple[str, EmailMessage]] = []  # recipient, message
        self.refusing = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _MailTalk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server, recipient = cast("MailServer", self.server), ""
        self._say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT":
                recipient = line.partition(":")[2].strip(" <>")
                self._say("450 later" if server.refusing else "250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                message = email.message_from_bytes(body, policy=email.policy.default)
                server.taken.append((recipient, message))
                self._say("250 taken")
            else:
                self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class HookServer(HTTPServer):
    """Takes webhooks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.taken: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body
        self.status = 204

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?to=duty"


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast("HookServer", self.server)
        body = self.rfile.read(int(self.headers["content-length"]))
        server.taken.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal of a test."""


@contextlib.contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[None]:
    """It serves within."""
    thread = threading.Thread(target=lambda: server.serve_forever(0.01))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
