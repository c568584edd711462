"""The river network: how long it takes to say what lies up- and downstream, beside a walk and networkx if it is there.

The large network is a tree drawn at random; the small one is the upper Yangtze that ships.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.measure import Figure, best
from shangyou.basin.network.facts import upper_yangtze, upper_yangtze_draft
from shangyou.basin.network.network import Network, build
from shangyou.basin.network.rows import collect
from shangyou.basin.network.table import read_table, write_table
from shangyou.basin.network.values import Draft, Kind, Place, Reach
from shangyou.basin.network.way import course, travel

LARGE = 100_000  # reaches
PAIRS = 2_000  # questions of each kind
BACK = 400  # how far back a reach may join: it makes rivers some thousand reaches long


def drawn(reaches: int) -> Draft:
    """A river system at random, with a place on every tenth reach; the same each time."""
    rng = np.random.default_rng(20261123)
    lengths = rng.uniform(500.0, 20_000.0, reaches)
    into = [-1] + [int(rng.integers(max(0, i - BACK), i)) for i in range(1, reaches)]
    rows = tuple(
        Reach(f"r{i}", "r", f"n{i}", f"n{into[i]}" if i else "sea", float(lengths[i]), 1e-3, 50.0, 0.035, 100.0)
        for i in range(reaches)
    )
    places = tuple(Place(f"p{i}", Kind.SECTION, f"p{i}", reach=f"r{i}", at=100.0) for i in range(0, reaches, 10))
    return Draft(rows, places)


def walk(network: Network) -> Callable[[str, str], float | None]:
    """The plain way: step by step down from one place until the other is met or the river ends."""
    own = {each.id: each for each in network.reaches}
    leaving = {each.start: each for each in network.reaches}
    places = {each.id: each for each in network.places}

    def away(start: str, stop: str) -> float | None:
        one, other = places[start], places[stop]
        if one.reach == other.reach:
            return other.at - one.at if other.at > one.at else None
        on = own[one.reach]
        gone = on.length - one.at
        while on.end in leaving:
            on = leaving[on.end]
            if on.id == other.reach:
                return gone + other.at
            gone += on.length
        return None

    return away


def graph(network: Network) -> Callable[[str, str], float | None] | None:
    """The same by networkx: ancestors by search, length by Dijkstra."""
    if importlib.util.find_spec("networkx") is None:
        return None
    networkx: Any = importlib.import_module("networkx")
    river = networkx.DiGraph()
    for each in network.reaches:
        river.add_edge(each.start, each.end, weight=each.length)
    own = {each.id: each for each in network.reaches}
    places = {each.id: each for each in network.places}

    def away(start: str, stop: str) -> float | None:
        one, other = own[places[start].reach], own[places[stop].reach]
        try:
            between = networkx.dijkstra_path_length(river, one.end, other.start)
        except networkx.NetworkXNoPath:
            return None
        return float(one.length - places[start].at + between + places[stop].at)

    return away


def each_us(ask: Callable[[str, str], object], pairs: Sequence[tuple[str, str]]) -> float:
    """Microseconds a question."""
    return best(lambda: [ask(one, other) for one, other in pairs]) / len(pairs) * 1e6


def questions(network: Network, count: int) -> list[tuple[str, str]]:
    """Half of them about places that water flows between, half about any two."""
    rng = np.random.default_rng(7)
    ids = [place.id for place in network.places]
    pairs: list[tuple[str, str]] = []
    while len(pairs) < count:
        one = ids[rng.integers(len(ids))]
        below = network.downstream(one)
        if below:
            pairs.append((one, below[int(rng.integers(len(below)))].id))
        pairs.append((one, ids[rng.integers(len(ids))]))
    return pairs[:count]


def told(network: Network, name: str, few: int) -> list[Figure]:
    """Figures of one network."""
    pairs = questions(network, PAIRS)
    pace = travel(network)
    plain, peer = walk(network), graph(network)
    assert all(_same(plain(*pair), network.distance(*pair)) for pair in pairs)
    by_walk = each_us(plain, pairs[:few])
    text = f"plain walk {by_walk:,.1f} µs"
    if peer is not None:
        assert all(_same(peer(*pair), network.distance(*pair)) for pair in pairs[:4] if network.distance(*pair))
        text += f"; networkx {each_us(peer, pairs[: max(few // 20, 4)]):,.0f} µs"
    above = best(lambda: [network.upstream(one) for one, _ in pairs]) / len(pairs) * 1e6
    return [
        Figure(f"distance between two places, {name}", f"{each_us(network.distance, pairs):.2f} µs", "µs", text),
        Figure(f"is one upstream of the other, {name}", f"{each_us(network.is_upstream, pairs):.2f} µs", "µs"),
        Figure(f"hours between two places, {name}", f"{each_us(pace.hours, pairs):.2f} µs", "µs"),
        Figure(f"all places upstream of one, {name}", f"{above:.2f} µs", "µs"),
    ]


def _same(one: float | None, other: float | None) -> bool:
    return (one is None) is (other is None) and (one is None or other is None or abs(one - other) < 1e-3)


def run() -> list[Figure]:
    """All figures."""
    small, large = upper_yangtze(), drawn(LARGE)
    network = build(large)
    shipped = write_table(upper_yangtze_draft())
    bytes_ = write_table(large)
    checked = best(lambda: build(large), 2)
    read = best(lambda: collect(read_table(bytes_)[0]), 2)
    way = best(lambda: course(small, "63.直门达", "end.yichang"))
    hours = best(lambda: travel(network))
    return [
        *told(small, f"{len(small.reaches)} reaches", PAIRS),
        *told(network, f"{LARGE:,} reaches", 100),
        Figure(f"check and build {LARGE:,} reaches with {len(network.places):,} places", f"{checked:.2f} s", "once"),
        Figure(f"read a table of them ({len(bytes_) / 1e6:.0f} MB)", f"{read:.2f} s", "once"),
        Figure(
            "read, check and build the upper Yangtze",
            f"{best(lambda: build(collect(read_table(shipped)[0]).draft)) * 1000:.0f} ms",
            "at the first question",
        ),
        Figure("the course from Zhimenda to Yichang, 3,354 km", f"{way * 1000:.2f} ms", "ms"),
        Figure(f"hours to the end of {len(network.places):,} places at another flow", f"{hours * 1000:.0f} ms", "ms"),
    ]
