"""From the raw journal into the store: read, check, keep; refuse what cannot be read, with its reason.

Safe to stop anywhere. Progress in the journal is written in the same transaction as the values, so that after a
crash nothing is lost and nothing is doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Final

import numpy as np

from shangyou.core.journal import Entry, Journal, Raw
from shangyou.core.ports import Batch, Intake, ObservationStore, Progress, Registry
from shangyou.core.records import Counts, Flagged, Observations, Origin, Parsed, Refusal, Review, SeriesKey
from shangyou.core.registry import Section
from shangyou.flows.columns import from_table, joined, part
from shangyou.flows.receive import fingerprint
from shangyou.ingest.hj212.read import Reader
from shangyou.quality.check import check
from shangyou.quality.follow import Followed, follow
from shangyou.quality.plan import Plan

PACKETS: Final = "hj212"  # the kind of journal entries that are packets, digested many at a time
AT_ONCE: Final = 4_000  # packets in one transaction: about 40,000 values, 0.2 s
LOOK_BACK: Final = 100  # earlier values of each series that checks may see: days of hours, hours of minutes
LOOK_BACK_MS: Final = 3 * 86_400_000  # and how old they may be


FileReader = Callable[[Raw], Iterator[Parsed]]


class Digest:
    """Brings what the journal holds into the store. One at a time is at work in a node."""

    def __init__(
        self,
        journal: Journal,
        store: ObservationStore,
        registry: Registry,
        intake: Intake,
        files: Mapping[str, FileReader],
        plan: Plan,
    ) -> None:
        self._journal, self._store = journal, store
        self._registry, self._intake = registry, intake
        self._files, self._plan = files, plan
        self._met: set[Section] = set()  # as they were met; the registry need not hear of them again
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._packets = Reader()
        self._fresh = True  # the reader has not seen what was still waited upon when the journal was last read
        self._pending: int | None = None
        self._follow_anew()

    def _follow_anew(self) -> None:
        self._tail: Flagged | None = None  # the last values of series that packets report, for the tests of the next
        self._followed: set[SeriesKey] = set()

    def behind(self) -> int:
        """How many journal entries are not in the store yet."""
        return self._journal.end() - self._store.progress().done

    def run(
        self,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[int, int], None] = lambda done, end: None,
    ) -> Counts:
        """Digest until the end of the journal, or until `stop`; `tell` hears (entries done, entries in all)."""
        try:
            return self._run(stop, tell)
        except BaseException:
            self._begin_anew()  # what the reader remembers may not have been stored: it reads that again
            raise

    def _run(self, stop: Callable[[], bool], tell: Callable[[int, int], None]) -> Counts:
        total = Counts()
        done, needed = self._store.progress()
        end = self._journal.end()
        entries = self._journal.read(min(done, needed) if self._fresh else done, end)
        self._fresh = False
        for is_packets, run in groupby(entries, key=lambda entry: entry.raw.kind == PACKETS):
            while group := list(islice(run, AT_ONCE if is_packets else 1)):
                if stop():
                    return total
                if is_packets:
                    total += self._take_packets(group, done)
                elif group[0].id >= done:
                    total += self._take_file(group[0])
                done = max(done, group[-1].id + 1)
                tell(done, end)
        return total

    def _take_packets(self, entries: list[Entry], done: int) -> Counts:
        read = self._packets.read(entries, self._registry.device, done)
        fresh = [entry for entry in entries if entry.id >= done]
        if not fresh:
            return Counts()
        for _, refused in groupby(read.refused, key=lambda pair: pair[0].id):
            pairs = list(refused)
            raw = pairs[0][0].raw
            self._intake.refuse(pairs[0][0].id, raw.source, raw.kind, raw.received, [pair[1] for pair in pairs])
        end = fresh[-1].id + 1
        batch = Batch(fresh[0].id, PACKETS, PACKETS, fresh[-1].raw.received, entries=len(fresh))
        followed = self._follow(read.parsed.observations, batch.received)
        self._pending = read.pending
        counts = self._store.append(batch, followed.flagged, len(read.refused), self._progress(end))
        if len(followed.again.observations):  # a spike is known only by what follows it
            self._store.correct(batch, followed.again, Origin.ORIGINAL, Review.NONE)
        self._tail = followed.tail
        return counts

    def _follow(self, observations: Observations, received: int) -> Followed:
        """Test the newest values of a stream against the ones before, which come from the store the first time."""
        fresh = [key for key in observations.keys if key not in self._followed]
        if fresh:
            earlier = self._earlier(part(observations, fresh))
            if earlier:
                self._tail = earlier if self._tail is None else joined([self._tail, earlier])
            self._followed.update(fresh)
        return follow(observations, self._tail, received, self._plan)

    def _take_file(self, entry: Entry) -> Counts:
        raw = entry.raw
        batch = Batch(entry.id, raw.kind, raw.source, raw.received, fingerprint(raw.kind, raw.note, raw.body))
        after = self._progress(entry.id + 1)
        reader = self._files.get(raw.kind)
        total, refusals = Counts(), list[Refusal]()
        self._follow_anew()  # the file may hold values of series that packets report too
        for number, (parsed, last) in enumerate(_marked_last(reader(raw) if reader else _unreadable(raw))):
            refusals += parsed.refusals
            if last:  # refusals first: with the last values the progress is written, and this file is never read again
                self._intake.refuse(entry.id, raw.source, raw.kind, raw.received, refusals)
            self._meet(parsed.sections, raw.received)
            earlier = self._earlier(parsed.observations)
            context = earlier.observations if earlier else None
            flagged = check(parsed.observations, context, raw.received, self._plan)
            total += self._store.append(
                batch, flagged, len(parsed.refusals), after if last else None, resume=number > 0
            )
        return total

    def _meet(self, sections: Sequence[Section], at: int) -> None:
        fresh = [section for section in sections if section not in self._met]
        if fresh:
            self._registry.meet(fresh, at)
            self._met.update(fresh)

    def _progress(self, done: int) -> Progress:
        return Progress(done, done if self._pending is None else self._pending)

    def _earlier(self, observations: Observations) -> Flagged | None:
        """What is in the store of the same series, shortly before their first new value; None if there is nothing."""
        if not len(observations):
            return None
        first = np.full(len(observations.keys), np.iinfo(np.int64).max)
        np.minimum.at(first, observations.series, observations.time)
        since = int(first.min()) - LOOK_BACK_MS
        table = self._store.context(observations.keys, first.tolist(), LOOK_BACK, since)
        return from_table(table) if table.num_rows else None


def _unreadable(raw: Raw) -> Iterator[Parsed]:
    refusal = Refusal("receive.kind", {"kind": raw.kind, "name": raw.source})
    yield Parsed(Observations.build([]), (), (refusal,))


def _marked_last(parts: Iterator[Parsed]) -> Iterator[tuple[Parsed, bool]]:
    """Each part, and whether it is the last; at least one, so that progress is written for an empty file too."""
    held = next(parts, Parsed(Observations.build([])))
    for following in parts:
        yield held, False
        held = following
    yield held, True
