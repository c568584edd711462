"""A whole federation in one process: homes in a folder, real nodes, one clock, one network that can fail.

with basin(tmp_path) as seven:
    seven["sichuan"].peers.call("moee", "GET", "/federation/pulse")
    seven.network.cut(frozenset({"moee"}), frozenset(SEVEN) - {"moee"})
    seven.clock.advance(days=1)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shangyou import wiring
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.exchange.member import Level
from shangyou.faces.between.app import create_between
from shangyou.flows.federation import LIFE, Facts, make_federation
from shangyou.settings import Settings
from shangyou.wiring_exchange import MADE, Exchange, among
from tests.fakes.exchange_peers import Network
from tests.fakes.people import quick

CODES: Mapping[str, tuple[str, str, str]] = {
    "ministry": ("生态环境部流域中心", "Basin centre of the ministry", "100000"),
    "chongqing": ("重庆市生态环境局", "Chongqing", "500000"),
    "sichuan": ("四川省生态环境厅", "Sichuan", "510000"),
    "guizhou": ("贵州省生态环境厅", "Guizhou", "520000"),
    "yunnan": ("云南省生态环境厅", "Yunnan", "530000"),
    "xizang": ("西藏自治区生态环境厅", "Xizang", "540000"),
    "qinghai": ("青海省生态环境厅", "Qinghai", "630000"),
}
SEVEN = tuple(CODES)
START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


@dataclass
class MovedClock:
    """A clock that stands until it is moved; `offset` makes one node's clock wrong."""

    moment: datetime = START
    offset: timedelta = field(default=timedelta(0))
    leader: MovedClock | None = None

    def now(self) -> datetime:
        """The time by this clock."""
        return (self.leader.now() if self.leader is not None else self.moment) + self.offset

    def ms(self) -> int:
        """The same in ms since 1970 UTC."""
        return to_ms(self.now())

    def advance(self, **by: float) -> None:
        """Move on: seconds=, minutes=, hours=, days=."""
        self.moment += timedelta(**by)


@dataclass
class Basin:
    """Its members by id, all on one network and one clock."""

    network: Network
    clock: MovedClock
    clocks: Mapping[str, MovedClock]  # of each node, to make one wrong
    exchanges: dict[str, Exchange]

    def __getitem__(self, id: str) -> Exchange:
        return self.exchanges[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.exchanges)


def facts(id: str, number: int) -> Facts:
    """What a member of the basin says of itself."""
    zh, en, code = CODES.get(id, (id, id, f"{900000 + number}"))
    level = Level.NATIONAL if id == "ministry" else Level.PROVINCIAL
    return Facts(id, zh, en, level, code, f"http://127.0.0.1:{8400 + number}")


def join_network(node: wiring.Node, network: Network) -> Exchange:
    """A founded node on the network, answering there. The next `exchange(node)` gives the same."""
    trust = TrustFolder(node.settings.home)
    found = among(node, trust, network.peers(trust, lambda: to_ms(node.clock.now())))
    node.made[MADE] = found
    network.place(trust.me, create_between(found))
    return found


@contextlib.contextmanager
def basin(
    folder: Path,
    members: Sequence[str] = SEVEN,
    suites: Mapping[str, str] | None = None,
    life: int = LIFE,
    threshold: int = 3,
) -> Iterator[Basin]:
    """A founded federation of real nodes in `folder`; closed with the block."""
    clock = MovedClock()
    clocks = {id: MovedClock(leader=clock) for id in members}
    seats = []
    for number, id in enumerate(members):
        settings = Settings(home=folder / id, name_zh=id, http_port=0, hj212_port=0, memory="64MB", threads=1)
        wiring.make_home(settings)
        seats.append((TrustFolder(folder / id), facts(id, number)))
    make_federation(seats, clock.ms(), "yangtze-upper", 5, threshold, suites, life)
    with contextlib.ExitStack() as opened:
        network = opened.enter_context(Network())
        settings_of = {id: Settings(home=folder / id, memory="64MB", threads=1) for id in members}
        nodes = {id: quick(wiring.build(settings_of[id], clocks[id])) for id in members}
        made = Basin(network, clock, clocks, {id: join_network(node, network) for id, node in nodes.items()})
        opened.callback(_close, made)
        yield made


def _close(basin: Basin) -> None:
    """The nodes of this moment: a test may have started one anew."""
    for joined in basin.exchanges.values():
        joined.node.close()
