"""Several nodes in one process: what one asks reaches the other's application, or is lost, doubled or late.

with Network() as network:
    network.place("moee", create_between(exchange_of_moee))
    peers = network.peers(trust, signer, now)       # the product's SignedPeers over a line of this network
    network.fate = lambda journey: Fate.LOSE_ANSWER
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from shangyou.adapters.peers import SignedPeers
from shangyou.adapters.trust import TrustFolder
from shangyou.core.errors import UnavailableError
from shangyou.exchange.member import Member
from shangyou.exchange.ports import Answer, Signer


class Fate(Enum):
    """What becomes of a request."""

    DELIVER = auto()
    LOSE_REQUEST = auto()  # it never arrives; the asker hears nothing
    LOSE_ANSWER = auto()  # it arrives and is worked on; the asker hears nothing
    DOUBLE = auto()  # it arrives twice, byte by byte the same; the asker hears the first answer
    DELAY = auto()  # the asker hears nothing, and it arrives when `deliver_late` is called


@dataclass(frozen=True)
class Journey:
    """A request under way."""

    source: str  # member id
    target: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Handler = Callable[[Journey], Answer]


class Network:
    """The lines between all nodes."""

    def __init__(self) -> None:
        self.fate: Callable[[Journey], Fate] = lambda _: Fate.DELIVER
        self.sent: list[Journey] = []
        self.late: deque[Journey] = deque()
        self._places: dict[str, ASGIApp | Handler] = {}
        self._handlers: set[str] = set()
        self._ids = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the thread on which the applications run."""

        async def end() -> None:
            await self._loop.shutdown_default_executor()
            await self._loop.shutdown_asyncgens()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def place(self, member: str, app: ASGIApp) -> None:
        """Where requests to a member go."""
        self._places[member] = app
        self._handlers.discard(member)

    def place_handler(self, member: str, handler: Handler) -> None:
        """A plain function instead of an application."""
        self._places[member] = handler
        self._handlers.add(member)

    def remove(self, member: str) -> None:
        """The node is down."""
        self._places.pop(member, None)

    def cut(self, *sides: frozenset[str]) -> None:
        """Only members of one side reach each other, until `heal`."""
        self.fate = lambda j: (
            Fate.DELIVER if any(j.source in side and j.target in side for side in sides) else Fate.LOSE_REQUEST
        )

    def heal(self) -> None:
        """Everything arrives again."""
        self.fate = lambda _: Fate.DELIVER

    def deliver_late(self) -> int:
        """Let what was delayed arrive now; how many there were."""
        held, self.late = self.late, deque()
        for journey in held:
            self._deliver(journey)
        return len(held)

    def line(self, source: str) -> FakeLine:
        """The line of one node."""
        return FakeLine(self, source)

    def peers(
        self,
        trust: TrustFolder,
        now: Callable[[], int],
        signer: Callable[[], Signer] | None = None,
        new_id: Callable[[], str] | None = None,
    ) -> SignedPeers:
        """The product's own peers over a line of this network."""
        chosen = signer or (lambda: trust.keys.choose(trust.member(trust.me).keys, now()))
        made = new_id or (lambda: f"token-number-{next(self._ids):08}")
        return SignedPeers(trust, self.line(trust.me), chosen, now, made)

    def carry(self, journey: Journey) -> Answer:
        """One request as fate has it."""
        self.sent.append(journey)
        fate = self.fate(journey)
        if fate is Fate.DELAY:
            self.late.append(journey)
        if fate in (Fate.LOSE_REQUEST, Fate.DELAY):
            raise _silence(journey)
        answer = self._deliver(journey)
        if fate is Fate.LOSE_ANSWER:
            raise _silence(journey)
        if fate is Fate.DOUBLE:
            self._deliver(journey)
        return answer

    def _deliver(self, journey: Journey) -> Answer:
        with self.open(journey) as (answer, pieces):
            return Answer(answer.status, answer.kind, b"".join(pieces), answer.headers)

    @contextlib.contextmanager
    def open(self, journey: Journey) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """The answer as it begins, and its body in pieces as the application makes them."""
        place = self._places.get(journey.target)
        if place is None:
            raise _silence(journey, "port")
        if journey.target in self._handlers:
            whole: Answer = place(journey)  # type: ignore[call-arg, assignment, arg-type]
            yield whole, iter([whole.body])
            return
        exchange = _Exchange(place, journey, self._loop)  # type: ignore[arg-type]
        try:
            yield exchange.answer(), exchange.pieces()
        finally:
            exchange.leave()


def _silence(journey: Journey, reason: str = "timeout") -> UnavailableError:
    return UnavailableError("peer.unreachable", member=journey.target, address="", reason=reason, detail="")


class FakeLine:
    """See `adapters.peers.Line`."""

    def __init__(self, network: Network, source: str) -> None:
        self._network, self._source = network, source

    def ask(
        self, member: Member, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        return self._network.carry(Journey(self._source, member.id, method, path, dict(headers), body))

    @contextlib.contextmanager
    def stream(
        self, member: Member, path: str, headers: Mapping[str, str], seconds: float
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        journey = Journey(self._source, member.id, "GET", path, dict(headers), b"")
        self._network.sent.append(journey)
        if self._network.fate(journey) in (Fate.LOSE_REQUEST, Fate.LOSE_ANSWER, Fate.DELAY):
            raise _silence(journey)
        with self._network.open(journey) as opened:
            yield opened

    def close(self) -> None:
        """Nothing to let go of."""


class _Exchange:
    """One request to an ASGI application that runs on the network's own thread."""

    def __init__(self, app: ASGIApp, journey: Journey, loop: asyncio.AbstractEventLoop) -> None:
        self._journey, self._loop = journey, loop
        self._came: queue.Queue[Message | BaseException | None] = queue.Queue()
        self._gone = asyncio.Event()
        self._given = False
        self._running = asyncio.run_coroutine_threadsafe(self._run(app), loop)

    async def _run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
            self._came.put(None)
        except BaseException as error:
            self._came.put(error)
            raise

    async def _receive(self) -> Message:
        if not self._given:
            self._given = True
            return {"type": "http.request", "body": self._journey.body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self._came.put(message)

    def answer(self) -> Answer:
        first = self._next()
        assert first is not None
        headers = {k.decode().lower(): v.decode() for k, v in first.get("headers", [])}
        return Answer(first["status"], headers.get("content-type", ""), b"", headers)

    def pieces(self) -> Iterator[bytes]:
        while (message := self._next()) is not None:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    def leave(self) -> None:
        """The asker has seen enough."""
        self._loop.call_soon_threadsafe(self._gone.set)
        with contextlib.suppress(Exception):
            self._running.result(timeout=30)

    def _next(self) -> Any:
        found = self._came.get(timeout=60)
        if isinstance(found, BaseException):
            raise found
        return found

    def _scope(self) -> Scope:
        path, _, query = self._journey.path.partition("?")
        from urllib.parse import unquote

        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self._journey.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", b"node.test"),
                *((k.lower().encode(), v.encode()) for k, v in self._journey.headers.items()),
                (b"content-length", str(len(self._journey.body)).encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "extensions": {},
        }
