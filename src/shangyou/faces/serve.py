"""Serve a node: portal, API, HJ 212 listener, digest, folder watch and scheduled pulls in one process.

Order of the start: the home is taken, the stores opened, the ports bound; then the threads begin, and only when all of
it is up does the line with "ready" come and `serving.json` appear. The end goes the other way, so that nothing is
acknowledged that is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import os
import secrets
import signal
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvicorn

from shangyou import wiring
from shangyou.adapters.serving import FILE
from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.api.desk import Desk, Running
from shangyou.faces.front import Front
from shangyou.faces.work import Digesting, Thread, detecting, keeping, meeting, pulling, reconciling, watching
from shangyou.settings import Settings

log = logging.getLogger("shangyou.serve")

GRACE: Final = 10  # seconds that answers under way may take when the node ends
BACKLOG: Final = 2048  # connections that wait to be accepted
LINES: Final = 1000  # connections of the web server at a time; more get 503 and cannot take the devices' descriptors


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; a second one does not wait for answers under way.

    Raises ConflictError "home.in_use"; UnavailableError "serve.port"; as the stores do.
    """
    with contextlib.closing(wiring.build(settings)) as node:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_Service(node).run())


class _Server(uvicorn.Server):
    """The web server; the signals are ours, for there is more to end than it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


class _Service:
    """Everything that runs while a node serves."""

    def __init__(self, node: wiring.Node) -> None:
        self._node = node
        self._token = secrets.token_urlsafe(32)
        self._listener = wiring.listener(node) if node.settings.hj212_port else None
        make = partial(wiring.digest, beside=True)
        self._worker = Digesting(node, make, self._listener.waiting if self._listener else lambda: False)
        others = (watching(node, self._worker), pulling(node, self._worker), keeping(node), detecting(node))
        among = (reconciling(node), meeting(node))
        self._threads = [self._worker, *(thread for thread in others if thread is not None), *among]
        self._places: dict[str, str] = {}
        running = Running(to_ms(node.clock.now()), self._worker, self._places, self._listener)
        self._desk = Desk(node, running=running, language=node.settings.language)
        self._up = False

    async def run(self) -> None:
        """Serve until a signal comes."""
        settings = self._node.settings
        with bound(settings.http_host, settings.http_port) as web:
            scheme = "https" if settings.tls_certificate else "http"
            self._places["http"] = f"{scheme}://{_address(web)}"
            server = _Server(_config(self._front(), settings))
            async with contextlib.AsyncExitStack() as stack:
                self._listen(server)
                stack.callback(self._end_threads)
                await self._start_listener(stack)
                for thread in self._threads:
                    thread.start()
                serving = asyncio.create_task(server.serve([web]))
                await self._wait_until_up(server, serving)
                stack.callback(self._leave)
                self._announce()
                await serving
                self._up = False
        log.info("ended")

    def _front(self) -> Front:
        return Front(self._desk, self._token, self._wrong)

    def _wrong(self) -> str:
        """Code of what keeps the node from being ready; "" if nothing does."""
        if not self._up:
            return "serve.starting"
        return next((trouble for thread in self._threads[:1] if (trouble := thread.trouble())), "")

    def _listen(self, server: _Server) -> None:
        """End on a signal: the first lets answers finish, the second does not."""

        def end() -> None:
            server.force_exit = server.should_exit
            server.should_exit = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)

    async def _start_listener(self, stack: contextlib.AsyncExitStack) -> None:
        """The HJ 212 listener, if a port is set; UnavailableError "hj212.listen"."""
        if self._listener is not None:
            await self._listener.start()
            stack.push_async_callback(self._listener.close)
            host, port = self._listener.address
            self._places["hj212"] = f"{host}:{port}"

    async def _wait_until_up(self, server: _Server, serving: asyncio.Task[None]) -> None:
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if serving.done():
            await serving

    def _announce(self) -> None:
        """Say where the node is, to the command line by a file that only its owner reads, and to whoever started it."""
        self._up = True
        give_back()
        told: dict[str, object] = {"address": self._places["http"], "token": self._token, "process": os.getpid()}
        settings = self._node.settings
        if settings.tls_certificate:
            from shangyou.adapters.lines import own_pin

            told["pin"] = own_pin(settings.tls_certificate)
            if settings.tls_clients:
                told |= {"certificate": settings.tls_certificate, "key": settings.tls_key}
        write_private(self._node.settings.home / FILE, json.dumps(told))
        places = " ".join(f"{name}={place}" for name, place in self._places.items())
        print(f"ready {places} process={os.getpid()}", flush=True)  # noqa: T201
        log.info("ready %s", places)

    def _leave(self) -> None:
        (self._node.settings.home / FILE).unlink(missing_ok=True)

    def _end_threads(self) -> None:
        started: list[Thread] = [thread for thread in self._threads if thread.started()]
        for thread in started:
            thread.stop()
        for thread in started:
            thread.join()


def _config(app: Front, settings: Settings) -> uvicorn.Config:
    """The web server; with TLS where the settings name a certificate. InputError "peer.tls"."""
    made = uvicorn.Config(
        app,
        loop="none",
        http=_protocol(settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        backlog=BACKLOG,
        limit_concurrency=LINES,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=65,  # longer than the 60 s of common proxies, so that it is they who close
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        ssl_ca_certs=settings.tls_clients or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if settings.tls_clients else ssl.CERT_NONE,
    )
    try:
        made.load()  # here, and not when the ports are open: a certificate that cannot be read ends the start
    except OSError as error:
        raise InputError("peer.tls", detail=str(error)) from error
    return made


def _protocol(settings: Settings) -> Any:
    """Where clients show certificates, one that tells the application which."""
    if not settings.tls_clients:
        from shangyou.faces.line import BoundedProtocol

        return BoundedProtocol
    from shangyou.faces.shown import ShownProtocol

    return ShownProtocol


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on which connections can be made as soon as somebody listens; UnavailableError "serve.port"."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
        except OSError as error:
            raise UnavailableError("serve.port", host=host, port=port, detail=error.strerror or str(error)) from error
        except OverflowError as error:
            raise InputError("serve.port", host=host, port=port, detail=str(error)) from error
        yield made


def _address(made: socket.socket) -> str:
    host, port = made.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def give_back() -> None:
    """Give memory that the start needed for a moment back to the system; where the C library cannot, it stays."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; it is there whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
