"""From packets to tested values: read, then tested against the last ones of their series.

It needs nothing but the journal, the devices and, once for each series, what the store has; so it may run beside the
node, in a process of its own (`adapters.reading`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shangyou.core.records import Flagged, Ints, Observations, SeriesKey
from shangyou.core.stretch import Earlier, Stretch, Stretches
from shangyou.flows.columns import joined, part, rows, split
from shangyou.ingest.hj212.stretch import Devices, PacketReader, Packets, Readable
from shangyou.quality.follow import follow
from shangyou.quality.plan import Plan

FIRST_MS = -9_214_560_000_000  # 1678-01-01
LAST_MS = 9_214_646_400_000  # 2262-01-01: what nanoseconds of other software can still hold


class PacketStretches:
    """`Stretches` in this process."""

    def __init__(self, packets: Packets, plan: Plan) -> None:
        self._packets, self._plan = packets, plan
        self._forget()

    def _forget(self) -> None:
        self._tail: Flagged | None = None  # the last values of series that packets report, for the tests of the next
        self._followed: set[SeriesKey] = set()

    def take(
        self, start: int, stop: int, done: int, anew: bool, earlier: Earlier, give_way: Callable[[], None]
    ) -> Stretch:
        """See core.stretch.Stretches."""
        taken = self._packets.take(start, stop, done, give_way)
        if anew:
            self._forget()
        observations, received = in_time(taken.reading.parsed.observations, taken.received)
        give_way()
        mine, others = self._tail_of(observations, earlier)
        followed = follow(observations, mine, taken.at, self._plan)
        if taken.fresh:
            self._tail = followed.tail if others is None else joined([others, followed.tail])
        return Stretch(
            stop=taken.stop,
            fresh=taken.fresh,
            first=taken.first,
            at=taken.at,
            pending=taken.reading.pending,
            refused=taken.reading.refused,
            flagged=followed.flagged,
            received=received,
            again=followed.again,
        )

    def _tail_of(self, observations: Observations, earlier: Earlier) -> tuple[Flagged | None, Flagged | None]:
        """The last values of the series of some observations, and those of all others.

        A series is looked up in the store when it is met for the first time.
        """
        fresh = [key for key in observations.keys if key not in self._followed]
        if fresh:
            found = earlier(part(observations, fresh))
            if found:
                self._tail = found if self._tail is None else joined([self._tail, found])
            self._followed.update(fresh)
        return (None, None) if self._tail is None else split(self._tail, observations.keys)


def stretches(journal: Readable, devices: Devices, plan: Plan) -> Stretches:
    """What reads and tests, with nothing remembered yet."""
    return PacketStretches(PacketReader(journal, devices), plan)


def here(make: Callable[[], Stretches]) -> Callable[[int, bool], Stretches]:
    """What the digest asks for stretches: always those of this process."""
    made: list[Stretches] = []

    def choose(behind: int, anew: bool) -> Stretches:
        if anew or not made:
            made[:] = [make()]
        return made[0]

    return choose


def in_time(observations: Observations, received: Ints) -> tuple[Observations, Ints]:
    """Without the observations of times that cannot be kept, and when those that stay were received."""
    o = observations
    near = np.flatnonzero((o.time >= FIRST_MS) & (o.time < LAST_MS))
    return (o, received) if len(near) == len(o) else (rows(o, near), received[near])
