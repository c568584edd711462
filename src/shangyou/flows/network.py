"""The node's network: read, edited, undone, brought in from files, and laid out for those who ask.

    rivers = Rivers(base, kept)
    rivers.network().distance("51.手爬岩", "50.寸滩")
    rivers.change({("place", "intake.x"): place}, by, why, at)

What water passes which sections in which order, as policies on reaches need it, is `waters`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import pyarrow as pa

from shangyou.basin.network.network import Network
from shangyou.basin.network.revision import Book, Item, Key, Revision, lay, open_book, replacing, revise, undo
from shangyou.basin.network.values import Draft, Kind
from shangyou.core.errors import ShangyouError
from shangyou.core.records import Flag

FLOW: Final = "flow"  # of core.vocabulary, m3/s
FRESH: Final = 86_400_000  # ms: an older flow says little of today's
Make = Callable[[Book], Revision | None]


class Kept(Protocol):
    """Where revisions are kept."""

    def revisions(self) -> Sequence[Revision]:
        """All, in order."""
        ...

    def append(self, revision: Revision) -> None:
        """One more; ConflictError "network.conflict" if another took its number."""
        ...


class Rivers:
    """The network in force, read once and kept in memory until it changes. Safe from several threads."""

    def __init__(self, base: Callable[[], Draft], kept: Kept) -> None:
        self._base, self._kept = base, kept
        self._lock = threading.Lock()
        self._book: Book | None = None
        self._network: Network | None = None
        self._waters: tuple[tuple[str, ...], ...] | None = None

    def book(self) -> Book:
        """What ships with all revisions; to be read, not changed."""
        with self._lock:
            return self._opened()

    def network(self) -> Network:
        """The network in force."""
        with self._lock:
            if self._network is None:
                self._network = self._opened().network()
            return self._network

    def waters(self) -> tuple[tuple[str, ...], ...]:
        """What `waters` says of the network in force; of one that cannot be read nothing, so that policies deny."""
        if self._waters is None:
            try:
                self._waters = waters(self.network())
            except ShangyouError:
                return ()
        return self._waters

    def change(
        self, wanted: Mapping[Key, Item | None], by: str, why: str, at: int, seen: int | None = None
    ) -> Revision | None:
        """Bring items to what is wanted; None if they are so. Raises as basin.network.revision.revise."""
        return self._put(lambda book: revise(book, wanted, by, why, at, seen=seen))

    def take_in(self, draft: Draft, by: str, why: str, at: int, whole: bool = False) -> Revision | None:
        """Bring in the rows of a file; `whole`: the network is to be these and nothing else."""
        return self._put(lambda book: revise(book, replacing(book, draft, whole), by, why, at))

    def undo(self, number: int, by: str, why: str, at: int) -> Revision:
        """Take a revision back. Raises as basin.network.revision.undo."""
        made = self._put(lambda book: undo(book, number, by, why, at))
        assert made is not None
        return made

    def _put(self, make: Make) -> Revision | None:
        with self._lock:
            book = self._opened()
            revision = make(book)
            if revision is not None:
                self._kept.append(revision)
                lay(book, revision)
                self._network = self._waters = None
            return revision

    def _opened(self) -> Book:
        if self._book is None:
            self._book = open_book(self._base(), self._kept.revisions())
        return self._book


def gauged(network: Network, latest: pa.Table, now: int) -> dict[str, float]:
    """What is gauged now: the newest usable flow [m3/s] at each place of the network, not older than FRESH.

    latest: rows of core.ports.ObservationStore.latest; now: ms since 1970 UTC.
    """
    found: dict[str, float] = {}
    usable = {flag.value for flag in (Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT)}
    for row in latest.select(["site", "parameter", "time", "value", "flag"]).to_pylist():
        at, value = int(row["time"].timestamp() * 1000), row["value"]
        good = row["parameter"] == FLOW and row["flag"] in usable and value is not None and 0 <= value < math.inf
        if good and network.has(row["site"]) and now - FRESH <= at <= now:
            found[row["site"]] = float(value)
    return found


def waters(network: Network) -> tuple[tuple[str, ...], ...]:
    """Sections in the order in which water passes them, one list for each head of a river down to the end.

    A reach of a policy is the part of one of them between two sections; tributaries have their own.
    """
    lists = []
    for i in range(len(network.reaches)):
        if network.leave[i] == i + 1:  # nothing flows into it: a head
            sections: list[str] = []
            at = i
            while at >= 0:
                sections += [place.id for place in network.on_reach(at) if place.kind is Kind.SECTION]
                at = int(network.down[at])
            lists.append(tuple(sections))
    return tuple(dict.fromkeys(each for each in lists if each))
