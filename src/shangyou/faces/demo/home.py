"""The home of a demo: settings, sections, monitors and the people who may sign in."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shangyou import wiring
from shangyou.core.clock import to_ms
from shangyou.core.ports import Person
from shangyou.core.registry import Agency, Device, River
from shangyou.faces.api.deeds import load_facts
from shangyou.faces.api.desk import Desk
from shangyou.faces.demo.packets import PW, STRAYING
from shangyou.settings import Settings
from shangyou.simulation.stretch import SOURCE, stations

BY: Final = "demo"  # who enters things, for the histories
HTTP_PORT: Final = 8350  # of settings; taken if it is free
HJ212_PORT: Final = 8212
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # no signs that look alike


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who may sign in to the demo."""

    name: str
    password: str
    role: str


def sign_ins() -> tuple[SignIn, ...]:
    """One who may do all, and one who may only look; each demo has its own passwords."""
    return tuple(SignIn(name, _password(), role) for name, role in (("demo", "operator"), ("guest", "viewer")))


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def make(settings: Settings, people: tuple[SignIn, ...]) -> None:
    """Make the home: a simulated one with all that stands on the river, a real one with the facts that ship.

    Raises as `wiring.make_home`.
    """
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        if settings.simulated:
            _enter_river(node)
        else:
            load_facts(Desk(node, wiring.digest(node), by=BY))
        for who in people:
            node.people.put_person(Person(who.name, who.role, "", settings.language), who.password)


def _enter_river(node: wiring.Node) -> None:
    at = to_ms(node.clock.now())
    node.registry.put_agency(Agency(SOURCE, "模拟机构", "Simulated agency", "provincial", "500000"))
    for name, zh in dict.fromkeys((s.branch, s.river) for s in stations()):
        node.registry.put_river(
            River(f"{SOURCE}.{name}", zh, "", "" if name == "main" else f"{SOURCE}.main", "长江流域")
        )
    node.registry.meet([station.section for station in stations()], at)
    for station in stations():
        profile = "lenient" if station.key in STRAYING else "strict"
        device = Device(station.mn, station.name_zh, station.section.id, profile=profile)
        node.registry.put_device(device, PW, BY, at)


@contextlib.contextmanager
def free_ports(*wanted: int) -> Iterator[tuple[int, ...]]:
    """Ports of loopback that are free: those wanted where they are, else any. Held until the block ends."""
    with contextlib.ExitStack() as held:
        yield tuple(_bind(held, port) for port in wanted)


def _bind(held: contextlib.ExitStack, port: int) -> int:
    for each in (port, 0):
        place = held.enter_context(socket.socket())
        with contextlib.suppress(OSError):
            place.bind(("127.0.0.1", each))
            return int(place.getsockname()[1])
    return port  # nothing is free; the node will say so


def settings_of(home: Path, http: int, hj212: int, language: str, simulated: bool) -> Settings:
    """Settings of a demo node."""
    if simulated:
        return Settings(
            home,
            name_zh="上游模拟节点",
            name_en="Shangyou simulated node",
            adm_code="500000",
            language=language,
            simulated=True,
            http_port=http,
            hj212_port=hj212,
        )
    return Settings(
        home,
        name_zh="上游演示节点",
        name_en="Shangyou demo node",
        language=language,
        http_port=http,
        hj212_port=0,
    )
