"""A member that wishes ill: every door of a node's application, and requests that ought to open none."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from shangyou.exchange.dsp.messages import PATH
from shangyou.exchange.ports import Answer, Signer
from shangyou.exchange.token import Asked, mint
from shangyou.faces.between.app import create_between
from shangyou.faces.between.dsp import NAMES, OPENING
from shangyou.wiring_exchange import Exchange
from tests.fakes.exchange_basin import Basin
from tests.fakes.exchange_log import FakeSigner
from tests.fakes.exchange_peers import Journey

NOBODY = "urn:uuid:00000000-0000-4000-8000-00000000dead"
_numbers = itertools.count()


@dataclass(frozen=True, order=True)
class Door:
    """A route of the application, and where one knocks."""

    method: str
    path: str

    @property
    def takes_body(self) -> bool:
        return self.method == "POST"


def doors(joined: Exchange, ids: dict[str, str]) -> list[Door]:
    """Every door there is, with `ids` in the place of the names in the paths; KeyError for a name that is not there."""
    app = create_between(joined)
    assert isinstance(app, Starlette)
    found: set[Door] = set()
    for route in app.routes:
        assert isinstance(route, Route)
        methods = (route.methods or set()) - {"HEAD"}
        paths = [route.path] if not route.path.endswith("{path:path}") else list(_dsp(route.path))
        for path in paths:
            found |= {Door(method, _filled(path, ids)) for method in methods if _taken(method, path)}
    return sorted(found)


def _dsp(pattern: str) -> Iterator[str]:
    """What is behind the one route of the protocol."""
    base = pattern.removesuffix("/{path:path}")
    assert base == PATH
    yield f"{base}/catalog/request"
    yield f"{base}/catalog/datasets/{{dataset}}"
    for kind, ending in OPENING:
        yield f"{base}/{kind}s/{ending}"
    for kind in ("negotiation", "transfer"):
        yield f"{base}/{kind}s/{{{kind}}}"
    for kind, ending in NAMES:
        yield f"{base}/{kind}s/{{{kind}}}/{ending}"


def _taken(method: str, path: str) -> bool:
    """The protocol's one route takes both methods; behind it each place takes one."""
    if not path.startswith(PATH):
        return True
    return (method == "GET") == path.endswith(("{dataset}", "{negotiation}", "{transfer}"))


def _filled(path: str, ids: dict[str, str]) -> str:
    for name in ("id", "name") if path.startswith("/data/") else ():
        path = path.replace(f"{{{name}}}", "{transfer}")
    return path.format_map(ids)


@dataclass
class Foe:
    """Asks a node in the name of a member."""

    basin: Basin
    name: str
    target: str

    @property
    def signer(self) -> Signer:
        return self.basin[self.name].signer

    def token(self, door: Door, body: bytes = b"", signer: Signer | None = None) -> str:
        asked = Asked(door.method, door.path, body)
        id = f"a-name-of-enough-letters-{next(_numbers)}"
        made = mint(signer or self.signer, self.name, self.target, asked, self.basin.clock.ms(), id)
        return f"Bearer {made}"

    def forged(self, door: Door, body: bytes = b"") -> str:
        """By a key that is not the member's, under the name of the member's key."""
        other = FakeSigner(99)
        other.kid = self.signer.kid
        return self.token(door, body, other)

    def send(self, door: Door, body: bytes = b"", token: str | None = None, **headers: str) -> Answer:
        """Signed rightly unless a token is given; "" sends none."""
        given = self.token(door, body) if token is None else token
        sent = headers | ({"authorization": given} if given else {})
        return self.basin.network.carry(Journey(self.name, self.target, door.method, door.path, sent, body))

    def code(self, door: Door, body: bytes = b"", token: str | None = None) -> tuple[int, str]:
        answer = self.send(door, body, token)
        return answer.status, answer.headers.get("x-shangyou-code", "")


def other_path(door: Door) -> Door:
    return replace(door, path=f"{door.path}?x=1")


def state(joined: Exchange) -> str:
    """Digest of all that a node keeps in its state and of its federation, besides the tokens that were used."""
    digest = hashlib.sha256()
    home = joined.node.settings.home
    with closing(sqlite3.connect(f"file:{home / 'state.sqlite'}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in sorted(tables):
            rows = database.execute(f'select * from "{table}"')
            digest.update(f"{table} {sorted(map(repr, rows))}".encode())
    for file in sorted((home / "federation").rglob("*")):
        if file.is_file() and file.parent.name != "tokens":
            digest.update(f"{file} ".encode() + file.read_bytes())
    return digest.hexdigest()


class Trickle:
    """A request to an application whose body comes as the test will: endless, or never."""

    def __init__(self, door: Door, piece: bytes) -> None:
        """piece: comes again and again; b"" means that nothing ever comes."""
        self._piece, self._gone = piece, asyncio.Event()
        self.given = 0
        self.status = 0
        self.code = ""
        path, _, query = door.path.partition("?")
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": door.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

    async def run(self, app: Any) -> None:
        await app(self._scope, self._receive, self._send)

    def leave(self) -> None:
        """The peer hangs up."""
        self._gone.set()

    async def _receive(self) -> dict[str, object]:
        if self._piece:
            self.given += len(self._piece)
            await asyncio.sleep(0)
            return {"type": "http.request", "body": self._piece, "more_body": True}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.code = dict(message["headers"]).get(b"x-shangyou-code", b"").decode()


def told(value: object) -> bytes:
    return json.dumps(value).encode()
