"""The home of a demo: settings, sections, monitors and the people who may sign in."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shangyou import wiring
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.core.ports import Person
from shangyou.core.registry import Agency, Device, River
from shangyou.faces.api.deeds import load_facts
from shangyou.faces.api.desk import Desk
from shangyou.faces.demo.packets import PW, STRAYING
from shangyou.faces.demo.seats import ALONE, Seat
from shangyou.flows.federation import Facts, make_federation
from shangyou.settings import Settings
from shangyou.simulation.stretch import SOURCE, Station, stations

BY: Final = "demo"  # who enters things, for the histories
HTTP_PORT: Final = 8350  # of settings; taken if it is free
HJ212_PORT: Final = 8212
MEMORY: Final = "192MB"  # of each store where several nodes share a machine
FEDERATION: Final = "yangtze-upper"
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


def make(settings: Settings, people: tuple[SignIn, ...], own: Sequence[Station]) -> None:
    """Make the home: a simulated one with all that stands on the river, a real one with the facts that ship.

    own: the stations whose monitors report to this node. Raises as `wiring.make_home`.
    """
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        if settings.simulated:
            _enter_river(node, own)
        else:
            load_facts(Desk(node, wiring.digest(node), by=BY))
        for who in people:
            node.people.put_person(Person(who.name, who.role, "", settings.language), who.password)


def _enter_river(node: wiring.Node, own: Sequence[Station]) -> None:
    at = to_ms(node.clock.now())
    code = node.settings.adm_code
    node.registry.put_agency(Agency(SOURCE, "模拟机构", "Simulated agency", node.settings.level, code))
    for name, zh in dict.fromkeys((s.branch, s.river) for s in own):
        node.registry.put_river(
            River(f"{SOURCE}.{name}", zh, "", "" if name == "main" else f"{SOURCE}.main", "长江流域")
        )
    node.registry.meet([station.section for station in own], at)
    for station in own:
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


def own_stations(seat: Seat) -> tuple[Station, ...]:
    """The stations of a seat's province; a node that is alone has all of them."""
    if seat is ALONE:
        return stations()
    return tuple(station for station in stations() if station.province == seat.province)


def settings_of(seat: Seat, home: Path, ports: tuple[int, int], language: str, simulated: bool) -> Settings:
    """Settings of a demo node; ports: portal and HJ 212. Several on one machine share its memory."""
    listens = simulated and bool(own_stations(seat))
    kind = ("模拟节点", "simulated node") if simulated else ("演示节点", "demo node")
    shared: dict[str, Any] = {}
    if seat is not ALONE:
        shared = {"memory": MEMORY, "provinces": (seat.province,) if seat.province and not simulated else ()}
    return Settings(
        home,
        name_zh=f"{seat.name_zh}{kind[0]}",
        name_en=f"{seat.name_en} {kind[1]}",
        level=str(seat.level) if seat is not ALONE else "provincial",
        adm_code=seat.adm_code if simulated or seat is not ALONE else "",
        language=language,
        simulated=simulated,
        http_port=ports[0],
        hj212_port=ports[1] if listens else 0,
        **shared,
    )


def join(seats: Sequence[tuple[Seat, Settings]], at: int) -> None:
    """Put the homes into one federation: each its own key, the list signed by the first five."""
    make_federation([(TrustFolder(settings.home), _facts(seat, settings)) for seat, settings in seats], at, FEDERATION)


def _facts(seat: Seat, settings: Settings) -> Facts:
    address = f"http://{settings.http_host}:{settings.http_port}"
    return Facts(seat.id, seat.name_zh, seat.name_en, seat.level, seat.adm_code, address)
