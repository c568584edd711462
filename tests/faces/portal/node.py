"""A node for the portal's tests: small real parts, joined as wiring would."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from httpx2 import Response
from starlette.testclient import TestClient

from shangyou.adapters.journal import FileJournal
from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state import SqlIntake, SqlRegistry, StateDatabase
from shangyou.core.ports import Person
from shangyou.faces.portal import create_portal
from shangyou.wiring import Made
from tests.fakes.exchange_log import FakeLog

NOW = datetime(2021, 4, 5, 12, 30, tzinfo=UTC)  # 20:30 on the legal clock


@dataclass
class FakeClock:
    """Stands still until it is told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


class FakePeople:
    """People and stays in memory; passwords as they are."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[Person, str]] = {}
        self._logins: dict[str, tuple[str, int]] = {}

    def put_person(self, person: Person, password: str) -> None:
        self._people[person.name] = (person, password)

    def check(self, name: str, password: str) -> Person | None:
        person, right = self._people.get(name, (None, ""))
        return person if password == right else None

    def open_login(self, name: str, at: int, until: int) -> str:
        token = f"token-{len(self._logins)}"
        self._logins[token] = (name, until)
        return token

    def login(self, token: str, at: int) -> Person | None:
        name, until = self._logins.get(token, ("", 0))
        return self._people[name][0] if at < until else None

    def close_login(self, token: str) -> None:
        self._logins.pop(token, None)

    def people(self) -> list[Person]:
        return [person for person, _ in self._people.values()]


@dataclass
class FakeSettings:
    """What pages show of the settings."""

    name_en: str = "Upper Reach"
    name_zh: str = "上游节点"
    level: str = "provincial"
    simulated: bool = False
    language: str = "zh"
    home: Path = Path("no-home")


class FakeNode:
    """The real stores in memory, people without slow hashing, and a clock that stands still."""

    def __init__(self, home: Path, on_disk: bool = False, **settings: str | bool) -> None:
        """On disk for tests with threads: in memory all of them would share one connection."""
        database = StateDatabase(home / "state.sqlite" if on_disk else "")
        self.database = database
        self.settings = FakeSettings(**settings)  # type: ignore[arg-type]
        self.made = Made()
        self.ends = closing(self.made)  # with node.ends: what was made meanwhile is ended
        self.clock = FakeClock()
        self.journal = FileJournal(home / "journal")
        self.store = DuckStore(":memory:")
        self.registry = SqlRegistry(database)
        self.intake = SqlIntake(database)
        self.people = FakePeople()
        self.ledger = FakeLog()
        self.people.put_person(Person("li", "engineer", "李工"), "right")
        self.people.put_person(Person("guest", "viewer", "访客"), "right")


class Reader:
    """A browser without scripts."""

    def __init__(self, node: FakeNode, address: str = "http://node.example") -> None:
        self.client = TestClient(create_portal(node), base_url=address, follow_redirects=False)
        self.client.headers["sec-fetch-site"] = "same-origin"

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, page: str, **fields: str) -> Response:
        """Send the form that stands on a page."""
        return self.client.post(path, data={"form_key": form_key(self.get(page).text), **fields})

    def sign_in(self, name: str = "li", password: str = "right") -> Reader:
        assert self.post("/sign-in", "/sign-in", name=name, password=password).status_code == 303
        return self


def form_key(page: str) -> str:
    """The key that a form of this page carries."""
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]
