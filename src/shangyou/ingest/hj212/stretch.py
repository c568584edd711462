"""Packets of the journal to observations, a stretch at a time: the part of the digest that is work for a processor.

What it remembers between two stretches can be read again from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final, Protocol

import numpy as np

from shangyou.core.journal import Entry
from shangyou.core.records import Ints, Observations
from shangyou.core.registry import Device
from shangyou.ingest.hj212.read import Reader, Reading

KIND: Final = "hj212"  # the kind of journal entries that are packets
AT_ONCE: Final = 4_000  # packets in one transaction: about 40,000 values, 0.2 s
AT_A_STRETCH: Final = 32  # packets read before others may have their turn: 1.5 ms
MANY: Final = 100  # packets, above which all devices are asked for at once


class Readable(Protocol):
    """A journal, as far as it is read."""

    def read(self, start: int, stop: int | None = None) -> Iterator[Entry]:
        """See core.journal.Journal."""
        ...


class Devices(Protocol):
    """Who reports, as the registry knows it now."""

    def device(self, mn: str) -> Device | None:
        """One by its MN."""
        ...

    def devices(self) -> list[Device]:
        """All of them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What came of a stretch of packets."""

    stop: int  # id of the first entry that was not taken: a limit was reached, or it is no packet
    fresh: int  # how many of the entries were not read in an earlier life
    first: int  # id of the first of these
    at: int  # when the last of these came [ms since 1970 UTC]
    reading: Reading
    received: Ints  # (n,) when the packet of each observation came [ms since 1970 UTC]


class Packets(Protocol):
    """Reads packets in order, from call to call."""

    def take(self, start: int, stop: int, done: int, give_way: Callable[[], None]) -> Taken:
        """Packets from entry `start` on, up to `stop`, the first entry that is none, or AT_ONCE of them.

        done: entries before it were read in an earlier life; they are only remembered, and give nothing again.
        """
        ...


class PacketReader:
    """`Packets` in this process."""

    def __init__(self, journal: Readable, devices: Devices) -> None:
        self._journal, self._devices = journal, devices
        self._reader = Reader()

    def take(self, start: int, stop: int, done: int, give_way: Callable[[], None]) -> Taken:
        """See Packets."""
        found = _in_stretches(self._journal.read(start, stop), give_way)
        entries = list(islice(takewhile(lambda entry: entry.raw.kind == KIND, found), AT_ONCE))
        device: Callable[[str], Device | None] = self._devices.device
        if len(entries) > MANY:  # one question instead of one a device
            devices = {known.mn: known for known in self._devices.devices()}
            device = lambda mn: devices.get(mn)  # noqa: E731 - the overloads of get are none of ours
        reading = self._reader.read(_in_stretches(entries, give_way), device, done)
        fresh = [entry for entry in entries if entry.id >= done]
        return Taken(
            stop=entries[-1].id + 1 if entries else start,
            fresh=len(fresh),
            first=fresh[0].id if fresh else done,
            at=fresh[-1].raw.received if fresh else 0,
            reading=reading,
            received=_received(entries, reading.parsed.observations),
        )


def _in_stretches(entries: Iterable[Entry], give_way: Callable[[], None]) -> Iterator[Entry]:
    """The same entries; between a few and the next few others have their turn."""
    for number, entry in enumerate(entries, 1):
        yield entry
        if number % AT_A_STRETCH == 0:
            give_way()


def _received(entries: Sequence[Entry], observations: Observations) -> Ints:
    """(n,) when the packet of each observation arrived [ms since 1970 UTC]."""
    ids = np.array([entry.id for entry in entries], np.int64)
    came = np.array([entry.raw.received for entry in entries], np.int64)
    if not len(ids):
        return came
    place = np.searchsorted(ids, observations.entry)
    known = (place < len(ids)) & (ids[np.minimum(place, len(ids) - 1)] == observations.entry)
    # a part that was waited for since an earlier run came with the rest, as far as anybody could know
    return np.where(known, came[np.minimum(place, len(ids) - 1)], came[-1])
