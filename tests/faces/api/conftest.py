"""A node with a little data, and callers of its API."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from shangyou import wiring
from shangyou.core.ports import Person
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.desk import Desk, Running
from shangyou.faces.api.intake import take_in
from shangyou.faces.front import Front
from shangyou.settings import Settings
from tests.faces.national import TEXT

TOKEN = "local-token"  # of the command line in these tests


@dataclass
class Idle:
    """A worker and a listener that only remember that they were called."""

    woken: int = 0
    refreshed: int = 0
    code: str = ""

    def wake(self) -> None:
        self.woken += 1

    def refresh(self) -> None:
        self.refreshed += 1

    def trouble(self) -> str:
        return self.code


@dataclass
class Api:
    """A serving node without its sockets."""

    desk: Desk
    front: Front
    client: TestClient
    idle: Idle

    def browser(self) -> TestClient:
        """Another one, with no cookies."""
        return _client(self.front)

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(f"/api/v1/{path}", params=query, headers={"authorization": f"Bearer {TOKEN}"})

    def post(self, path: str, **body: Any) -> Response:
        return self.client.post(f"/api/v1/{path}", json=body, headers={"authorization": f"Bearer {TOKEN}"})

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def table(self, path: str, **query: Any) -> pa.Table:
        return pa.ipc.open_stream(self.get(path, format="arrow", **query).content).read_all()

    def sign_in(self, name: str) -> None:
        """From now on this browser is that person."""
        token = self.desk.node.people.open_login(name, self.desk.now(), self.desk.now() + 3_600_000)
        self.client.cookies.set("shangyou_stay", token)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a node with the file, the facts that ship, and two people; to be copied."""
    home = tmp_path_factory.mktemp("filled") / "node"
    settings = Settings(home=home, name_zh="试验节点", hj212_port=0)
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        desk = Desk(node, by="test")
        DEEDS["facts/load"].do(desk)
        take_in(desk, "2021-04/a.csv", TEXT.encode())
        wiring.digest(node).run()
        for name, role in (("li", "engineer"), ("wang", "viewer")):
            node.people.put_person(Person(name, role, name, "zh"), "correct horse battery")
    return home


@pytest.fixture
def api(filled: Path, tmp_path: Path) -> Iterator[Api]:
    """A node for a test that changes something."""
    with serving(Path(shutil.copytree(filled, tmp_path / "node"))) as found:
        yield found


@pytest.fixture(scope="session")
def whole(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One node for all tests that change nothing."""
    with serving(Path(shutil.copytree(filled, tmp_path_factory.mktemp("calm") / "node"))) as found:
        yield found


@pytest.fixture
def calm(whole: Api) -> Api:
    """The same, to a browser that nobody has used."""
    return replace(whole, client=whole.browser())


@contextlib.contextmanager
def serving(home: Path) -> Iterator[Api]:
    with contextlib.closing(wiring.build(Settings(home=home, name_zh="试验节点"))) as node:
        idle = Idle()
        running = Running(1_000, idle, {"http": "http://127.0.0.1:1"}, idle)
        desk = Desk(node, running=running, language="en")
        front = Front(desk, TOKEN, lambda: idle.code)
        yield Api(desk, front, _client(front), idle)


def _client(front: Front) -> TestClient:
    return TestClient(front, base_url="http://node.example", raise_server_exceptions=False)
